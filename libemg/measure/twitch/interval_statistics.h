#pragma once
// How regular a train of events is, and which of its intervals are too many to be chance.
//
// Input: event times of one source in seconds, ascending, cut into runs at every exclusion or gap: an interval that spans one is dropped
// and counted. Result: one row; with fewer than 10 intervals only count and median (`reason` = few intervals).
// Degenerate input: no interval gives an empty median. Throws InvalidArgument for times that do not ascend.
// Cost: linear, and 999 simulations of the length of the train for the test of the exponential law.
// Method: cv2 (Holt et al. 1996), lv (Shinomoto et al. 2003, Neural Comput 15:2823); cv_local = sqrt(pi)/2 mean |ln I_{i+1} - ln I_i|,
// immune to slow drift, equal to the CV of small Gaussian variation, sqrt(pi) ln 2 = 1.2286 for a Poisson train; Kolmogorov-Smirnov
// distance from the shifted exponential with its p from simulations, because the textbook table is wrong for estimated parameters
// (Lilliefors 1969).

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/rate.h"

namespace emg {

/// Times of one source, one run for each stretch of usable time that holds some.
using EventRuns = std::vector<std::vector<double>>;

/// `times_s` cut at everything that is not in `usable`; times outside are left out.
EventRuns event_runs(std::span<const double> times_s, const std::vector<Stretch>& usable);

struct IntervalRow {
  int channel = 0;
  std::optional<int> source_id = std::nullopt;
  int events = 0;
  int intervals = 0;
  int dropped = 0;
  std::optional<double> median_s = std::nullopt;
  std::optional<double> iqr_s = std::nullopt;
  std::optional<double> min_s = std::nullopt;
  std::optional<double> mean_s = std::nullopt;
  std::optional<double> cv = std::nullopt;
  std::optional<double> cv2 = std::nullopt;
  std::optional<double> lv = std::nullopt;
  std::optional<double> cv_local = std::nullopt;
  std::optional<double> shift_s = std::nullopt;
  std::optional<double> exponential_rate_hz = std::nullopt;
  std::optional<double> ks_distance = std::nullopt;
  std::optional<double> ks_p = std::nullopt;
  std::optional<double> fano_1s = std::nullopt;
  std::optional<double> fano_10s = std::nullopt;
  std::optional<double> fano_60s = std::nullopt;
  int doublets = 0;
  int triplets = 0;
  int multiplets = 0;
  int late_pairs = 0;
  std::optional<double> late_pair_peak_ms = std::nullopt;
  std::string reason = {};

  static constexpr auto fields() {
    using R = IntervalRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("source_id", &R::source_id, {}, "source; missing: all events of the channel"),
        field("events", &R::events, {}, "events"),
        field("intervals", &R::intervals, {}, "intervals within usable time"),
        field("dropped", &R::dropped, {}, "intervals that span excluded time"),
        field("median_s", &R::median_s, {}, "median interval"),
        field("iqr_s", &R::iqr_s, {}, "interquartile range"),
        field("min_s", &R::min_s, {}, "shortest"),
        field("mean_s", &R::mean_s, {}, "mean"),
        field("cv", &R::cv, {}, "SD over mean"),
        field("cv2", &R::cv2, {}, "mean of 2 |difference| / sum of neighbours; Poisson 1, regular 0"),
        field("lv", &R::lv, {}, "local variation; Poisson 1, regular 0"),
        field("cv_local", &R::cv_local, {}, "sqrt(pi)/2 times the mean |difference of logarithms|; Poisson 1.2286, regular 0"),
        field("shift_s", &R::shift_s, {}, "shift of the shifted exponential law"),
        field("exponential_rate_hz", &R::exponential_rate_hz, {}, "its rate"),
        field("ks_distance", &R::ks_distance, {}, "largest distance from it"),
        field("ks_p", &R::ks_p, {}, "p of that distance by simulation"),
        field("fano_1s", &R::fano_1s, {}, "variance over mean of counts in 1-s bins"),
        field("fano_10s", &R::fano_10s, {}, "in 10-s bins"),
        field("fano_60s", &R::fano_60s, {}, "in 60-s bins"),
        field("doublets", &R::doublets, {}, "pairs 2 to 20 ms apart"),
        field("triplets", &R::triplets, {}, "chains of three, each 2 to 20 ms after the last"),
        field("multiplets", &R::multiplets, {}, "longer chains"),
        field("late_pairs", &R::late_pairs, {}, "intervals of 20 to 110 ms"),
        field("late_pair_peak_ms", &R::late_pair_peak_ms, {}, "centre of the 2-ms bin with most of them beyond chance; missing if none is beyond it"),
        field("reason", &R::reason, {}, "why the measures of regularity are missing"),
    };
  }
};
static_assert(fully_described<IntervalRow>());

IntervalRow interval_statistics(const EventRuns& runs, const std::vector<Stretch>& usable, std::uint64_t seed = 1);

/// Intervals of 2 to 110 ms against chance, in bins of 2 ms.
struct PairBin {
  double interval_ms = 0;   ///< centre of the bin
  int count = 0;
  double expected = 0;      ///< of a Poisson source of this rate
  double p = 1;             ///< P(at least count)
};
struct PairIntervals {
  std::vector<PairBin> bins;
  int doublets = 0, triplets = 0, multiplets = 0, late_pairs = 0;
  std::vector<int> chain;   ///< of each event, in the order of the runs: number of its chain of 2 to 20 ms, -1: none
};
PairIntervals pair_intervals(const EventRuns& runs, double usable_s);

/// Slope of ln interval and of ln amplitude against the index within a burst: how its spikes slow and shrink.
struct BurstSlope {
  double ln_interval_per_spike = 0, ln_amplitude_per_spike = 0;
};
std::optional<BurstSlope> burst_slope(std::span<const double> times_s, std::span<const double> amplitudes_uv);

/// Counts of intervals on a logarithmic axis, 20 bins in a decade.
struct IntervalHistogram {
  double first_s = 0;       ///< lower edge of the first bin; edges grow by 10^(1/20)
  std::vector<int> counts;
};
IntervalHistogram interval_histogram(const EventRuns& runs);

struct IntervalBinRow {
  int channel = 0;
  std::optional<int> source_id = std::nullopt;
  double low_s = 0;
  double high_s = 0;
  int intervals = 0;

  static constexpr auto fields() {
    using R = IntervalBinRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("source_id", &R::source_id, {}, "source; missing: all events of the channel"),
        field("low_s", &R::low_s, {}, "lower edge of the bin"),
        field("high_s", &R::high_s, {}, "upper edge"),
        field("intervals", &R::intervals, {}, "intervals in it, within usable time"),
    };
  }
};
static_assert(fully_described<IntervalBinRow>());

/// Operation `interval-histogram`: the bins from the shortest to the longest interval of each channel or set, then of each source.
std::vector<IntervalBinRow> interval_bins(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<IntervalBinRow> recording_interval_bins(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

/// Operation `intervals`: a row for each channel or set, and one for each source with events.
std::vector<IntervalRow> intervals(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<IntervalRow> recording_intervals(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

}  // namespace emg
