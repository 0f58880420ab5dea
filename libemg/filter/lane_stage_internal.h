#pragma once
// What the stages over eight channels side by side share: into lanes, out of lanes.

#include <algorithm>
#include <array>

#include "libemg/core/stage.h"
#include "libemg/filter/aligned_buffer_internal.h"
#include "libemg/filter/kernels_internal.h"

namespace emg {

class LaneStage : public Stage {
 public:
  /// Samples worked on at a time: 16 KB of eight channels, so that a piece stays in the first-level cache.
  static constexpr Index kPiece = 256;

  /// `lanes`: channels side by side in the buffers, eight or, for one channel alone, one.
  LaneStage(Index channels, double output_rate_hz, Index lanes = kChannelGroup)
      : channels_(channels), lanes_(lanes), output_rate_hz_(output_rate_hz) {}

  double output_rate_hz() const override { return output_rate_hz_; }

  bool write_into(ChannelsRef output) override {
    rows_ = output.data();
    stride_ = output.outerStride();
    return true;
  }

 protected:
  /// Samples [first, first + count) of `block` side by side in `out`, missing channels silent; count <= kPiece.
  void interleave(const ChannelsView& block, Index first, Index count, double* out) const {
    if (lanes_ == 1) {
      std::copy_n(block.data() + first, count, out);
      return;
    }
    alignas(64) static constexpr std::array<double, kPiece> kSilence{};
    std::array<const double*, kChannelGroup> rows;
    for (Index c = 0; c < kChannelGroup; ++c) {
      rows[static_cast<std::size_t>(c)] = c < block.rows() ? block.data() + c * block.outerStride() + first : kSilence.data();
    }
    filter_kernels::kernels().interleave(rows.data(), count, out);
  }

  /// Whether results go straight into the rows of a matrix, in any order.
  bool direct() const { return rows_ != nullptr; }

  /// Puts `count` <= kPiece samples at sample `first` after what has been written.
  void write_at(Index first, const double* in, Index count) { separate(in, count, rows_ + written_ + first, stride_); }

  /// Says that `count` samples have been put with write_at.
  void advance(Index count) { written_ += count; }

  /// Hands on `count` samples.
  void hand_on(const double* in, Index count, const BlockSink& sink) {
    if (direct()) {
      for (Index i = 0; i < count; i += kPiece) write_at(i, in + i * lanes_, std::min(kPiece, count - i));
      advance(count);
      return;
    }
    constexpr Index kHandedOn = 8 * kPiece;
    if (out_.cols() < std::min(count, kHandedOn)) out_.resize(channels_, std::min(count, kHandedOn));
    for (Index done = 0; done < count;) {
      const Index now = std::min(out_.cols(), count - done);
      for (Index i = 0; i < now; i += kPiece) {
        separate(in + (done + i) * lanes_, std::min(kPiece, now - i), out_.data() + i, out_.cols());
      }
      sink(out_.leftCols(now));
      done += now;
    }
  }

  Index channels_, lanes_;

 private:
  void separate(const double* in, Index count, double* out, Index stride) {
    if (lanes_ == 1) {
      std::copy_n(in, count, out);
      return;
    }
    std::array<double, kPiece> unused;
    std::array<double*, kChannelGroup> rows;
    for (Index c = 0; c < kChannelGroup; ++c) rows[static_cast<std::size_t>(c)] = c < channels_ ? out + c * stride : unused.data();
    filter_kernels::kernels().separate(in, count, rows.data());
  }

  double output_rate_hz_;
  double* rows_ = nullptr;
  Index stride_ = 0, written_ = 0;
  RowMatrix out_;
};

}  // namespace emg
