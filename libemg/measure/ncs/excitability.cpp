#include "libemg/measure/ncs/excitability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

constexpr double kStartMs = 10, kEndMs = 110, kSubFromMs = 15, kCurrentPct = 40;

void require_curve(const char* name, const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size()) throw InvalidArgument(fmt::format("{}: {} and {} values", name, x.size(), y.size()));
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) throw InvalidArgument(fmt::format("{}: point {} is not finite", name, i + 1));
  }
}

struct Line {
  double offset = 0, slope = 0;
};

std::optional<Line> line_through(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() < 2) return std::nullopt;
  const double n = static_cast<double>(x.size());
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sx += x[i], sy += y[i], sxx += x[i] * x[i], sxy += x[i] * y[i];
  const double det = n * sxx - sx * sx;
  if (!(det > 0)) return std::nullopt;
  const double slope = (n * sxy - sx * sy) / det;
  return Line{(sy - slope * sx) / n, slope};
}

// Pairs in ascending order of x; of equal x the mean.
void sort_points(std::vector<double>& x, std::vector<double>& y) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  std::vector<double> sx, sy;
  for (std::size_t i = 0; i < order.size();) {
    double sum = 0;
    std::size_t k = i;
    for (; k < order.size() && x[order[k]] == x[order[i]]; ++k) sum += y[order[k]];
    sx.push_back(x[order[i]]);
    sy.push_back(sum / static_cast<double>(k - i));
    i = k;
  }
  x = std::move(sx), y = std::move(sy);
}

std::vector<double> means_of_three(const std::vector<double>& y) {
  std::vector<double> means;
  for (std::size_t i = 1; i + 1 < y.size(); ++i) means.push_back((y[i - 1] + y[i] + y[i + 1]) / 3);
  return means;
}

// Time average of the linearly interpolated curve over [from, to].
std::optional<double> time_average(const std::vector<double>& x, const std::vector<double>& y, double from, double to) {
  if (x.size() < 2 || x.front() > from || x.back() < to) return std::nullopt;
  const auto at = [&](double t) {
    const auto i = static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), t) - x.begin());
    if (i == 0) return y.front();
    if (i == x.size()) return y.back();
    return y[i - 1] + (t - x[i - 1]) / (x[i] - x[i - 1]) * (y[i] - y[i - 1]);
  };
  double sum = 0, last = from, value = at(from);
  for (const double t : x) {
    if (t <= from || t >= to) continue;
    sum += (value + at(t)) / 2 * (t - last);
    last = t, value = at(t);
  }
  sum += (value + at(to)) / 2 * (to - last);
  return sum / (to - from);
}

std::optional<double> mean_between(const std::vector<double>& x, const std::vector<double>& y, double from, double to) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] >= from && x[i] < to) sum += y[i], n += 1;
  }
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

void charge(const ExcitabilityData& d, ExcitabilityRow& row) {
  const auto line = line_through(d.duration_ms, d.charge_ma_ms);
  if (!line || !(line->slope > 0)) return ncs_detail::add_flag(row.reason, "charge and duration");
  row.rheobase_ma = line->slope, row.strength_duration_ms = line->offset / line->slope;
}

void recovery(const ExcitabilityData& d, ExcitabilityRow& row) {
  auto x = d.interval_ms, y = d.recovery_pct;
  sort_points(x, y);
  if (x.size() < 4) return ncs_detail::add_flag(row.reason, "recovery cycle");
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (!(y[i - 1] > 0 && y[i] <= 0)) continue;
    const double share = y[i - 1] / (y[i - 1] - y[i]);
    row.relative_refractory_ms = std::exp(std::log(x[i - 1]) + share * (std::log(x[i]) - std::log(x[i - 1])));
    break;
  }
  const auto means = means_of_three(y);
  row.superexcitability_pct = *std::min_element(means.begin(), means.end());
  for (std::size_t i = 0; i < means.size(); ++i) {
    if (x[i + 1] > kSubFromMs) row.subexcitability_pct = std::max(row.subexcitability_pct.value_or(means[i]), means[i]);
  }
}

void current_threshold(const ExcitabilityData& d, ExcitabilityRow& row) {
  if (d.iv_current_pct.size() < 3) return ncs_detail::add_flag(row.reason, "current and threshold");
  auto current = d.iv_current_pct, reduction = d.iv_reduction_pct;
  sort_points(current, reduction);
  std::reverse(current.begin(), current.end()), std::reverse(reduction.begin(), reduction.end());
  // Slope d(current) / d(reduction): least squares of the current on the reduction.
  const auto slope = [&](std::size_t first, std::size_t count) -> std::optional<double> {
    const std::vector<double> x(reduction.begin() + static_cast<std::ptrdiff_t>(first),
                                reduction.begin() + static_cast<std::ptrdiff_t>(first + count));
    const std::vector<double> y(current.begin() + static_cast<std::ptrdiff_t>(first),
                                current.begin() + static_cast<std::ptrdiff_t>(first + count));
    const auto line = line_through(x, y);
    return line ? std::optional(line->slope) : std::nullopt;
  };
  for (std::size_t i = 0; i + 3 <= current.size(); ++i) {
    if (const auto s = slope(i, 3)) row.iv_slope_min = std::min(row.iv_slope_min.value_or(*s), *s);
  }
  row.iv_slope_hyperpolarising = slope(current.size() - 3, 3);
  std::size_t first = current.size(), count = 0;
  for (std::size_t i = 0; i < current.size(); ++i) {
    if (std::abs(current[i]) <= 10 + 1e-9) first = std::min(first, i), ++count;
  }
  if (count >= 2) row.iv_slope_resting = slope(first, count);
}

const ElectrotonusCurve* curve_of(const ExcitabilityData& d, double current_pct) {
  for (const auto& c : d.electrotonus) {
    if (std::abs(c.current_pct - current_pct) < 5 && c.delay_ms.size() >= 4) return &c;
  }
  return nullptr;
}

void electrotonus(const ExcitabilityData& d, ExcitabilityRow& row) {
  if (const auto* c = curve_of(d, kCurrentPct)) {
    auto x = c->delay_ms, y = c->reduction_pct;
    sort_points(x, y);
    row.ted_10_20_pct = time_average(x, y, 10 + kStartMs, 20 + kStartMs),
    row.ted_40_60_pct = time_average(x, y, 40 + kStartMs, 60 + kStartMs);
    row.ted_90_100_pct = mean_between(x, y, 90 + kStartMs, kEndMs);
    const auto means = means_of_three(y);
    row.ted_peak_pct = *std::max_element(means.begin(), means.end());
    for (std::size_t i = 0; i < means.size(); ++i) {
      if (x[i + 1] > kEndMs) row.ted_undershoot_pct = std::min(row.ted_undershoot_pct.value_or(means[i]), means[i]);
    }
  } else {
    ncs_detail::add_flag(row.reason, "depolarising electrotonus");
  }
  if (const auto* c = curve_of(d, -kCurrentPct)) {
    auto x = c->delay_ms, y = c->reduction_pct;
    sort_points(x, y);
    row.teh_10_20_pct = time_average(x, y, 10 + kStartMs, 20 + kStartMs),
    row.teh_20_40_pct = time_average(x, y, 20 + kStartMs, 40 + kStartMs);
    row.teh_90_100_pct = mean_between(x, y, 90 + kStartMs, kEndMs);
  } else {
    ncs_detail::add_flag(row.reason, "hyperpolarising electrotonus");
  }
}

void response(const ExcitabilityData& d, ExcitabilityRow& row) {
  auto pct = d.response_pct, ma = d.response_ma;
  sort_points(pct, ma);
  const auto current = [&](double wanted) -> std::optional<double> {
    for (std::size_t i = 1; i < pct.size(); ++i) {
      if (pct[i - 1] <= wanted && pct[i] >= wanted) return ma[i - 1] + (wanted - pct[i - 1]) / (pct[i] - pct[i - 1]) * (ma[i] - ma[i - 1]);
    }
    return std::nullopt;
  };
  row.stimulus_50_ma = current(50);
  if (!row.stimulus_50_ma) return ncs_detail::add_flag(row.reason, "stimulus and response");
  const auto low = current(25), high = current(75);
  if (low && high && *high > *low) row.response_slope = *row.stimulus_50_ma / (*high - *low);
}

}  // namespace

ExcitabilityRow excitability(const ExcitabilityData& d) {
  require_curve("charge and duration", d.duration_ms, d.charge_ma_ms);
  require_curve("recovery cycle", d.interval_ms, d.recovery_pct);
  require_curve("current and threshold", d.iv_current_pct, d.iv_reduction_pct);
  require_curve("stimulus and response", d.response_pct, d.response_ma);
  for (const auto& c : d.electrotonus) require_curve("electrotonus", c.delay_ms, c.reduction_pct);
  ExcitabilityRow row;
  row.method = "excitability", row.version = kVersion;
  charge(d, row);
  recovery(d, row);
  current_threshold(d, row);
  electrotonus(d, row);
  response(d, row);
  row.quality = row.reason.empty() ? "ok" : "incomplete";
  if (!row.reason.empty()) row.reason = "missing: " + row.reason;
  return row;
}

}  // namespace emg
