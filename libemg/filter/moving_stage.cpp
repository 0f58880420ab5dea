#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/lane_stage_internal.h"
#include "libemg/filter/moving_stage_internal.h"

namespace emg {
namespace {

// The record is cut into blocks of w samples from sample 0 on. A window that ends at place q of a block is the first q + 1 samples of that
// block and the last w - q - 1 of the one before: prefix[q] + suffix_before[q + 1]. Several short blocks are worked on at a time.
class MovingStage final : public LaneStage {
 public:
  MovingStage(Index channels, double rate_hz, const MovingWindow& window)
      : LaneStage(channels, rate_hz / static_cast<double>(window.hop), channels == 1 ? 1 : kChannelGroup), window_(window) {
    group_ = std::max<Index>(1, kPiece / window.length) * window.length;
  }

  Index look_ahead() const override { return window_.length - 1 - window_.before + group_; }
  Index output_count(Index input_count) const override { return (input_count + window_.hop - 1) / window_.hop; }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    reserve_for(block.cols());
    for (Index done = 0; done < block.cols();) {
      const Index count = std::min({kPiece, block.cols() - done, group_ - held_});
      interleave(block, done, count, samples_.data() + held_ * lanes_);
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
    const Index room = std::min(group_, held_ + count) * lanes_;
    samples_.reserve(room, held_ * lanes_);
    prefix_.reserve(room, 0);
    suffix_.reserve(room, 0);
  }

  // Prefix and suffix sums of the blocks among the first `count` held samples; the last block may be short.
  void sum_blocks(Index count) {
    const Index w = window_.length;
    for (Index first = 0; first < count; first += w) {
      const Index here = std::min(w, count - first);
      k_.block_sums(samples_.data() + first * lanes_, here, static_cast<int>(lanes_), window_.squares, prefix_.data() + first * lanes_,
                    suffix_.data() + first * lanes_);
    }
  }

  // A sample that is not finite makes the sum of its block so.
  void require_finite_sums(const ChannelsView& block, Index block_start, Index count) const {
    double sum = 0;
    for (Index last = std::min(count, window_.length) - 1;; last = std::min(last + window_.length, count - 1)) {
      for (Index c = 0; c < lanes_; ++c) sum += prefix_.data()[last * lanes_ + c] - prefix_.data()[last * lanes_ + c];
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
    std::memcpy(last_sums_.data(), prefix_.data() + (count - 1) * lanes_, static_cast<std::size_t>(lanes_) * sizeof(double));
    for (Index first = 0; first < count; first += w) {
      const Index here = std::min(w, count - first);
      double* const p = prefix_.data() + first * lanes_;
      const double* const s = suffix_from(first - w + 1);
      if (start_ + first == 0) {
        for (Index q = 0; q < here; ++q) scale(p + q * lanes_, q + 1);
        finish_means(p, here);
        continue;
      }
      const Index inner = std::min(here, w - 1);
      k_.mean_of_sums(p, s, inner * lanes_, 1.0 / static_cast<double>(w), window_.squares, p);
      if (here == w) {
        scale(p + inner * lanes_, w);
        finish_means(p + inner * lanes_, 1);
      }
    }
    // The window that ends at e belongs to e - (w - 1 - before); the first ones belong to no sample.
    const Index skipped = std::clamp<Index>(w - 1 - window_.before - start_, 0, count);
    hand_on_hops(prefix_.data() + skipped * lanes_, start_ + skipped - (w - 1 - window_.before), count - skipped, sink);
  }

  // Suffix sum from held sample `place` on; negative: in the blocks before the held ones.
  const double* suffix_from(Index place) const {
    return place < 0 ? suffix_before_.data() + (group_ + place) * lanes_ : suffix_.data() + place * lanes_;
  }

  // One sum over `count` samples becomes a mean.
  void scale(double* sum, Index count) const {
    const double factor = 1.0 / static_cast<double>(count);
    for (Index c = 0; c < lanes_; ++c) sum[c] *= factor;
  }

  // Means become values.
  void finish_means(double* means, Index count) const { k_.mean_of_sums(means, nullptr, count * lanes_, 1.0, window_.squares, means); }

  // Windows that reach beyond the end: the sum from their start to the last sample.
  void hand_on_open_ends(const BlockSink& sink) {
    const Index w = window_.length, n = received_;
    AlignedBuffer value(kPiece * lanes_);
    const Index last_block = (n - 1) / w * w;
    for (Index i = std::max<Index>(0, n - (w - 1 - window_.before)); i < n;) {
      const Index now = std::min(kPiece, n - i);
      for (Index j = 0; j < now; ++j) {
        const Index from = std::max<Index>(0, i + j - window_.before);
        const double* const s = suffix_from(from - start_);
        double* const v = value.data() + j * lanes_;
        for (Index c = 0; c < lanes_; ++c) v[c] = from < last_block ? s[c] + last_sums_[static_cast<std::size_t>(c)] : s[c];
        scale(v, n - from);
      }
      finish_means(value.data(), now);
      hand_on_hops(value.data(), i, now, sink);
      i += now;
    }
  }

  // Those of `count` values for the samples from `first` on that lie on the hop.
  void hand_on_hops(double* values, Index first, Index count, const BlockSink& sink) {
    if (window_.hop > 1) {
      Index kept = 0;
      for (Index i = (window_.hop - first % window_.hop) % window_.hop; i < count; i += window_.hop) {
        std::memmove(values + kept++ * lanes_, values + i * lanes_, static_cast<std::size_t>(lanes_) * sizeof(double));
      }
      count = kept;
    }
    if (count > 0) hand_on(values, count, sink);
  }

  void keep_last_block() {
    std::swap(suffix_, suffix_before_);
    suffix_.reserve(group_ * lanes_, 0);
    start_ += group_;
    held_ = 0;
  }

  MovingWindow window_;
  Index group_;
  Index received_ = 0, start_ = 0, held_ = 0;                // samples_ holds [start_, start_ + held_)
  AlignedBuffer samples_, prefix_, suffix_, suffix_before_;  // prefix_ becomes the values
  std::array<double, kChannelGroup> last_sums_{};            // prefix sums at the last sample
};

}  // namespace

std::unique_ptr<Stage> moving_stage(Index channel_count, double rate_hz, const MovingWindow& window) {
  return std::make_unique<MovingStage>(channel_count, rate_hz, window);
}

}  // namespace emg
