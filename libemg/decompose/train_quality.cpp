#include "libemg/decompose/train_quality.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace emg {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kRobustMedians = 2.5, kPauseMedians = 5, kShortInterval_s = 0.020;
constexpr std::int64_t kGuardSamples = 3;

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

double variation_up_to(const std::vector<double>& intervals, double most) {
  std::vector<double> kept;
  for (const double i : intervals) {
    if (i <= most) kept.push_back(i);
  }
  if (kept.size() < 2) return kNone;
  const double mean = mean_of(kept);
  double sum = 0;
  for (const double i : kept) sum += (i - mean) * (i - mean);
  return std::sqrt(sum / static_cast<double>(kept.size() - 1)) / mean;
}

// Marks of the samples within `reach` of a spike.
std::vector<bool> near_spikes(std::size_t count, std::span<const std::int64_t> spikes, std::int64_t reach) {
  std::vector<bool> marks(count, false);
  for (const auto t : spikes) {
    for (auto k = std::max<std::int64_t>(0, t - reach); k <= std::min(static_cast<std::int64_t>(count) - 1, t + reach); ++k) {
      marks[static_cast<std::size_t>(k)] = true;
    }
  }
  return marks;
}

double decibels_between(std::span<const double> source, const std::vector<bool>& signal, int power) {
  double in = 0, out = 0;
  std::size_t in_count = 0;
  for (std::size_t t = 0; t < source.size(); ++t) {
    const double value = std::pow(source[t], power);
    (signal[t] ? in : out) += value;
    in_count += signal[t] ? 1 : 0;
  }
  const auto out_count = source.size() - in_count;
  if (in_count == 0 || out_count == 0) return kNone;
  return 10 * std::log10(in / static_cast<double>(in_count) / (out / static_cast<double>(out_count)));
}

}  // namespace

double sil_peaks(std::span<const double> spikes, std::span<const double> others) {
  if (spikes.size() < 2 || others.empty()) return kNone;
  const double own = mean_of(spikes), other = mean_of(others);
  double within = 0, between = 0;
  for (const double v : spikes) {
    within += (v - own) * (v - own);
    between += (v - other) * (v - other);
  }
  return (between - within) / std::max(between, within);
}

double sil_centroid_both(std::span<const double> spikes, std::span<const double> others) {
  if (spikes.size() < 2 || others.empty()) return kNone;
  const double high = mean_of(spikes), low = mean_of(others);
  double sum = 0;
  const auto add = [&](std::span<const double> values, double own, double other) {
    for (const double v : values) {
      const double a = std::abs(v - own), b = std::abs(v - other);
      sum += std::max(a, b) > 0 ? (b - a) / std::max(a, b) : 0.0;
    }
  };
  add(spikes, high, low);
  add(others, low, high);
  return sum / static_cast<double>(spikes.size() + others.size());
}

double sil_all_samples(std::span<const double> source, std::span<const std::int64_t> spikes, bool signed_square) {
  std::vector<double> in, out;
  const auto marks = near_spikes(source.size(), spikes, 0);
  for (std::size_t t = 0; t < source.size(); ++t) {
    (marks[t] ? in : out).push_back(signed_square ? source[t] * std::abs(source[t]) : source[t]);
  }
  return sil_peaks(in, out);
}

double pnr_holobar_db(std::span<const double> source, std::span<const std::int64_t> spikes) {
  return spikes.size() < 2 ? kNone : decibels_between(source, near_spikes(source.size(), spikes, 0), 2);
}

double pnr_fourth_power_db(std::span<const double> source, std::span<const std::int64_t> spikes) {
  return spikes.size() < 2 ? kNone : decibels_between(source, near_spikes(source.size(), spikes, 1), 4);
}

double pnr_guard_db(std::span<const double> source, std::span<const std::int64_t> spikes) {
  if (spikes.size() < 2) return kNone;
  double height = 0, at_spikes = 0;
  for (const auto t : spikes) height += source[static_cast<std::size_t>(t)];
  height /= static_cast<double>(spikes.size());
  for (const auto t : spikes) at_spikes += std::pow(source[static_cast<std::size_t>(t)] / height, 2);
  const auto marks = near_spikes(source.size(), spikes, kGuardSamples);
  double noise = 0;
  std::size_t count = 0;
  for (auto t = static_cast<std::size_t>(spikes.front()); t <= static_cast<std::size_t>(spikes.back()); ++t) {
    const double value = source[t] / height;
    if (marks[t] || value < 0) continue;
    noise += value * value;
    ++count;
  }
  if (count == 0) return kNone;
  return 10 * std::log10(at_spikes / static_cast<double>(spikes.size()) / (noise / static_cast<double>(count)));
}

IntervalStatistics interval_statistics(std::vector<double> intervals, double per_s) {
  IntervalStatistics result{kNone, kNone, kNone, kNone, kNone, kNone};
  if (intervals.empty()) return result;
  const double median = median_of(intervals);
  double sum = 0, count = 0, brief = 0;
  std::vector<double> deviations;
  for (const double i : intervals) {
    deviations.push_back(std::abs(i - median));
    brief += i < kShortInterval_s * per_s ? 1 : 0;
    if (i >= kPauseMedians * median) continue;
    sum += i;
    ++count;
  }
  result.rate_mean_hz = sum > 0 ? count * per_s / sum : kNone;
  result.cov_isi = variation_up_to(intervals, std::numeric_limits<double>::infinity());
  result.cov_isi_robust = variation_up_to(intervals, kRobustMedians * median);
  result.cov_isi_5median = variation_up_to(intervals, kPauseMedians * median);
  result.cod_isi = median_of(deviations) / median;
  result.short_fraction = brief / static_cast<double>(intervals.size());
  return result;
}

IntervalStatistics interval_statistics(std::span<const std::int64_t> spikes, double rate_hz) {
  std::vector<double> intervals;
  for (std::size_t i = 1; i < spikes.size(); ++i) intervals.push_back(static_cast<double>(spikes[i] - spikes[i - 1]));
  return interval_statistics(std::move(intervals), rate_hz);
}

}  // namespace emg
