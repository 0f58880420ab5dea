#pragma once
// The signals that the speed benchmarks work on.

#include <benchmark/benchmark.h>

#include "libemg/core/random.h"
#include "libemg/core/signal.h"

namespace emg {

inline constexpr double kBenchRate = 2048;

/// Noise of 50 uV.
inline RowMatrix bench_load(Index channels, Index samples) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    Random random(1, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < samples; ++i) x(c, i) = 50 * random.normal();
  }
  return x;
}

inline void count_samples(benchmark::State& state, const RowMatrix& x) {
  state.SetItemsProcessed(state.iterations() * x.size());
}

}  // namespace emg
