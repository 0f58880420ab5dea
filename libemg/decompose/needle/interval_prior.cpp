#include "libemg/decompose/needle/interval_prior.h"

#include <algorithm>
#include <cmath>

namespace emg::needle {
namespace {

constexpr double kLongest = 12;         // local means covered by the tables
constexpr double kPauseShare = 0.03;
constexpr std::size_t kFewest = 10;     // intervals
constexpr double kSingle = 1.6;         // longer intervals hold a missed discharge
constexpr double kImpossible = 1e6;

double median(std::vector<double> v) {
  if (v.empty()) return 0;
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

double log_gamma_density(double x, double shape, double rate) {
  return shape * std::log(rate) + (shape - 1) * std::log(x) - rate * x - std::lgamma(shape);
}

void tabulate(IntervalModel& model) {
  const auto size = static_cast<std::size_t>(kLongest / IntervalModel::kStep) + 1;
  model.density.assign(size, 0);
  model.survival.assign(size, 0);
  const double shape = 1 / (model.cv * model.cv);
  for (std::size_t i = 0; i < size; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * IntervalModel::kStep;
    double f = 0, share = 1 - model.miss;
    for (int k = 1; k <= 10; ++k, share *= model.miss) f += share * std::exp(log_gamma_density(x, k * shape, shape));
    const double mean = 1 / (1 - model.miss);
    model.density[i] = (1 - kPauseShare) * f + kPauseShare * std::exp(-x / mean / 3) / mean / 3;
  }
  double sum = kPauseShare * std::exp(-kLongest * (1 - model.miss) / 3);
  for (std::size_t i = size; i-- > 0;) model.survival[i] = (sum += model.density[i] * IntervalModel::kStep);
}

}  // namespace

double IntervalModel::log_density(double x) const {
  const auto i = std::min(static_cast<std::size_t>(std::max(0.0, x / kStep)), density.size() - 1);
  return std::log(std::max(density[i], 1e-12));
}

double IntervalModel::log_survival(double x) const {
  const auto i = std::min(static_cast<std::size_t>(std::max(0.0, x / kStep)), survival.size() - 1);
  return std::log(std::max(survival[i], 1e-12));
}

IntervalModel learn_intervals(const std::vector<double>& times_s) {
  IntervalModel model;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < times_s.size(); ++i) intervals.push_back(times_s[i] - times_s[i - 1]);
  if (intervals.size() < kFewest) {
    tabulate(model);
    return model;
  }
  // The shortest half are single intervals even if many discharges are missed.
  std::vector<double> usual;
  for (const double v : intervals) {
    if (v > 0.015) usual.push_back(v);
  }
  double mean = median(usual);
  for (int round = 0; round < 4; ++round) {
    std::vector<double> single;
    for (const double v : usual) {
      if (v < kSingle * mean && v > 0.4 * mean) single.push_back(v);
    }
    if (single.size() >= 5) mean = median(single);
  }
  model.mean_s = std::clamp(mean, 0.02, 2.0);
  const auto local = local_means(times_s, model);
  std::vector<double> relative;
  double missed = 0, seen = 0;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const double x = intervals[i] / local[i];
    if (x > 0.4 && x < kSingle) relative.push_back(x);
    if (x < 4.5) {
      seen += 1;
      missed += std::max(0.0, std::round(x) - 1);
    }
  }
  if (relative.size() < kFewest / 2) {
    tabulate(model);
    return model;
  }
  std::sort(relative.begin(), relative.end());
  const double quartiles = relative[relative.size() * 3 / 4] - relative[relative.size() / 4];
  model.cv = std::clamp(quartiles / 1.349, 0.08, 0.6);
  model.miss = std::clamp(missed / (missed + seen), 0.02, 0.5);
  model.rate_hz = (1 - model.miss) / model.mean_s;
  model.learned = true;
  tabulate(model);
  return model;
}

std::vector<double> local_means(const std::vector<double>& times_s, const IntervalModel& model) {
  std::vector<double> means(times_s.size(), model.mean_s);
  for (std::size_t i = 0; i + 1 < times_s.size(); ++i) {
    std::vector<double> near;
    const std::size_t first = i >= 4 ? i - 4 : 0, last = std::min(times_s.size() - 2, i + 4);
    for (std::size_t k = first; k <= last; ++k) {
      const double v = times_s[k + 1] - times_s[k];
      if (v > 0.5 * model.mean_s && v < kSingle * model.mean_s) near.push_back(v);
    }
    if (near.size() >= 3) means[i] = median(near);
  }
  if (means.size() > 1) means.back() = means[means.size() - 2];
  return means;
}

double interval_penalty(const IntervalModel& model, double t_s, double before_s, double after_s, double local_mean_s,
                        const IntervalPriorOptions& options) {
  const double d1 = t_s - before_s, d2 = after_s - t_s;
  const double nearest = std::fmin(d1, d2);
  if (nearest < options.closest_s) return kImpossible;
  const double log_rate = std::log(model.rate_hz);
  if (nearest < options.min_interval_s) return options.doublets ? -2 * (log_rate - options.limit) : kImpossible;
  if (!model.learned) return -2 * log_rate;
  double log_intensity = log_rate;
  const double x1 = d1 / local_mean_s, x2 = d2 / local_mean_s;
  if (std::isfinite(x1) && std::isfinite(x2)) {
    log_intensity = model.log_density(x1) + model.log_density(x2) - model.log_density(x1 + x2) - std::log(local_mean_s);
  } else if (std::isfinite(x1) || std::isfinite(x2)) {
    const double x = std::isfinite(x1) ? x1 : x2;
    log_intensity = model.log_density(x) - model.log_survival(x) - std::log(local_mean_s);
  }
  return -2 * std::clamp(log_intensity, log_rate - options.limit, log_rate + options.limit);
}

}  // namespace emg::needle
