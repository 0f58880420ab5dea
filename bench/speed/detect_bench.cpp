// Speed of detection: noise level, spikes, onsets, Teager-Kaiser energy, quality.

#include <benchmark/benchmark.h>

#include <cmath>

#include "libemg/core/random.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset.h"
#include "libemg/detect/quality.h"
#include "libemg/detect/teager.h"
#include "libemg/detect/threshold.h"

namespace {

using emg::Index;
using emg::RowMatrix;

// Noise whose level varies slowly.
RowMatrix emg_like(Index channels, double seconds, double rate_hz) {
  RowMatrix x(channels, static_cast<Index>(seconds * rate_hz));
  for (Index c = 0; c < channels; ++c) {
    emg::Random random(1, static_cast<std::uint64_t>(c));
    double last = 0;
    for (Index i = 0; i < x.cols(); ++i) {
      const double w = random.normal();
      x(c, i) = 50 * (1 + 0.8 * std::sin(1.2566 * static_cast<double>(i) / rate_hz)) * (w + 0.5 * last);
      last = w;
    }
  }
  return x;
}

// One channel of 60 s at 48 kHz with trains of potentials in noise.
RowMatrix needle_like() {
  constexpr double kRate = 48000;
  RowMatrix x(1, static_cast<Index>(60 * kRate));
  emg::Random random(2);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = 8 * random.normal();
  for (double t = 0.02; t < 59.9; t += 0.02 * (0.5 + random.uniform())) {
    const double width = 0.3e-3 * (1 + random.uniform());
    const auto at = static_cast<Index>(t * kRate);
    for (Index k = -96; k < 192; ++k) {
      const double u = static_cast<double>(k) / kRate / width;
      if (at + k >= 0) x(0, at + k) += -300 * u * std::exp(-0.5 * u * u);
    }
  }
  return x;
}

const RowMatrix& surface() {
  static const RowMatrix x = emg_like(64, 60, 2048);
  return x;
}

const RowMatrix& needle() {
  static const RowMatrix x = needle_like();
  return x;
}

void noise_mad(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(emg::noise_level(needle(), 48000, {.method = emg::NoiseMethod::mad}));
}
BENCHMARK(noise_mad)->Unit(benchmark::kMillisecond);

void noise_percentile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(emg::noise_level(needle(), 48000, {}));
}
BENCHMARK(noise_percentile)->Unit(benchmark::kMillisecond);

void spikes_mad_with_waveforms(benchmark::State& state) {
  const emg::SpikeOptions options{.noise = emg::NoiseMethod::mad, .before_ms = 1, .after_ms = 2};
  for (auto _ : state) benchmark::DoNotOptimize(emg::detect_spikes(needle(), 48000, options));
}
BENCHMARK(spikes_mad_with_waveforms)->Unit(benchmark::kMillisecond);

void teager_energy(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(emg::teager(surface(), 2048));
}
BENCHMARK(teager_energy)->Unit(benchmark::kMillisecond);

void onsets_teager_mean(benchmark::State& state) {
  emg::OnsetOptions options;
  options.method = emg::OnsetMethod::teager;
  options.baseline = emg::OnsetBaseline::span;
  options.baseline_stop_s = 1;
  options.factor = 3;
  options.prefilter = options.correct_delay = false;
  options.smoothing = emg::OnsetSmoothing::mean;
  options.hold_ms = options.gap_ms = 0;
  for (auto _ : state) benchmark::DoNotOptimize(emg::onsets(surface(), 2048, options));
}
BENCHMARK(onsets_teager_mean)->Unit(benchmark::kMillisecond);

void onsets_aglr(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(emg::onsets(surface(), 2048, {}));
}
BENCHMARK(onsets_aglr)->Unit(benchmark::kMillisecond);

void quality_of_channels(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(emg::quality(surface(), 2048));
}
BENCHMARK(quality_of_channels)->Unit(benchmark::kMillisecond);

}  // namespace
