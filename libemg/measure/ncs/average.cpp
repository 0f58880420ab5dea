#include "libemg/measure/ncs/average.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kMedianEfficiency = 1.2533141373155;  // sqrt(pi / 2): SD of the median over that of the mean, Gaussian
constexpr double kTrimmed = 0.1;
constexpr double kIntensityStep = 0.2;

struct Window {
  Index first = 0, count = 0;
};

double correlation(const SweepSet& set, Index row, const std::vector<double>& mean, const Window& w) {
  double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
  for (Index i = w.first; i < w.first + w.count; ++i) {
    const double x = set.samples(row, i), y = mean[static_cast<std::size_t>(i)];
    sx += x, sy += y, sxx += x * x, syy += y * y, sxy += x * y;
  }
  const double n = static_cast<double>(w.count), vx = sxx - sx * sx / n, vy = syy - sy * sy / n;
  return vx > 0 && vy > 0 ? (sxy - sx * sy / n) / std::sqrt(vx * vy) : 1;
}

double swing(const SweepSet& set, Index row, const Window& w) {
  const auto part = set.samples.row(row).segment(w.first, w.count);
  return part.maxCoeff() - part.minCoeff();
}

// Rows that stay: by size first, then by likeness to the mean of the others; a mean that a bad sweep spoils is made again without it.
std::vector<Index> kept_rows(const SweepSet& set, const std::vector<Index>& rows, const AverageOptions& o, const Window& w) {
  std::vector<Index> kept;
  for (const Index r : rows) {
    if (!o.limit_uv || swing(set, r, w) <= *o.limit_uv) kept.push_back(r);
  }
  while (o.r_min && kept.size() > 2) {
    const auto mean = mean_row(set, kept);
    Index worst = -1;
    double lowest = *o.r_min;
    for (const Index r : kept) {
      auto others = mean;
      const double n = static_cast<double>(kept.size());
      for (Index i = 0; i < set.samples.cols(); ++i)
        others[static_cast<std::size_t>(i)] = (mean[static_cast<std::size_t>(i)] * n - set.samples(r, i)) / (n - 1);
      if (const double c = correlation(set, r, others, w); c < lowest) lowest = c, worst = r;
    }
    if (worst < 0) break;
    kept.erase(std::find(kept.begin(), kept.end(), worst));
  }
  return kept;
}

struct Column {
  double value = 0, error = 0;
};

Column column_of(std::vector<double> v, AverageKind kind) {
  const double n = static_cast<double>(v.size());
  const double sd = sd_of(v);
  if (kind == AverageKind::mean) return {mean_of(v), sd / std::sqrt(n)};
  if (kind == AverageKind::median) return {median_of(v), kMedianEfficiency * sd / std::sqrt(n)};
  std::sort(v.begin(), v.end());
  const auto cut = static_cast<std::size_t>(kTrimmed * n);
  const std::vector<double> inner(v.begin() + static_cast<std::ptrdiff_t>(cut), v.end() - static_cast<std::ptrdiff_t>(cut));
  for (std::size_t i = 0; i < cut; ++i) v[i] = v[cut], v[v.size() - 1 - i] = v[v.size() - 1 - cut];
  return {mean_of(inner), sd_of(v) / ((1 - 2 * static_cast<double>(cut) / n) * std::sqrt(n))};
}

// SD of the mean with alternating signs, over the stretch after the window's start (an even number of sweeps, so that the response
// cancels).
std::optional<double> plus_minus_noise(const SweepSet& set, const std::vector<Index>& rows, const Window& w) {
  const auto pairs = rows.size() / 2;
  if (pairs == 0) return std::nullopt;
  std::vector<double> noise;
  for (Index i = w.first; i < set.samples.cols(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < 2 * pairs; ++k) sum += (k % 2 == 0 ? 1 : -1) * set.samples(rows[k], i);
    noise.push_back(sum / static_cast<double>(2 * pairs));
  }
  // Scaled to the number of sweeps in the average.
  return sd_of(noise) * std::sqrt(static_cast<double>(2 * pairs) / static_cast<double>(rows.size()));
}

std::string supramaximal(const SweepSet& set, const std::vector<Index>& rows, const AverageOptions& o, const Window& w) {
  std::map<double, std::vector<double>> by_current;
  for (const Index r : rows) {
    const auto& current = set.sweeps[static_cast<std::size_t>(r)].intensity_ma;
    if (!current) return "not_assessable (intensity missing)";
    by_current[*current].push_back(swing(set, r, w));
  }
  if (by_current.size() < 2) return "not_assessable (one intensity)";
  const auto top = std::prev(by_current.end()), below = std::prev(top);
  if (top->first < (1 + kIntensityStep) * below->first) return "not_assessable (intensities too close)";
  const double high = mean_of(top->second), low = mean_of(below->second);
  return std::abs(high - low) <= o.supramaximal_pct / 100 * high ? "yes" : "no";
}

}  // namespace

Averages averages(const SweepSet& set, const AverageOptions& o) {
  validate_options(o);
  require_sweeps(set, 1000);
  require_window(set, "window_low_ms", o.window_low_ms, "window_high_ms", o.window_high_ms);
  const Trace clock = trace_of(set, 0);
  const Window w{clock.sample(o.window_low_ms), clock.sample(o.window_high_ms) - clock.sample(o.window_low_ms) + 1};
  const auto groups = rows_by_site(set);
  Averages result;
  result.sweeps = set;
  result.sweeps.averaged = true;
  result.sweeps.sweeps.clear();
  result.sweeps.samples.resize(static_cast<Index>(groups.size()), set.samples.cols());
  result.standard_error_uv.resize(static_cast<Index>(groups.size()), set.samples.cols());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto kept = kept_rows(set, groups[g], o, w);
    const auto& sweep = set.sweeps[static_cast<std::size_t>(groups[g].front())];
    if (kept.empty())
      throw InvalidArgument(
          fmt::format("all {} sweeps of site \"{}\" are rejected by limit_uv {}", groups[g].size(), sweep.site, *o.limit_uv));
    AverageRow row;
    row.channel = sweep.channel, row.nerve = sweep.nerve, row.side = sweep.side, row.muscle = sweep.muscle, row.site = sweep.site;
    row.annotation = sweep.annotation;
    row.sweep_count = static_cast<int>(groups[g].size());
    row.kept_count = static_cast<int>(kept.size());
    for (const Index r : groups[g]) {
      if (std::find(kept.begin(), kept.end(), r) == kept.end())
        add_flag(row.rejected, fmt::format("{}", set.sweeps[static_cast<std::size_t>(r)].sweep));
    }
    double squares = 0;
    for (Index i = 0; i < set.samples.cols(); ++i) {
      std::vector<double> values;
      for (const Index r : kept) values.push_back(set.samples(r, i));
      const auto column = column_of(std::move(values), o.kind);
      result.sweeps.samples(static_cast<Index>(g), i) = column.value;
      result.standard_error_uv(static_cast<Index>(g), i) = kept.size() > 1 ? column.error : std::nan("");
      squares += column.error * column.error;
    }
    if (kept.size() > 1) {
      row.standard_error_uv = std::sqrt(squares / static_cast<double>(set.samples.cols()));
      row.noise_uv = plus_minus_noise(set, kept, w);
      const double peak = result.sweeps.samples.row(static_cast<Index>(g)).segment(w.first, w.count).cwiseAbs().maxCoeff();
      if (row.noise_uv && *row.noise_uv > 0) row.snr_db = 20 * std::log10(peak / *row.noise_uv);
    }
    row.supramaximal = supramaximal(set, groups[g], o, w);
    result.rows.push_back(std::move(row));
    result.sweeps.sweeps.push_back(sweep);
  }
  return result;
}

SweepSet average_sweeps(const SweepSet& set, const AverageOptions& options, int) {
  return averages(set, options).sweeps;
}

std::vector<AverageRow> average_report(const SweepSet& set, const AverageOptions& options, int) {
  return averages(set, options).rows;
}

}  // namespace emg
