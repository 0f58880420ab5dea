#pragma once
// Two muscles at once: how much they are active together (co-contraction), and how much of one is heard over the other (cross-talk).
//
// co_contraction takes two envelopes of at least 0, normalised to the same kind of reference (a recording in "%", see normalise.h); others
// are refused unless accept_raw is set. With L the smaller and H the larger of both in a sample:
//   falconer_winter_percent  200 sum L / sum (a + b)                    Falconer & Winter 1985 (Electromyogr Clin Neurophysiol 25:135-49)
//   rudolph                  mean((L / H) (L + H)), 0 where H = 0       Rudolph et al. 2000 (Knee Surg Sports Traumatol Arthrosc 8:262-9)
//   overlap_area             sum L / rate;  overlap_percent  100 sum L / max(sum a, sum b)
//   ratio_percent            100 sum antagonist / sum (a + b)
// crosstalk takes raw signals: one row for each ordered pair, with the normalised cross-correlation at lag 0 and at its largest, and, for a
// channel that was active alone within the spans given, the share that the others picked up. It is measured, never removed. Degenerate
// input: without activity the shares are missing. Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a
// channel that does not exist, a negative envelope (channel and sample), a span outside the record. Cost: one pass; crosstalk one transform
// for each channel and one for each pair.

#include <optional>
#include <tuple>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/signal.h"
#include "libemg/measure/surface/conduction_velocity.h"

namespace emg {

struct CoContractionOptions {
  int agonist_channel = 0;
  int antagonist_channel = 1;
  double span_start_s = 0;
  std::optional<double> span_stop_s = std::nullopt;
  bool accept_raw = false;

  static constexpr auto fields() {
    using O = CoContractionOptions;
    return std::tuple{
        field("agonist_channel", &O::agonist_channel, {0, 1e6}, "envelope a, from 0"),
        field("antagonist_channel", &O::antagonist_channel, {0, 1e6}, "envelope b, from 0"),
        field("span_start_s", &O::span_start_s, {0, 1e7}, "start of the span"),
        field("span_stop_s", &O::span_stop_s, {0, 1e7}, "end of the span; open: end of the record"),
        field("accept_raw", &O::accept_raw, {}, "take envelopes that were not normalised (microvolts)"),
    };
  }
};
static_assert(fully_described<CoContractionOptions>());

struct CoContractionRow {
  int agonist_channel = 0;
  int antagonist_channel = 0;
  double start_s = 0, end_s = 0;
  std::optional<double> falconer_winter_percent, rudolph, overlap_area, overlap_percent, ratio_percent;

  static constexpr auto fields() {
    using R = CoContractionRow;
    return std::tuple{
        field("agonist_channel", &R::agonist_channel, {}, "channel a"),
        field("antagonist_channel", &R::antagonist_channel, {}, "channel b"),
        field("start_s", &R::start_s, {}, "start of the span"),
        field("end_s", &R::end_s, {}, "its end"),
        field("falconer_winter_percent", &R::falconer_winter_percent, {}, "twice the common area over the sum of both"),
        field("rudolph", &R::rudolph, {}, "mean of (L / H) (L + H), in the unit of the envelopes"),
        field("overlap_area", &R::overlap_area, {}, "common area, unit of the envelopes times seconds"),
        field("overlap_percent", &R::overlap_percent, {}, "common area over the larger of both"),
        field("ratio_percent", &R::ratio_percent, {}, "antagonist over the sum of both"),
    };
  }
};
static_assert(fully_described<CoContractionRow>());

std::vector<CoContractionRow> co_contraction(const ChannelsView& signal, double rate_hz, const CoContractionOptions& options,
                                             int threads = 1);

/// Looks at the units of the channels; samples within gaps do not count.
std::vector<CoContractionRow> recording_co_contraction(const Recording& recording, const CoContractionOptions& options, int threads = 1);

struct CrosstalkOptions {
  Derivation derivation = Derivation::given;
  double max_lag_ms = 20;
  std::optional<int> active_channel = std::nullopt;
  std::vector<double> active_start_s = {};
  std::vector<double> active_stop_s = {};

  static constexpr auto fields() {
    using O = CrosstalkOptions;
    return std::tuple{
        field("derivation", &O::derivation, {},
              "channels as given, or their single or double differences along the line, which pick up less"),
        field("max_lag_ms", &O::max_lag_ms, {0, 1e6}, "largest lag of the cross-correlation"),
        field("active_channel", &O::active_channel, {0, 1e6}, "channel whose muscle alone is active within the spans; open: none known"),
        field("active_start_s", &O::active_start_s, {0, 1e7}, "start of each span of selective activity"),
        field("active_stop_s", &O::active_stop_s, {0, 1e7}, "end of each span"),
    };
  }
};
static_assert(fully_described<CrosstalkOptions>());

struct CrosstalkRow {
  int first_channel = 0;
  int second_channel = 0;
  std::optional<double> correlation, largest_correlation, lag_ms;
  std::optional<double> crosstalk_percent;

  static constexpr auto fields() {
    using R = CrosstalkRow;
    return std::tuple{
        field("first_channel", &R::first_channel, {}, "channel, from 0 (after the derivation)"),
        field("second_channel", &R::second_channel, {}, "other channel"),
        field("correlation", &R::correlation, {}, "normalised cross-correlation at lag 0"),
        field("largest_correlation", &R::largest_correlation, {}, "the largest in size within max_lag_ms"),
        field("lag_ms", &R::lag_ms, {}, "its lag; positive: second later"),
        field("crosstalk_percent", &R::crosstalk_percent, {},
              "RMS of the second over RMS of the first while only the first is active, noise power taken off both"),
    };
  }
};
static_assert(fully_described<CrosstalkRow>());

std::vector<CrosstalkRow> crosstalk(const ChannelsView& signal, double rate_hz, const CrosstalkOptions& options = {}, int threads = 1);

}  // namespace emg
