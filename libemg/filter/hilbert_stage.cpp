#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/validate.h"
#include "libemg/filter/moving_stage_internal.h"
#include "libemg/spectral/fft.h"
#include "libemg/spectral/kernels_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {
namespace {

// Impulse response of the Hilbert transformer, 2 / (pi k) for odd k, cut off by a Kaiser window.
std::vector<double> hilbert_taps(Index half_length) {
  constexpr double kBeta = 6;  // ripple of 4e-4 in the pass-band
  auto taps = kaiser_window(2 * half_length + 1, kBeta);
  for (Index k = -half_length; k <= half_length; ++k) {
    taps[static_cast<std::size_t>(k + half_length)] *= k % 2 == 0 ? 0.0 : 2 / (std::numbers::pi * static_cast<double>(k));
  }
  return taps;
}

// Overlap-save: every block of the grid is one transform of `length` samples, of which the outermost half lengths overlap with the
// neighbours.
class HilbertStage final : public Stage {
 public:
  HilbertStage(Index channels, double rate_hz, Index half_length)
      : rate_hz_(rate_hz),
        half_(half_length),
        fft_(next_fast_length(std::max<Index>(4096, 4 * (2 * half_length + 1)))),
        held_(channels, fft_.length()) {
    const auto taps = hilbert_taps(half_);
    std::fill(fft_.trace().begin(), fft_.trace().end(), 0.0);
    std::copy(taps.begin(), taps.end(), fft_.trace().begin());
    fft_.forward();
    response_.assign(fft_.bins().begin(), fft_.bins().end());
    held_.leftCols(half_).setZero();
    held_count_ = half_;
  }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    for (Index done = 0; done < block.cols();) {
      const Index now = std::min(fft_.length() - held_count_, block.cols() - done);
      held_.middleCols(held_count_, now) = block.middleCols(done, now);
      held_count_ += now;
      received_ += now;
      done += now;
      if (held_count_ == fft_.length()) hand_on_block(block_length(), sink);
    }
  }

  void finish(const BlockSink& sink) override {
    while (handed_on_ < received_) {
      held_.rightCols(fft_.length() - held_count_).setZero();
      hand_on_block(std::min(block_length(), received_ - handed_on_), sink);
    }
  }

  Index look_ahead() const override { return half_ + block_length(); }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  Index block_length() const { return fft_.length() - 2 * half_; }

  void hand_on_block(Index count, const BlockSink& sink) {
    RowMatrix out(held_.rows(), count);
    for (Index c = 0; c < held_.rows(); ++c) {
      std::copy_n(held_.row(c).data(), fft_.length(), fft_.trace().begin());
      fft_.forward();
      for (std::size_t k = 0; k < response_.size(); ++k) fft_.bins()[k] *= response_[k];
      fft_.inverse();
      spectral_kernels::kernels().length(held_.row(c).data() + half_, fft_.trace().data() + 2 * half_, count, out.row(c).data());
    }
    sink(out);
    handed_on_ += count;
    held_.leftCols(2 * half_) = held_.rightCols(2 * half_).eval();
    held_count_ = 2 * half_;
  }

  double rate_hz_;
  Index half_;
  RealFft fft_;
  std::vector<std::complex<double>> response_;
  RowMatrix held_;
  Index held_count_ = 0, received_ = 0, handed_on_ = 0;
};

}  // namespace

std::unique_ptr<Stage> hilbert_stage(Index channel_count, double rate_hz, double low_hz) {
  const auto half_length = static_cast<Index>(std::ceil(2 * rate_hz / low_hz));
  return grouped_stage([=](Index channels) { return std::make_unique<HilbertStage>(channels, rate_hz, half_length); }, channel_count, 1);
}

}  // namespace emg
