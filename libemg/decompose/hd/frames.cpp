#include "libemg/decompose/hd/frames.h"

#include <algorithm>

namespace emg::hd {

namespace {

constexpr Index kChannelMultiple = 8;

}  // namespace

Frames::Frames(Index channel_count, Index count, Index margin)
    : channel_count_(channel_count),
      width_((channel_count + kChannelMultiple - 1) / kChannelMultiple * kChannelMultiple),
      count_(count),
      margin_(margin + kChannelMultiple),
      data_(static_cast<std::size_t>((count + 2 * margin_) * width_), 0.0f) {}

Frames::Frames(const ChannelsView& signal, Index margin) : Frames(signal.rows(), signal.cols(), margin) {
  for (Index c = 0; c < channel_count_; ++c) {
    const auto trace = channel_span(signal, c);
    float* to = at(0) + c;
    for (Index t = 0; t < count_; ++t, to += width_) *to = static_cast<float>(trace[static_cast<std::size_t>(t)]);
  }
}

double Frames::energy() const {
  double sum = 0;
  for (Index t = 0; t < count_; ++t) {
    const float* x = at(t);
    float frame = 0;
    for (Index c = 0; c < width_; ++c) frame += x[c] * x[c];
    sum += static_cast<double>(frame);
  }
  return sum;
}

Span piece_of(Index count, Index i) {
  const Index length = (count / kPieces + 8) / 8 * 8;
  const Index first = std::min(count, i * length);
  return {first, std::min(count - first, length)};
}

}  // namespace emg::hd
