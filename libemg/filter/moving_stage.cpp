#include <algorithm>
#include <cmath>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/lane_stage_internal.h"
#include "libemg/filter/moving_stage_internal.h"

namespace emg {
namespace {

constexpr Index kLanes = kChannelGroup;

// The record is cut into blocks of w samples from sample 0 on. A window that ends at place q of a block is the first q + 1 samples of that
// block and the last w - q - 1 of the one before: prefix[q] + suffix_before[q + 1]. Several short blocks are worked on at a time.
class MovingStage final : public LaneStage {
 public:
  MovingStage(Index channels, double rate_hz, const MovingWindow& window)
      : LaneStage(channels, rate_hz / static_cast<double>(window.hop)), window_(window) {
    group_ = std::max<Index>(1, kPiece / window.length) * window.length;
  }

  Index look_ahead() const override { return window_.length - 1 - window_.before + group_; }
  Index output_count(Index input_count) const override { return (input_count + window_.hop - 1) / window_.hop; }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    reserve_for(block.cols());
    for (Index done = 0; done < block.cols();) {
      const Index count = std::min({kPiece, block.cols() - done, group_ - held_});
      interleave(block, done, count, samples_.data() + held_ * kLanes);
      held_ += count;
      done += count;
      received_ += count;
      if (held_ < group_) continue;
      sum_blocks(group_);
      require_finite_sums(block, received_ - done, group_);
      hand_on_ends(group_, sink);
      keep_last_block();
    }
    if (held_ > 0) check_held(block);
  }

  void finish(const BlockSink& sink) override {
    if (received_ == 0) return;
    if (held_ > 0) {
      sum_blocks(held_);
      require_finite_sums(ChannelsView(RowMatrix(channels_, 0)), received_, held_);
      hand_on_ends(held_, sink);
    }
    hand_on_open_ends(sink);
  }

 private:
  const filter_kernels::Kernels& k_ = filter_kernels::kernels();

  // Small records need small buffers.
  void reserve_for(Index count) {
    const Index room = std::min(group_, held_ + count) * kLanes, w = window_.length * kLanes;
    samples_.reserve(room, held_ * kLanes);
    prefix_.reserve(room, 0);
    out_.reserve(room, 0);
    if (suffix_.size() < w + room) {
      const Index kept = suffix_.size() > 0 ? w : 0;
      suffix_.reserve(w + room, kept);
      if (kept == 0) std::fill_n(suffix_.data(), w, 0.0);
    }
  }

  // Prefix and suffix sums of the blocks among the first `count` held samples; the last block may be short.
  void sum_blocks(Index count) {
    const Index w = window_.length;
    for (Index first = 0; first < count; first += w) {
      const Index here = std::min(w, count - first);
      k_.block_sums(samples_.data() + first * kLanes, here, window_.squares, prefix_.data() + first * kLanes,
                    suffix_.data() + (w + first) * kLanes);
    }
  }

  // A sample that is not finite makes the sum of its block so.
  void require_finite_sums(const ChannelsView& block, Index block_start, Index count) const {
    double sum = 0;
    for (Index last = std::min(count, window_.length) - 1;; last = std::min(last + window_.length, count - 1)) {
      for (Index c = 0; c < kLanes; ++c) sum += prefix_.data()[last * kLanes + c] - prefix_.data()[last * kLanes + c];
      if (last == count - 1) break;
    }
    if (sum == 0) return;
    require_finite(block, block_start);
    throw NumericalError("squares of the samples overflow: samples are too large");
  }

  // Samples that wait for their block are looked at when they come, so that the message can name them.
  void check_held(const ChannelsView& block) const {
    const Index recent = std::min(held_, block.cols());
    require_finite(block.rightCols(recent), received_ - recent);
  }

  // Values of the windows that end at the first `count` held samples.
  void hand_on_ends(Index count, const BlockSink& sink) {
    const Index w = window_.length;
    for (Index first = 0; first < count; first += w) {
      const Index here = std::min(w, count - first);
      const double* const p = prefix_.data() + first * kLanes;
      const double* const s = suffix_.data() + (first + 1) * kLanes;
      double* const out = out_.data() + first * kLanes;
      if (start_ + first == 0) {
        for (Index q = 0; q < here; ++q) mean(p + q * kLanes, nullptr, q + 1, out + q * kLanes);
        continue;
      }
      const Index inner = std::min(here, w - 1);
      k_.mean_of_sums(p, s, inner, 1.0 / static_cast<double>(w), window_.squares, out);
      if (here == w) mean(p + inner * kLanes, nullptr, w, out + inner * kLanes);
    }
    // The window that ends at e belongs to e - (w - 1 - before); the first ones belong to no sample.
    const Index skipped = std::clamp<Index>(w - 1 - window_.before - start_, 0, count);
    hand_on_hops(out_.data() + skipped * kLanes, start_ + skipped - (w - 1 - window_.before), count - skipped, sink);
  }

  // One value from the sums `a` (and `b`) over `count` samples.
  void mean(const double* a, const double* b, Index count, double* out) const {
    k_.mean_of_sums(a, b, 1, 1.0 / static_cast<double>(count), window_.squares, out);
  }

  // Windows that reach beyond the end: the sum from their start to the last sample.
  void hand_on_open_ends(const BlockSink& sink) {
    const Index w = window_.length, n = received_;
    AlignedBuffer value(kPiece * kLanes);
    const Index last_block = (n - 1) / w * w;
    for (Index i = std::max<Index>(0, n - (w - 1 - window_.before)); i < n;) {
      const Index now = std::min(kPiece, n - i);
      for (Index j = 0; j < now; ++j) {
        const Index from = std::max<Index>(0, i + j - window_.before);
        // suffix_ holds the block before the held ones, then the held ones.
        const double* const s = suffix_.data() + (from - start_ + w) * kLanes;
        const double* const rest = from < last_block ? prefix_.data() + (n - 1 - start_) * kLanes : nullptr;
        mean(s, rest, n - from, value.data() + j * kLanes);
      }
      hand_on_hops(value.data(), i, now, sink);
      i += now;
    }
  }

  // Those of `count` values for the samples from `first` on that lie on the hop.
  void hand_on_hops(double* values, Index first, Index count, const BlockSink& sink) {
    if (window_.hop > 1) {
      Index kept = 0;
      for (Index i = (window_.hop - first % window_.hop) % window_.hop; i < count; i += window_.hop) {
        std::memmove(values + kept++ * kLanes, values + i * kLanes, kLanes * sizeof(double));
      }
      count = kept;
    }
    if (count > 0) hand_on(values, count, sink);
  }

  void keep_last_block() {
    std::memmove(suffix_.data(), suffix_.data() + group_ * kLanes, static_cast<std::size_t>(window_.length * kLanes) * sizeof(double));
    start_ += group_;
    held_ = 0;
  }

  MovingWindow window_;
  Index group_;
  Index received_ = 0, start_ = 0, held_ = 0;  // samples_ holds [start_, start_ + held_)
  AlignedBuffer samples_, prefix_, suffix_, out_;
};

}  // namespace

std::unique_ptr<Stage> moving_stage(Index channel_count, double rate_hz, const MovingWindow& window) {
  return std::make_unique<MovingStage>(channel_count, rate_hz, window);
}

}  // namespace emg
