#pragma once
// Loops over samples that detection spends its time in, for the baseline and for AVX-512, chosen at run time; same results with either.

#include <cstddef>
#include <span>

namespace emg::scan {

inline constexpr std::size_t kChunk = 64;

/// maxima[k] = largest |x| of chunk k of kChunk samples; the last chunk may be shorter. Not finite if a sample of the chunk is not.
void chunk_maxima(std::span<const double> x, double* maxima);

struct Between {
  std::size_t below = 0, inside = 0;
};

/// How many |x| (or x) lie below `low` and how many in [low, high]; those inside are written to `inside`, which has room for all of `x`.
Between count_between(std::span<const double> x, bool absolute, double low, double high, double* inside);

}  // namespace emg::scan
