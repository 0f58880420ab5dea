#pragma once
// Multichannel samples by time, channels adjacent, so that an extended observation is one stretch of memory.
//
// `x~(t)` = x(t - R + 1), ..., x(t) (lags descending, channels inside a lag) starts at `extended(t, R)` and is R * width floats long: the
// matrix of all extended observations is this memory with a row step of `width`, and is never built. Before the first and after the last
// sample stand zeros, so the covariance of t = 0 .. count + R - 2 is block Toeplitz without edge terms.

#include <cstdint>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg::hd {

using FloatMatrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Spikes of one unit, ascending samples.
using Train = std::vector<std::int64_t>;

class Frames {
 public:
  Frames() = default;
  /// All zero. `margin`: frames of zeros that may be read on either side.
  Frames(Index channel_count, Index count, Index margin);
  /// Copy of `signal` (channels x samples).
  Frames(const ChannelsView& signal, Index margin);

  Index channel_count() const { return channel_count_; }
  /// Channels in memory, a multiple of 8; those beyond channel_count() are zero.
  Index width() const { return width_; }
  Index count() const { return count_; }
  Index margin() const { return margin_; }

  float* at(Index t) { return data_.data() + (t + margin_) * width_; }
  const float* at(Index t) const { return data_.data() + (t + margin_) * width_; }
  const float* extended(Index t, Index lags) const { return at(t - lags + 1); }

  void clear() { std::fill(data_.begin(), data_.end(), 0.0f); }
  /// Sum of squares of all samples.
  double energy() const;

 private:
  Index channel_count_ = 0, width_ = 0, count_ = 0, margin_ = 0;
  std::vector<float> data_;
};

/// [first, first + count) of piece `i` of `pieces` nearly equal pieces; first is a multiple of 8. Sums over time are always cut into
/// kPieces pieces, whatever the number of threads, and added in order.
inline constexpr Index kPieces = 16;
Span piece_of(Index count, Index i);

}  // namespace emg::hd
