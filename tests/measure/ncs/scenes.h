#pragma once
// Sweeps of known truth for the tests of nerve conduction, from shapes and noise of their own (not those of the simulator).

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "libemg/core/random.h"
#include "libemg/core/sweeps.h"

namespace emg::scenes {

inline constexpr double kPi = 3.14159265358979323846;

/// Shapes of a response, peak 1, `u` ms after its onset.
inline double sine(double u) {
  return u > 0 && u < 12 ? std::sin(2 * kPi * u / 12) : 0;
}
inline double soft(double u) {
  if (u > 0 && u < 6) return (1 - std::cos(2 * kPi * u / 6)) / 2;
  if (u >= 6 && u < 14) return -0.4 * std::pow(std::sin(kPi * (u - 6) / 8), 2);
  return 0;
}
inline double gamma_shape(double u) {
  const double up = u > 0 ? std::pow(u / 3, 2) * std::exp(2 * (1 - u / 3)) : 0;
  const double w = (u - 4) / 5;
  return up - (u > 4 ? 0.35 * w * w * w * std::exp(3 * (1 - w)) : 0);
}

struct Scene {
  double rate_hz = 20000, before_ms = 5, after_ms = 45;

  Index before() const { return static_cast<Index>(before_ms * rate_hz / 1000); }
  Index length() const { return before() + static_cast<Index>(after_ms * rate_hz / 1000); }
  double ms(Index i) const { return static_cast<double>(i - before()) * 1000 / rate_hz; }
};

inline SweepSet empty_set(const Scene& scene, Index rows) {
  SweepSet set;
  set.rate_hz = scene.rate_hz, set.zero_sample = scene.before();
  set.samples = RowMatrix::Zero(rows, scene.length());
  set.sweeps.resize(static_cast<std::size_t>(rows));
  for (Index r = 0; r < rows; ++r) {
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    s.sweep = static_cast<int>(r), s.channel = "APB", s.nerve = "median", s.side = "R", s.muscle = "APB", s.site = "wrist";
  }
  return set;
}

/// Adds `value(ms after the stimulus)` to one sweep.
inline void add(SweepSet& set, const Scene& scene, Index row, const std::function<double(double)>& value) {
  for (Index i = 0; i < set.samples.cols(); ++i) set.samples(row, i) += value(scene.ms(i));
}

inline void add_noise(SweepSet& set, Index row, double sd_uv, std::uint64_t seed) {
  Random random(seed, static_cast<std::uint64_t>(row));
  for (Index i = 0; i < set.samples.cols(); ++i) set.samples(row, i) += sd_uv * random.normal();
}

/// Noise with a spectrum that falls with frequency (first-order, corner 300 Hz), SD sd_uv.
inline void add_coloured_noise(SweepSet& set, Index row, double sd_uv, std::uint64_t seed) {
  Random random(seed, static_cast<std::uint64_t>(row));
  const double a = std::exp(-2 * kPi * 300 / set.rate_hz), gain = sd_uv * std::sqrt(1 - a * a);
  double state = sd_uv * random.normal();
  for (Index i = 0; i < set.samples.cols(); ++i) {
    state = a * state + gain * random.normal();
    set.samples(row, i) += state;
  }
}

/// An artefact of another shape than the simulator's: a clipped pulse, then the recovery of an amplifier (power law) and a slow
/// exponential.
inline double artefact(double ms, double size_uv) {
  if (ms < 0) return 0;
  if (ms < 0.25) return 20 * size_uv;
  return size_uv * (std::exp(-(ms - 0.25) / 0.35) * 2 - 0.3 * std::exp(-(ms - 0.25) / 7));
}

}  // namespace emg::scenes
