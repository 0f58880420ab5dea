#pragma once
// Small records whose units are known: Gaussian derivatives as potentials, gamma intervals, white noise of 1 uV.

#include <algorithm>
#include <cmath>
#include <vector>

#include "libemg/core/random.h"
#include "libemg/core/signal.h"
#include "libemg/core/units.h"

namespace emg {

struct TestUnit {
  double peak = 20;        ///< of the potential, in noise SD
  double width_ms = 0.35;
  int order = 1;           ///< of the derivative
  double second_ms = 0;    ///< a second, half as large potential this much later
  double mean_ms = 90, cv = 0.15;
  double start_s = 0, stop_s = 1e9;
};

inline double test_shape(const TestUnit& u, double t_ms) {
  const auto one = [&](double t) {
    const double x = t / u.width_ms, g = std::exp(-x * x / 2);
    if (u.order == 1) return -x * g * 1.6487;
    if (u.order == 2) return (1 - x * x) * g;
    return (x * x * x - 3 * x) * g / 1.38;
  };
  return u.peak * (one(t_ms) + (u.second_ms > 0 ? 0.5 * one(t_ms - u.second_ms) : 0));
}

inline std::vector<double> test_train(const TestUnit& u, double duration_s, std::uint64_t seed, std::uint64_t stream) {
  Random random(seed, stream);
  std::vector<double> t;
  const double shape = 1 / (u.cv * u.cv);
  for (double x = u.start_s + u.mean_ms / 1000 * random.uniform(); x < std::min(duration_s - 0.02, u.stop_s);) {
    if (x > 0.02) t.push_back(x);
    x += std::max(0.03, u.mean_ms / 1000 * random.gamma(shape) / shape);
  }
  return t;
}

struct TestRecord {
  RowMatrix signal;
  double rate_hz = 10000;
  std::vector<MotorUnit> truth;
};

inline void add_potential(RowMatrix& signal, double rate_hz, const TestUnit& u, double t_s, double gain = 1) {
  const auto low = static_cast<Index>((t_s - 0.006) * rate_hz), high = static_cast<Index>((t_s + 0.006 + u.second_ms / 1000) * rate_hz);
  for (Index i = std::max<Index>(0, low); i < std::min(signal.cols(), high); ++i)
    signal(0, i) += gain * test_shape(u, (static_cast<double>(i) / rate_hz - t_s) * 1000);
}

inline TestRecord test_record(const std::vector<TestUnit>& units, double duration_s, std::uint64_t seed = 1, double rate_hz = 10000) {
  TestRecord r;
  r.rate_hz = rate_hz;
  r.signal = RowMatrix(1, static_cast<Index>(duration_s * rate_hz));
  Random noise(seed, 99);
  for (Index i = 0; i < r.signal.cols(); ++i) r.signal(0, i) = noise.normal();
  for (std::size_t k = 0; k < units.size(); ++k) {
    MotorUnit truth;
    truth.unit_id = static_cast<int>(k);
    truth.discharges.rate_hz = rate_hz;
    for (const double t : test_train(units[k], duration_s, seed, k)) {
      add_potential(r.signal, rate_hz, units[k], t);
      truth.discharges.sample.push_back(std::llround(t * rate_hz));
    }
    r.truth.push_back(std::move(truth));
  }
  return r;
}

inline std::vector<TestUnit> three_units() {
  return {{30, 0.3, 1, 0, 80, 0.15}, {22, 0.25, 2, 0, 110, 0.15}, {18, 0.4, 3, 2.0, 95, 0.2}};
}

}  // namespace emg
