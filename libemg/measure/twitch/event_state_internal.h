#pragma once
// What the event detector holds between blocks. Its functions stand in event_detector.cpp (flow), event_levels.cpp (noise, heights) and
// event_rows.cpp (one event).

#include <memory>
#include <vector>

#include "libemg/core/stage.h"
#include "libemg/filter/notch.h"
#include "libemg/measure/twitch/event_detector.h"
#include "libemg/measure/twitch/event_internal.h"

namespace emg {

/// Signals that are one trace for a whole set.
inline bool combined(TwitchSignal signal) { return signal == TwitchSignal::max_minus_min || signal == TwitchSignal::strongest_laplacian; }

struct TwitchDetector::State {
  // One set's running detection.
  struct SetState {
    std::vector<std::vector<Index>> neighbours;
    Index lane_count = 0;                       // signals compared with a threshold: channels x bands, or one
    std::vector<std::vector<float>> raw_noise;  // of each lane and window, before the running median
    std::vector<std::vector<float>> centre;     // of a combined signal
    std::vector<double> noise;                  // of each lane in the window looked at
    twitch::SlidingRows height{1};                      // largest |x| / threshold over the lanes
    twitch::RunFinder runs{0, 0, 1, 1};
    std::vector<Span> waiting;                  // runs whose surroundings are still to come
    twitch::SlidingRows lanes{1};                       // the combined signal itself
    double crossings[2] = {0, 0};               // upward through zero, for the expected number of false events
    double crossing_s = 0;
  };

  std::vector<Channel> channels;
  std::vector<ChannelSet> sets;
  double rate_hz;
  TwitchAnalysisOptions options;
  std::vector<Gap> gaps;
  std::vector<std::vector<Span>> gap_spans;     // of each channel
  int threads;
  Index channel_count, window, band_count;
  std::unique_ptr<Stage> wide_stage, narrow_stage;
  twitch::SlidingRows raw, bands[2];
  std::vector<SetState> set_state;
  TwitchDetection out;
  Index pushed = 0, levels_done = 0, scanned = 0, envelope_done = 0;
  std::vector<double> slow_sum;
  Index slow_fill = 0;
  std::size_t waveform_bytes = 0;
  std::vector<double> low, high;                // extremes of each channel, for clipping
  bool ended = false;

  RowMatrix head;                               // the beginning, until it is known whether there is a power line
  Index head_count = 0;

  State(std::vector<Channel> c, std::vector<ChannelSet> s, double rate, const TwitchAnalysisOptions& o, std::vector<Gap> g, int t);

  void collect(const ChannelsView& block);
  void start();
  void take(const ChannelsView& block);
  NotchOptions notch_options() const;
  void append_raw(const ChannelsView& block);
  void advance();
  void measure_window(Index w);
  void scan_window(Index w);
  void finish_events(Index set, Index available);
  void finish_event(Index set, const Span& span);
  struct Peak;
  Peak peak_of(Index set, const Span& span) const;
  void check_contrast(Index set, const Span& span, const Peak& peak, DetectedEvent& event) const;
  void measure_shape(const Span& span, const Peak& peak, DetectedEvent& event, std::vector<float>& wave) const;
  void measure_place(Index set, const Span& span, Index w, TwitchEvent& row) const;
  double lane_noise(Index set, Index lane, Index w) const;
  Index keep_waveform(Index set, Index at);
  void keep_event(Index set, DetectedEvent event, std::vector<float> wave);
  std::vector<double> window_samples(Index channel, int band, Index first, Index end) const;
  double lane_value(Index set, Index lane, Index position) const;
  void combined_samples(Index set, Index first, Index end, std::vector<double>& g) const;
  void smooth_level(Index set, Index w);
  bool is_flat(Index channel, Index first, Index end) const;
  double level_of(const std::vector<float>& levels, Index w) const;
  double local_noise(Index set, Index lane, Index first, Index end) const;
  void update_envelope(Index end);
  Index window_count() const { return std::max<Index>(1, pushed / window); }
  Index window_end(Index w) const { return ended && w + 1 == window_count() ? pushed : (w + 1) * window; }
  bool in_gap(Index channel, Index first, Index end) const;
};

}  // namespace emg
