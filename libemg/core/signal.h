#pragma once
// The shape every signal has: channels x samples, double microvolts, each channel contiguous.

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

namespace emg {

using Index = Eigen::Index;

/// Owned signal, channels x samples, row-major: one channel is contiguous (the order of a C-ordered NumPy array).
using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A matrix whose values are still to be written. Large ones ask the system for large pages: touching a fresh array costs more than most
/// filters do.
RowMatrix unset_matrix(Index rows, Index columns);

/// Gives up a matrix. The last large one is kept for the next `unset_matrix` of its size, because fresh pages cost more than most filters do;
/// until then the system may take its memory whenever it needs it. Thread-safe; nothing but time depends on it.
void recycle(RowMatrix&& matrix);

/// Borrowed signal, channels x samples; samples of one channel are adjacent, channels may be any stride apart.
using ChannelsView = Eigen::Ref<const RowMatrix>;

/// Borrowed, writable signal.
using ChannelsRef = Eigen::Ref<RowMatrix>;

/// Samples of one channel of `signal`, borrowed: valid as long as what `signal` refers to.
inline std::span<const double> channel_span(const ChannelsView& signal, Index channel) {
  return {signal.data() + channel * signal.outerStride(), static_cast<std::size_t>(signal.cols())};
}

inline std::span<double> channel_span(ChannelsRef& signal, Index channel) {
  return {signal.data() + channel * signal.outerStride(), static_cast<std::size_t>(signal.cols())};
}

/// One trace as a view of one channel, without a copy.
inline ChannelsView one_channel(std::span<const double> trace) {
  return Eigen::Map<const RowMatrix>(trace.data(), 1, static_cast<Index>(trace.size()));
}

/// Whole samples in `duration_s` seconds at `rate_hz`, nearest, ties away from zero, at least 1.
Index samples_in_s(double duration_s, double rate_hz);

/// Whole samples in `duration_ms` milliseconds at `rate_hz`, nearest, ties away from zero, at least 1.
Index samples_in_ms(double duration_ms, double rate_hz);

/// Channels x bins x windows, stored in that order (windows adjacent).
struct Cube {
  Index channel_count = 0;
  Index row_count = 0;
  Index column_count = 0;
  std::vector<double> values;

  double operator()(Index channel, Index row, Index column) const {
    return values[static_cast<std::size_t>((channel * row_count + row) * column_count + column)];
  }
};

}  // namespace emg
