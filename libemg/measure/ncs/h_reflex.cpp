#include "libemg/measure/ncs/h_reflex.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/fit_internal.h"
#include "libemg/measure/ncs/onset_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kSmoothMs = 0.5, kUvPerMv = 1000;
constexpr std::size_t kFewestForFit = 8;

struct Swing {
  double size = 0;
  Index high = 0, low = 0;
};

Swing swing_in(const std::vector<double>& y, Index first, Index last) {
  const auto begin = y.begin() + first, end = y.begin() + last + 1;
  const auto [low, high] = std::minmax_element(begin, end);
  return {*high - *low, static_cast<Index>(high - y.begin()), static_cast<Index>(low - y.begin())};
}

std::optional<double> onset_of(const Trace& t, const Swing& swing, Index first, double sigma) {
  // Towards the earlier extreme, from the level where the window begins.
  Trace y = t;
  const Index peak = std::min(swing.high, swing.low);
  const double sign = peak == swing.high ? 1 : -1, level = t.at(first);
  for (double& v : y.y) v = sign * (v - level);
  if (!(y.at(peak) > 0)) return std::nullopt;
  const auto onset = find_onset(y, peak, y.at(peak), {LatencyMethod::rise, first, sigma, 4 * sigma, kMotorScale, {}});
  return onset ? std::optional(y.ms(*onset)) : std::nullopt;
}

double sigmoid(double i, double i50, double s) {
  return 1 / (1 + std::exp(-(i - i50) / s));
}

struct Measured {
  std::vector<HSweepRow> rows;
  std::vector<std::vector<double>> h_shapes;
};

Measured measure(const SweepSet& set, const HReflexOptions& o, int threads) {
  validate_options(o);
  require_sweeps(set);
  if (o.h_window_ms.size() != 2) throw InvalidArgument("h_window_ms is missing: start and end of the search for H, e.g. 25,40 for soleus");
  require_window(set, "h_window_ms", o.h_window_ms[0], "its end", o.h_window_ms[1]);
  require_window(set, "m_low_ms", o.m_low_ms, "m_high_ms", o.m_high_ms);
  Measured m;
  m.rows.resize(set.sweeps.size()), m.h_shapes.resize(set.sweeps.size());
  parallel_for(set.samples.rows(), threads, [&](Index r) {
    const auto& s = set.sweeps[static_cast<std::size_t>(r)];
    auto& row = m.rows[static_cast<std::size_t>(r)];
    row.sweep = s.sweep, row.channel = s.channel, row.nerve = s.nerve, row.side = s.side, row.muscle = s.muscle,
    row.intensity_ma = s.intensity_ma;
    row.method = "h-reflex", row.version = kVersion;
    Trace t = trace_of(set, r);
    const double sigma = baseline_of(t, o.m_low_ms, o.m_low_ms + 1).sigma_uv;
    Trace smooth{smoothed(t.y, kSmoothMs, t.rate_hz), t.rate_hz, t.zero};
    const double limit = std::max(o.floor_uv, o.noise_factor * sigma);
    const Index m_first = t.sample(o.m_low_ms), m_last = t.sample(o.m_high_ms), h_first = t.sample(o.h_window_ms[0]),
                h_last = t.sample(o.h_window_ms[1]);
    const auto m_swing = swing_in(smooth.y, m_first, m_last), h_swing = swing_in(smooth.y, h_first, h_last);
    row.m_uv = m_swing.size, row.h_uv = h_swing.size;
    row.m_present = m_swing.size > limit, row.h_present = h_swing.size > limit;
    if (row.m_present) row.m_onset_ms = onset_of(t, m_swing, m_first, sigma);
    if (row.h_present) {
      row.h_onset_ms = onset_of(t, h_swing, h_first, sigma);
      row.peak_to_trough_ms = std::abs(t.ms(static_cast<double>(h_swing.high)) - t.ms(static_cast<double>(h_swing.low)));
      m.h_shapes[static_cast<std::size_t>(r)].assign(smooth.y.begin() + h_first, smooth.y.begin() + h_last + 1);
    }
  });
  return m;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double ma = mean_of(a), mb = mean_of(b);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    aa += (a[i] - ma) * (a[i] - ma), bb += (b[i] - mb) * (b[i] - mb), ab += (a[i] - ma) * (b[i] - mb);
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

std::vector<std::vector<std::size_t>> groups_of(const std::vector<HSweepRow>& rows) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [at, fresh] =
        known.emplace(rows[i].channel + "\n" + rows[i].nerve + "\n" + rows[i].side + "\n" + rows[i].muscle, groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(i);
  }
  return groups;
}

void finish_sweeps(Measured& m, const HReflexOptions& o) {
  for (const auto& group : groups_of(m.rows)) {
    double largest = 0;
    std::vector<double> mean;
    double count = 0;
    for (const auto i : group) {
      largest = std::max(largest, m.rows[i].m_uv);
      if (m.h_shapes[i].empty()) continue;
      mean.resize(m.h_shapes[i].size(), 0.0);
      for (std::size_t k = 0; k < mean.size(); ++k) mean[k] += m.h_shapes[i][k];
      count += 1;
    }
    for (const auto i : group) {
      auto& row = m.rows[i];
      if (o.m_band_percent) row.accepted = std::abs(100 * row.m_uv / largest - *o.m_band_percent) <= o.m_band_width_percent;
      if (!m.h_shapes[i].empty() && count > 1) row.shape_correlation = correlation(m.h_shapes[i], mean);
    }
  }
}

// Starts from the data: half of the largest response and the width between a quarter and three quarters.
void fit(const std::vector<double>& current, const std::vector<double>& h, const std::vector<double>& mm, HReflexRow& row) {
  if (current.size() < kFewestForFit) {
    add_flag(row.reason, fmt::format("fits need {} intensities", kFewestForFit));
    return;
  }
  const double m_max = *std::max_element(mm.begin(), mm.end()), h_max = *std::max_element(h.begin(), h.end());
  const double highest = *std::max_element(current.begin(), current.end());
  const double span = highest - *std::min_element(current.begin(), current.end());
  if (!(span > 0) || !(m_max > 0)) return add_flag(row.reason, "fits need more than one intensity");
  const auto crossing = [&](const std::vector<double>& y, double level) {
    double best = highest;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (y[i] >= level) best = std::min(best, current[i]);
    }
    return best;
  };
  const auto m_model = [](double i, const std::vector<double>& p) { return p[0] * sigmoid(i, p[1], std::exp(p[2])); };
  const auto m_fit = fit_curve(current, mm, {m_max, crossing(mm, m_max / 2), std::log(span / 15)}, m_model);
  row.m_fit_max_mv = m_fit.parameters[0] / kUvPerMv, row.m_i50_ma = m_fit.parameters[1], row.m_slope_ma = std::exp(m_fit.parameters[2]);
  const auto h_model = [](double i, const std::vector<double>& p) {
    return p[0] * sigmoid(i, p[1], std::exp(p[2])) * (1 - sigmoid(i, p[3], std::exp(p[4])));
  };
  const auto peak = static_cast<std::size_t>(std::max_element(h.begin(), h.end()) - h.begin());
  const double fall = std::max(current[peak] + span / 20, m_fit.parameters[1]);
  const auto h_fit = fit_curve(current, h, {1.2 * h_max, crossing(h, h_max / 2), std::log(span / 30), fall, std::log(span / 15)}, h_model);
  row.h_i50_ma = h_fit.parameters[1], row.h_slope_ma = std::exp(h_fit.parameters[2]);
  row.slope_ratio = (h_fit.parameters[0] / *row.h_slope_ma) / (m_fit.parameters[0] / *row.m_slope_ma);
  row.converged = m_fit.converged && h_fit.converged;
}

}  // namespace

std::vector<HSweepRow> h_reflex_sweeps(const SweepSet& set, const HReflexOptions& o, int threads) {
  auto m = measure(set, o, threads);
  finish_sweeps(m, o);
  return m.rows;
}

std::vector<HReflexRow> h_reflex(const SweepSet& set, const HReflexOptions& o, int threads) {
  const auto sweeps = h_reflex_sweeps(set, o, threads);
  std::vector<HReflexRow> rows;
  for (const auto& group : groups_of(sweeps)) {
    const auto& first = sweeps[group.front()];
    HReflexRow row;
    row.channel = first.channel, row.nerve = first.nerve, row.side = first.side, row.muscle = first.muscle;
    row.method = "h-reflex", row.version = kVersion, row.quality = "ok";
    row.sweep_count = static_cast<int>(group.size());
    std::vector<double> current, h, mm, onsets;
    double h_at_m = 0, h_max = 0, m_max = 0;
    bool every_intensity = true;
    for (const auto i : group) m_max = std::max(m_max, sweeps[i].m_uv);
    for (std::size_t k = 0; k < group.size(); ++k) {
      const auto& s = sweeps[group[k]];
      if (k > 0) {
        const auto &a = set.sweeps[group[k - 1]].clock_s, &b = set.sweeps[group[k]].clock_s;
        if (a && b && *b - *a < o.slowest_interval_s - 1e-9) row.quality = "rate";
      }
      if (!s.accepted) continue;
      if (s.h_present) {
        ++row.h_count;
        if (s.intensity_ma) row.h_threshold_ma = std::min(row.h_threshold_ma.value_or(*s.intensity_ma), *s.intensity_ma);
        if (s.h_uv > h_max) h_max = s.h_uv, h_at_m = s.m_uv;
      }
      if (s.m_present && s.intensity_ma) row.m_threshold_ma = std::min(row.m_threshold_ma.value_or(*s.intensity_ma), *s.intensity_ma);
      every_intensity = every_intensity && s.intensity_ma;
      if (s.intensity_ma) current.push_back(*s.intensity_ma), h.push_back(s.h_present ? s.h_uv : 0), mm.push_back(s.m_present ? s.m_uv : 0);
    }
    for (const auto i : group) {
      if (sweeps[i].accepted && sweeps[i].h_onset_ms && sweeps[i].h_uv >= h_max / 2) onsets.push_back(*sweeps[i].h_onset_ms);
    }
    if (m_max > 0) row.m_max_mv = m_max / kUvPerMv;
    if (row.h_count == 0) {
      row.reason = "no H reflex";
    } else {
      if (!onsets.empty()) row.h_onset_ms = median_of(onsets);
      row.h_max_mv = h_max / kUvPerMv, row.h_over_m = h_max / m_max, row.h_max_at_m_pct = 100 * h_at_m / m_max;
    }
    if (!every_intensity) {
      add_flag(row.reason, "fits not_assessable (intensity missing)");
    } else if (row.h_count > 0) {
      fit(current, h, mm, row);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

double expected_h_latency_ms(double leg_cm, double age_years) {
  return 9.14 + 0.46 * leg_cm + 0.1 * age_years;
}

}  // namespace emg
