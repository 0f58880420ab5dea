#pragma once
// A recording of a resting muscle from end to end: detection, exclusion, sources, rates, intervals - what the command and the report show.
//
// The recording comes in blocks (channels x samples, microvolts, unfiltered) after its header; result: one part for each channel set.
// Degenerate input: a set without events has a rate of 0 with its upper limit; one without usable time has none, and `reason`.
// Throws as fasciculation.h. Cost and held memory: fasciculation.h.
// Method: time is excluded in this order, each instant for the first reason that holds: gap, flat, annotation, movement, ecg, voluntary,
// noise. Annotations whose label contains voluntary, movement or needle are honoured (300 ms where no duration is given).

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libemg/measure/twitch/event_detector.h"
#include "libemg/measure/twitch/interference.h"
#include "libemg/measure/twitch/interval_statistics.h"
#include "libemg/measure/twitch/source.h"
#include "libemg/measure/twitch/train_description.h"
#include "libemg/measure/twitch/voluntary.h"

namespace emg {

/// A stretch that does not count. Stretches of one set are disjoint and ascending.
struct ExcludedRow {
  int channel = 0;
  double start_s = 0;
  double end_s = 0;
  std::string reason = {};
  std::string rule = {};

  static constexpr auto fields() {
    using R = ExcludedRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("start_s", &R::start_s, {}, "start"),
        field("end_s", &R::end_s, {}, "end"),
        field("reason", &R::reason, {}, "gap, flat, noise, annotation, movement, ecg or voluntary"),
        field("rule", &R::rule, {}, "of voluntary: a, b or c"),
    };
  }
};
static_assert(fully_described<ExcludedRow>());

struct SourceRow {
  int channel = 0;
  int source_id = 0;
  int events = 0;
  double rate_per_min = 0;
  double amplitude_uv = 0;
  double amplitude_sd_uv = 0;
  std::optional<double> duration_ms = std::nullopt;
  std::optional<double> polyphasic_share = std::nullopt;
  std::optional<double> turns_share = std::nullopt;
  double template_consistency = 0;
  std::optional<double> interval_median_s = std::nullopt;
  std::optional<double> cv_local = std::nullopt;
  std::string descriptor = {};
  std::optional<double> descriptor_score = std::nullopt;
  std::string criteria = {};

  static constexpr auto fields() {
    using R = SourceRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("source_id", &R::source_id, {}, "number of the source, by falling amplitude"),
        field("events", &R::events, {}, "events that count"),
        field("rate_per_min", &R::rate_per_min, {}, "in a usable minute"),
        field("amplitude_uv", &R::amplitude_uv, {}, "mean peak to peak, unfiltered"),
        field("amplitude_sd_uv", &R::amplitude_sd_uv, {}, "SD of it"),
        field("duration_ms", &R::duration_ms, {}, "median"),
        field("polyphasic_share", &R::polyphasic_share, {}, "share of events with more than four phases"),
        field("turns_share", &R::turns_share, {}, "share of events with more than five turns"),
        field("template_consistency", &R::template_consistency, {}, "mean correlation of events with the template, noise taken out"),
        field("interval_median_s", &R::interval_median_s, {}, "median interval"),
        field("cv_local", &R::cv_local, {}, "regularity of the intervals"),
        field("descriptor", &R::descriptor, {}, "what the train looks like, or indeterminate with the reason"),
        field("descriptor_score", &R::descriptor_score, {}, "membership of the descriptor, 0 to 1"),
        field("criteria", &R::criteria, {}, "each feature of the descriptor with its value and whether it is met"),
    };
  }
};
static_assert(fully_described<SourceRow>());

struct SetAnalysis {
  ChannelSet set;
  TwitchRate rate;
  std::vector<TwitchEvent> events;          ///< also excluded ones
  std::vector<std::vector<float>> waveforms;   ///< unfiltered, of the peak channel of each event
  std::vector<ExcludedRow> excluded;
  std::vector<Stretch> usable;
  std::vector<SourceRow> sources;
  std::vector<TrainDescription> trains;     ///< of each source
  std::vector<IntervalRow> intervals;       ///< first all events, then each source
  std::optional<HeartBeats> beats;
};

struct RestAnalysis {
  double rate_hz = 0, duration_s = 0;
  Index before = 0;                         ///< samples of a waveform before its event
  std::vector<SetAnalysis> sets;
  std::vector<Warning> warnings;
};

class RestAnalyzer {
 public:
  /// `header`: rate, channels, gaps and annotations; its samples are not looked at.
  RestAnalyzer(const Recording& header, const TwitchAnalysisOptions& options, int threads = 1);
  ~RestAnalyzer();
  RestAnalyzer(RestAnalyzer&&) noexcept;
  void push(const ChannelsView& block);
  RestAnalysis finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

RestAnalysis analyze_rest(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

}  // namespace emg
