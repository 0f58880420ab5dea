#include "libemg/measure/twitch/event_average.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/probability.h"
#include "libemg/core/validate.h"
#include "libemg/measure/twitch/burst_pattern.h"

namespace emg {
namespace {

constexpr double kLateS = 0.5;

// First samples of the windows around the bursts of the trigger that lie inside the record.
struct Windows {
  std::vector<Index> first;
  Index before = 0, count = 0;
};

Windows windows_of(const ChannelsView& signal, double rate_hz, const EventAverageOptions& o, int threads) {
  require_signal(signal, rate_hz);
  validate_options(o);
  if (o.trigger >= signal.rows()) throw InvalidArgument(fmt::format("trigger {} is no channel: the record has {}, counted from 0", o.trigger, signal.rows()));
  Windows windows;
  windows.before = samples_in_s(o.before_s, rate_hz);
  windows.count = windows.before + samples_in_s(o.after_s, rate_hz);
  BurstOptions options;
  options.low_hz = o.low_hz, options.high_hz = o.high_hz, options.factor = o.factor;
  for (const auto& burst : bursts(signal.row(o.trigger), rate_hz, options, threads)) {
    const Index first = static_cast<Index>(burst.sample) - windows.before;
    if (first >= 0 && first + windows.count <= signal.cols()) windows.first.push_back(first);
  }
  return windows;
}

struct MeanAndError {
  double mean = 0;
  std::optional<double> se;
};

MeanAndError mean_and_error(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  MeanAndError result;
  double square = 0;
  for (const double v : values) result.mean += v / n;
  for (const double v : values) square += (v - result.mean) * (v - result.mean);
  if (n > 1) result.se = std::sqrt(square / (n - 1) / n);
  return result;
}

// t that Student's distribution exceeds with probability 0.025.
double student_limit(double freedom) {
  double low = 0, high = 1000;
  for (int i = 0; i < 100; ++i) {
    const double t = (low + high) / 2;
    (student_upper_tail(t, freedom) > 0.025 ? low : high) = t;
  }
  return low;
}

}  // namespace

EventAverage event_average(const ChannelsView& signal, double rate_hz, const EventAverageOptions& options, int threads) {
  const auto windows = windows_of(signal, rate_hz, options, threads);
  EventAverage result;
  result.events = static_cast<int>(windows.first.size());
  if (windows.first.empty()) return result;
  for (Index i = 0; i < windows.count; ++i) result.time_s.push_back(static_cast<double>(i - windows.before) / rate_hz);
  result.mean_uv = RowMatrix::Zero(signal.rows(), windows.count);
  result.se_uv = result.noise_uv = result.mean_uv;
  const double n = static_cast<double>(windows.first.size());
  for (std::size_t k = 0; k < windows.first.size(); ++k) {
    const auto window = signal.middleCols(windows.first[k], windows.count);
    result.mean_uv += window / n;
    result.noise_uv += (k % 2 ? -1 : 1) * window / n;
  }
  if (n < 2) return result;
  for (const Index first : windows.first) result.se_uv += (signal.middleCols(first, windows.count) - result.mean_uv).cwiseAbs2();
  result.se_uv = (result.se_uv / (n * (n - 1))).cwiseSqrt();
  return result;
}

std::vector<EventPotentialRow> event_potentials(const ChannelsView& signal, double rate_hz, const EventAverageOptions& options, int threads) {
  const auto windows = windows_of(signal, rate_hz, options, threads);
  const Index base = std::max<Index>(1, windows.before / 4), late = std::min(windows.before, samples_in_s(kLateS, rate_hz));
  std::vector<EventPotentialRow> rows;
  for (Index c = 0; c < signal.rows(); ++c) {
    EventPotentialRow row;
    row.channel = static_cast<int>(c);
    row.events = static_cast<int>(windows.first.size());
    std::vector<double> early_areas, late_areas;
    for (const Index first : windows.first) {
      const auto x = signal.row(c).segment(first, windows.before);
      const double level = x.head(base).mean();
      early_areas.push_back((x.array() - level).sum() / rate_hz);
      late_areas.push_back((x.tail(late).array() - level).sum() / rate_hz);
    }
    if (row.events > 0) {
      const auto early_mean = mean_and_error(early_areas), late_mean = mean_and_error(late_areas);
      row.early_area_uvs = early_mean.mean, row.early_se_uvs = early_mean.se;
      row.late_area_uvs = late_mean.mean, row.late_se_uvs = late_mean.se;
    }
    rows.push_back(row);
  }
  return rows;
}

PathwayVelocityRow pathway_velocity(const std::vector<double>& distance_mm, const std::vector<double>& lag_ms) {
  const std::size_t n = distance_mm.size();
  PathwayVelocityRow row;
  row.channels = static_cast<int>(n);
  row.reason = "fewer than three channels with bursts";
  if (n < 3 || lag_ms.size() != n) return row;
  double mx = 0, my = 0, sxx = 0, sxy = 0, residual = 0;
  for (std::size_t i = 0; i < n; ++i) mx += distance_mm[i] / static_cast<double>(n), my += lag_ms[i] / static_cast<double>(n);
  for (std::size_t i = 0; i < n; ++i) sxx += std::pow(distance_mm[i] - mx, 2), sxy += (distance_mm[i] - mx) * (lag_ms[i] - my);
  row.reason = "all at one distance";
  if (!(sxx > 0)) return row;
  const double slope = sxy / sxx;
  for (std::size_t i = 0; i < n; ++i) residual += std::pow(lag_ms[i] - my - slope * (distance_mm[i] - mx), 2);
  const double freedom = static_cast<double>(n) - 2, reach = student_limit(freedom) * std::sqrt(residual / freedom / sxx);
  row.slope_ms_per_mm = slope;
  row.slope_low_ms_per_mm = slope - reach;
  row.slope_high_ms_per_mm = slope + reach;
  row.reason = "the interval of the slope includes 0";
  if (!((slope - reach) * (slope + reach) > 0)) return row;
  row.velocity_mps = 1 / slope;
  row.velocity_low_mps = 1 / (slope + reach);
  row.velocity_high_mps = 1 / (slope - reach);
  row.reason.clear();
  return row;
}

std::vector<PathwayVelocityRow> pathway_velocity_of(const ChannelsView& signal, double rate_hz, const PathwayOptions& o, int threads) {
  require_signal(signal, rate_hz);
  validate_options(o);
  if (o.distance_mm.empty()) {
    PathwayVelocityRow row;
    row.reason = "not assessable: distance_mm missing";
    return {row};
  }
  if (o.distance_mm.size() != static_cast<std::size_t>(signal.rows()))
    throw InvalidArgument(fmt::format("distance_mm has {} values for {} channels", o.distance_mm.size(), signal.rows()));
  BurstOptions options;
  options.low_hz = o.low_hz, options.high_hz = o.high_hz, options.factor = o.factor;
  std::vector<double> distance_mm, lag_ms;
  for (const auto& row : burst_pattern_of(signal, rate_hz, options, threads)) {
    if (row.channel != 0) continue;
    if (!row.other_channel && row.bursts > 0) {
      distance_mm.push_back(o.distance_mm[0]);
      lag_ms.push_back(0);
    }
    if (row.other_channel && row.lag_median_ms) {
      distance_mm.push_back(o.distance_mm[static_cast<std::size_t>(*row.other_channel)]);
      lag_ms.push_back(*row.lag_median_ms);
    }
  }
  return {pathway_velocity(distance_mm, lag_ms)};
}

}  // namespace emg
