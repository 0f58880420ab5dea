#include "libemg/measure/twitch/trend.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/probability.h"
#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr double kMonthDays = 30.44, kShortestS = 60, kNormal95 = 1.959963984540054, kChi95 = 3.841458820694124;

struct Model {
  std::vector<double> months, minutes, counts;

  // The intercept that is best for slope b, and the log-likelihood there.
  double intercept(double b) const {
    double events = 0, exposure = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) events += counts[i], exposure += minutes[i] * std::exp(b * months[i]);
    return std::log(events / exposure);
  }
  double likelihood(double b) const {
    const double a = intercept(b);
    double sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double eta = a + b * months[i];
      sum += counts[i] * eta - minutes[i] * std::exp(eta);
    }
    return sum;
  }
  // Derivative of the profile likelihood: falls with b.
  double score(double b) const {
    const double a = intercept(b);
    double sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) sum += months[i] * (counts[i] - minutes[i] * std::exp(a + b * months[i]));
    return sum;
  }
};

template <class F>
double root(F&& f, double low, double high) {
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (f(middle) > 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

void fit_slope(const Model& model, TrendRow& row) {
  const auto [first, last] = std::minmax_element(model.months.begin(), model.months.end());
  const double reach = 60 / (*last - *first);   // slopes beyond exp(60) over the whole time are no numbers any more
  if (model.score(-reach) <= 0 || model.score(reach) >= 0) {
    row.reason = "all events at one end";
    return;
  }
  const double b = root([&](double x) { return model.score(x); }, -reach, reach), a = model.intercept(b), top = model.likelihood(b);
  double pearson = 0;
  for (std::size_t i = 0; i < model.counts.size(); ++i) {
    const double expected = model.minutes[i] * std::exp(a + b * model.months[i]);
    pearson += (model.counts[i] - expected) * (model.counts[i] - expected) / expected;
  }
  row.change_per_month = b;
  const double freedom = static_cast<double>(model.counts.size()) - 2;
  if (freedom > 0) row.dispersion = pearson / freedom;
  const double widen = std::sqrt(std::max(1.0, row.dispersion.value_or(1)));
  const auto above = [&](double x) { return model.likelihood(x) - top + kChi95 / 2; };
  const double high = root(above, b, reach), low = -root([&](double x) { return above(-x); }, -b, reach);
  row.change_low = b - (b - low) * widen;
  row.change_high = b + (high - b) * widen;
}

void theil_sen(const Model& model, TrendRow& row) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < model.counts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double dx = model.months[i] - model.months[j];
      if (dx != 0) slopes.push_back((model.counts[i] / model.minutes[i] - model.counts[j] / model.minutes[j]) / dx);
    }
  }
  if (slopes.empty()) return;
  std::sort(slopes.begin(), slopes.end());
  row.theil_sen_per_min_per_month = median_of(slopes);
  const double n = static_cast<double>(model.counts.size()), sd = std::sqrt(n * (n - 1) * (2 * n + 5) / 18);
  const double count = static_cast<double>(slopes.size()), reach = kNormal95 * sd;
  const auto low = static_cast<std::ptrdiff_t>(std::floor((count - reach) / 2)), high = static_cast<std::ptrdiff_t>(std::ceil((count + reach) / 2));
  if (low < 0 || high >= static_cast<std::ptrdiff_t>(slopes.size())) return;
  row.theil_sen_low = slopes[static_cast<std::size_t>(low)];
  row.theil_sen_high = slopes[static_cast<std::size_t>(high)];
}

}  // namespace

TrendRow rate_trend(std::span<const RatePoint> points, std::string muscle, std::string side) {
  TrendRow row;
  row.muscle = std::move(muscle);
  row.side = std::move(side);
  row.recordings = static_cast<int>(points.size());
  Model model;
  double events = 0, minutes = 0, first = 0, last = 0;
  for (const auto& p : points) {
    if (p.events < 0 || !(p.usable_s >= 0)) throw InvalidArgument(fmt::format("events {} in usable_s {} is no rate", p.events, p.usable_s));
    if (p.usable_s < kShortestS) continue;
    if (model.counts.empty()) first = last = p.day;
    first = std::min(first, p.day);
    last = std::max(last, p.day);
    ++row.assessable;
    row.present_in += p.events > 0;
    model.counts.push_back(static_cast<double>(p.events));
    model.minutes.push_back(p.usable_s / 60);
    model.months.push_back(p.day / kMonthDays);
    events += static_cast<double>(p.events);
    minutes += p.usable_s / 60;
  }
  if (row.assessable == 0) {
    row.reason = "no recording with 60 s of usable time";
    return row;
  }
  row.days = last - first;
  row.common_rate_per_min = events / minutes;
  if (row.assessable < 2) {
    row.reason = "one recording";
    return row;
  }
  if (events > 0) {
    double chi2 = 0;
    for (std::size_t i = 0; i < model.counts.size(); ++i) {
      const double expected = events / minutes * model.minutes[i];
      chi2 += (model.counts[i] - expected) * (model.counts[i] - expected) / expected;
    }
    row.heterogeneity_chi2 = chi2;
    row.heterogeneity_p = chi_square_upper_tail(chi2, row.assessable - 1);
  }
  if (!(last > first)) {
    row.reason = "one day";
    return row;
  }
  double centre = 0;
  for (const double m : model.months) centre += m / static_cast<double>(model.months.size());
  for (double& m : model.months) m -= centre;
  theil_sen(model, row);
  if (events > 0) {
    fit_slope(model, row);
  } else {
    row.reason = "no event";
  }
  return row;
}

std::optional<double> day_of(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t count, int& value) {
    if (text.size() < at + count) return false;
    const auto parsed = std::from_chars(text.data() + at, text.data() + at + count, value);
    return parsed.ec == std::errc() && parsed.ptr == text.data() + at + count;
  };
  int year = 0, month = 0, day = 0;
  if (!number(0, 4, year) || text.size() < 10 || text[4] != '-' || text[7] != '-' || !number(5, 2, month) || !number(8, 2, day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  double days = static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count());
  int hour = 0, minute = 0;
  if (text.size() >= 16 && (text[10] == 'T' || text[10] == ' ') && number(11, 2, hour) && text[13] == ':' && number(14, 2, minute)) {
    days += hour / 24.0 + minute / 1440.0;
  }
  return days;
}

}  // namespace emg
