#include "libemg/score/detection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "libemg/core/chi_square.h"
#include "libemg/core/event_match.h"

namespace emg {
namespace {

// Continued fraction of the incomplete beta function by the modified Lentz scheme (Numerical Recipes gives the coefficients: DLMF 8.17.22).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto guard = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1, d = 1 / guard(1 - (a + b) * x / (a + 1)), h = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / guard(1 + even * d);
    c = guard(1 + even / c);
    h *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / guard(1 + odd * d);
    c = guard(1 + odd / c);
    h *= d * c;
    if (std::abs(d * c - 1) < 1e-15) break;
  }
  return h;
}

// Regularised incomplete beta function.
double beta_p(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double beta_quantile(double probability, double a, double b) {
  double low = 0, high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (beta_p(a, b, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::vector<double> sorted_ms(std::span<const double> times_s, const char* name) {
  std::vector<double> times(times_s.begin(), times_s.end());
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!std::isfinite(times[i])) throw InvalidArgument(fmt::format("{} instant {} is {}, must be finite", name, i, times[i]));
    times[i] *= 1000;
  }
  std::sort(times.begin(), times.end());
  return times;
}

void add_errors(DetectionScore& score, const std::vector<double>& reference, const std::vector<double>& predicted, double tolerance_ms) {
  double sum = 0, squares = 0, n = 0;
  for (const auto& [i, j] : match_events(reference, predicted, score.lag_ms, tolerance_ms)) {
    const double error = predicted[j] - reference[i];
    sum += error;
    squares += error * error;
    ++n;
  }
  if (n == 0) return;
  score.error_mean_ms = sum / n;
  if (n > 1) score.error_sd_ms = std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1)));
}

}  // namespace

Interval share_interval(double count, double total, double confidence) {
  if (total <= 0) return {0, 1};
  const double tail = (1 - confidence) / 2;
  return {count <= 0 ? 0 : beta_quantile(tail, count, total - count + 1), count >= total ? 1 : beta_quantile(1 - tail, count + 1, total - count)};
}

Interval count_interval(double count, double confidence) {
  const double tail = (1 - confidence) / 2;
  return {count <= 0 ? 0 : chi_square_quantile(tail, 2 * count) / 2, chi_square_quantile(1 - tail, 2 * count + 2) / 2};
}

DetectionScore score_detections(std::span<const double> reference_s, std::span<const double> predicted_s, std::optional<double> duration_s,
                                const DetectionScoreOptions& options) {
  validate_options(options);
  if (duration_s && !(*duration_s >= 0)) throw InvalidArgument(fmt::format("duration_s is {}, must be at least 0", *duration_s));
  const auto reference = sorted_ms(reference_s, "reference"), predicted = sorted_ms(predicted_s, "predicted");
  constexpr double kBinsPerTolerance = 4;
  DetectionScore score;
  if (options.max_lag_ms > 0) {
    const double bin = options.tolerance_ms > 0 ? options.tolerance_ms / kBinsPerTolerance : 0.1;
    score.lag_ms = common_lag(reference, predicted, options.tolerance_ms, options.max_lag_ms, bin).lag;
  }
  score.reference_count = static_cast<int>(reference.size());
  score.predicted_count = static_cast<int>(predicted.size());
  score.tp = static_cast<int>(match_count(reference, predicted, score.lag_ms, options.tolerance_ms));
  score.fp = score.predicted_count - score.tp;
  score.fn = score.reference_count - score.tp;
  score.tolerance_ms = options.tolerance_ms;
  score.duration_s = duration_s;
  if (!reference.empty()) {
    const auto interval = share_interval(score.tp, score.reference_count, options.confidence);
    score.sensitivity = static_cast<double>(score.tp) / score.reference_count;
    score.sensitivity_low = interval.low;
    score.sensitivity_high = interval.high;
  }
  if (!predicted.empty()) {
    const auto interval = share_interval(score.tp, score.predicted_count, options.confidence);
    score.ppv = static_cast<double>(score.tp) / score.predicted_count;
    score.ppv_low = interval.low;
    score.ppv_high = interval.high;
  }
  if (!reference.empty() || !predicted.empty()) score.f1 = 2.0 * score.tp / (score.reference_count + score.predicted_count);
  if (duration_s && *duration_s > 0) {
    const auto interval = count_interval(score.fp, options.confidence);
    const double minutes = *duration_s / 60;
    score.false_per_min = score.fp / minutes;
    score.false_per_min_low = interval.low / minutes;
    score.false_per_min_high = interval.high / minutes;
  }
  add_errors(score, reference, predicted, options.tolerance_ms);
  return score;
}

}  // namespace emg
