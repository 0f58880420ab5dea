#pragma once
// Signals that several detection tests share.

#include <cmath>
#include <vector>

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

}  // namespace scenes
