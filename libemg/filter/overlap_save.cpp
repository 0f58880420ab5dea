#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/kernels_internal.h"
#include "libemg/filter/overlap_save_internal.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {
namespace {

// Transforms four times as long as the filter waste a quarter of their output; shorter ones than this are no faster for being in the cache.
Index transform_length(Index tap_count) {
  constexpr Index kShortest = 2048;
  return 2 * next_fast_length(std::max(kShortest, 4 * tap_count) / 2);
}

[[noreturn]] void throw_overflow() {
  throw NumericalError("the filter overflows: samples are too large");
}

bool is_symmetric(std::span<const double> taps) {
  return taps.size() % 2 == 1 && std::equal(taps.begin(), taps.end(), taps.rbegin());
}

}  // namespace

OverlapSaveStage::OverlapSaveStage(Index channels, double rate_hz, std::span<const double> taps, bool odd_extension)
    : rate_hz_(rate_hz),
      after_((static_cast<Index>(taps.size()) - 1) / 2),
      odd_(odd_extension),
      fft_(transform_length(static_cast<Index>(taps.size()))),
      held_(channels, fft_.length()) {
  before_ = static_cast<Index>(taps.size()) - 1 - after_;
  set_response(taps);
  held_.leftCols(before_).setZero();
  held_count_ = before_;
}

// The packed value Z[k] = E + i O, from the transforms E and O of even and odd samples, stands for the bins X[k] = E + w O and
// X[k + m] = E - w O = conj(X[m - k]), m = length / 2, w = e^{-i a}, a = pi k / m. Times the responses H[k] and conj(H[m - k]), and folded
// again, they give (S - D sin a) Z[k] + i D cos a conj(Z[m - k]), where S and D are half the sum and half the difference of the two responses.
void OverlapSaveStage::set_response(std::span<const double> taps) {
  const Index length = fft_.length(), half = length / 2;
  const double scale = 1 / static_cast<double>(half);
  RealFft fft(length);
  const auto trace = fft.trace();
  std::fill(trace.begin(), trace.end(), 0.0);
  // Tap k acts at k - delay, so that output i of a block stands at input i.
  for (Index k = 0; k < static_cast<Index>(taps.size()); ++k) {
    trace[static_cast<std::size_t>((k - after_ + length) % length)] = scale * taps[static_cast<std::size_t>(k)];
  }
  fft.forward();
  const auto bins = fft.bins();
  const bool real = is_symmetric(taps);
  for (Index k = 0; k < half; ++k) {
    const auto here = bins[static_cast<std::size_t>(k)], there = std::conj(bins[static_cast<std::size_t>(half - k)]);
    const auto sum = 0.5 * (here + there), difference = 0.5 * (here - there);
    const double angle = std::numbers::pi * static_cast<double>(k) / static_cast<double>(half);
    const auto direct = sum - difference * std::sin(angle), mirrored = difference * std::cos(angle);
    if (real) {
      real_direct_.push_back(direct.real());
      real_mirrored_.push_back(mirrored.real());
    } else {
      direct_.push_back(direct);
      mirrored_.push_back(mirrored * std::complex<double>(0, 1));
    }
  }
}

bool OverlapSaveStage::write_into(ChannelsRef output) {
  rows_ = output.data();
  stride_ = output.outerStride();
  return true;
}

void OverlapSaveStage::push(const ChannelsView& block, const BlockSink& sink) {
  for (Index done = 0; done < block.cols();) {
    // With enough of the block before it, a transform takes its input from there.
    if (held_count_ == overlap() && done >= overlap() && block.cols() - done >= block_length()) {
      done = filter_from(block, done, sink);
      continue;
    }
    const Index now = take(block, done);
    if (held_count_ < fft_.length()) {
      // What waits for its transform is looked at when it comes, so that the message can name it.
      require_finite(block.rightCols(now), received_);
    } else {
      if (handed_on_ == 0 && odd_) extend_left();
      if (!hand_on_block(block_length(), sink)) {
        require_finite(block.middleCols(done, now), received_);
        throw_overflow();
      }
    }
    received_ += now;
    done += now;
  }
}

void OverlapSaveStage::finish(const BlockSink& sink) {
  if (received_ == 0) return;
  if (odd_) {
    require_extension();
    if (handed_on_ == 0) extend_left();
    extend_right(sink);
  }
  while (handed_on_ < received_) {
    held_.rightCols(fft_.length() - held_count_).setZero();
    if (!hand_on_block(std::min(block_length(), received_ - handed_on_), sink)) throw_overflow();
  }
}

void OverlapSaveStage::combine(const double*, const double* filtered, Index count, double* out) const {
  if (rows_) {
    filter_kernels::kernels().stream(filtered, count, out);
  } else {
    std::copy_n(filtered, count, out);
  }
}

// All whole transforms whose new samples start at `first` of `block`, channel after channel; returns what is done.
Index OverlapSaveStage::filter_from(const ChannelsView& block, Index first, const BlockSink& sink) {
  const Index length = fft_.length(), count = block_length(), most = rows_ ? (block.cols() - first) / count : 1;
  if (!rows_) out_.resize(held_.rows(), count);
  for (Index c = 0; c < held_.rows(); ++c) {
    const double* const x = block.data() + c * block.outerStride() + first - overlap();
    for (Index t = 0; t < most; ++t) {
      double* const out = rows_ ? rows_ + c * stride_ + handed_on_ + t * count : out_.row(c).data();
      // Half of what the next transform reads comes during each of the two of this one.
      const double* const next = x + t * count + length;
      if (t + 1 < most) fetch(next, count / 2);
      fft_.forward_of(x + t * count);
      if (t + 1 < most) fetch(next + count / 2, count - count / 2);
      filter_packed();
      fft_.unscaled_inverse();
      const double* const filtered = fft_.trace().data() + before_;
      if (!std::isfinite(*filtered)) {
        require_finite(block, received_ - first);
        throw_overflow();
      }
      combine(x + t * count + before_, filtered, count, out);
    }
    std::copy_n(x + most * count, overlap(), held_.row(c).data());
  }
  handed_on_ += most * count;
  received_ += most * count;
  if (!rows_) sink(out_);
  return first + most * count;
}

// Samples of `block` from `first` on that there is room for.
Index OverlapSaveStage::take(const ChannelsView& block, Index first) {
  const Index count = std::min(block.cols() - first, fft_.length() - held_count_);
  held_.middleCols(held_count_, count) = block.middleCols(first, count);
  held_count_ += count;
  return count;
}

void OverlapSaveStage::require_extension() const {
  if (received_ > after_) return;
  throw InvalidArgument(fmt::format("edges odd needs a record of more than {} samples, half the filter; it has {}", after_, received_));
}

void OverlapSaveStage::extend_left() {
  for (Index j = 1; j <= before_; ++j) held_.col(before_ - j) = 2 * held_.col(before_) - held_.col(before_ + j);
}

void OverlapSaveStage::extend_right(const BlockSink& sink) {
  const RowMatrix last = held_.middleCols(held_count_ - after_ - 1, after_ + 1);
  RowMatrix extension(last.rows(), after_);
  for (Index j = 0; j < after_; ++j) extension.col(j) = 2 * last.col(after_) - last.col(after_ - 1 - j);
  for (Index done = 0; done < after_;) {
    done += take(extension, done);
    if (held_count_ == fft_.length()) hand_on_block(std::min(block_length(), received_ - handed_on_), sink);
  }
}

// One transform of all that is held, `count` samples of which are wanted. False if something is not finite.
bool OverlapSaveStage::hand_on_block(Index count, const BlockSink& sink) {
  const Index length = fft_.length();
  if (!rows_) out_.resize(held_.rows(), count);
  for (Index c = 0; c < held_.rows(); ++c) {
    double* const held = held_.row(c).data();
    std::copy_n(held, length, fft_.trace().begin());
    fft_.forward();
    filter_packed();
    fft_.unscaled_inverse();
    const double* const filtered = fft_.trace().data() + before_;
    // A sample that is not finite makes the whole transform so.
    if (!std::isfinite(*filtered)) return false;
    combine(held + before_, filtered, count, rows_ ? rows_ + c * stride_ + handed_on_ : out_.row(c).data());
    std::copy_n(held + length - overlap(), overlap(), held);
  }
  held_count_ = overlap();
  handed_on_ += count;
  if (!rows_) sink(out_);
  return true;
}

void OverlapSaveStage::filter_packed() {
  const auto z = fft_.packed();
  if (direct_.empty()) {
    spectral_kernels::kernels().filter_packed(reinterpret_cast<double*>(z.data()), real_direct_.data(), real_mirrored_.data(),
                                              static_cast<Index>(z.size()));
    return;
  }
  const std::size_t m = z.size();
  for (std::size_t k = 0; 2 * k <= m; ++k) {
    const std::size_t mirror = (m - k) % m;
    const auto here = z[k], there = z[mirror];
    z[k] = direct_[k] * here + mirrored_[k] * std::conj(there);
    z[mirror] = direct_[mirror] * there + mirrored_[mirror] * std::conj(here);
  }
}

}  // namespace emg
