#pragma once
// What an amplifier adds: white noise and mains.
//
// Levels in microvolts; a level of 0 adds nothing. Noise is white up to half the rate, RMS over that band; each channel has its own stream.
// Mains: sines at 1 to 7 times the base with amplitudes 1, .2, .4, .1, .25, .05, .15 of the level, below half the rate; the frequency walks
// within +-0.05 Hz, the amplitude by 10 % (power grids and coupling as recorded in hospitals).

#include <cstdint>

#include "libemg/core/signal.h"

namespace emg {

void add_white_noise(std::int64_t seed, double noise_uv, RowMatrix& signal, int threads);

void add_line(std::int64_t seed, double line_uv, double line_hz, double rate_hz, RowMatrix& signal);

}  // namespace emg
