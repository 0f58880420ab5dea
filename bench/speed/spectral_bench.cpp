// Spectra over the load L1: 64 channels x 60 s at 2048 Hz, one thread; and one short trace.

#include <benchmark/benchmark.h>

#include "bench/speed/load.h"
#include "libemg/spectral/coherence.h"
#include "libemg/spectral/frequency.h"
#include "libemg/spectral/multitaper.h"
#include "libemg/spectral/welch.h"

namespace emg {
namespace {

void welch_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const WelchOptions options{.segment_s = std::min(1.0, static_cast<double>(x.cols()) / kBenchRate)};
  for (auto _ : state) benchmark::DoNotOptimize(welch(x, kBenchRate, options).density_uv2_per_hz.data());
  count_samples(state, x);
}
BENCHMARK(welch_l1)->Args({64, 122880})->Args({1, 1000});

void multitaper_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const MultitaperOptions options{.segment_s = std::min(1.0, static_cast<double>(x.cols()) / kBenchRate)};
  for (auto _ : state) benchmark::DoNotOptimize(multitaper(x, kBenchRate, options).density_uv2_per_hz.data());
  count_samples(state, x);
}
BENCHMARK(multitaper_l1)->Args({64, 122880})->Args({1, 1000});

void coherence_matrix_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const CoherenceMatrixOptions options{.segment_s = std::min(1.0, static_cast<double>(x.cols()) / kBenchRate / 4)};
  for (auto _ : state) benchmark::DoNotOptimize(coherence_matrix(x, kBenchRate, options).coherence.values.data());
  count_samples(state, x);
}
BENCHMARK(coherence_matrix_l1)->Args({64, 122880})->Args({2, 1000});

void frequency_track_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const FrequencyTrackOptions options{.low_hz = 0, .high_hz = kBenchRate / 2, .interpolate = false};
  for (auto _ : state) benchmark::DoNotOptimize(frequency_track(x, kBenchRate, options).mnf_hz.data());
  count_samples(state, x);
}
BENCHMARK(frequency_track_l1)->Args({64, 122880})->Args({1, 1000});

}  // namespace
}  // namespace emg
