#include "libemg/core/distributions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace emg {
namespace {

// The fraction converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMostTerms = 100000;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m <= kMostTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return h;
}

// I_x(a, b), with y = 1 - x given apart: it may be tiny.
double incomplete_beta(double a, double b, double x, double y) {
  if (std::isnan(x)) return x;
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const double front = std::exp(a * std::log(x) + b * std::log(y) + std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, y) / b;
}

}  // namespace

double f_tail(double f, double first, double second) {
  const double whole = second + first * f;
  return incomplete_beta(second / 2, first / 2, second / whole, first * f / whole);
}

double student_t_two_sided(double t, double freedom) {
  const double whole = freedom + t * t;
  return incomplete_beta(freedom / 2, 0.5, freedom / whole, t * t / whole);
}

double student_t_quantile(double probability, double freedom) {
  if (probability == 0.5) return 0;
  const double tail = 2 * std::min(probability, 1 - probability);
  double low = 0, high = 1;
  while (student_t_two_sided(high, freedom) > tail) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-15 * high; ++i) {
    const double middle = (low + high) / 2;
    (student_t_two_sided(middle, freedom) > tail ? low : high) = middle;
  }
  return probability < 0.5 ? -(low + high) / 2 : (low + high) / 2;
}

double standard_normal_quantile(double probability) {
  // By the tail, which erfc gives without cancellation.
  const double tail = std::min(probability, 1 - probability);
  double low = 0, high = 40;
  for (int i = 0; i < 200 && high - low > 1e-16 * high; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(middle / std::numbers::sqrt2) > tail ? low : high) = middle;
  }
  return probability < 0.5 ? -(low + high) / 2 : (low + high) / 2;
}

}  // namespace emg
