#pragma once
// The detector behind `twitch_events`: record in blocks in, events, noise levels and slow tracks out, in bounded memory.
//
// Blocks are channels x samples, microvolts, unfiltered, any length. All arithmetic runs on a grid of 1-s windows anchored at sample 0, so
// results are the same bits for every way of cutting the record and for any number of threads.
// Throws as fasciculation.h. Method: fasciculation.h.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"
#include "libemg/measure/twitch/fasciculation.h"

namespace emg {

/// Channels that are looked at together.
struct ChannelSet {
  std::vector<Index> channels;
  std::string muscle, side;
  TwitchSignal signal = TwitchSignal::single;
};

/// The sets that `options.combination` means for these channels: `bad` ones and those that are not EMG are left out.
/// Throws InvalidArgument if strongest_laplacian is asked for without positions.
std::vector<ChannelSet> channel_sets(const std::vector<Channel>& channels, TwitchSignal signal);

/// Multiple of the noise that counts for `set`.
double threshold_factor(const ChannelSet& set, const TwitchAnalysisOptions& options);

/// Noise and threshold of one set, second by second.
struct LevelTrack {
  std::vector<float> noise_uv;       ///< of the detection signal; median over the channels of a set
  std::vector<float> threshold_uv;
  std::vector<std::uint8_t> state;   ///< 0 usable, 1 flat, 2 too noisy
};

/// An event before anything is excluded.
struct DetectedEvent {
  TwitchEvent row;
  Span span;                         ///< limits in samples
  Index waveform = -1;               ///< row in `DetectedSet::waveforms`; -1: not kept
  std::optional<double> flat_top_uv, flat_bottom_uv;   ///< value of a plateau, unfiltered
  bool weak_before = false, weak_after = false;        ///< does not stand out of the 185 ms on that side
};

/// What was found in one set.
struct DetectedSet {
  LevelTrack levels;
  std::vector<DetectedEvent> events;
  std::vector<DetectedEvent> weak;   ///< those that the contrast check holds back: something else may have been beside them
  /// Band-passed samples of the set's channels around each event, channel after channel, `window` samples each; -1 of `waveform` where the
  /// budget was used up.
  std::vector<std::vector<float>> waveforms;
  /// Unfiltered samples of the peak channel of each event, and of each weak one, the same window.
  std::vector<std::vector<float>> raw, weak_raw;
  double false_per_min = 0;          ///< expected of Gaussian noise
};

struct TwitchDetection {
  double rate_hz = 0;
  Index sample_count = 0;
  Index before = 0, window = 0;      ///< samples of a waveform before its event, and in all
  std::vector<ChannelSet> sets;
  std::vector<DetectedSet> found;    ///< of each set
  /// Mean square of the band-passed channel in steps of `envelope_samples`, and means of the unfiltered one in steps of `slow_samples`.
  Index envelope_samples = 0, slow_samples = 0;
  std::vector<std::vector<float>> envelope_uv2, slow_uv;
  bool waveforms_dropped = false;
  std::optional<double> line_hz;     ///< that was notched out
};

class TwitchDetector {
 public:
  /// `positions` (x, y in mm of each channel) may be empty unless a set uses strongest_laplacian.
  TwitchDetector(std::vector<Channel> channels, std::vector<ChannelSet> sets, double rate_hz, const TwitchAnalysisOptions& options, std::vector<Gap> gaps,
                 int threads);
  ~TwitchDetector();
  TwitchDetector(TwitchDetector&&) noexcept;

  void push(const ChannelsView& block);
  TwitchDetection finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Phases and turns of `wave` with the given least size, as an examiner counts them.
struct ShapeCounts {
  int phases = 0, turns = 0;
};
ShapeCounts shape_counts(std::span<const double> wave, double least_uv);

}  // namespace emg
