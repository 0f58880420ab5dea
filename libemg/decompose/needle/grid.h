#pragma once
// Reading and adding waveforms between samples.
//
// Method: windowed sinc, 8 taps, 64 phases with linear interpolation between them; relative error below 2e-3 up to 0.6 of the Nyquist rate,
// where the work grid of `condition` holds its potentials.

#include <array>
#include <span>

#include "libemg/core/signal.h"

namespace emg::needle {

inline constexpr int kTaps = 8;

/// Weights of the samples floor(position) - 3 ... floor(position) + 4 for a position with this fraction in [0, 1).
std::array<double, kTaps> taps_at(double fraction);

/// out[i] = x(position + i), zero outside of x.
void read_at(std::span<const double> x, double position, std::span<double> out);

/// out(first + i) += gain * shape(i) for a shape whose sample 0 lies at `position` of out; what leaves out is dropped.
void add_at(std::span<double> out, double position, std::span<const double> shape, double gain);

}  // namespace emg::needle
