#include "libemg/core/random.h"

#include <cmath>

namespace emg {
namespace {

// Multipliers and key increments of Philox4x32 (Salmon et al. 2011, table 2 and section 3.2).
constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// Ziggurat of the normal density with 128 layers of equal area (Marsaglia & Tsang 2000).
constexpr int kLayers = 128;
constexpr double kTailStart = 3.442619855899;
constexpr double kLayerArea = 9.91256303526217e-3;

struct Ziggurat {
  double edge[kLayers + 1];  ///< right edge of each layer, falling to 0
  double ratio[kLayers];     ///< share of a layer that lies under the curve for certain

  Ziggurat() {
    const auto density = [](double x) { return std::exp(-0.5 * x * x); };
    double f = density(kTailStart);
    edge[0] = kLayerArea / f;
    edge[1] = kTailStart;
    edge[kLayers] = 0;
    for (int i = 2; i < kLayers; ++i) {
      edge[i] = std::sqrt(-2 * std::log(kLayerArea / edge[i - 1] + f));
      f = density(edge[i]);
    }
    for (int i = 0; i < kLayers; ++i) ratio[i] = edge[i + 1] / edge[i];
  }
};

const Ziggurat& ziggurat() {
  static const Ziggurat table;
  return table;
}

constexpr double kUnit = 0x1.0p-53;

}  // namespace

std::array<std::uint32_t, 4> philox4x32(const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) {
  auto c = counter;
  std::uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t p0 = kMultiplier0 * c[0], p1 = kMultiplier1 * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1), static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1,
         static_cast<std::uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return c;
}

Random::Random(std::uint64_t seed, std::uint64_t stream, std::uint64_t block)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}, stream_(stream), block_(block) {}

std::uint64_t Random::bits() {
  if (left_ == 0) {
    const auto r = philox4x32({static_cast<std::uint32_t>(block_), static_cast<std::uint32_t>(block_ >> 32),
                               static_cast<std::uint32_t>(stream_), static_cast<std::uint32_t>(stream_ >> 32)},
                              key_);
    ++block_;
    words_ = {r[0] | static_cast<std::uint64_t>(r[1]) << 32, r[2] | static_cast<std::uint64_t>(r[3]) << 32};
    left_ = 2;
  }
  return words_[static_cast<std::size_t>(2 - left_--)];
}

double Random::uniform() {
  return static_cast<double>(bits() >> 11) * kUnit;
}

std::uint64_t Random::below(std::uint64_t count) {
  // Values under 2^64 mod count would make the low results more likely.
  const std::uint64_t refused = (0 - count) % count;
  for (;;) {
    const std::uint64_t n = bits();
    if (n >= refused) return n % count;
  }
}

double Random::exponential() {
  return -std::log(1 - uniform());
}

double Random::normal() {
  const auto& z = ziggurat();
  for (;;) {
    const std::uint64_t n = bits();
    const auto layer = static_cast<int>(n & (kLayers - 1));
    const double u = 2 * (static_cast<double>(n >> 11) * kUnit) - 1;
    if (std::fabs(u) < z.ratio[layer]) return u * z.edge[layer];
    if (layer == 0) {
      double x, y;
      do {
        x = exponential() / kTailStart;
        y = exponential();
      } while (2 * y < x * x);
      return u < 0 ? -(kTailStart + x) : kTailStart + x;
    }
    const double x = u * z.edge[layer];
    const double f0 = std::exp(-0.5 * (z.edge[layer] * z.edge[layer] - x * x));
    const double f1 = std::exp(-0.5 * (z.edge[layer + 1] * z.edge[layer + 1] - x * x));
    if (f1 + uniform() * (f0 - f1) < 1) return x;
  }
}

double Random::truncated_normal(double mean, double sd, double low, double high) {
  constexpr int kMostDraws = 1000;
  for (int i = 0; i < kMostDraws; ++i) {
    const double x = mean + sd * normal();
    if (x >= low && x <= high) return x;
  }
  return mean < low ? low : high;
}

double Random::gamma(double shape) {
  if (shape < 1) {
    const double boost = std::pow(1 - uniform(), 1 / shape);
    return boost * gamma(shape + 1);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double t = 1 + c * x;
    if (t <= 0) continue;
    const double v = t * t * t;
    const double u = 1 - uniform();
    if (std::log(u) < 0.5 * x * x + d * (1 - v + std::log(v))) return d * v;
  }
}

double Random::log_normal(double mean, double cv) {
  const double z = normal();
  if (mean <= 0) return 0;
  const double variance = std::log1p(cv * cv);
  return std::exp(std::log(mean) - variance / 2 + std::sqrt(variance) * z);
}

std::int64_t Random::poisson(double mean) {
  constexpr double kInversionBelow = 10;
  if (mean <= 0) return 0;
  if (mean >= kInversionBelow) return poisson_by_rejection(mean);
  double p = std::exp(-mean), u = uniform();
  std::int64_t k = 0;
  while (u >= p && p > 0) {
    u -= p;
    ++k;
    p *= mean / static_cast<double>(k);
  }
  return k;
}

// Hormann 1993, algorithm PTRS; the constants are those of the paper.
std::int64_t Random::poisson_by_rejection(double mean) {
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double v_r = 0.9277 - 3.6224 / (b - 2);
  const double log_mean = std::log(mean);
  for (;;) {
    const double u = uniform() - 0.5;
    const double v = 1 - uniform();
    const double us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + mean + 0.43);
    if (us >= 0.07 && v <= v_r) return static_cast<std::int64_t>(k);
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <= k * log_mean - mean - std::lgamma(k + 1)) {
      return static_cast<std::int64_t>(k);
    }
  }
}

}  // namespace emg
