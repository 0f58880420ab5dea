#include "libemg/simulate/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "libemg/core/parallel.h"
#include "libemg/simulate/stream.h"

namespace emg {

void add_white_noise(std::int64_t seed, double noise_uv, RowMatrix& signal, int threads) {
  constexpr Index kTile = 4096;  // each tile opens its own place in the stream, so any part can be made alone
  if (noise_uv == 0) return;
  parallel_for(signal.rows(), threads, [&](Index c) {
    for (Index first = 0; first < signal.cols(); first += kTile) {
      Random random = random_of(seed, RandomDomain::noise, static_cast<std::uint64_t>(c), static_cast<std::uint64_t>(first / kTile) << 32);
      const Index end = std::min(first + kTile, signal.cols());
      for (Index i = first; i < end; ++i) signal(c, i) += noise_uv * random.normal();
    }
  });
}

void add_line(std::int64_t seed, double line_uv, double line_hz, double rate_hz, RowMatrix& signal) {
  constexpr std::array kHarmonics{1.0, 0.2, 0.4, 0.1, 0.25, 0.05, 0.15};
  constexpr double kNodeHz = 100, kLargestHz = 0.05, kStepHz = 0.002, kDrift = 0.1, kDriftS = 5;
  if (line_uv == 0) return;
  Random random = random_of(seed, RandomDomain::line);
  std::array<double, kHarmonics.size()> phase0;
  for (auto& p : phase0) p = 2 * std::numbers::pi * random.uniform();
  const auto nodes = static_cast<std::size_t>(static_cast<double>(signal.cols()) / rate_hz * kNodeHz) + 2;
  std::vector<double> cycle(nodes), level(nodes);
  double offset_hz = 0, drift = random.normal();
  const double keep = std::exp(-1 / (kDriftS * kNodeHz));
  for (std::size_t k = 0; k < nodes; ++k) {
    level[k] = line_uv * std::max(0.0, 1 + kDrift * drift);
    if (k > 0) cycle[k] = cycle[k - 1] + (line_hz + offset_hz) / kNodeHz;
    offset_hz = std::clamp(offset_hz + kStepHz * random.normal(), -kLargestHz, kLargestHz);
    drift = keep * drift + std::sqrt(1 - keep * keep) * random.normal();
  }
  for (Index i = 0; i < signal.cols(); ++i) {
    const double place = static_cast<double>(i) / rate_hz * kNodeHz;
    const auto k = static_cast<std::size_t>(place);
    const double w = place - static_cast<double>(k);
    const double turn = 2 * std::numbers::pi * ((1 - w) * cycle[k] + w * cycle[k + 1]), size = (1 - w) * level[k] + w * level[k + 1];
    double sum = 0;
    for (std::size_t h = 0; h < kHarmonics.size(); ++h) {
      const double order = static_cast<double>(h) + 1;
      if (order * line_hz < rate_hz / 2) sum += kHarmonics[h] * std::sin(order * turn + phase0[h]);
    }
    signal.col(i).array() += size * sum;
  }
}

}  // namespace emg
