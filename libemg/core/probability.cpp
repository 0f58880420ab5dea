#include "libemg/core/probability.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/chi_square.h"

namespace emg {
namespace {

// Lower and upper regularised incomplete gamma: the series below a + 1, the continued fraction (modified Lentz) above.
double gamma_tail(double a, double x, bool upper) {
  if (!(x > 0)) return upper ? 1 : 0;
  const double scale = std::exp(-x + a * std::log(x) - std::lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (double k = a + 1; term > sum * 1e-17; k += 1) {
      term *= x / k;
      sum += term;
    }
    return upper ? 1 - sum * scale : sum * scale;
  }
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < 100000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::fabs(d * c - 1) < 1e-16) break;
  }
  return upper ? h * scale : 1 - h * scale;
}

double beta_fraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < 100000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 + even * d;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = 1 + even / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 + odd * d;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = 1 + odd / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::fabs(d * c - 1) < 1e-15) break;
  }
  return h;
}

double beta_quantile(double probability, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 200 && high - low > 1e-15; ++i) {
    const double middle = (low + high) / 2;
    (beta_lower_tail(middle, a, b) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

double chi_square_upper_tail(double x, double degrees_of_freedom) { return gamma_tail(degrees_of_freedom / 2, x / 2, true); }

double poisson_upper_tail(std::int64_t count, double mean) { return count <= 0 ? 1 : gamma_tail(static_cast<double>(count), mean, false); }

double poisson_lower_tail(std::int64_t count, double mean) {
  return count < 0 ? 0 : gamma_tail(static_cast<double>(count) + 1, mean, true);
}

double normal_upper_tail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

double beta_lower_tail(double x, double a, double b) {
  if (!(x > 0)) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(x, a, b) / a : 1 - front * beta_fraction(1 - x, b, a) / b;
}

double f_upper_tail(double f, double n, double d) { return f > 0 ? beta_lower_tail(d / (d + n * f), d / 2, n / 2) : 1; }

double student_upper_tail(double t, double degrees_of_freedom) {
  const double half = beta_lower_tail(degrees_of_freedom / (degrees_of_freedom + t * t), degrees_of_freedom / 2, 0.5) / 2;
  return t >= 0 ? half : 1 - half;
}

ExactLimits poisson_limits(std::int64_t count, double confidence) {
  const double tail = (1 - confidence) / 2, n = static_cast<double>(count);
  return {count > 0 ? chi_square_quantile(tail, 2 * n) / 2 : 0, chi_square_quantile(1 - tail, 2 * n + 2) / 2};
}

ExactLimits binomial_limits(std::int64_t count, std::int64_t total, double confidence) {
  const double tail = (1 - confidence) / 2, n = static_cast<double>(count), rest = static_cast<double>(total - count);
  return {count > 0 ? beta_quantile(tail, n, rest + 1) : 0, count < total ? beta_quantile(1 - tail, n + 1, rest) : 1};
}

double binomial_upper_tail(std::int64_t count, std::int64_t total, double share) {
  if (count <= 0) return 1;
  if (count > total) return 0;
  return beta_lower_tail(share, static_cast<double>(count), static_cast<double>(total - count) + 1);
}

}  // namespace emg
