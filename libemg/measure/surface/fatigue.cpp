#include "libemg/measure/surface/fatigue.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "libemg/core/distributions.h"
#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"
#include "libemg/measure/surface/conduction_velocity.h"
#include "libemg/measure/surface/window_features.h"
#include "libemg/spectral/frequency.h"

namespace emg {
namespace {

constexpr int kFewestWindows = 5;

// Sum of k (k - 1) (2 k + 5) over groups of k equal values: what ties take from the variance of Kendall's score.
double tie_term(std::span<const double> values) {
  std::map<double, double> groups;
  for (const double v : values) groups[v] += 1;
  double sum = 0;
  for (const auto& [value, k] : groups) sum += k * (k - 1) * (2 * k + 5);
  return sum;
}

// Variance of the number of rising less falling pairs.
double score_variance(std::span<const double> time, std::span<const double> value) {
  const auto n = static_cast<double>(value.size());
  return (n * (n - 1) * (2 * n + 5) - tie_term(time) - tie_term(value)) / 18;
}

std::vector<double> all_slopes(std::span<const double> time, std::span<const double> value) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < time.size(); ++i) {
    for (std::size_t j = 0; j < time.size(); ++j) {
      if (time[i] > time[j]) slopes.push_back((value[i] - value[j]) / (time[i] - time[j]));
    }
  }
  return slopes;
}

// Values of one variable at the windows that count.
struct Series {
  std::string variable;
  std::vector<double> time_s, value;
  std::vector<Index> window;
};

Series series_of(const std::string& variable, const std::vector<double>& time_s, const double* values, const std::vector<bool>& wanted) {
  Series s{variable, {}, {}, {}};
  for (std::size_t k = 0; k < time_s.size(); ++k) {
    if (!wanted[k] || !std::isfinite(values[k])) continue;
    s.time_s.push_back(time_s[k]);
    s.value.push_back(values[k]);
    s.window.push_back(static_cast<Index>(k));
  }
  return s;
}

// Every window that starts after the end of the one before.
Series independent_of(const Series& all, Index step) {
  Series s{all.variable, {}, {}, {}};
  for (std::size_t k = 0; k < all.value.size(); ++k) {
    if (!s.window.empty() && all.window[k] < s.window.back() + step) continue;
    s.time_s.push_back(all.time_s[k]);
    s.value.push_back(all.value[k]);
    s.window.push_back(all.window[k]);
  }
  return s;
}

TrendLine line_through(const Series& s, const FatigueOptions& options) {
  return options.fit == FatigueFit::theil_sen ? theil_sen(s.time_s, s.value, options.confidence)
                                              : least_squares(s.time_s, s.value, options.confidence);
}

FatigueRow row_of(const Series& series, std::size_t window_count, Index step, const FatigueOptions& options) {
  if (series.value.size() < kFewestWindows) {
    throw InvalidArgument(
        fmt::format("{}: {} windows have a value; a trend needs {} or more", series.variable, series.value.size(), kFewestWindows));
  }
  const auto line = line_through(series, options);
  const auto independent = independent_of(series, step);
  const auto limits = step > 1 ? line_through(independent, options) : line;
  FatigueRow row;
  row.variable = series.variable;
  row.slope_per_s = line.slope;
  row.slope_low_per_s = limits.low;
  row.slope_high_per_s = limits.high;
  row.intercept = line.intercept;
  row.p = limits.p;
  row.window_count = static_cast<int>(series.value.size());
  row.independent_count = static_cast<int>(independent.value.size());
  row.excluded_count = static_cast<int>(window_count - series.value.size());
  if (!options.force_channel) row.flags.emplace_back("force_unknown");
  if (line.intercept > 0) {
    const double percent = 100 / line.intercept;
    row.slope_percent_per_s = percent * line.slope;
    if (limits.low) row.percent_low_per_s = percent * *limits.low;
    if (limits.high) row.percent_high_per_s = percent * *limits.high;
  }
  return row;
}

// 1 or -1 if the limits of a slope exclude 0.
int sign_of(const FatigueRow& row) {
  if (!row.slope_low_per_s || !row.slope_high_per_s) return 0;
  return *row.slope_low_per_s > 0 ? 1 : *row.slope_high_per_s < 0 ? -1 : 0;
}

FatigueQuadrant quadrant_of(int amplitude, int frequency) {
  if (amplitude == 0 || frequency == 0) return FatigueQuadrant::undetermined;
  if (amplitude > 0) return frequency > 0 ? FatigueQuadrant::force_increase : FatigueQuadrant::fatigue;
  return frequency > 0 ? FatigueQuadrant::recovery : FatigueQuadrant::force_decrease;
}

// Windows whose mean force is near the median.
std::vector<bool> steady_windows(const ChannelsView& signal, const FatigueOptions& options, Index length, Index hop, std::size_t count) {
  std::vector<bool> steady(count, true);
  if (!options.force_channel) return steady;
  std::vector<double> force;
  for (std::size_t k = 0; k < count; ++k)
    force.push_back(signal.row(*options.force_channel).segment(static_cast<Index>(k) * hop, length).mean());
  const double middle = median_of(force);
  for (std::size_t k = 0; k < count; ++k) steady[k] = std::abs(force[k] - middle) <= options.force_tolerance * std::abs(middle);
  return steady;
}

RowMatrix without_row(const ChannelsView& signal, std::optional<int> row) {
  if (!row) return signal;
  RowMatrix rest(signal.rows() - 1, signal.cols());
  rest.topRows(*row) = signal.topRows(*row);
  rest.bottomRows(signal.rows() - 1 - *row) = signal.bottomRows(signal.rows() - 1 - *row);
  return rest;
}

struct WindowGrid {
  Index length = 1, hop = 1;
  Index step() const { return (length + hop - 1) / hop; }
};

void check(const ChannelsView& signal, double rate_hz, const FatigueOptions& options, const WindowGrid& grid) {
  if (options.force_channel && *options.force_channel >= signal.rows()) {
    throw InvalidArgument(
        fmt::format("force_channel {} does not exist: the signal has {} channels", *options.force_channel, signal.rows()));
  }
  if (options.force_channel && signal.rows() < 2) throw InvalidArgument("the signal has no channel beside force_channel");
  const Index count = signal.cols() < grid.length ? 0 : (signal.cols() - grid.length) / grid.hop + 1;
  if (count >= kFewestWindows) return;
  throw InvalidArgument(fmt::format("the record ({:.6g} s) has {} windows of window_ms {} ms every hop_ms {} ms; a trend needs {} or more",
                                    static_cast<double>(signal.cols()) / rate_hz, count, options.window_ms, options.hop_ms,
                                    kFewestWindows));
}

void add_velocity(std::vector<FatigueRow>& rows, const ChannelsView& emg, double rate_hz, const FatigueOptions& options,
                  const std::vector<bool>& steady, Index step, int threads) {
  ConductionVelocityOptions velocity;
  velocity.distance_mm = options.distance_mm;
  velocity.window_s = options.window_ms / 1000;
  velocity.hop_s = options.hop_ms / 1000;
  velocity.low_hz = options.low_hz;
  velocity.high_hz = options.high_hz;
  std::vector<double> time_s, value;
  for (const auto& row : conduction_velocity(emg, rate_hz, velocity, threads)) {
    time_s.push_back(row.time_s);
    value.push_back(row.quality == VelocityQuality::ok ? std::abs(*row.cv_mps) : std::numeric_limits<double>::quiet_NaN());
  }
  rows.push_back(row_of(series_of("cv_mps", time_s, value.data(), steady), time_s.size(), step, options));
}

}  // namespace

TrendLine theil_sen(std::span<const double> time, std::span<const double> value, double confidence) {
  TrendLine line;
  auto slopes = all_slopes(time, value);
  if (slopes.empty()) return line;
  line.slope = median_of(slopes);
  line.intercept = median_of({value.begin(), value.end()}) - line.slope * median_of({time.begin(), time.end()});
  if (value.size() < 3) return line;
  const double sigma = std::sqrt(score_variance(time, value)), z = -standard_normal_quantile((1 - confidence) / 2);
  const auto count = static_cast<double>(slopes.size());
  const auto high = static_cast<std::ptrdiff_t>(std::min(std::nearbyint((count + z * sigma) / 2), count - 1));
  const auto low = static_cast<std::ptrdiff_t>(std::max(std::nearbyint((count - z * sigma) / 2) - 1, 0.0));
  std::nth_element(slopes.begin(), slopes.begin() + low, slopes.end());
  line.low = slopes[static_cast<std::size_t>(low)];
  std::nth_element(slopes.begin(), slopes.begin() + high, slopes.end());
  line.high = slopes[static_cast<std::size_t>(high)];
  double score = 0;
  for (const double s : slopes) score += s > 0 ? 1 : s < 0 ? -1 : 0;
  // Kendall's score is a whole number: half a step towards 0 (continuity).
  const double away = std::max(0.0, std::abs(score) - 1);
  line.p = sigma > 0 ? std::erfc(away / sigma / std::numbers::sqrt2) : 1.0;
  return line;
}

TrendLine least_squares(std::span<const double> time, std::span<const double> value, double confidence) {
  const auto n = static_cast<double>(time.size());
  double time_mean = 0, value_mean = 0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    time_mean += time[i] / n;
    value_mean += value[i] / n;
  }
  double tt = 0, tv = 0, rest = 0;
  for (std::size_t i = 0; i < time.size(); ++i) {
    tt += (time[i] - time_mean) * (time[i] - time_mean);
    tv += (time[i] - time_mean) * (value[i] - value_mean);
  }
  TrendLine line;
  if (!(tt > 0)) return line;
  line.slope = tv / tt;
  line.intercept = value_mean - line.slope * time_mean;
  if (time.size() < 3) return line;
  for (std::size_t i = 0; i < time.size(); ++i) {
    const double away = value[i] - value_mean - line.slope * (time[i] - time_mean);
    rest += away * away;
  }
  const double error = std::sqrt(rest / (n - 2) / tt), reach = student_t_quantile(0.5 + confidence / 2, n - 2) * error;
  line.low = line.slope - reach;
  line.high = line.slope + reach;
  line.p = error > 0 ? student_t_two_sided(line.slope / error, n - 2) : line.slope == 0 ? 1.0 : 0.0;
  return line;
}

std::vector<FatigueRow> fatigue(const ChannelsView& signal, double rate_hz, const FatigueOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  require_ascending("low_hz", options.low_hz, "high_hz", options.high_hz);
  const WindowGrid grid{samples_in_ms(options.window_ms, rate_hz), samples_in_ms(options.hop_ms, rate_hz)};
  check(signal, rate_hz, options, grid);
  const RowMatrix emg = without_row(signal, options.force_channel);
  WindowFeaturesOptions amplitude;
  amplitude.window_ms = options.window_ms;
  amplitude.hop_ms = options.hop_ms;
  amplitude.features = {"rms", "mav"};
  const auto features = window_features(emg, rate_hz, amplitude, threads);
  FrequencyTrackOptions frequency;
  frequency.window_ms = options.window_ms;
  frequency.hop_ms = options.hop_ms;
  frequency.low_hz = options.low_hz;
  frequency.high_hz = options.high_hz;
  const auto track = frequency_track(emg, rate_hz, frequency, threads);
  const auto steady = steady_windows(signal, options, grid.length, grid.hop, track.time_s.size());
  std::vector<FatigueRow> rows;
  for (Index c = 0; c < emg.rows(); ++c) {
    const auto first = static_cast<std::ptrdiff_t>(rows.size());
    const std::pair<const char*, const RowMatrix*> variables[] = {
        {"rms_uv", features.find("rms_uv")}, {"arv_uv", features.find("mav_uv")}, {"mnf_hz", &track.mnf_hz}, {"mdf_hz", &track.mdf_hz}};
    for (const auto& [name, values] : variables) {
      rows.push_back(row_of(series_of(name, track.time_s, values->row(c).data(), steady), track.time_s.size(), grid.step(), options));
      rows.back().channel = static_cast<int>(options.force_channel && c >= *options.force_channel ? c + 1 : c);
    }
    const auto quadrant = quadrant_of(sign_of(rows[static_cast<std::size_t>(first)]), sign_of(rows[static_cast<std::size_t>(first) + 2]));
    for (auto row = rows.begin() + first; row != rows.end(); ++row) row->quadrant = quadrant;
  }
  if (options.distance_mm) add_velocity(rows, emg, rate_hz, options, steady, grid.step(), threads);
  return rows;
}

}  // namespace emg
