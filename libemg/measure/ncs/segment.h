#pragma once
// What happens to a response between two sites (change in amplitude, area and duration), and step by step along a nerve (inching).
//
// set: sweeps x samples, microvolts, sites with distances; sweeps of one site are averaged. Results: one row for each pair of neighbouring
// sites (segment_changes), or for each step (inching). Degenerate input: a missing response gives a row with its reason.
// Throws InvalidArgument for a set that m_wave would refuse; inching also for sites without distance, in no order or at one place twice.
// Cost: that of m_wave for each site.
// Method: ratios proximal over distal and 100 (P - D) / D. Standard errors by propagation: amplitude sigma, area sigma times the square
// root of duration over the rate, duration from the noise over the slopes at onset and return. Amplitude, area and duration stand side by
// side because dispersion alone can cost a third of the amplitude.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"
#include "libemg/measure/ncs/markers.h"

namespace emg {

struct SegmentOptions {
  double window_low_ms = 1.5;
  double window_high_ms = 40;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double small_factor = 5;

  static constexpr auto fields() {
    using O = SegmentOptions;
    return std::tuple{
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the search for the response"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "its end"),
        field("onset_method", &O::onset_method, {}, "how the onset is found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data"),
        field("small_factor", &O::small_factor, {1, 100},
              "a distal amplitude below this multiple of the smallest detectable is too small to compare with"),
    };
  }
};
static_assert(fully_described<SegmentOptions>());

struct SegmentRow {
  std::string channel, nerve, side, muscle, distal_site, proximal_site;
  std::optional<double> segment_mm, distal_amplitude_mv, proximal_amplitude_mv;
  std::optional<double> amplitude_ratio, amplitude_change_pct, amplitude_change_se_pct;
  std::optional<double> area_ratio, area_change_pct, area_change_se_pct;
  std::optional<double> duration_ratio, duration_change_pct, duration_change_se_pct;
  std::optional<double> total_duration_ratio, total_duration_change_pct;
  LatencyMethod onset_method = LatencyMethod::rise;
  std::optional<double> band_low_hz, band_high_hz;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = SegmentRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("distal_site", &R::distal_site, {}, "nearer place of stimulation"),
        field("proximal_site", &R::proximal_site, {}, "farther place of stimulation"),
        field("segment_mm", &R::segment_mm, {}, "distance between the sites"),
        field("distal_amplitude_mv", &R::distal_amplitude_mv, {}, "from the nearer site"),
        field("proximal_amplitude_mv", &R::proximal_amplitude_mv, {}, "from the farther site"),
        field("amplitude_ratio", &R::amplitude_ratio, {}, "proximal over distal"),
        field("amplitude_change_pct", &R::amplitude_change_pct, {}, "100 (proximal - distal) / distal"),
        field("amplitude_change_se_pct", &R::amplitude_change_se_pct, {}, "its standard error from the noise"),
        field("area_ratio", &R::area_ratio, {}, "of the negative areas"),
        field("area_change_pct", &R::area_change_pct, {}, "100 (proximal - distal) / distal"),
        field("area_change_se_pct", &R::area_change_se_pct, {}, "its standard error from the noise"),
        field("duration_ratio", &R::duration_ratio, {}, "of the negative durations"),
        field("duration_change_pct", &R::duration_change_pct, {}, "100 (proximal - distal) / distal"),
        field("duration_change_se_pct", &R::duration_change_se_pct, {}, "its standard error from the noise"),
        field("total_duration_ratio", &R::total_duration_ratio, {}, "of the total durations"),
        field("total_duration_change_pct", &R::total_duration_change_pct, {}, "100 (proximal - distal) / distal"),
        field("onset_method", &R::onset_method, {}, "method of both onsets"),
        field("band_low_hz", &R::band_low_hz, {}, "low edge of the recording's hardware filter"),
        field("band_high_hz", &R::band_high_hz, {}, "its high edge"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why values are empty: not_assessable (...)"),
    };
  }
};
static_assert(fully_described<SegmentRow>());

/// Change from `distal` to `proximal`.
SegmentRow segment_change(const MWaveRow& distal, const MWaveRow& proximal, double rate_hz, double small_factor = 5);
/// Between neighbouring sites of each nerve, by distance.
std::vector<SegmentRow> segment_rows(const std::vector<MWaveRow>& sites, double rate_hz, double small_factor = 5);
std::vector<SegmentRow> segment_changes(const SweepSet& set, const SegmentOptions& options = {}, int threads = 1);

struct InchingRow {
  std::string channel, nerve, side, muscle, from_site, to_site;
  double from_mm = 0, to_mm = 0;
  std::optional<double> latency_step_ms, latency_step_sd_ms, velocity_mps, velocity_sd_mps;
  std::optional<double> amplitude_change_pct, area_change_pct, duration_change_pct;
  bool largest = false;
  LatencyMethod onset_method = LatencyMethod::rise;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = InchingRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("from_site", &R::from_site, {}, "nearer site"),
        field("to_site", &R::to_site, {}, "farther site"),
        field("from_mm", &R::from_mm, {}, "distance of the nearer site"),
        field("to_mm", &R::to_mm, {}, "distance of the farther site"),
        field("latency_step_ms", &R::latency_step_ms, {}, "onset from the farther site less that from the nearer"),
        field("latency_step_sd_ms", &R::latency_step_sd_ms, {}, "its SD from the noise"),
        field("velocity_mps", &R::velocity_mps, {}, "over the step"),
        field("velocity_sd_mps", &R::velocity_sd_mps, {}, "its SD"),
        field("amplitude_change_pct", &R::amplitude_change_pct, {}, "100 (farther - nearer) / nearer"),
        field("area_change_pct", &R::area_change_pct, {}, "100 (farther - nearer) / nearer"),
        field("duration_change_pct", &R::duration_change_pct, {}, "100 (farther - nearer) / nearer"),
        field("largest", &R::largest, {}, "the largest latency for its length among the steps of this nerve"),
        field("onset_method", &R::onset_method, {}, "how the latency difference was found"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<InchingRow>());

std::vector<InchingRow> inching(const SweepSet& set, const SegmentOptions& options = {}, int threads = 1);

}  // namespace emg
