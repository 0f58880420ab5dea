// Filters over the load L1: 64 channels x 60 s at 2048 Hz, one thread; and one short trace.

#include <benchmark/benchmark.h>

#include "bench/speed/load.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/detrend.h"
#include "libemg/filter/envelope.h"
#include "libemg/filter/fir.h"
#include "libemg/filter/line_subtract.h"
#include "libemg/filter/median.h"
#include "libemg/filter/notch.h"
#include "libemg/filter/resample.h"

namespace emg {
namespace {

void bandpass_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(bandpass(x, kBenchRate, {.low_hz = 20, .high_hz = 500}));
  count_samples(state, x);
}
BENCHMARK(bandpass_l1)->Args({64, 122880})->Args({1, 1000});

void notch_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  NotchOptions options;
  options.line_hz = 50;
  options.harmonic_count = 10;
  options.quality = 30;
  for (auto _ : state) benchmark::DoNotOptimize(notch(x, kBenchRate, options));
  count_samples(state, x);
}
BENCHMARK(notch_l1)->Args({64, 122880})->Args({1, 1000});

void resample_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(resample(x, kBenchRate, {.target_hz = 1000}));
  count_samples(state, x);
}
BENCHMARK(resample_l1)->Args({64, 122880})->Args({1, 1000});

void envelope_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const EnvelopeOptions options{.method = static_cast<EnvelopeMethod>(state.range(2))};
  for (auto _ : state) benchmark::DoNotOptimize(envelope(x, kBenchRate, options));
  count_samples(state, x);
}
BENCHMARK(envelope_l1)
    ->Args({64, 122880, static_cast<int>(EnvelopeMethod::rms)})
    ->Args({64, 122880, static_cast<int>(EnvelopeMethod::hilbert)})
    ->Args({1, 1000, static_cast<int>(EnvelopeMethod::rms)});

void fir_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const FirOptions options{.low_hz = 20, .high_hz = 500, .tap_count = static_cast<int>(state.range(2))};
  for (auto _ : state) benchmark::DoNotOptimize(fir(x, kBenchRate, options));
  count_samples(state, x);
}
BENCHMARK(fir_l1)->Args({64, 122880, 401})->Args({64, 122880, 1353})->Args({1, 1000, 401});

void median_filter_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const MedianFilterOptions options{.window_ms = static_cast<double>(state.range(2))};
  for (auto _ : state) benchmark::DoNotOptimize(median_filter(x, kBenchRate, options));
  count_samples(state, x);
}
BENCHMARK(median_filter_l1)->Args({4, 122880, 5})->Args({4, 122880, 200})->Args({4, 122880, 10000});

void detrend_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(detrend(x, kBenchRate, {.kind = DetrendKind::line}));
  count_samples(state, x);
}
BENCHMARK(detrend_l1)->Args({64, 122880})->Args({1, 1000});

void subtract_line_l1(benchmark::State& state) {
  const auto x = bench_load(state.range(0), state.range(1));
  const SubtractLineOptions options{.line_hz = 50, .harmonic_count = 7, .window_s = 2};
  for (auto _ : state) benchmark::DoNotOptimize(subtract_line(x, kBenchRate, options));
  count_samples(state, x);
}
BENCHMARK(subtract_line_l1)->Args({64, 122880})->Args({1, 20480});

}  // namespace
}  // namespace emg
