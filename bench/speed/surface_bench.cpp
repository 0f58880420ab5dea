// Surface measures over the load L1: 64 channels x 60 s at 2048 Hz, one thread; and one short trace.

#include <benchmark/benchmark.h>

#include "bench/speed/load.h"
#include "libemg/measure/surface/conduction_velocity.h"
#include "libemg/measure/surface/window_features.h"

namespace emg {
namespace {

void window_features_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const WindowFeaturesOptions options{.hop_ms = 62.5, .threshold_uv = 5};
  for (auto _ : state) benchmark::DoNotOptimize(window_features(x, kBenchRate, options).time_s.data());
  count_samples(state, x);
}
BENCHMARK(window_features_l1)->Args({64, 122880})->Args({1, 1000});

void conduction_velocity_line(benchmark::State& state) {
  const auto x = bench_load(8, 122880);
  const ConductionVelocityOptions options{.distance_mm = 8};
  for (auto _ : state) benchmark::DoNotOptimize(conduction_velocity(x, kBenchRate, options).data());
  count_samples(state, x);
}
BENCHMARK(conduction_velocity_line);

}  // namespace
}  // namespace emg
