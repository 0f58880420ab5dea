#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/filter/cascade.h"
#include "libemg/filter/lane_stage_internal.h"

namespace emg {
namespace {

using filter_kernels::kernels;
using filter_kernels::kLanes;
using filter_kernels::kSectionSize;

// A cascade with the states of eight channels.
class Runner {
 public:
  explicit Runner(const Cascade& cascade) : gain_(cascade.gain), count_(static_cast<int>(cascade.sections.size())) {
    // Sums in long double: next to z = 1 they cancel.
    long double in = gain_;
    for (const auto& s : cascade.sections) {
      coefficients_.insert(coefficients_.end(), {s.b1, s.b2, s.a1, s.a2});
      const long double zeros = 1.0L + s.b1 + s.b2, poles = 1.0L + s.a1 + s.a2;
      const long double out = in * zeros / poles;
      unit_states_.push_back(static_cast<double>(out - in));
      unit_states_.push_back(static_cast<double>(s.b2 * in - s.a2 * out));
      in = out;
    }
    state_.reserve(2 * count_ * kLanes + kLanes, 0);
    rest();
  }

  void rest() { std::fill_n(state_.data(), 2 * count_ * kLanes, 0.0); }

  // The state after endless input of `value` (8 lanes).
  void settle(const double* value) {
    for (std::size_t i = 0; i < unit_states_.size(); ++i) {
      for (Index c = 0; c < kLanes; ++c) state_.data()[static_cast<Index>(i) * kLanes + c] = unit_states_[i] * value[c];
    }
  }

  void forward(const double* in, double* out, Index count) { run(in, out, count, kLanes); }

  // From the last of `count` samples to the first.
  void backward(const double* in, double* out, Index count) {
    const Index last = (count - 1) * kLanes;
    run(in + last, out + last, count, -kLanes);
  }

  // Ends states on their way to denormal numbers, which cost a hundred times as much.
  void end_vanishing() {
    constexpr double kVanishing = 1e-150;
    for (Index i = 0; i < 2 * count_ * kLanes; ++i) {
      if (std::abs(state_.data()[i]) < kVanishing) state_.data()[i] = 0;
    }
  }

  bool finite() const {
    double sum = 0;
    for (Index i = 0; i < 2 * count_ * kLanes; ++i) sum += state_.data()[i] - state_.data()[i];
    return sum == 0;
  }

 private:
  void run(const double* in, double* out, Index count, Index step) {
    if (count <= 0) return;
    if (count_ > 0) {
      kernels().cascade(coefficients_.data(), count_, state_.data(), gain_, in, out, count, step);
    } else if (in != out) {
      const Index first = step < 0 ? (count - 1) * step : 0;
      std::copy_n(in + first, count * kLanes, out + first);
    }
  }

  double gain_;
  int count_;
  std::vector<double> coefficients_, unit_states_;
  AlignedBuffer state_;
};

// What both kinds of stage share: pieces on the grid, checks.
class CascadeStage : public LaneStage {
 public:
  CascadeStage(Index channels, double rate_hz, const Cascade& cascade) : LaneStage(channels, rate_hz), runner_(cascade) {}

 protected:
  // A state that has seen a value that is not finite never becomes finite again.
  void require_finite_state(const ChannelsView& block, Index first_sample) const {
    if (runner_.finite()) return;
    require_finite(block, first_sample);
    throw_overflow(first_sample);
  }

  [[noreturn]] static void throw_overflow(Index first_sample) {
    throw NumericalError(fmt::format("the filter overflows after sample {}: samples are too large", first_sample));
  }

  Runner runner_;
  Index received_ = 0;
  AlignedBuffer piece_{kPiece * kLanes};
};

class CausalStage final : public CascadeStage {
 public:
  CausalStage(Index channels, double rate_hz, const Cascade& cascade, InitialState initial)
      : CascadeStage(channels, rate_hz, cascade), initial_(initial) {}

  Index look_ahead() const override { return 0; }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    const Index start = received_;
    for (Index done = 0; done < block.cols();) {
      const Index count = std::min(block.cols() - done, kPiece - received_ % kPiece);
      interleave(block, done, count, piece_.data());
      if (received_ == 0 && initial_ == InitialState::steady) runner_.settle(piece_.data());
      runner_.forward(piece_.data(), piece_.data(), count);
      require_finite_state(block, start);
      received_ += count;
      done += count;
      if (received_ % kPiece == 0) runner_.end_vanishing();
      LaneStage::hand_on(piece_.data(), count, sink);
    }
  }

  void finish(const BlockSink&) override {}

 private:
  InitialState initial_;
};

class ZeroPhaseStage final : public CascadeStage {
 public:
  ZeroPhaseStage(Index channels, double rate_hz, const Cascade& cascade)
      : CascadeStage(channels, rate_hz, cascade),
        backward_(cascade),
        pad_(pad_length(cascade)),
        look_(emg::look_ahead(cascade)),
        block_(block_length(cascade)) {
    recent_.reserve((pad_ + 1) * kLanes, 0);
  }

  Index look_ahead() const override { return look_ + block_; }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    const Index start = received_;
    if (!started_) require_finite(block.leftCols(std::min(block.cols(), pad_ + 1 - received_)), start);
    reserve_for(block.cols());
    for (Index done = 0; done < block.cols();) {
      const Index wanted = started_ ? base_ + block_ + look_ : pad_ + 1;
      const Index room = std::min({block.cols() - done, kPiece - received_ % kPiece, wanted - received_});
      double* const here = forward_.data() + (received_ - base_) * kLanes;
      interleave(block, done, room, here);
      remember(here, room);
      received_ += room;
      done += room;
      if (started_) {
        runner_.forward(here, here, room);
      } else if (received_ > pad_) {
        start_with(pad_);
      }
      if (received_ % kPiece == 0) runner_.end_vanishing();
      if (received_ == base_ + block_ + look_) {
        require_finite_state(block, start);
        hand_on_block(sink);
      }
    }
    if (started_) require_finite_state(block, start);
  }

  void finish(const BlockSink& sink) override {
    if (received_ == 0) return;
    const Index pad = std::min(pad_, received_ - 1);
    if (!started_) start_with(pad);
    forward_.reserve((received_ - base_ + pad) * kLanes, (received_ - base_) * kLanes);
    for (Index j = 0; j < pad; ++j) mirror(received_ - 1, received_ - 2 - j, end_of_record() + j * kLanes);
    runner_.forward(end_of_record(), end_of_record(), pad);
    backward_.settle(end_of_record() + (pad - 1) * kLanes);
    backward_.backward(end_of_record(), end_of_record(), pad);
    hand_on(received_ - base_, sink);
  }

 private:
  double* end_of_record() { return forward_.data() + (received_ - base_) * kLanes; }
  double* remembered(Index sample) { return recent_.data() + sample % (pad_ + 1) * kLanes; }

  // Enough for what comes now; never more than a block with its look-ahead and the extension at the end.
  void reserve_for(Index count) {
    const Index held = received_ - base_;
    forward_.reserve((std::min(held + count, block_ + look_) + pad_) * kLanes, held * kLanes);
  }

  void remember(const double* samples, Index count) {
    for (Index i = std::max<Index>(0, count - pad_ - 1); i < count; ++i) {
      std::memcpy(remembered(received_ + i), samples + i * kLanes, kLanes * sizeof(double));
    }
  }

  // 2 x[about] - x[sample]: one sample of the odd extension.
  void mirror(Index about, Index sample, double* out) {
    for (Index c = 0; c < kLanes; ++c) out[c] = 2 * remembered(about)[c] - remembered(sample)[c];
  }

  // Filters the odd extension to the left and then what waited for it.
  void start_with(Index pad) {
    AlignedBuffer extension((pad + 1) * kLanes);
    for (Index j = 0; j < pad; ++j) mirror(0, pad - j, extension.data() + j * kLanes);
    std::memcpy(extension.data() + pad * kLanes, remembered(0), kLanes * sizeof(double));
    runner_.settle(extension.data());
    runner_.forward(extension.data(), extension.data(), pad);
    runner_.forward(forward_.data(), forward_.data(), received_);
    started_ = true;
  }

  void hand_on_block(const BlockSink& sink) {
    backward_.rest();
    run_backward(block_, block_ + look_, piece_.data());
    hand_on(block_, sink);
    std::memmove(forward_.data(), forward_.data() + block_ * kLanes, static_cast<std::size_t>(look_ * kLanes) * sizeof(double));
    base_ += block_;
  }

  // The first `count` held samples, filtered backward from the present state.
  void hand_on(Index count, const BlockSink& sink) {
    if (direct()) {
      for_pieces_backward(0, count, [&](Index first, Index samples) {
        backward_.backward(forward_.data() + first * kLanes, piece_.data(), samples);
        write_at(first, piece_.data(), samples);
      });
      advance(count);
    } else {
      run_backward(0, count, nullptr);
    }
    if (!backward_.finite()) throw_overflow(base_);
    if (!direct()) LaneStage::hand_on(forward_.data(), count, sink);
  }

  // Calls `work(first, count)` for the pieces of the grid in [first, last), the last one first.
  template <class Work>
  void for_pieces_backward(Index first, Index last, const Work& work) {
    while (last > first) {
      const Index from = std::max(first, (last - 1) / kPiece * kPiece);
      work(from, last - from);
      backward_.end_vanishing();
      last = from;
    }
  }

  // Backward over the held samples [first, last), into `scratch` or in place.
  void run_backward(Index first, Index last, double* scratch) {
    for_pieces_backward(first, last, [&](Index from, Index count) {
      double* const here = forward_.data() + from * kLanes;
      backward_.backward(here, scratch ? scratch : here, count);
    });
  }

  Runner backward_;
  Index pad_, look_, block_;
  Index base_ = 0;  // sample at the front of forward_
  bool started_ = false;
  AlignedBuffer forward_, recent_;
};

}  // namespace

std::unique_ptr<Stage> cascade_stage(Index channel_count, double rate_hz, const Cascade& cascade, const CascadeMode& mode) {
  const auto make = [=](Index channels) -> std::unique_ptr<Stage> {
    if (mode.zero_phase) return std::make_unique<ZeroPhaseStage>(channels, rate_hz, cascade);
    return std::make_unique<CausalStage>(channels, rate_hz, cascade, mode.initial);
  };
  if (channel_count <= kChannelGroup) return make(channel_count);
  return grouped_stage(make, channel_count, 1);
}

}  // namespace emg
