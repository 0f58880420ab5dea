#include "libemg/filter/resample.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <numbers>
#include <utility>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/lane_stage_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {
namespace {

constexpr Index kLanes = kChannelGroup;

// Taps of each phase, in the order of the samples they weigh, oldest first; all phases equally long.
struct Polyphase {
  ResampleRatio ratio;
  Index half_length = 0, tap_count = 0;
  std::vector<double> taps;

  const double* phase(Index p) const { return taps.data() + p * tap_count; }
};

// Low-pass at the lower of both Nyquist rates with unit gain at 0 Hz, times `up`.
std::vector<double> prototype(const ResampleRatio& ratio, Index half_length) {
  constexpr double kBeta = 5;
  const double cutoff = 1.0 / static_cast<double>(std::max(ratio.up, ratio.down));
  auto taps = kaiser_window(2 * half_length + 1, kBeta);
  double sum = 0;
  for (Index i = 0; i < 2 * half_length + 1; ++i) {
    const double x = std::numbers::pi * cutoff * static_cast<double>(i - half_length);
    auto& tap = taps[static_cast<std::size_t>(i)];
    tap *= cutoff * (x == 0 ? 1.0 : std::sin(x) / x);
    sum += tap;
  }
  for (double& tap : taps) tap *= static_cast<double>(ratio.up) / sum;
  return taps;
}

std::shared_ptr<const Polyphase> polyphase(const ResampleRatio& ratio) {
  auto filter = std::make_shared<Polyphase>();
  filter->ratio = ratio;
  filter->half_length = 10 * std::max(ratio.up, ratio.down);
  const auto taps = prototype(ratio, filter->half_length);
  const auto length = static_cast<Index>(taps.size());
  filter->tap_count = (length + ratio.up - 1) / ratio.up;
  filter->taps.assign(static_cast<std::size_t>(ratio.up * filter->tap_count), 0.0);
  for (Index i = 0; i < length; ++i) {
    const Index place = filter->tap_count - 1 - i / ratio.up;
    filter->taps[static_cast<std::size_t>(i % ratio.up * filter->tap_count + place)] = taps[static_cast<std::size_t>(i)];
  }
  return filter;
}

class ResampleStage final : public LaneStage {
 public:
  ResampleStage(Index channels, double output_rate_hz, std::shared_ptr<const Polyphase> filter)
      : LaneStage(channels, output_rate_hz), filter_(std::move(filter)) {
    // Silence before the record.
    first_held_ = 1 - filter_->tap_count;
    held_ = filter_->tap_count - 1;
    samples_.reserve((held_ + kPiece) * kLanes, 0);
    std::fill_n(samples_.data(), held_ * kLanes, 0.0);
  }

  Index look_ahead() const override { return (filter_->half_length + filter_->ratio.up - 1) / filter_->ratio.up; }
  Index output_count(Index input_count) const override {
    return (input_count * filter_->ratio.up + filter_->ratio.down - 1) / filter_->ratio.down;
  }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    for (Index done = 0; done < block.cols();) {
      const Index count = std::min(kPiece, block.cols() - done);
      require_finite(block.middleCols(done, count), received_);
      double* const here = make_room(count);
      interleave(block, done, count, here);
      held_ += count;
      received_ += count;
      done += count;
      produce(-1, sink);
    }
  }

  void finish(const BlockSink& sink) override {
    const Index wanted = output_count(received_);
    while (produced_ < wanted) {
      std::fill_n(make_room(kPiece), kPiece * kLanes, 0.0);
      held_ += kPiece;
      produce(wanted, sink);
    }
  }

 private:
  // Index of the newest input that output `m` weighs.
  Index newest(Index m) const { return (m * filter_->ratio.down + filter_->half_length) / filter_->ratio.up; }

  // Place for `count` more samples; those that no output needs any more go.
  double* make_room(Index count) {
    const Index needed = newest(produced_) - filter_->tap_count + 1;
    const Index spent = std::clamp<Index>(needed - first_held_, 0, held_);
    if ((held_ + count) * kLanes > samples_.size() && spent > 0) {
      std::memmove(samples_.data(), samples_.data() + spent * kLanes, static_cast<std::size_t>((held_ - spent) * kLanes) * sizeof(double));
      first_held_ += spent;
      held_ -= spent;
    }
    samples_.reserve((held_ + count) * kLanes, held_ * kLanes);
    return samples_.data() + held_ * kLanes;
  }

  // All outputs whose samples are held, up to output `most` (-1: no limit).
  void produce(Index most, const BlockSink& sink) {
    const auto& k = filter_kernels::kernels();
    Index ready = 0;
    const auto flush = [&] {
      if (ready > 0) hand_on(out_piece_.data(), ready, sink);
      ready = 0;
    };
    for (; produced_ != most; ++produced_) {
      const Index last = newest(produced_);
      if (last >= first_held_ + held_) break;
      const Index phase = (produced_ * filter_->ratio.down + filter_->half_length) % filter_->ratio.up;
      const double* const from = samples_.data() + (last - filter_->tap_count + 1 - first_held_) * kLanes;
      k.weighted_sum(filter_->phase(phase), filter_->tap_count, from, out_piece_.data() + ready * kLanes);
      if (++ready == kPiece) flush();
    }
    flush();
  }

  std::shared_ptr<const Polyphase> filter_;
  AlignedBuffer samples_, out_piece_{kPiece * kLanes};
  Index first_held_ = 0, held_ = 0;  // samples_ holds [first_held_, first_held_ + held_)
  Index received_ = 0, produced_ = 0;
};

void check(double rate_hz, const ResampleOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
}

// `signal` with `pad` samples more at both ends, on the line through its first and last sample.
RowMatrix extended_by_line(const ChannelsView& signal, Index pad) {
  const Index n = signal.cols();
  RowMatrix out(signal.rows(), n + 2 * pad);
  for (Index c = 0; c < signal.rows(); ++c) {
    const double first = signal(c, 0), last = signal(c, n - 1);
    const double slope = n > 1 ? (last - first) / static_cast<double>(n - 1) : 0;
    for (Index i = 0; i < pad; ++i) {
      out(c, i) = first - slope * static_cast<double>(pad - i);
      out(c, pad + n + i) = last + slope * static_cast<double>(i + 1);
    }
    out.row(c).segment(pad, n) = signal.row(c);
  }
  return out;
}

}  // namespace

ResampleRatio resample_ratio(double rate_hz, const ResampleOptions& options) {
  check(rate_hz, options);
  constexpr double kRelative = 1e-9;
  constexpr Index kMost = 100000;
  const double wanted = options.target_hz / rate_hz;
  // Convergents of the continued fraction, and between two of them the first that is near enough.
  Index up_before = 0, down_before = 1, up = 1, down = 0;
  double rest = wanted;
  for (;;) {
    const auto term = static_cast<Index>(std::floor(rest));
    const auto near = [&](Index t) {
      const auto u = static_cast<double>(t * up + up_before), d = static_cast<double>(t * down + down_before);
      return d > 0 && std::abs(u / d - wanted) <= kRelative * wanted;
    };
    Index low = 0, high = term;
    if (near(term)) {
      while (high - low > 1) (near((low + high) / 2) ? high : low) = (low + high) / 2;
    }
    const Index next_up = high * up + up_before, next_down = high * down + down_before;
    if (next_up > kMost || next_down > kMost) break;
    up_before = std::exchange(up, next_up);
    down_before = std::exchange(down, next_down);
    if (std::abs(static_cast<double>(up) / static_cast<double>(down) - wanted) <= kRelative * wanted) return {up, down};
    rest = 1 / (rest - static_cast<double>(term));
    if (!std::isfinite(rest)) return {up, down};
  }
  const double nearest = down > 0 && up > 0 ? rate_hz * static_cast<double>(up) / static_cast<double>(down) : rate_hz;
  throw InvalidArgument(
      fmt::format("target_hz {} is no fraction up/down of rate_hz {} with up and down <= {}; the nearest reachable rate is {} Hz",
                  options.target_hz, rate_hz, kMost, nearest));
}

double resampled_rate_hz(double rate_hz, const ResampleOptions& options) {
  const auto ratio = resample_ratio(rate_hz, options);
  return rate_hz * static_cast<double>(ratio.up) / static_cast<double>(ratio.down);
}

RowMatrix resample(const ChannelsView& signal, double rate_hz, const ResampleOptions& options, int threads) {
  if (signal.size() == 0) require_signal(signal, rate_hz);
  const auto ratio = resample_ratio(rate_hz, options);
  if (ratio.up == ratio.down) {
    require_signal(signal, rate_hz);
    return signal;
  }
  const auto filter = polyphase(ratio);
  const double output_rate_hz = resampled_rate_hz(rate_hz, options);
  const auto run = [&](const ChannelsView& samples) {
    return run_stage([&](Index channels) { return std::make_unique<ResampleStage>(channels, output_rate_hz, filter); }, samples, threads);
  };
  try {
    if (options.edges == ResampleEdges::zero) return run(signal);
    // Whole multiples of `down`, so that outputs stay where they are.
    const Index periods = (filter->tap_count + ratio.down - 1) / ratio.down;
    const Index count = (signal.cols() * ratio.up + ratio.down - 1) / ratio.down;
    return run(extended_by_line(signal, periods * ratio.down)).middleCols(periods * ratio.up, count);
  } catch (const InvalidArgument&) {
    // A stage counts the channels of its own group only.
    require_signal(signal, rate_hz);
    throw;
  }
}

std::unique_ptr<Stage> resample_stage(Index channel_count, double rate_hz, const ResampleOptions& options) {
  const auto ratio = resample_ratio(rate_hz, options);
  if (options.edges == ResampleEdges::line) return nullptr;
  const auto filter = polyphase(ratio);
  const double output_rate_hz = resampled_rate_hz(rate_hz, options);
  return grouped_stage([=](Index channels) { return std::make_unique<ResampleStage>(channels, output_rate_hz, filter); }, channel_count, 1);
}

}  // namespace emg
