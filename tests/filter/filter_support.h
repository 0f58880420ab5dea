#pragma once
// Signals, checks and reference values that the tests of the filters share.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

/// Numbers in [-1, 1) that tests/reference/make_signal_references.py makes in the same way: x = 1664525 x + 1013904223 mod 2^32.
class ReferenceNoise {
 public:
  explicit ReferenceNoise(std::uint32_t seed) : state_(seed) {}
  double next() {
    state_ = state_ * 1664525u + 1013904223u;
    return static_cast<double>(state_ >> 8) / 8388608.0 - 1.0;
  }

 private:
  std::uint32_t state_;
};

/// Noise of 50 uV around an offset, another for every channel.
inline RowMatrix test_signal(Index channels, Index samples, double offset = 20, std::uint32_t seed = 1) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    ReferenceNoise noise(seed + static_cast<std::uint32_t>(c));
    for (Index i = 0; i < samples; ++i) x(c, i) = offset + 50 * noise.next();
  }
  return x;
}

/// What `stage` hands on when `x` comes in blocks of `block` samples.
inline RowMatrix run_in_blocks(Stage& stage, const RowMatrix& x, Index block) {
  RowMatrix y(x.rows(), stage.output_count(x.cols()));
  Index written = 0;
  const BlockSink sink = [&](const ChannelsView& part) {
    y.middleCols(written, part.cols()) = part;
    written += part.cols();
  };
  for (Index i = 0; i < x.cols(); i += block) stage.push(x.middleCols(i, std::min(block, x.cols() - i)), sink);
  stage.finish(sink);
  if (written != y.cols()) y.resize(0, 0);
  return y;
}

/// Whether whole record, blocks of 1, 7 and 4096 samples, 1, 2 and 7 threads and every channel alone give the same bits.
inline bool same_bits_everywhere(const RowMatrix& x, const std::function<RowMatrix(const ChannelsView&, int threads)>& run,
                                 const std::function<std::unique_ptr<Stage>(Index channels)>& make_stage) {
  const RowMatrix whole = run(x, 1);
  bool same = run(x, 2) == whole && run(x, 7) == whole;
  for (const Index c : {Index{0}, x.rows() / 2, x.rows() - 1}) same = same && run(x.row(c), 1) == whole.row(c);
  if (make_stage) {
    for (const Index block : {Index{1}, Index{7}, Index{4096}, x.cols()}) {
      same = same && run_in_blocks(*make_stage(x.rows()), x, block) == whole;
    }
  }
  return same;
}

inline double largest_error(const RowMatrix& ours, const RowMatrix& reference) {
  return (ours - reference).cwiseAbs().maxCoeff();
}

}  // namespace emg
