#include <algorithm>
#include <cmath>

#include "libemg/io/csv_time_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"

namespace emg::csv {
namespace {

// Decimals that `value` was written with, at most 9.
int decimals_of(double value) {
  constexpr int kMost = 9;
  double unit = 1;
  for (int d = 0; d < kMost; ++d, unit *= 10) {
    const double scaled = value * unit;
    if (std::abs(scaled - std::round(scaled)) <= 1e-9 * std::max(1.0, std::abs(scaled))) return d;
  }
  return kMost;
}

bool is_time_name(const std::string& name) {
  const auto word = lower(name);
  return word == "t" || word == "sec" || word == "ms" || word == "x" || word == "seconds" || word == "time_s" || word == "t_s" ||
         word == "time_ms" || word.starts_with("time") || word.starts_with("x[s]");
}

bool says_milliseconds(const std::string& name, const std::string& unit) {
  const auto word = lower(name);
  return lower(unit) == "ms" || word == "ms" || word.ends_with("_ms");
}

// Median step of an ascending column; 0 if it does not ascend, or has missing cells.
double median_step(const std::vector<double>& values) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (!(values[i] > values[i - 1])) return 0;
    steps.push_back(values[i] - values[i - 1]);
  }
  if (steps.empty()) return 0;
  std::nth_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2), steps.end());
  return steps[steps.size() / 2];
}

bool has_equal_steps(const std::vector<double>& values, double step, double rounding) {
  std::size_t unequal = 0;
  for (std::size_t i = 1; i < values.size(); ++i) unequal += std::abs(values[i] - values[i - 1] - step) > 0.25 * step + 1.01 * rounding;
  return unequal * 10 <= values.size();
}

// Steps that the text holds without rounding.
bool has_exact_steps(const std::vector<double>& values, double step) {
  std::size_t unequal = 0;
  for (std::size_t i = 1; i < values.size(); ++i) unequal += std::abs(values[i] - values[i - 1] - step) > 1e-6 * step;
  return unequal * 5 <= values.size();
}

}  // namespace

Index sample_of(const std::vector<Jump>& jumps, Index row) {
  const auto next = std::upper_bound(jumps.begin(), jumps.end(), row, [](Index r, const Jump& j) { return r < j.row; });
  return next == jumps.begin() ? row : row + std::prev(next)->shift;
}

Index row_from(const std::vector<Jump>& jumps, Index sample) {
  const auto next = std::partition_point(jumps.begin(), jumps.end(), [&](const Jump& j) { return j.row + j.shift <= sample; });
  const Index row = next == jumps.begin() ? sample : sample - std::prev(next)->shift;
  return next == jumps.end() ? row : std::min(row, next->row);
}

Index next_jump(const std::vector<Jump>& jumps, Index row) {
  const auto next = std::upper_bound(jumps.begin(), jumps.end(), row, [](Index r, const Jump& j) { return r < j.row; });
  return next == jumps.end() ? limits::kMostSamples : next->row;
}

std::vector<Gap> gaps_of(const std::vector<Jump>& jumps) {
  std::vector<Gap> gaps;
  Index before = 0;
  for (const auto& jump : jumps) {
    gaps.push_back({-1, jump.row + before, jump.shift - before, "the time column jumps"});
    before = jump.shift;
  }
  return gaps;
}

TimeAxis::TimeAxis(const Layout& layout, bool ignored) : ignored_(ignored) {
  const auto values_of = [&](std::size_t column) {
    std::vector<double> values;
    for (const auto& row : layout.rows) {
      if (!std::isnan(row[column])) values.push_back(row[column]);
    }
    return values;
  };
  std::size_t column = 0;
  bool named = false;
  for (std::size_t c = 0; c < layout.names.size() && !named; ++c) {
    if (!is_time_name(layout.names[c]) || median_step(values_of(c)) <= 0) continue;
    column = c;
    named = true;
  }
  if (!named && layout.column_count < 2) return;
  const auto values = values_of(column);
  const double step = median_step(values);
  if (step <= 0) return;
  int decimals = 0;
  for (const double v : values) decimals = std::max(decimals, decimals_of(v));
  const double rounding = std::pow(10.0, -decimals);
  constexpr std::size_t kFewRows = 3;
  if (!named && (values.size() < kFewRows || !has_equal_steps(values, step, rounding))) return;
  if (!named && decimals == 0 && step == 1) {
    counter_column_ = static_cast<std::ptrdiff_t>(column);
    return;
  }
  column_ = static_cast<std::ptrdiff_t>(column);
  step_ = step;
  exact_ = has_exact_steps(values, step);
  rounding_ = rounding;
  if (named && says_milliseconds(layout.names[column], layout.units[column])) scale_ = 1e-3;
}

void TimeAxis::add(Index row, double time, const std::function<void(const std::string&)>& refuse) {
  if (ignored_) return;
  if (std::isnan(time)) return;
  if (first_row_ < 0) {
    first_row_ = row;
    first_ = time;
  } else {
    const double step = time - last_;
    if (step < 0) refuse(": the time goes back; give --rate-hz");
    const double samples = step / step_;
    const auto whole = static_cast<double>(row - last_row_);
    // Text rounded to more than a quarter of an uneven step cannot show where samples are missing.
    if ((exact_ || rounding_ <= 0.25 * step_) && std::abs(samples - whole) > 0.5) {
      const double nearest = std::round(samples);
      if (nearest > whole && std::abs(samples - nearest) <= 0.25 && nearest < static_cast<double>(limits::kMostSamples) &&
          static_cast<std::int64_t>(jumps_.size()) < limits::kMostGaps) {
        const Index shift = static_cast<Index>(nearest) - (row - last_row_);
        jumps_.push_back({row, (jumps_.empty() ? 0 : jumps_.back().shift) + shift});
      } else {
        irregular_ = true;
      }
    }
  }
  last_row_ = row;
  last_ = time;
}

std::optional<double> TimeAxis::rate_hz() const {
  if (column_ < 0 || ignored_ || last_row_ <= first_row_) return std::nullopt;
  const double duration_s = (last_ - first_) * scale_;
  const auto samples = static_cast<double>(sample_of(jumps_, last_row_) - sample_of(jumps_, first_row_));
  if (!(duration_s > 0)) return std::nullopt;
  const double rate = samples / duration_s;
  const double uncertainty = std::max(rounding_ * scale_ / duration_s, 1e-12) * rate;
  const double integer = std::round(rate);
  if (integer > 0 && std::abs(rate - integer) <= uncertainty) return integer;
  // Fully written times are exact to some 1e-12: the rate is then a number of few decimals or a fraction.
  constexpr double kExact = 1e-9;
  if (uncertainty > kExact * rate) return rate;
  double unit = 10;
  for (int d = 1; d <= 8; ++d, unit *= 10) {
    if (std::abs(std::round(rate * unit) / unit - rate) <= kExact * rate) return std::round(rate * unit) / unit;
  }
  return rate;
}

}  // namespace emg::csv
