#pragma once
// One mean sweep for each site, without outliers, with its standard error.
//
// set: sweeps x samples, microvolts; sweeps of one channel, nerve, side, muscle, site, test and annotation are averaged. Result of
// average_sweeps: the averaged sweeps (operation `average`); of average_report: one row for each site. Degenerate input: one sweep is its
// own mean, its standard error is empty; if all sweeps of a site are rejected the message names it. Throws InvalidArgument for a set that
// m_wave would refuse and a site whose sweeps are all rejected. Cost: O(sweeps x samples); median and trimmed mean sort each column.
// Method: sweeps are rejected by peak-to-peak above limit_uv and by their correlation in the response window with the mean of the others
// below r_min. Noise of the mean: plus-minus average (Wong and Bickford 1980), the mean with alternating signs, outside the first
// millisecond. SE of the mean sigma/sqrt(N), of the median 1.2533 sigma/sqrt(N), of the trimmed mean from the winsorised SD (Tukey and
// McLaughlin 1963).

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

enum class AverageKind { mean, median, trimmed };
constexpr auto enum_names(AverageKind) {
  using K = AverageKind;
  return std::array<std::pair<K, std::string_view>, 3>{{{K::mean, "mean"}, {K::median, "median"}, {K::trimmed, "trimmed"}}};
}

struct AverageOptions {
  AverageKind kind = AverageKind::mean;
  std::optional<double> limit_uv;
  std::optional<double> r_min;
  double window_low_ms = 1.5;
  double window_high_ms = 40;
  double supramaximal_pct = 5;

  static constexpr auto fields() {
    using O = AverageOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "mean, median, or mean without the largest and smallest tenth of every sample"),
        field("limit_uv", &O::limit_uv, {0, 1e9}, "reject sweeps whose peak-to-peak in the response window exceeds this; auto: none"),
        field("r_min", &O::r_min, {-1, 1}, "reject sweeps that correlate less than this with the mean of the others there; auto: none"),
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the response window"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "its end"),
        field("supramaximal_pct", &O::supramaximal_pct, {0.1, 50},
              "largest change of amplitude between the two highest intensities of a supramaximal stimulus"),
    };
  }
};
static_assert(fully_described<AverageOptions>());

struct AverageRow {
  std::string channel, nerve, side, muscle, site, annotation;
  int sweep_count = 0, kept_count = 0;
  std::optional<double> noise_uv, standard_error_uv, snr_db;
  std::string rejected, supramaximal;

  static constexpr auto fields() {
    using R = AverageRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("annotation", &R::annotation, {}, "remark of the sweeps"),
        field("sweep_count", &R::sweep_count, {}, "sweeps of the site"),
        field("kept_count", &R::kept_count, {}, "sweeps in the average"),
        field("rejected", &R::rejected, {}, "numbers of the rejected sweeps, separated by commas"),
        field("noise_uv", &R::noise_uv, {}, "SD of the plus-minus average"),
        field("standard_error_uv", &R::standard_error_uv, {}, "standard error of a sample of the average, RMS over the sweep"),
        field("snr_db", &R::snr_db, {}, "largest deflection of the average in the window over the noise of the average"),
        field("supramaximal", &R::supramaximal, {}, "yes, no, or not_assessable (reason)"),
    };
  }
};
static_assert(fully_described<AverageRow>());

/// Both results of one pass; `standard_error` has the shape of the averaged samples (NaN for single sweeps).
struct Averages {
  SweepSet sweeps;
  std::vector<AverageRow> rows;
  RowMatrix standard_error_uv;
};
Averages averages(const SweepSet& set, const AverageOptions& options = {});

SweepSet average_sweeps(const SweepSet& set, const AverageOptions& options = {}, int threads = 1);
std::vector<AverageRow> average_report(const SweepSet& set, const AverageOptions& options = {}, int threads = 1);

}  // namespace emg
