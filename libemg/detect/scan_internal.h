#pragma once
// Loops over samples that detection spends its time in, for the baseline and for AVX-512, chosen at run time; same results with either.

#include <cstddef>
#include <span>

namespace emg::scan {

inline constexpr std::size_t kChunk = 64;

/// Whether every sample is finite.
bool all_finite(std::span<const double> x);

struct Extremes {
  double lowest = 0, highest = 0;
};

/// Of a trace that is not empty and finite.
Extremes extremes(std::span<const double> x);

/// How many samples lie above `level`.
std::size_t count_above(std::span<const double> x, double level);

/// out[i] = |x[i]^2 - x[i-1] x[i+1]|; `x` has a sample before and one after those asked for.
void teager_energy(const double* x, std::size_t count, double* out);

/// Widest window that window_sums can add.
inline constexpr std::size_t kWidest = 512;

/// out[i] = scale (x[i] + ... + x[i + width - 1]), width at most kWidest; sums of shorter windows are added, nothing is subtracted.
void window_sums(const double* x, std::size_t count, std::size_t width, double scale, double* out);

/// maxima[k] = largest |x| of chunk k of kChunk samples; the last chunk may be shorter. Not finite if a sample of the chunk is not.
void chunk_maxima(std::span<const double> x, double* maxima);

struct Between {
  std::size_t below = 0, inside = 0;
};

/// How many |x| (or x) lie below `low` and how many in [low, high]; those inside are written to `inside`, which has room for all of `x`.
Between count_between(std::span<const double> x, bool absolute, double low, double high, double* inside);

}  // namespace emg::scan
