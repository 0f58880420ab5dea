#pragma once
// Butterworth low-pass, high-pass, band-pass and band-stop of each channel.
//
// signal: channels x samples, microvolts. Result: the same shape and unit. Zero phase (default) keeps latencies and squares the response:
// -6.02 dB at each corner; causal (zero_phase = false) has -3.01 dB there and delays (`group_delay_ms`).
// Degenerate input: one sample and constant channels give the limit (a band-pass of a constant is 0 to 1e-9 of it).
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, corners outside (0, rate/2) or not ascending, and
// corners too low for the rate to be filtered in blocks.
// Cost: see cascade.h; a design takes a few microseconds.
// Method: bilinear transform of the analog prototype with pre-warped corners, in long double, rounded once (Oppenheim & Schafer,
// Discrete-Time Signal Processing, ch. 7); edges as scipy.signal.sosfiltfilt. Sections: conjugate pairs, radius ascending, whole gain
// first; in a band-pass the lower poles get the zeros at z = 1 and the upper those at z = -1: with (1, 0, -1) everywhere the
// intermediate gains explode.
// Error: below 1e-9 of the largest input against SciPy for orders 1-12, 2e-8 where a pole is within 2e-4 of the unit circle.

#include <memory>

#include "libemg/core/options.h"
#include "libemg/filter/cascade.h"

namespace emg {

struct BandpassOptions {
  double low_hz = 20.0;
  double high_hz = 450.0;
  int order = 4;
  bool zero_phase = true;
  InitialState initial = InitialState::steady;

  static constexpr auto fields() {
    using O = BandpassOptions;
    return std::tuple{
        field("low_hz", &O::low_hz, {1e-6, 5e6}, "lower -3 dB edge"),
        field("high_hz", &O::high_hz, {1e-6, 5e6}, "upper -3 dB edge, below half the rate"),
        field("order", &O::order, {1, 12}, "Butterworth order of each edge"),
        field("zero_phase", &O::zero_phase, {}, "filter forward and backward, so latencies keep"),
        field("initial", &O::initial, {}, "without zero phase: start in the steady state of the first sample, or at rest"),
    };
  }
};
static_assert(fully_described<BandpassOptions>());

struct BandstopOptions {
  double low_hz = 48.0;
  double high_hz = 52.0;
  int order = 2;
  bool zero_phase = true;
  InitialState initial = InitialState::steady;

  static constexpr auto fields() {
    using O = BandstopOptions;
    return std::tuple{
        field("low_hz", &O::low_hz, {1e-6, 5e6}, "lower -3 dB edge"),
        field("high_hz", &O::high_hz, {1e-6, 5e6}, "upper -3 dB edge, below half the rate"),
        field("order", &O::order, {1, 12}, "Butterworth order of each edge"),
        field("zero_phase", &O::zero_phase, {}, "filter forward and backward, so latencies keep"),
        field("initial", &O::initial, {}, "without zero phase: start in the steady state of the first sample, or at rest"),
    };
  }
};
static_assert(fully_described<BandstopOptions>());

struct LowpassOptions {
  double cut_hz = 450.0;
  int order = 4;
  bool zero_phase = true;
  InitialState initial = InitialState::steady;

  static constexpr auto fields() {
    using O = LowpassOptions;
    return std::tuple{
        field("cut_hz", &O::cut_hz, {1e-6, 5e6}, "-3 dB corner, below half the rate"),
        field("order", &O::order, {1, 12}, "Butterworth order"),
        field("zero_phase", &O::zero_phase, {}, "filter forward and backward, so latencies keep"),
        field("initial", &O::initial, {}, "without zero phase: start in the steady state of the first sample, or at rest"),
    };
  }
};
static_assert(fully_described<LowpassOptions>());

struct HighpassOptions {
  double cut_hz = 20.0;
  int order = 4;
  bool zero_phase = true;
  InitialState initial = InitialState::steady;

  static constexpr auto fields() {
    using O = HighpassOptions;
    return std::tuple{
        field("cut_hz", &O::cut_hz, {1e-6, 5e6}, "-3 dB corner, below half the rate"),
        field("order", &O::order, {1, 12}, "Butterworth order"),
        field("zero_phase", &O::zero_phase, {}, "filter forward and backward, so latencies keep"),
        field("initial", &O::initial, {}, "without zero phase: start in the steady state of the first sample, or at rest"),
    };
  }
};
static_assert(fully_described<HighpassOptions>());

/// Sections of one filter: corners in (0, rate_hz / 2), order in [1, 12]; unchecked beyond require_corner and require_ascending.
Cascade lowpass_design(int order, double cut_hz, double rate_hz);
Cascade highpass_design(int order, double cut_hz, double rate_hz);
Cascade bandpass_design(int order, double low_hz, double high_hz, double rate_hz);
Cascade bandstop_design(int order, double low_hz, double high_hz, double rate_hz);

RowMatrix bandpass(const ChannelsView& signal, double rate_hz, const BandpassOptions& options = {}, int threads = 1);
RowMatrix bandstop(const ChannelsView& signal, double rate_hz, const BandstopOptions& options = {}, int threads = 1);
RowMatrix lowpass(const ChannelsView& signal, double rate_hz, const LowpassOptions& options = {}, int threads = 1);
RowMatrix highpass(const ChannelsView& signal, double rate_hz, const HighpassOptions& options = {}, int threads = 1);

std::unique_ptr<Stage> bandpass_stage(Index channel_count, double rate_hz, const BandpassOptions& options);
std::unique_ptr<Stage> bandstop_stage(Index channel_count, double rate_hz, const BandstopOptions& options);
std::unique_ptr<Stage> lowpass_stage(Index channel_count, double rate_hz, const LowpassOptions& options);
std::unique_ptr<Stage> highpass_stage(Index channel_count, double rate_hz, const HighpassOptions& options);

}  // namespace emg
