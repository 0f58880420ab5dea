#pragma once
// H reflex: recruitment of H and M with the stimulus intensity.
//
// set: sweeps x samples, microvolts, with intensities. h_window_ms: where the H reflex may stand (soleus about 25-40, flexor carpi radialis
// 14-22); needed. Results: one row for each sweep (h_reflex_sweeps), one for each channel, nerve and side (h_reflex). Degenerate input: no
// H in any sweep gives the M measures and the reason. Throws InvalidArgument for a set that m_wave would refuse, windows that are missing
// or outside the sweep. Cost: linear, the fits some hundred evaluations of at most three parameters per sweep. Method: peak-to-peak in both
// windows. M(I) = Mmax / (1 + exp(-(I - I50) / s)); H(I) = a rising sigmoid times one less a falling one; both by Levenberg steps with
// bisquare weights (Klimstra and Zehr 2008 for the sigmoids). Thresholds: smallest intensity whose response exceeds the noise.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

struct HReflexOptions {
  std::vector<double> h_window_ms;
  double m_low_ms = 2;
  double m_high_ms = 18;
  double floor_uv = 50;
  double noise_factor = 4;
  std::optional<double> m_band_percent;
  double m_band_width_percent = 10;
  double slowest_interval_s = 2;

  static constexpr auto fields() {
    using O = HReflexOptions;
    return std::tuple{
        field("h_window_ms", &O::h_window_ms, {0, 1000},
              "start and end of the search for H (soleus about 25,40, flexor carpi radialis 14,22); needed"),
        field("m_low_ms", &O::m_low_ms, {0, 1000}, "start of the search for M"),
        field("m_high_ms", &O::m_high_ms, {0.1, 1000}, "its end"),
        field("floor_uv", &O::floor_uv, {0, 1e6}, "a response exceeds this peak-to-peak"),
        field("noise_factor", &O::noise_factor, {1, 100}, "and this multiple of the noise, peak-to-peak"),
        field("m_band_percent", &O::m_band_percent, {0, 100}, "accept only sweeps whose M is this share of the largest; auto: all"),
        field("m_band_width_percent", &O::m_band_width_percent, {0, 100}, "half width of that band"),
        field("slowest_interval_s", &O::slowest_interval_s, {0, 100}, "stimuli closer than this are flagged rate"),
    };
  }
};
static_assert(fully_described<HReflexOptions>());

struct HSweepRow {
  int sweep = 0;
  std::string channel, nerve, side, muscle;
  std::optional<double> intensity_ma, h_onset_ms, m_onset_ms, peak_to_trough_ms, shape_correlation;
  double h_uv = 0, m_uv = 0;
  bool h_present = false, m_present = false, accepted = true;
  std::string method, version;

  static constexpr auto fields() {
    using R = HSweepRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("intensity_ma", &R::intensity_ma, {}, "stimulus current"),
        field("h_onset_ms", &R::h_onset_ms, {}, "onset of H"),
        field("m_onset_ms", &R::m_onset_ms, {}, "onset of M"),
        field("peak_to_trough_ms", &R::peak_to_trough_ms, {}, "time between the extremes of H"),
        field("shape_correlation", &R::shape_correlation, {}, "with the mean H"),
        field("h_uv", &R::h_uv, {}, "peak-to-peak in the window of H"),
        field("m_uv", &R::m_uv, {}, "peak-to-peak in the window of M"),
        field("h_present", &R::h_present, {}, "H exceeds the noise"),
        field("m_present", &R::m_present, {}, "M exceeds the noise"),
        field("accepted", &R::accepted, {}, "inside the band of M"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
    };
  }
};
static_assert(fully_described<HSweepRow>());

struct HReflexRow {
  std::string channel, nerve, side, muscle;
  int sweep_count = 0, h_count = 0;
  std::optional<double> h_onset_ms, h_max_mv, m_max_mv, h_over_m, h_threshold_ma, m_threshold_ma, h_max_at_m_pct;
  std::optional<double> m_fit_max_mv, m_i50_ma, m_slope_ma, h_i50_ma, h_slope_ma, slope_ratio;
  bool converged = false;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = HReflexRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("sweep_count", &R::sweep_count, {}, "stimuli"),
        field("h_count", &R::h_count, {}, "sweeps with H"),
        field("h_onset_ms", &R::h_onset_ms, {}, "median onset of the larger half of the H reflexes"),
        field("h_max_mv", &R::h_max_mv, {}, "largest H"),
        field("m_max_mv", &R::m_max_mv, {}, "largest M"),
        field("h_over_m", &R::h_over_m, {}, "largest H over largest M"),
        field("h_threshold_ma", &R::h_threshold_ma, {}, "smallest intensity with H"),
        field("m_threshold_ma", &R::m_threshold_ma, {}, "smallest intensity with M"),
        field("h_max_at_m_pct", &R::h_max_at_m_pct, {}, "M of the sweep with the largest H, of the largest M"),
        field("m_fit_max_mv", &R::m_fit_max_mv, {}, "plateau of the sigmoid of M"),
        field("m_i50_ma", &R::m_i50_ma, {}, "its half intensity"),
        field("m_slope_ma", &R::m_slope_ma, {}, "its width"),
        field("h_i50_ma", &R::h_i50_ma, {}, "half intensity of the rising sigmoid of H"),
        field("h_slope_ma", &R::h_slope_ma, {}, "its width"),
        field("slope_ratio", &R::slope_ratio, {}, "steepest slope of H over that of M"),
        field("converged", &R::converged, {}, "both fits settled"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: rate"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<HReflexRow>());

std::vector<HReflexRow> h_reflex(const SweepSet& set, const HReflexOptions& options = {}, int threads = 1);
std::vector<HSweepRow> h_reflex_sweeps(const SweepSet& set, const HReflexOptions& options = {}, int threads = 1);

/// 9.14 + 0.46 leg + 0.1 age (Braddom and Johnson 1974), leg in cm from knee crease to medial malleolus.
double expected_h_latency_ms(double leg_cm, double age_years);

}  // namespace emg
