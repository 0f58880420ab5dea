#pragma once
// What one train of discharges looks like: features, and which row of a table of patterns they meet. Never a diagnosis.
//
// Input: times in seconds, ascending, in runs of uninterrupted time; amplitudes beside them; features of the template (or the template).
// Result: a descriptor ending in `_like`, or `indeterminate` with the reason, the membership of the best and the second row, all features,
// and each criterion of the best row with its value and how well it is met.
// Degenerate input: fewer than 10 intervals, an inconsistent template (an unsorted train: two regular trains superposed look irregular), no
// membership above 0.5, or a lead below 0.2 over the second: indeterminate.
// Throws InvalidArgument naming line and column of a broken pattern table.
// Cost: a sort of the intervals.
// Method: membership of a row = smallest of its trapezoids (0 outside a..d, 1 inside b..c). Ranges are those of the AANEM glossary
// (Muscle Nerve 2015) and of reviews as far as they state any, the rest working values: the table is data and may be replaced.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/interval_statistics.h"
#include "libemg/measure/twitch/source.h"

namespace emg {

/// Shape of a template, unfiltered, one channel.
struct TemplateShape {
  double duration_ms = 0;
  int phases = 0;
  bool initial_positive = false;   ///< sign of the voltage of the first phase
  double tail_ms = 0;              ///< last phase above 10 % of the peak, if it is slow: longer than all before it
  double amplitude_uv = 0;         ///< peak to peak
};
TemplateShape template_shape(std::span<const double> wave, double rate_hz);

struct TrainFeatures {
  int events = 0;
  int intervals = 0;
  double seconds = 0;
  double rate_hz = 0;
  double cv_local = 0;
  double rate_mod = 1;
  double amp_mod = 1;
  double amp_trend = 0;
  double doublet_frac = 0;
  double bursty = 0;
  double intra_rate_hz = 0;
  double spikes_per_burst = 1;
  std::optional<double> burst_rate_hz = std::nullopt;
  std::optional<double> burst_ms = std::nullopt;
  std::optional<double> ibi_cv = std::nullopt;
  std::optional<double> ln_interval_per_spike = std::nullopt;
  std::optional<double> ln_amplitude_per_spike = std::nullopt;
  double duration_ms = 0;
  double phases = 0;
  double initial_positive = 0;
  double tail_ms = 0;
  double amplitude_uv = 0;
  double ln_rate_per_s = 0;
  double ln_amplitude_per_s = 0;
  double onset_ratio = 1;
  double offset_ratio = 1;

  static constexpr auto fields() {
    using F = TrainFeatures;
    return std::tuple{
        field("events", &F::events, {}, "discharges"),
        field("intervals", &F::intervals, {}, "intervals within uninterrupted time"),
        field("seconds", &F::seconds, {}, "from the first discharge to the last"),
        field("rate_hz", &F::rate_hz, {}, "intervals over their sum"),
        field("cv_local", &F::cv_local, {}, "regularity, free of drift (intervals)"),
        field("rate_mod", &F::rate_mod, {}, "largest over smallest running mean of five rates"),
        field("amp_mod", &F::amp_mod, {}, "largest over smallest running mean of five amplitudes"),
        field("amp_trend", &F::amp_trend, {}, "correlation of amplitude with index"),
        field("doublet_frac", &F::doublet_frac, {}, "share of intervals of 2 to 20 ms"),
        field("bursty", &F::bursty, {}, "1 if the intervals fall into two classes"),
        field("intra_rate_hz", &F::intra_rate_hz, {}, "rate within bursts, of the short class"),
        field("spikes_per_burst", &F::spikes_per_burst, {}, "mean; 1 without bursts"),
        field("burst_rate_hz", &F::burst_rate_hz, {}, "bursts a second"),
        field("burst_ms", &F::burst_ms, {}, "median length of a burst"),
        field("ibi_cv", &F::ibi_cv, {}, "variation of the intervals between bursts"),
        field("ln_interval_per_spike", &F::ln_interval_per_spike, {}, "growth of the logarithm of the interval within a burst, median of bursts"),
        field("ln_amplitude_per_spike", &F::ln_amplitude_per_spike, {}, "the same of the amplitude"),
        field("duration_ms", &F::duration_ms, {}, "of the template"),
        field("phases", &F::phases, {}, "of the template"),
        field("initial_positive", &F::initial_positive, {}, "1 if the template begins positive"),
        field("tail_ms", &F::tail_ms, {}, "slow last phase of the template"),
        field("amplitude_uv", &F::amplitude_uv, {}, "of the template, peak to peak"),
        field("ln_rate_per_s", &F::ln_rate_per_s, {}, "drift of the logarithm of the rate"),
        field("ln_amplitude_per_s", &F::ln_amplitude_per_s, {}, "drift of the logarithm of the amplitude"),
        field("onset_ratio", &F::onset_ratio, {}, "median of the first three intervals over that of all"),
        field("offset_ratio", &F::offset_ratio, {}, "median of the last three intervals over that of all"),
    };
  }
};
static_assert(fully_described<TrainFeatures>());

TrainFeatures train_features(const EventRuns& runs, std::span<const double> amplitudes_uv, const TemplateShape& shape);

/// One row of the table of patterns.
struct TrainPattern {
  std::string descriptor;
  struct Criterion {
    std::string feature;
    std::array<double, 4> trapezoid{};
  };
  std::vector<Criterion> criteria;
};
/// Tab-separated: descriptor, feature, a, b, c, d; one header line; lines of one descriptor together.
std::vector<TrainPattern> parse_train_patterns(std::string_view text);
/// The table shipped with the program.
std::string_view shipped_train_patterns();

struct TrainDescription {
  std::string descriptor;             ///< "indeterminate (reason)" if no row fits
  std::optional<double> score;        ///< membership of the best row
  std::string best, second;           ///< rows of largest membership, also if indeterminate
  double second_score = 0;
  std::string criteria;               ///< "rate_hz 3.2 met (0.5-18); ..." of the best row
  TrainFeatures features;
};

/// `consistency`: mean correlation of the discharges with the template.
TrainDescription describe_train(const TrainFeatures& features, double consistency, const std::vector<TrainPattern>& patterns);

/// A feature of the train of one source.
struct TrainFeatureRow {
  int channel = 0;
  int source_id = 0;
  std::string descriptor = {};
  std::optional<double> descriptor_score = std::nullopt;
  std::string second = {};
  std::optional<double> second_score = std::nullopt;
  std::string feature = {};
  std::optional<double> value = std::nullopt;
  std::string text = {};

  static constexpr auto fields() {
    using R = TrainFeatureRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("source_id", &R::source_id, {}, "source"),
        field("descriptor", &R::descriptor, {}, "what the train looks like, or indeterminate with the reason"),
        field("descriptor_score", &R::descriptor_score, {}, "membership of the descriptor, 0 to 1"),
        field("second", &R::second, {}, "pattern that fits next best"),
        field("second_score", &R::second_score, {}, "its membership"),
        field("feature", &R::feature, {}, "name of the feature"),
        field("value", &R::value, {}, "its value; missing if the train has none"),
        field("text", &R::text, {}, "what it is"),
    };
  }
};
static_assert(fully_described<TrainFeatureRow>());

/// Operation `describe-train`: a row for each feature of each source with events.
std::vector<TrainFeatureRow> describe_trains(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<TrainFeatureRow> recording_describe_trains(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

/// The train of one source of `twitch_events`: `members` are positions in `events`.
TrainDescription describe_source(const TwitchSource& source, const std::vector<std::size_t>& members, const std::vector<TwitchEvent>& events,
                                 const std::vector<std::vector<float>>& waveforms, Index before, const std::vector<Stretch>& usable, double rate_hz);

}  // namespace emg
