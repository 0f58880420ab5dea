#pragma once
// Resting records with known twitches: the generator of the reference figures.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "libemg/core/random.h"
#include "libemg/core/signal.h"
#include "libemg/filter/butterworth.h"

namespace emg::scenes {

/// White noise in 20-450 Hz of unit RMS.
inline std::vector<double> band_noise(std::size_t count, double rate_hz, std::uint64_t seed, std::uint64_t stream = 0) {
  Random random(seed, stream);
  std::vector<double> x(count);
  for (auto& v : x) v = random.normal();
  const RowMatrix y = bandpass(one_channel(x), rate_hz, {.low_hz = 20, .high_hz = 450});
  double square = 0;
  for (Index i = 0; i < y.cols(); ++i) square += y(0, i) * y(0, i);
  const double scale = 1 / std::sqrt(square / static_cast<double>(count));
  for (std::size_t i = 0; i < count; ++i) x[i] = y(0, static_cast<Index>(i)) * scale;
  return x;
}

inline double biphasic(double t) { return -t / 0.002 * std::exp(0.5 - t * t / (2 * 0.002 * 0.002)); }
inline double triphasic(double t) { return (1 - t * t / 4e-6) * std::exp(-t * t / (2 * 0.002 * 0.002)); }

inline void add_shape(std::vector<double>& x, double rate_hz, double at_s, double height_uv, double (*shape)(double)) {
  const auto first = static_cast<Index>(std::ceil((at_s - 0.02) * rate_hz)), end = static_cast<Index>((at_s + 0.02) * rate_hz);
  for (Index i = std::max<Index>(0, first); i < std::min(end, static_cast<Index>(x.size())); ++i) {
    x[static_cast<std::size_t>(i)] += height_uv * shape(static_cast<double>(i) / rate_hz - at_s);
  }
}

struct RestScene {
  std::vector<double> samples;
  std::vector<double> times_s, heights_uv;
  double rate_hz = 2048;
};

/// Poisson events of height median * exp(0.3 z) over noise of 7 + 3 sin(2 pi t / 120) uV, or of constant level.
inline RestScene twitching(double median_uv, double (*shape)(double), std::uint64_t seed, double per_min = 40, double duration_s = 600, bool drift = true) {
  RestScene scene;
  scene.samples = band_noise(static_cast<std::size_t>(duration_s * scene.rate_hz), scene.rate_hz, seed);
  for (std::size_t i = 0; i < scene.samples.size(); ++i) {
    const double t = static_cast<double>(i) / scene.rate_hz;
    scene.samples[i] *= drift ? 7 + 3 * std::sin(2 * std::acos(-1.0) * t / 120) : 7;
  }
  Random random(seed, 7);
  for (double t = 1; per_min > 0;) {
    t += random.exponential() * 60 / per_min;
    if (t > duration_s - 1) break;
    scene.times_s.push_back(t);
    scene.heights_uv.push_back(median_uv * std::exp(0.3 * random.normal()));
    add_shape(scene.samples, scene.rate_hz, t, scene.heights_uv.back(), shape);
  }
  return scene;
}

struct Matched {
  double sensitivity = 0, ppv = 1;
  std::size_t found = 0;
};

/// One-to-one within 10 ms (both ascending).
inline Matched matched(const std::vector<double>& truth, std::vector<double> found, double tolerance_s = 0.01) {
  std::sort(found.begin(), found.end());
  std::size_t hits = 0, f = 0;
  for (const double t : truth) {
    while (f < found.size() && found[f] < t - tolerance_s) ++f;
    if (f < found.size() && found[f] <= t + tolerance_s) ++hits, ++f;
  }
  return {truth.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(truth.size()),
          found.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(found.size()), found.size()};
}

inline RowMatrix as_matrix(const std::vector<double>& x) { return Eigen::Map<const RowMatrix>(x.data(), 1, static_cast<Index>(x.size())); }

}  // namespace emg::scenes
