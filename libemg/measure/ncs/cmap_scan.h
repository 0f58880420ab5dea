#pragma once
// Numbers of a CMAP scan: the response of a muscle to graded stimuli. None of them is a count of motor units; each is printed with what it
// depends on.
//
// scan: stimulus (mA) and amplitude (mV) of every stimulus in the order of recording; plateau_end, scan_end, after_end divide the rows into
// those before the scan (supramaximal), the scan, and those after it (subthreshold). Result: one row. Degenerate input: a scan without
// steps leaves step measures empty, with the reason. Throws InvalidArgument: lists of different length, fewer than 20 rows in the scan, a
// value that is not finite (row), divisions out of order. Cost: O(n log n), the stair fit O(D n log n) for D levels. Method: isotonic
// regression (pool adjacent violators) for S5, S50, S95. STEPIX and AMPIX: the largest gaps of sorted amplitudes against the logarithm of
// their rank, as one published implementation has it. D50: two definitions that circulate and differ by a factor of 4 to 5. CDIX: 2^entropy
// of binned amplitudes (Lu et al., IEEE TBME 2023;70:1182). Steps: differences of consecutive responses above max(3.5 noise, 2 %). Stair
// fit: Chen et al., IEEE JBHI 2023;27:1579, here solved exactly by dynamic programming (stair_fit.h).

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

struct CmapScan {
  std::vector<double> stimulus_ma, amplitude_mv;
  std::size_t plateau_end = 0, scan_end = 0, after_end = 0;
};

enum class CdixBin { percent_of_max, fixed_uv, noise, mixture };
constexpr auto enum_names(CdixBin) {
  using B = CdixBin;
  return std::array<std::pair<B, std::string_view>, 4>{
      {{B::percent_of_max, "percent_of_max"}, {B::fixed_uv, "fixed_uv"}, {B::noise, "noise"}, {B::mixture, "mixture"}}};
}

struct CmapScanOptions {
  CdixBin cdix_bin = CdixBin::percent_of_max;
  double cdix_percent = 2;
  double cdix_uv = 100;
  double cdix_noise_factor = 8;
  double step_noise_factor = 3.5;
  double step_percent = 2;
  double stepix_threshold_mv = 0.02;
  double stair_noise_factor = 3;
  double stair_floor_uv = 5;
  std::optional<double> stair_threshold_uv;

  static constexpr auto fields() {
    using O = CmapScanOptions;
    return std::tuple{
        field("cdix_bin", &O::cdix_bin, {},
              "width of the bins of CDIX: share of the largest response, given, multiple of the noise, or from a mixture (not converged by "
              "definition)"),
        field("cdix_percent", &O::cdix_percent, {0.01, 50}, "percent_of_max: width"),
        field("cdix_uv", &O::cdix_uv, {0.1, 100000}, "fixed_uv: width"),
        field("cdix_noise_factor", &O::cdix_noise_factor, {0.1, 1000}, "noise: multiple"),
        field("step_noise_factor", &O::step_noise_factor, {0, 100}, "a step exceeds this multiple of the noise"),
        field("step_percent", &O::step_percent, {0, 50}, "and this share of the largest response"),
        field("stepix_threshold_mv", &O::stepix_threshold_mv, {1e-4, 10}, "smallest gap that STEPIX counts"),
        field("stair_noise_factor", &O::stair_noise_factor, {0.1, 100},
              "stair fit: mean distance to the levels, in multiples of the noise"),
        field("stair_floor_uv", &O::stair_floor_uv, {0, 10000}, "and at least this"),
        field("stair_threshold_uv", &O::stair_threshold_uv, {0.01, 10000}, "instead of both; 15 is published"),
    };
  }
};
static_assert(fully_described<CmapScanOptions>());

struct CmapScanRow {
  int stimulus_count = 0;
  double cmap_max_mv = 0, plateau_mv = 0;
  std::optional<double> noise_uv;
  std::optional<double> s5_ma, s50_ma, s95_ma, relative_range_pct;
  int step_count = 0;
  double steps_pct = 0;
  std::optional<double> largest_step_pct;
  std::optional<int> d50_sequential, d50_sorted, stepix;
  std::optional<double> ampix_uv, cdix, cdix_width_uv;
  CdixBin cdix_bin = CdixBin::percent_of_max;
  bool converged = true;
  std::optional<int> stair_units, bic_units;
  std::optional<double> stair_threshold_uv;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = CmapScanRow;
    return std::tuple{
        field("stimulus_count", &R::stimulus_count, {}, "stimuli of the scan; STEPIX grows with it"),
        field("cmap_max_mv", &R::cmap_max_mv, {}, "largest response"),
        field("plateau_mv", &R::plateau_mv, {}, "mean response before the scan"),
        field("noise_uv", &R::noise_uv, {}, "SD of the responses after the scan"),
        field("s5_ma", &R::s5_ma, {}, "current for 5 % of the plateau"),
        field("s50_ma", &R::s50_ma, {}, "current for 50 %"),
        field("s95_ma", &R::s95_ma, {}, "current for 95 %"),
        field("relative_range_pct", &R::relative_range_pct, {}, "(s95 - s5) / s50"),
        field("step_count", &R::step_count, {}, "consecutive differences above both limits of a step"),
        field("steps_pct", &R::steps_pct, {}, "their sum, of the largest response"),
        field("largest_step_pct", &R::largest_step_pct, {}, "the largest of them"),
        field("d50_sequential", &R::d50_sequential, {}, "largest consecutive differences needed for half of the largest response"),
        field("d50_sorted", &R::d50_sorted, {}, "largest gaps between sorted responses needed for half of their range"),
        field("stepix", &R::stepix, {}, "STEPIX"),
        field("ampix_uv", &R::ampix_uv, {}, "AMPIX: largest response of the scan over STEPIX"),
        field("cdix", &R::cdix, {}, "CDIX"),
        field("cdix_width_uv", &R::cdix_width_uv, {}, "width of its bins"),
        field("cdix_bin", &R::cdix_bin, {}, "where the width comes from"),
        field("converged", &R::converged, {}, "false for a mixture: the recipe stops before"),
        field("stair_units", &R::stair_units, {}, "fewest levels less one whose mean distance is below the threshold; set by it, no count"),
        field("bic_units", &R::bic_units, {}, "levels less one with the smallest information criterion at the known noise"),
        field("stair_threshold_uv", &R::stair_threshold_uv, {}, "that threshold"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: noise_few, saturated"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<CmapScanRow>());

CmapScanRow cmap_scan(const CmapScan& scan, const CmapScanOptions& options = {});

/// Amplitudes of the scan proper.
std::vector<double> scan_amplitudes(const CmapScan& scan);
/// Noise of the rows after the scan in microvolts; `few`: there are fewer than 10.
std::optional<double> scan_noise_uv(const CmapScan& scan, bool* few = nullptr);

}  // namespace emg
