#include "libemg/measure/twitch/fasciculation.h"

#include <cmath>
#include <limits>

#include "libemg/core/validate.h"
#include "libemg/measure/twitch/rest_analysis.h"

namespace emg {
namespace {

// Bare channels: EMG of unknown place. "auto" is each channel by itself.
Recording bare(const ChannelsView& signal, double rate_hz) {
  Recording recording;
  recording.rate_hz = rate_hz;
  recording.channels.resize(static_cast<std::size_t>(signal.rows()));
  return recording;
}

RestAnalysis analyze(const ChannelsView& signal, double rate_hz, TwitchAnalysisOptions options, int threads) {
  require_signal(signal, rate_hz);
  if (options.combination == TwitchSignal::automatic) options.combination = TwitchSignal::single;
  RestAnalyzer analyzer(bare(signal, rate_hz), options, threads);
  analyzer.push(signal);
  return analyzer.finish();
}

Events<TwitchEvent> events_of(const RestAnalysis& analysis) {
  Events<TwitchEvent> events;
  std::size_t count = 0, width = 0;
  for (const auto& set : analysis.sets) {
    count += set.events.size();
    for (const auto& w : set.waveforms) width = std::max(width, w.size());
  }
  events.waveforms = RowMatrix::Constant(static_cast<Index>(count), static_cast<Index>(width), std::numeric_limits<double>::quiet_NaN());
  Index row = 0;
  for (const auto& set : analysis.sets) {
    for (std::size_t i = 0; i < set.events.size(); ++i, ++row) {
      events.rows.push_back(set.events[i]);
      for (std::size_t k = 0; k < set.waveforms[i].size(); ++k) events.waveforms(row, static_cast<Index>(k)) = set.waveforms[i][k];
    }
  }
  return events;
}

std::vector<TwitchRate> rates_of(const RestAnalysis& analysis) {
  std::vector<TwitchRate> rows;
  for (const auto& set : analysis.sets) rows.push_back(set.rate);
  return rows;
}

std::vector<IntervalRow> intervals_of(const RestAnalysis& analysis) {
  std::vector<IntervalRow> rows;
  for (const auto& set : analysis.sets) rows.insert(rows.end(), set.intervals.begin(), set.intervals.end());
  return rows;
}

std::vector<IntervalBinRow> bins_of(const RestAnalysis& analysis) {
  std::vector<IntervalBinRow> rows;
  for (const auto& set : analysis.sets) {
    const int channel = set.rate.channel;
    const auto add = [&](std::optional<int> source_id) {
      std::vector<double> times;
      for (const auto& e : set.events) {
        if (e.excluded.empty() && (!source_id || e.source_id == source_id)) times.push_back(e.time_s);
      }
      const auto histogram = interval_histogram(event_runs(times, set.usable));
      const double growth = std::pow(10.0, 1.0 / 20);
      double low_s = histogram.first_s;
      for (const int count : histogram.counts) {
        rows.push_back({channel, source_id, low_s, low_s * growth, count});
        low_s *= growth;
      }
    };
    add(std::nullopt);
    for (const auto& source : set.sources) add(source.source_id);
  }
  return rows;
}

std::vector<TrainFeatureRow> trains_of(const RestAnalysis& analysis) {
  std::vector<TrainFeatureRow> rows;
  for (const auto& set : analysis.sets) {
    for (std::size_t i = 0; i < set.trains.size(); ++i) {
      const auto& train = set.trains[i];
      for_each_field<TrainFeatures>([&](const auto& f) {
        rows.push_back({set.rate.channel, set.sources[i].source_id, train.descriptor, train.score, train.second, train.second_score, std::string(f.name), train.features.*(f.member), std::string(f.text)});
      });
    }
  }
  return rows;
}

std::vector<VoluntaryRow> voluntary_of(const RestAnalysis& analysis) {
  std::vector<VoluntaryRow> rows;
  for (const auto& set : analysis.sets) {
    for (const auto& e : set.excluded) {
      if (e.reason == "voluntary") rows.push_back({e.channel, e.start_s, e.end_s, e.rule});
    }
  }
  return rows;
}

}  // namespace

Events<TwitchEvent> twitch_events(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return events_of(analyze(signal, rate_hz, options, threads));
}
Events<TwitchEvent> recording_twitch_events(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return events_of(analyze_rest(recording, options, threads));
}
std::vector<TwitchRate> twitch_rate(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return rates_of(analyze(signal, rate_hz, options, threads));
}
std::vector<TwitchRate> recording_twitch_rate(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return rates_of(analyze_rest(recording, options, threads));
}
std::vector<IntervalRow> intervals(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return intervals_of(analyze(signal, rate_hz, options, threads));
}
std::vector<IntervalRow> recording_intervals(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return intervals_of(analyze_rest(recording, options, threads));
}
std::vector<IntervalBinRow> interval_bins(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return bins_of(analyze(signal, rate_hz, options, threads));
}
std::vector<IntervalBinRow> recording_interval_bins(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return bins_of(analyze_rest(recording, options, threads));
}
std::vector<TrainFeatureRow> describe_trains(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return trains_of(analyze(signal, rate_hz, options, threads));
}
std::vector<TrainFeatureRow> recording_describe_trains(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return trains_of(analyze_rest(recording, options, threads));
}
std::vector<VoluntaryRow> mark_voluntary(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads) {
  return voluntary_of(analyze(signal, rate_hz, options, threads));
}
std::vector<VoluntaryRow> recording_mark_voluntary(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  return voluntary_of(analyze_rest(recording, options, threads));
}

}  // namespace emg
