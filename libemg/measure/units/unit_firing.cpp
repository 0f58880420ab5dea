#include "libemg/measure/units/unit_firing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

constexpr double kIsolated_s = 1;

std::optional<double> mean_of(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Mean instantaneous rate of the intervals [first, last), those outside the limits left out.
std::optional<double> mean_rate(const std::vector<double>& rates, std::size_t first, std::size_t last, const UnitFiringOptions& options) {
  std::vector<double> kept;
  for (std::size_t i = first; i < std::min(last, rates.size()); ++i) {
    if (options.lowest_rate_hz && rates[i] < *options.lowest_rate_hz) continue;
    if (options.highest_rate_hz && rates[i] > *options.highest_rate_hz) continue;
    kept.push_back(rates[i]);
  }
  return mean_of(kept);
}

std::optional<double> variation_of(const std::vector<double>& values) {
  if (values.size() < 2) return std::nullopt;
  const double mean = *mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1)) / mean;
}

std::optional<double> mean_force(std::span<const double> force, const std::vector<std::int64_t>& t, std::size_t first, std::size_t last) {
  std::vector<double> values;
  for (std::size_t i = first; i < std::min(last, t.size()); ++i) values.push_back(force[static_cast<std::size_t>(t[i])]);
  return mean_of(values);
}

UnitFiringRow row_of(const MotorUnit& unit, double rate_hz, std::pair<Index, Index> steady, std::span<const double> force,
                     const UnitFiringOptions& options) {
  const auto& t = unit.discharges.sample;
  UnitFiringRow row;
  row.unit_id = unit.unit_id;
  row.spike_count = static_cast<std::int64_t>(t.size());
  if (t.empty()) return row;
  row.first_s = static_cast<double>(t.front()) / rate_hz;
  row.last_s = static_cast<double>(t.back()) / rate_hz;
  std::vector<double> rates, steady_rates, steady_intervals;
  for (std::size_t i = 1; i < t.size(); ++i) {
    const double interval = static_cast<double>(t[i] - t[i - 1]);
    rates.push_back(rate_hz / interval);
    const bool ends = t[i] >= steady.first && t[i] < steady.second;
    if (ends) steady_intervals.push_back(interval);
    if (ends && t[i - 1] >= steady.first) steady_rates.push_back(rates.back());
  }
  const auto n = static_cast<std::size_t>(options.end_spikes) - 1;
  row.rate_all_hz = mean_rate(rates, 0, rates.size(), options);
  if (t.size() > 1) row.rate_mean_isi_hz = rate_hz * static_cast<double>(t.size() - 1) / static_cast<double>(t.back() - t.front());
  if (rates.size() >= n) {
    row.rate_recruitment_hz = mean_rate(rates, 0, n, options);
    row.rate_derecruitment_hz = mean_rate(rates, rates.size() - n, rates.size(), options);
  }
  row.rate_steady_hz = mean_rate(steady_rates, 0, steady_rates.size(), options);
  row.cov_isi_steady = variation_of(steady_intervals);
  row.isolated_first = t.size() > 1 && static_cast<double>(t[1] - t[0]) > kIsolated_s * rate_hz;
  if (force.empty()) return row;
  const auto ends = static_cast<std::size_t>(options.end_spikes);
  row.recruitment_force = force[static_cast<std::size_t>(t.front())];
  row.derecruitment_force = force[static_cast<std::size_t>(t.back())];
  row.recruitment_force_mean = mean_force(force, t, 0, ends);
  row.derecruitment_force_mean = mean_force(force, t, t.size() - std::min(ends, t.size()), t.size());
  return row;
}

}  // namespace

std::pair<Index, Index> steady_phase(std::span<const double> force, double share) {
  std::vector<double> sorted(force.begin(), force.end());
  if (sorted.empty()) return {0, 0};
  std::sort(sorted.begin(), sorted.end());
  // Median of the values above the middle between the extremes: the plateau.
  const double middle = 0.5 * (sorted.front() + sorted.back());
  const auto upper = std::lower_bound(sorted.begin(), sorted.end(), middle);
  const double plateau = *(upper + (sorted.end() - upper) / 2);
  std::pair<Index, Index> best{0, 0};
  Index first = -1;
  for (Index i = 0; i <= static_cast<Index>(force.size()); ++i) {
    const bool in = i < static_cast<Index>(force.size()) && std::abs(force[static_cast<std::size_t>(i)] - plateau) <= share * std::abs(plateau);
    if (in && first < 0) first = i;
    if (in || first < 0) continue;
    if (i - first > best.second - best.first) best = {first, i};
    first = -1;
  }
  return best.second > best.first ? best : std::pair<Index, Index>{0, static_cast<Index>(force.size())};
}

std::vector<UnitFiringRow> unit_firing(const std::vector<MotorUnit>& units, Index sample_count, double rate_hz, std::span<const double> force,
                                       const UnitFiringOptions& options) {
  validate_options(options);
  require_rate(rate_hz);
  if (!force.empty() && static_cast<Index>(force.size()) != sample_count) {
    throw InvalidArgument(fmt::format("force has {} samples, the recording {}", force.size(), sample_count));
  }
  auto steady = force.empty() ? std::pair<Index, Index>{0, sample_count} : steady_phase(force, options.plateau_share);
  if (options.steady_start_s) steady.first = std::llround(*options.steady_start_s * rate_hz);
  if (options.steady_stop_s) steady.second = std::llround(*options.steady_stop_s * rate_hz);
  if (steady.first >= steady.second || steady.second > sample_count) {
    throw InvalidArgument(fmt::format("steady phase [{}, {}) s is empty or outside the recording of {} s", static_cast<double>(steady.first) / rate_hz,
                                      static_cast<double>(steady.second) / rate_hz, static_cast<double>(sample_count) / rate_hz));
  }
  std::vector<UnitFiringRow> rows;
  for (const auto& unit : units) {
    for (const auto t : unit.discharges.sample) {
      if (t < 0 || t >= sample_count) {
        throw InvalidArgument(fmt::format("unit {} has a discharge at sample {}, the recording has {}", unit.unit_id, t, sample_count));
      }
    }
    rows.push_back(row_of(unit, rate_hz, steady, force, options));
  }
  return rows;
}

}  // namespace emg
