#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/trend.h"
#include "libemg/measure/surface/formulas_internal.h"

namespace emg::surface {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

std::vector<double> centred(std::span<const double> x) {
  std::vector<double> y(x.begin(), x.end());
  const double mean = mean_of(x);
  for (double& v : y) v -= mean;
  // A constant leaves rounding errors that would pass for a signal.
  const double largest = std::abs(*std::max_element(x.begin(), x.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  if (std::all_of(y.begin(), y.end(), [&](double v) { return std::abs(v) <= 1e-14 * largest; })) std::fill(y.begin(), y.end(), 0.0);
  return y;
}

std::vector<double> differences(std::span<const double> x) {
  std::vector<double> d;
  for (std::size_t i = 1; i < x.size(); ++i) d.push_back(x[i] - x[i - 1]);
  return d;
}

double variance_of(std::span<const double> x) {
  if (x.empty()) return 0;
  const auto y = centred(x);
  double sum = 0;
  for (const double v : y) sum += v * v;
  return sum / static_cast<double>(y.size());
}

// One step of Levinson's recursion: the polynomial of one order more from its reflection coefficient.
void reflect(std::vector<double>& a, double k) {
  const auto before = a;
  for (std::size_t i = 0; i < before.size(); ++i) a[i] += k * before[before.size() - 1 - i];
  a.push_back(k);
}

Autoregression missing_autoregression(Index order) {
  return {std::vector<double>(static_cast<std::size_t>(order), kMissing), kMissing};
}

}  // namespace

Moments moments_of(std::span<const double> x) {
  const auto y = centred(x);
  Moments m;
  m.mean = mean_of(x);
  for (const double v : y) {
    m.second += v * v;
    m.third += v * v * v;
    m.fourth += v * v * v * v;
  }
  const auto n = static_cast<double>(x.size());
  m.second /= n;
  m.third /= n;
  m.fourth /= n;
  return m;
}

DifferenceVariances difference_variances(std::span<const double> x) {
  const auto first = differences(x), second = differences(first);
  return {variance_of(x), variance_of(first), variance_of(second)};
}

Autoregression burg(std::span<const double> x, Index order) {
  auto forward = centred(x);
  auto backward = forward;
  Autoregression fit;
  for (const double v : forward) fit.noise += v * v;
  fit.noise /= static_cast<double>(x.size());
  if (!(fit.noise > 0)) return missing_autoregression(order);
  for (std::size_t m = 1; m <= static_cast<std::size_t>(order); ++m) {
    double across = 0, powers = 0;
    for (std::size_t i = m; i < forward.size(); ++i) {
      across += forward[i] * backward[i - 1];
      powers += forward[i] * forward[i] + backward[i - 1] * backward[i - 1];
    }
    // A signal predicted without a rest has no further coefficients.
    const double k = powers > 0 ? -2 * across / powers : 0;
    for (std::size_t i = forward.size() - 1; i >= m; --i) {
      const double f = forward[i], b = backward[i - 1];
      forward[i] = f + k * b;
      backward[i] = b + k * f;
    }
    reflect(fit.coefficients, k);
    fit.noise *= 1 - k * k;
  }
  return fit;
}

Autoregression yule_walker(std::span<const double> x, Index order) {
  const auto y = centred(x);
  std::vector<double> r;
  for (std::size_t lag = 0; lag <= static_cast<std::size_t>(order); ++lag) {
    double sum = 0;
    for (std::size_t i = lag; i < y.size(); ++i) sum += y[i] * y[i - lag];
    r.push_back(sum / static_cast<double>(y.size()));
  }
  if (!(r[0] > 0)) return missing_autoregression(order);
  Autoregression fit;
  fit.noise = r[0];
  for (std::size_t m = 1; m <= static_cast<std::size_t>(order); ++m) {
    double rest = r[m];
    for (std::size_t i = 0; i < fit.coefficients.size(); ++i) rest += fit.coefficients[i] * r[m - 1 - i];
    const double k = fit.noise > 0 ? -rest / fit.noise : 0;
    reflect(fit.coefficients, k);
    fit.noise *= 1 - k * k;
  }
  return fit;
}

std::vector<double> cepstrum_of(const std::vector<double>& a) {
  std::vector<double> c;
  for (std::size_t n = 1; n <= a.size(); ++n) {
    double value = -a[n - 1];
    for (std::size_t l = 1; l < n; ++l) value -= (1 - static_cast<double>(l) / static_cast<double>(n)) * a[l - 1] * c[n - l - 1];
    c.push_back(value);
  }
  return c;
}

double sample_entropy(std::span<const double> x, double tolerance) {
  constexpr std::size_t kLength = 2;
  const double r = tolerance * std::sqrt(variance_of(x));
  if (!(r > 0)) return kMissing;
  const std::size_t templates = x.size() - kLength;
  std::int64_t shorter = 0, longer = 0;
  for (std::size_t i = 0; i < templates; ++i) {
    for (std::size_t j = i + 1; j < templates; ++j) {
      const bool both = (std::abs(x[i] - x[j]) <= r) & (std::abs(x[i + 1] - x[j + 1]) <= r);
      shorter += both;
      longer += both & (std::abs(x[i + 2] - x[j + 2]) <= r);
    }
  }
  return longer > 0 ? -std::log(static_cast<double>(longer) / static_cast<double>(shorter)) : kMissing;
}

double log_detector(std::span<const double> x) {
  constexpr double kSmallest = 1e-12;
  double sum = 0;
  for (const double v : x) sum += std::log(std::max(std::abs(v), kSmallest));
  return std::exp(sum / static_cast<double>(x.size()));
}

double squared_lengths(std::span<const double> x) {
  double sum = 0;
  for (std::size_t i = 1; i < x.size(); ++i) sum += (x[i] - x[i - 1]) * (x[i] - x[i - 1]);
  return sum;
}

Index differences_above(std::span<const double> x, double threshold) {
  Index count = 0;
  for (std::size_t i = 1; i < x.size(); ++i) count += std::abs(x[i] - x[i - 1]) > threshold;
  return count;
}

Index samples_above(std::span<const double> x, double threshold) {
  return std::count_if(x.begin(), x.end(), [&](double v) { return std::abs(v) > threshold; });
}

}  // namespace emg::surface
