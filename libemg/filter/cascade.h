#pragma once
// Recursive filters as a cascade of second-order sections, and the stages that run them. There is no polynomial form: it is unusable at
// high orders (10-450 Hz at 10 kHz, order 8, gives NaN).
//
// signal: channels x samples, microvolts; results have the same shape and unit.
// Zero phase: forward, then backward over the odd extension by `pad_length` samples at both ends, both started in the steady state of the
// first value: the same as scipy.signal.sosfiltfilt. Records not longer than the padding are extended by what they have; one sample gives
// the limit for a constant.
// Throws InvalidArgument for an empty or non-finite signal, or a cascade whose poles are too close to the unit circle to run backward in
// blocks; NumericalError if samples are so large that the filter overflows.
// Cost: 8 channels side by side, about 3 ns a sample and channel for four sections, both ways, most of it memory.
// Held memory: channels x (block + look-ahead).
// Method: forward-backward filtering, Gustafsson 1996 (IEEE Trans Signal Process), with padding instead of optimal initial states. The
// backward pass of a block starts from rest `look_ahead` samples later, where what was left out has decayed to 1e-15.
// Error: 5e-13 of the largest input against the whole-record form.

#include <array>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

/// H(z) = (1 + b1 / z + b2 / z^2) / (1 + a1 / z + a2 / z^2).
struct Section {
  double b1 = 0, b2 = 0, a1 = 0, a2 = 0;
};

struct Cascade {
  double gain = 1;
  std::vector<Section> sections;
};

/// State of the filter before the first sample of a causal pass.
enum class InitialState { steady, rest };
constexpr auto enum_names(InitialState) {
  using S = InitialState;
  return std::array<std::pair<S, std::string_view>, 2>{{{S::steady, "steady"}, {S::rest, "rest"}}};
}

/// Sections of `first`, then those of `second`.
Cascade joined(const Cascade& first, const Cascade& second);

/// Samples of odd extension at each end: 3 (p + 1), p = number of poles.
Index pad_length(const Cascade& cascade);

double max_pole_radius(const Cascade& cascade);

/// Samples until a decaying state has fallen to 1e-15 of itself.
Index look_ahead(const Cascade& cascade);

/// Samples of the fixed grid on which the backward pass works: smallest power of two >= max(4096, 4 look_ahead).
Index block_length(const Cascade& cascade);

/// Refuses poles too close to the unit circle (radius >= 1 - 1e-7, look-ahead > 5e6 samples), naming the corner.
void require_decay(const Cascade& cascade, const char* corner_name, double corner_hz, double rate_hz);

/// Magnitude of the response at `frequency_hz`, one way.
double response_magnitude(const Cascade& cascade, double rate_hz, double frequency_hz);

/// Group delay of one forward pass. The zeros must lie on the unit circle, as those of every filter designed here do.
double group_delay_ms(const Cascade& cascade, double rate_hz, double frequency_hz);

/// Forward and backward if `zero_phase`, else forward only from the given state.
struct CascadeMode {
  bool zero_phase = true;
  InitialState initial = InitialState::steady;
};

std::unique_ptr<Stage> cascade_stage(Index channel_count, double rate_hz, const Cascade& cascade, const CascadeMode& mode = {});

/// Checks the signal, then runs it through `cascade_stage`.
RowMatrix filter_cascade(const ChannelsView& signal, double rate_hz, const Cascade& cascade, const CascadeMode& mode = {}, int threads = 1);

/// All cascades in one pass: equals sosfiltfilt of the stacked sections, not the calls in turn (the padding differs).
RowMatrix filter_chain(const ChannelsView& signal, double rate_hz, const std::vector<Cascade>& cascades, const CascadeMode& mode = {},
                       int threads = 1);

}  // namespace emg
