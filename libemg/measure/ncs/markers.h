#pragma once
// Markers of the compound muscle action potential (m_wave) and of the sensory nerve action potential (snap), one row for each sweep.
//
// set: sweeps x samples, microvolts, stimulus at zero_sample. Result: one row for each sweep, in its order. A sweep without response has
// `present` false, empty measures and `smallest_detectable`. Without 2 ms before the stimulus the baseline is a robust line between
// stimulus and response (flag baseline_post) and the noise comes from second differences. Throws InvalidArgument for an empty set, a
// stimulus outside the sweep, a sample that is not finite (sweep and sample), a rate below 2 kHz, a window that is reversed or outside the
// sweep. Cost: O(samples) for each sweep; the methods hinge and rise O(n^2) in the samples of one rise (about 160 at 20 kHz). Method: y =
// E1-negative deflection over the baseline (median before the stimulus), sigma its SD there. Negative peak: least-squares parabola over the
// top of the peak (at least +-0.15 ms, in broad potentials the stretch above about 93 % of it, which keeps the noise of one sample out of
// the amplitude). Onset:
//   threshold   last sample below 1 sigma before the last one below max(4 sigma, floor)
//   tangent     steepest point of the rise, line to the baseline
//   hinge       break point of constant + line, least squares up to half the peak
//   curvature   largest second derivative before 10 % of the peak
//   rise        break point of constant + a (t - t0)^p, p of 1 to 3 chosen by least squares; sweeps of one channel, nerve, side and muscle
//               share p, and a over the peak where the noise allows it, so that differences of their latencies are read off one shape
// Numerical error (20 kHz, white noise; means of three shapes of rise with 20 / 30 / 40 dB): see tests/measure/ncs/markers_test.cpp.
// Latencies of different methods differ by up to 0.9 ms and are never subtracted.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

enum class LatencyMethod { threshold, tangent, hinge, curvature, rise };
constexpr auto enum_names(LatencyMethod) {
  using M = LatencyMethod;
  return std::array<std::pair<M, std::string_view>, 5>{
      {{M::threshold, "threshold"}, {M::tangent, "tangent"}, {M::hinge, "hinge"}, {M::curvature, "curvature"}, {M::rise, "rise"}}};
}

enum class Negativity { automatic, negative_values, positive_values };
constexpr auto enum_names(Negativity) {
  using N = Negativity;
  return std::array<std::pair<N, std::string_view>, 3>{
      {{N::automatic, "auto"}, {N::negative_values, "negative_values"}, {N::positive_values, "positive_values"}}};
}

struct MWaveOptions {
  double window_low_ms = 1.5;
  double window_high_ms = 40;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double noise_factor = 4;
  double floor_mv = 0.1;
  double positivity_pct = 5;

  static constexpr auto fields() {
    using O = MWaveOptions;
    return std::tuple{
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the search, after the stimulus; 1 ms after the artefact"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "end of the search; the end of the sweep if that comes first"),
        field("onset_method", &O::onset_method, {}, "how the onset is found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data; auto: sign of the first large deflection"),
        field("noise_factor", &O::noise_factor, {1, 100}, "a response exceeds this multiple of the noise before the stimulus"),
        field("floor_mv", &O::floor_mv, {0, 100}, "and this amplitude"),
        field("positivity_pct", &O::positivity_pct, {0.1, 100},
              "a positive deflection before the onset counts above this share of the amplitude"),
    };
  }
};
static_assert(fully_described<MWaveOptions>());

struct SnapOptions {
  double window_low_ms = 1.0;
  double window_high_ms = 15;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double noise_factor = 4;
  double floor_uv = 1;
  double positivity_pct = 5;

  static constexpr auto fields() {
    using O = SnapOptions;
    return std::tuple{
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the search, after the stimulus; after the artefact"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "end of the search; the end of the sweep if that comes first"),
        field("onset_method", &O::onset_method, {}, "how the onset is found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data; auto: sign of the first large deflection"),
        field("noise_factor", &O::noise_factor, {1, 100}, "a response exceeds this multiple of the noise before the stimulus"),
        field("floor_uv", &O::floor_uv, {0, 10000}, "and this amplitude"),
        field("positivity_pct", &O::positivity_pct, {0.1, 100},
              "a positive deflection before the onset counts above this share of the amplitude"),
    };
  }
};
static_assert(fully_described<SnapOptions>());

struct MWaveRow {
  int sweep = 0;
  std::string channel, nerve, side, muscle, site, annotation;
  std::optional<double> distance_mm, intensity_ma, temperature_c;
  bool present = false;
  std::optional<double> onset_ms, peak_ms, amplitude_mv, peak_to_peak_mv, negative_duration_ms, total_duration_ms, negative_area_mvms,
      rise_ms;
  std::optional<double> positive_peak_ms, positivity_pct;
  bool initial_positivity = false;
  std::optional<int> phases, turns;
  std::optional<double> onset_sd_ms, snr_db;
  double noise_uv = 0, smallest_detectable_mv = 0, threshold_uv = 0;
  Negativity negativity_used = Negativity::negative_values;
  LatencyMethod onset_method = LatencyMethod::rise;
  std::optional<double> band_low_hz, band_high_hz;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = MWaveRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("annotation", &R::annotation, {}, "remark of the sweep"),
        field("distance_mm", &R::distance_mm, {}, "from stimulus to recording electrode"),
        field("intensity_ma", &R::intensity_ma, {}, "stimulus current"),
        field("temperature_c", &R::temperature_c, {}, "skin temperature"),
        field("present", &R::present, {}, "the negative peak exceeds smallest_detectable"),
        field("onset_ms", &R::onset_ms, {}, "latency of the onset"),
        field("peak_ms", &R::peak_ms, {}, "latency of the negative peak"),
        field("amplitude_mv", &R::amplitude_mv, {}, "baseline to negative peak"),
        field("peak_to_peak_mv", &R::peak_to_peak_mv, {}, "negative peak to the positive peak within 10 ms after it"),
        field("negative_duration_ms", &R::negative_duration_ms, {}, "onset to the first return through the baseline"),
        field("total_duration_ms", &R::total_duration_ms, {},
              "onset to the return of the last negative deflection above max(4 sigma, 5 %)"),
        field("negative_area_mvms", &R::negative_area_mvms, {}, "integral of the negative phase"),
        field("rise_ms", &R::rise_ms, {}, "10 to 90 % of the negative peak"),
        field("positive_peak_ms", &R::positive_peak_ms, {}, "latency of the positive peak after the negative one"),
        field("positivity_pct", &R::positivity_pct, {}, "positive deflection before the onset, of the amplitude"),
        field("initial_positivity", &R::initial_positivity, {},
              "that deflection counts: electrode off the end-plate zone, other muscle or volume conduction"),
        field("phases", &R::phases, {}, "baseline crossings + 1"),
        field("turns", &R::turns, {}, "reversals of at least max(4 sigma, 3 %)"),
        field("onset_sd_ms", &R::onset_sd_ms, {}, "noise over slope at the onset"),
        field("snr_db", &R::snr_db, {}, "negative peak over noise"),
        field("noise_uv", &R::noise_uv, {}, "SD before the stimulus"),
        field("smallest_detectable_mv", &R::smallest_detectable_mv, {}, "what a response has to exceed here"),
        field("threshold_uv", &R::threshold_uv, {}, "level of the method threshold"),
        field("negativity_used", &R::negativity_used, {}, "sign of E1-negative values"),
        field("onset_method", &R::onset_method, {}, "method of the onset"),
        field("band_low_hz", &R::band_low_hz, {}, "low edge of the recording's hardware filter"),
        field("band_high_hz", &R::band_high_hz, {}, "its high edge"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why measures are empty"),
    };
  }
};
static_assert(fully_described<MWaveRow>());

struct SnapRow {
  int sweep = 0;
  std::string channel, nerve, side, site, annotation;
  std::optional<double> distance_mm, intensity_ma, temperature_c;
  bool present = false;
  std::optional<double> onset_ms, peak_ms, amplitude_uv, peak_to_peak_uv, negative_duration_ms, total_duration_ms, negative_area_uvms,
      rise_ms;
  std::optional<double> positive_peak_ms, positivity_pct;
  bool initial_positivity = false;
  std::optional<int> phases, turns;
  std::optional<double> onset_sd_ms, snr_db;
  double noise_uv = 0, smallest_detectable_uv = 0, threshold_uv = 0;
  Negativity negativity_used = Negativity::negative_values;
  LatencyMethod onset_method = LatencyMethod::rise;
  std::optional<double> band_low_hz, band_high_hz;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = SnapRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("site", &R::site, {}, "place of stimulation"),
        field("annotation", &R::annotation, {}, "remark of the sweep"),
        field("distance_mm", &R::distance_mm, {}, "from stimulus to recording electrode"),
        field("intensity_ma", &R::intensity_ma, {}, "stimulus current"),
        field("temperature_c", &R::temperature_c, {}, "skin temperature"),
        field("present", &R::present, {}, "the negative peak exceeds smallest_detectable"),
        field("onset_ms", &R::onset_ms, {}, "latency of the onset"),
        field("peak_ms", &R::peak_ms, {}, "latency of the negative peak"),
        field("amplitude_uv", &R::amplitude_uv, {}, "baseline to negative peak"),
        field("peak_to_peak_uv", &R::peak_to_peak_uv, {}, "negative peak to the positive peak within 3 ms after it"),
        field("negative_duration_ms", &R::negative_duration_ms, {}, "onset to the first return through the baseline"),
        field("total_duration_ms", &R::total_duration_ms, {},
              "onset to the return of the last negative deflection above max(4 sigma, 5 %)"),
        field("negative_area_uvms", &R::negative_area_uvms, {}, "integral of the negative phase"),
        field("rise_ms", &R::rise_ms, {}, "10 to 90 % of the negative peak"),
        field("positive_peak_ms", &R::positive_peak_ms, {}, "latency of the positive peak after the negative one"),
        field("positivity_pct", &R::positivity_pct, {}, "positive deflection before the onset, of the amplitude"),
        field("initial_positivity", &R::initial_positivity, {}, "that deflection counts"),
        field("phases", &R::phases, {}, "baseline crossings + 1"),
        field("turns", &R::turns, {}, "reversals of at least max(4 sigma, 3 %)"),
        field("onset_sd_ms", &R::onset_sd_ms, {}, "noise over slope at the onset"),
        field("snr_db", &R::snr_db, {}, "negative peak over noise"),
        field("noise_uv", &R::noise_uv, {}, "SD before the stimulus"),
        field("smallest_detectable_uv", &R::smallest_detectable_uv, {}, "what a response has to exceed here"),
        field("threshold_uv", &R::threshold_uv, {}, "level of the method threshold"),
        field("negativity_used", &R::negativity_used, {}, "sign of E1-negative values"),
        field("onset_method", &R::onset_method, {}, "method of the onset"),
        field("band_low_hz", &R::band_low_hz, {}, "low edge of the recording's hardware filter"),
        field("band_high_hz", &R::band_high_hz, {}, "its high edge"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why measures are empty"),
    };
  }
};
static_assert(fully_described<SnapRow>());

std::vector<MWaveRow> m_wave(const SweepSet& set, const MWaveOptions& options = {}, int threads = 1);
std::vector<SnapRow> snap(const SweepSet& set, const SnapOptions& options = {}, int threads = 1);

}  // namespace emg
