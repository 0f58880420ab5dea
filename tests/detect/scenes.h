#pragma once
// Signals that several detection tests share.

#include <algorithm>
#include <cmath>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/random.h"
#include "libemg/core/signal.h"

namespace scenes {

inline std::vector<double> white(std::size_t count, std::uint64_t seed, double sd = 1) {
  emg::Random random(seed);
  std::vector<double> x(count);
  for (auto& v : x) v = sd * random.normal();
  return x;
}

inline emg::RowMatrix matrix(const std::vector<double>& x) {
  return Eigen::Map<const emg::RowMatrix>(x.data(), 1, static_cast<emg::Index>(x.size()));
}

/// Adds -(t/s) exp(-t^2/(2 s^2)) around `centre_s`, largest value `peak`.
inline void add_biphasic(std::vector<double>& x, double rate_hz, double centre_s, double width_s, double peak) {
  const double scale = peak / std::exp(-0.5);
  const auto reach = static_cast<long>(6 * width_s * rate_hz);
  const auto middle = std::lround(centre_s * rate_hz);
  for (long i = middle - reach; i <= middle + reach; ++i) {
    if (i < 0 || i >= static_cast<long>(x.size())) continue;
    const double t = (static_cast<double>(i) / rate_hz - centre_s) / width_s;
    x[static_cast<std::size_t>(i)] += -scale * t * std::exp(-0.5 * t * t);
  }
}

/// `x` as a record that comes in blocks.
inline emg::StreamedRecord streamed(emg::RowMatrix x, double rate_hz, emg::Index block) {
  const emg::Index channels = x.rows(), samples = x.cols();
  const auto read = [x = std::move(x), block](const emg::BlockSink& sink) {
    for (emg::Index i = 0; i < x.cols(); i += block) sink(x.middleCols(i, std::min(block, x.cols() - i)));
  };
  return {read, channels, samples, rate_hz};
}

/// Trains of `units` motor units at 11 Hz (SD of intervals 15 %) in noise of SD 1 at a needle: each potential is the sum of 12 fibres whose
/// arrival is spread over 3 ms.
inline std::vector<double> needle(int units, double rate_hz, double seconds, std::uint64_t seed) {
  auto x = white(static_cast<std::size_t>(seconds * rate_hz), seed);
  constexpr int kFibres = 12;
  for (int u = 0; u < units; ++u) {
    emg::Random random(seed, static_cast<std::uint64_t>(u + 1));
    const double size = 8 * std::exp(0.9 * random.normal());
    double delay_s[kFibres], height[kFibres];
    for (int f = 0; f < kFibres; ++f) {
      delay_s[f] = random.uniform(-1.5e-3, 1.5e-3);
      height[f] = size * std::exp(0.7 * random.normal());
    }
    for (double t = random.uniform() / 11; t < seconds; t += std::max(0.02, (1 + 0.15 * random.normal()) / 11)) {
      for (int f = 0; f < kFibres; ++f) add_biphasic(x, rate_hz, t + delay_s[f], 0.2e-3, height[f]);
    }
  }
  return x;
}

}  // namespace scenes
