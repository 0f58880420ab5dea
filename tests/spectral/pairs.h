#pragma once
// Pairs of channels that the tests of coherence and cumulant share.

#include <cstdint>

#include "libemg/core/random.h"
#include "tests/filter/filter_support.h"

namespace emg {

/// The pair of tests/reference/make_spectral_references.py: the second is half of the first, 12 samples later, and noise.
inline RowMatrix reference_pair(Index count) {
  RowMatrix x(2, count);
  x.row(0) = test_signal(1, count);
  const RowMatrix noise = test_signal(1, count, 20, 2);
  for (Index i = 0; i < count; ++i) x(1, i) = 0.5 * x(0, (i - 12 + count) % count) + 0.5 * noise(0, i);
  return x;
}

/// White noise of SD 1, another for every channel and run.
inline RowMatrix independent_noise(Index channels, Index count, int run) {
  RowMatrix x(channels, count);
  for (Index c = 0; c < channels; ++c) {
    Random random(static_cast<std::uint64_t>(run) + 1, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < count; ++i) x(c, i) = random.normal();
  }
  return x;
}

}  // namespace emg
