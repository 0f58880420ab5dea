#include "libemg/decompose/needle/interval_mixture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace emg::needle {
namespace {

constexpr std::size_t kFewest = 40;
constexpr int kTerms = 40;
constexpr double kSmallWeight = 1e-7;
constexpr double kProfile90 = 1.353;  // half the 90 % quantile of chi-square with one degree of freedom

double gamma_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (double k = a + 1; term > sum * 1e-15; k += 1) sum += term *= x / k;
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

double gamma_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < 10000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return h * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

struct Renewal {
  double f = 0, survival = 0, rest = 0;  // density, survival, integral of the survival from t on
};

// Thinned gamma renewal process at t: sums over the number of discharges missed in between.
Renewal thinned(double t, double mean, double cv, double miss) {
  const double a = 1 / (cv * cv), b = a / mean;
  Renewal r;
  double weight = 1 - miss;
  for (int k = 1; k <= kTerms && weight > kSmallWeight; ++k, weight *= miss) {
    const double shape = k * a, x = b * t, spread = 9 * std::sqrt(shape) + 9;
    double upper = 0, upper_next = 0, density = 0;
    if (x < shape - spread) {
      upper = upper_next = 1;
    } else if (x <= shape + 1 + spread) {
      upper = gamma_q(shape, x);
      density = x > 0 ? std::exp(shape * std::log(x) - x - std::lgamma(shape)) / t : 0;
      upper_next = upper + density * t / shape;  // Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1)
    }
    r.f += weight * density;
    r.survival += weight * upper;
    r.rest += weight * (shape / b * upper_next - t * upper);
  }
  return r;
}

using Point = std::array<double, 4>;  // ln mean, ln cv, logit miss, ln(false rate x mean)

struct Parameters {
  double mean, cv, miss, rate;
};

Parameters parameters(const Point& p) {
  const double mean = std::exp(std::clamp(p[0], -6.0, 3.0));
  return {mean, std::exp(std::clamp(p[1], std::log(0.02), std::log(1.5))), 0.7 / (1 + std::exp(-p[2])), std::exp(std::clamp(p[3], -12.0, 1.5)) / mean};
}

double density(double t, const Parameters& q) {
  const double mu = (1 - q.miss) / q.mean;
  const auto r = thinned(t, q.mean, q.cv, q.miss);
  const double f = mu * r.f + 2 * q.rate * mu * r.survival + q.rate * q.rate * mu * r.rest;
  return std::exp(-q.rate * t) * f / (mu + q.rate);
}

// 1 - F(t): minus the first derivative of exp(-lambda t) R0(t), divided by its value at 0.
double survival(double t, const Parameters& q) {
  const double mu = (1 - q.miss) / q.mean;
  const auto r = thinned(t, q.mean, q.cv, q.miss);
  return std::exp(-q.rate * t) * (q.rate * mu * r.rest + mu * r.survival) / (mu + q.rate);
}

class Likelihood {
 public:
  Likelihood(const std::vector<double>& intervals, double shortest) : shortest_(shortest) {
    for (const double t : intervals) {
      if (t > shortest) intervals_.push_back(t);
    }
    std::sort(intervals_.begin(), intervals_.end());
  }
  double minus(const Point& p) const {
    const auto q = parameters(p);
    double sum = 0;
    for (const double t : intervals_) sum -= std::log(std::max(density(t, q), 1e-300));
    if (shortest_ > 0) sum += static_cast<double>(intervals_.size()) * std::log(std::max(survival(shortest_, q), 1e-300));
    // A weak pull towards few misses and few false discharges keeps flat likelihoods finite; it weighs less than one interval.
    return sum + 0.02 * (std::max(0.0, p[3] + 6) + std::max(0.0, p[2] + 6));
  }

 private:
  std::vector<double> intervals_;
  double shortest_;
};

template <class Function>
std::pair<Point, double> simplex(Function&& f, const Point& start, const std::array<bool, 4>& fixed, int rounds) {
  std::vector<std::pair<double, Point>> corners{{f(start), start}};
  for (std::size_t i = 0; i < 4; ++i) {
    if (fixed[i]) continue;
    Point p = start;
    p[i] += i < 2 ? 0.15 : 0.7;
    corners.emplace_back(f(p), p);
  }
  const std::size_t n = corners.size() - 1;
  for (int round = 0; round < rounds; ++round) {
    std::sort(corners.begin(), corners.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    if (corners[n].first - corners[0].first < 3e-3) break;
    Point centre{};
    for (std::size_t k = 0; k < n; ++k) {
      for (std::size_t i = 0; i < 4; ++i) centre[i] += corners[k].second[i] / static_cast<double>(n);
    }
    const auto along = [&](double step) {
      Point p;
      for (std::size_t i = 0; i < 4; ++i) p[i] = centre[i] + step * (corners[n].second[i] - centre[i]);
      return std::pair{f(p), p};
    };
    auto reflected = along(-1);
    if (reflected.first < corners[0].first) {
      const auto expanded = along(-2);
      corners[n] = expanded.first < reflected.first ? expanded : reflected;
    } else if (reflected.first < corners[n - 1].first) {
      corners[n] = reflected;
    } else {
      const auto inner = along(reflected.first < corners[n].first ? -0.5 : 0.5);
      if (inner.first < std::min(reflected.first, corners[n].first)) {
        corners[n] = inner;
      } else {
        for (std::size_t k = 1; k <= n; ++k) {
          for (std::size_t i = 0; i < 4; ++i) corners[k].second[i] = (corners[k].second[i] + corners[0].second[i]) / 2;
          corners[k].first = f(corners[k].second);
        }
      }
    }
  }
  std::sort(corners.begin(), corners.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return {corners[0].second, corners[0].first};
}

double single_interval(const std::vector<double>& intervals) {
  auto sorted = intervals;
  std::sort(sorted.begin(), sorted.end());
  double mean = sorted[sorted.size() / 2];
  for (int round = 0; round < 5; ++round) {
    std::vector<double> near;
    for (const double t : sorted) {
      if (t > 0.4 * mean && t < 1.6 * mean) near.push_back(t);
    }
    if (near.empty()) break;
    mean = near[near.size() / 2];
  }
  return mean;
}

// End of the profile of parameter `which` on one side: moves outwards until the likelihood has fallen.
double profile_end(const Likelihood& likelihood, const Point& best, double value, std::size_t which, double direction) {
  std::array<bool, 4> fixed{};
  fixed[which] = true;
  Point inside = best;
  double reach = 0.25;
  Point outside = best;
  for (int i = 0; i < 5; ++i, reach *= 2) {
    Point p = inside;
    p[which] = best[which] + direction * reach;
    const auto [point, minus] = simplex([&](const Point& x) { return likelihood.minus(x); }, p, fixed, 12);
    outside = point;
    if (minus - value > kProfile90) {
      // The fall is about quadratic: interpolate.
      const double share = std::sqrt(kProfile90 / (minus - value));
      return best[which] + direction * reach * std::max(0.5, share);
    }
    inside = point;
  }
  return outside[which];
}

}  // namespace

double gamma_q(double a, double x) {
  if (x <= 0) return 1;
  return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double mixture_density(double t_s, double mean_s, double cv, double miss, double false_rate_hz) {
  return density(t_s, {mean_s, cv, miss, false_rate_hz});
}

std::optional<IntervalMixture> fit_intervals(const std::vector<double>& intervals_s, double shortest_s) {
  if (intervals_s.size() < kFewest) return std::nullopt;
  const Likelihood likelihood(intervals_s, shortest_s);
  const double mean = single_interval(intervals_s);
  constexpr std::array<std::array<double, 2>, 3> kStarts{{{0.05, 0.03}, {0.2, 0.2}, {0.01, 0.005}}};
  Point best{};
  double least = std::numeric_limits<double>::infinity();
  for (const auto& [miss, share] : kStarts) {
    const Point start{std::log(mean), std::log(0.18), std::log(miss / (0.7 - miss)), std::log(share)};
    const auto [point, value] = simplex([&](const Point& p) { return likelihood.minus(p); }, start, {}, 150);
    if (value < least) {
      least = value;
      best = point;
    }
  }
  const auto q = parameters(best);
  IntervalMixture fit;
  fit.mean_s = q.mean;
  fit.cv = q.cv;
  fit.miss = q.miss;
  fit.false_rate_hz = q.rate;
  fit.precision = (1 - q.miss) / q.mean / ((1 - q.miss) / q.mean + q.rate);
  fit.log_likelihood = -least;
  const auto end = [&](std::size_t which, double direction) {
    Point p = best;
    p[which] = profile_end(likelihood, best, least, which, direction);
    return parameters(p);
  };
  fit.miss_low = end(2, -1).miss;
  fit.miss_high = end(2, 1).miss;
  fit.false_low_hz = end(3, -1).rate;
  fit.false_high_hz = end(3, 1).rate;
  return fit;
}

}  // namespace emg::needle
