#include "libemg/measure/twitch/rest_analysis.h"

#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/measure/twitch/set_work_internal.h"

namespace emg {

struct RestAnalyzer::State {
  Recording header;
  TwitchAnalysisOptions options;
  int threads;
  TwitchDetector detector;
};

RestAnalyzer::RestAnalyzer(const Recording& header, const TwitchAnalysisOptions& options, int threads)
    : state_(new State{Recording{}, options, threads,
                       TwitchDetector(header.channels, channel_sets(header.channels, options.combination), header.rate_hz, options, header.gaps, threads)}) {
  state_->header.rate_hz = header.rate_hz;
  state_->header.channels = header.channels;
  state_->header.gaps = header.gaps;
  state_->header.annotations = header.annotations;
}
RestAnalyzer::~RestAnalyzer() = default;
RestAnalyzer::RestAnalyzer(RestAnalyzer&&) noexcept = default;

void RestAnalyzer::push(const ChannelsView& block) { state_->detector.push(block); }

RestAnalysis RestAnalyzer::finish() {
  const auto& options = state_->options;
  const auto detection = state_->detector.finish();
  const auto channel_count = static_cast<Index>(detection.slow_uv.size());
  std::vector<std::vector<Stretch>> movement(static_cast<std::size_t>(channel_count));
  std::vector<std::optional<HeartBeats>> beats(static_cast<std::size_t>(channel_count));
  std::vector<std::uint8_t> looked_at(static_cast<std::size_t>(channel_count), 0);
  for (const auto& set : detection.sets) {
    for (const Index c : set.channels) looked_at[static_cast<std::size_t>(c)] = 1;
  }
  parallel_for(channel_count, state_->threads, [&](Index channel) {
    const auto c = static_cast<std::size_t>(channel);
    // An ECG channel tells the beats best, though nobody looks for twitches there.
    const bool ecg = state_->header.channels[c].kind == ChannelKind::ecg;
    if (!looked_at[c] && !ecg) return;
    const SlowTracks tracks{detection.slow_uv[c], static_cast<double>(detection.slow_samples) / detection.rate_hz, detection.envelope_uv2[c],
                            static_cast<double>(detection.envelope_samples) / detection.rate_hz};
    if (options.movement && looked_at[c]) movement[c] = movement_stretches(tracks);
    if (options.ecg) beats[c] = heart_beats(tracks);
  });
  // There is one heart: the channel that covers the record best tells when it beats.
  std::optional<HeartBeats> heart;
  for (const auto& b : beats) {
    if (b && (!heart || b->coverage > heart->coverage)) heart = b;
  }
  RestAnalysis result;
  result.rate_hz = detection.rate_hz;
  result.duration_s = static_cast<double>(detection.sample_count) / detection.rate_hz;
  result.before = detection.before;
  result.sets.resize(detection.sets.size());
  parallel_for(static_cast<Index>(detection.sets.size()), state_->threads, [&](Index s) {
    const auto i = static_cast<std::size_t>(s);
    result.sets[i] = twitch::SetWork(detection, i, state_->header, options, movement, heart).run();
  });
  if (detection.waveforms_dropped) {
    result.warnings.push_back({"sources_incomplete", "too many events to keep every waveform: later ones have no source", ""});
  }
  return result;
}

RestAnalysis analyze_rest(const Recording& recording, const TwitchAnalysisOptions& options, int threads) {
  require_signal(recording.samples, recording.rate_hz);
  RestAnalyzer analyzer(recording, options, threads);
  analyzer.push(recording.samples);
  return analyzer.finish();
}

}  // namespace emg
