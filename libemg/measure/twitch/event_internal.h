#pragma once
// Pieces of the event detector: a sliding window over a stream, and the runs above a level.

#include <optional>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg::twitch {

/// Half-open overlap test.
inline bool overlaps(const Span& a, Index first, Index end) { return a.first < end && a.first + a.count > first; }

/// The last samples of every channel of a stream, by their position in the whole.
class SlidingRows {
 public:
  explicit SlidingRows(Index rows) : rows_(rows) {}
  void append(const ChannelsView& block);
  /// Forgets what lies before `position`.
  void forget(Index position) { keep_from_ = std::max(keep_from_, std::min(position, end())); }
  Index begin() const { return keep_from_; }
  Index end() const { return first_ + count_; }
  double at(Index row, Index position) const { return data_(row, position - first_); }
  std::span<const double> span(Index row, Index from, Index to) const {
    return {data_.data() + row * data_.cols() + (from - first_), static_cast<std::size_t>(to - from)};
  }

 private:
  Index rows_, first_ = 0, count_ = 0, keep_from_ = 0;
  RowMatrix data_;
};

/// Runs of a trace above `low` that reach above `high`, as they come: runs less than `gap` apart are one, none is longer than `longest`.
class RunFinder {
 public:
  RunFinder(double low, double high, Index gap, Index longest) : low_(low), high_(high), gap_(gap), longest_(longest) {}
  void push(std::span<const double> trace, std::vector<Span>& found);
  void finish(std::vector<Span>& found);

 private:
  void close_run(Index end, std::vector<Span>& found);

  double low_, high_;
  Index gap_, longest_, position_ = 0, run_first_ = 0;
  bool in_run_ = false, hit_ = false;
  std::optional<Span> waiting_;
};

/// Shape of one unfiltered waveform inside [first, last): see TwitchEvent.
struct Shape {
  double amplitude_uv = 0, area_uvms = 0;
  std::optional<double> rise_ms;
};
Shape shape_of(std::span<const double> wave, double rate_hz);

/// Offset in samples of the extreme of `y` around `peak`, by a least-squares parabola over `reach` samples to each side; at most `reach`.
double refined_peak(std::span<const double> y, Index peak, Index reach);

}  // namespace emg::twitch
