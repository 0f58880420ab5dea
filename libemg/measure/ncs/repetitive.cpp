#include "libemg/measure/ncs/repetitive.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/response_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kUvPerMv = 1000;
constexpr std::size_t kFewest = 4, kFourth = 3, kFifth = 4;
constexpr double kTrainGap = 3;  // median intervals

// Rows of each train.
std::vector<std::vector<Index>> trains_of(const SweepSet& set) {
  std::vector<std::vector<Index>> trains;
  for (const auto& rows : rows_by_site(set)) {
    std::vector<double> steps;
    const auto clock = [&](std::size_t i) { return set.sweeps[static_cast<std::size_t>(rows[i])].clock_s; };
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (clock(i) && clock(i - 1)) steps.push_back(*clock(i) - *clock(i - 1));
    }
    const double longest = steps.empty() ? INFINITY : kTrainGap * median_of(steps);
    trains.push_back({rows.front()});
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (clock(i) && clock(i - 1) && *clock(i) - *clock(i - 1) > longest) trains.emplace_back();
      trains.back().push_back(rows[i]);
    }
  }
  return trains;
}

double change_pct(const std::vector<double>& v, std::size_t k) {
  return 100 * (v[k] - v[0]) / v[0];
}

// Largest drop among the second to the fifth.
double largest_drop(const std::vector<double>& v) {
  double lowest = INFINITY;
  for (std::size_t k = 1; k < std::min<std::size_t>(v.size(), kFifth + 1); ++k) lowest = std::min(lowest, change_pct(v, k));
  return -lowest;
}

double slope_pct(const std::vector<double>& v) {
  const double n = static_cast<double>(v.size()), middle = (n - 1) / 2;
  double sxy = 0, sxx = 0;
  for (std::size_t k = 0; k < v.size(); ++k)
    sxy += (static_cast<double>(k) - middle) * v[k], sxx += (static_cast<double>(k) - middle) * (static_cast<double>(k) - middle);
  return 100 * sxy / sxx / v[0];
}

// A value off the course of its neighbours: the second difference, which decrements of any depth keep small because they bend once and
// slowly. The first bend (second stimulus) may be as deep as the decrement itself and is not looked at.
bool has_step(const std::vector<double>& v, double limit_pct, double noise_pct) {
  const double limit = std::max(limit_pct, 4 * noise_pct);
  for (std::size_t k = 2; k + 1 < v.size(); ++k) {
    const double bend = 100 * (v[k + 1] - 2 * v[k] + v[k - 1]) / v[0];
    if (std::abs(bend) > 2 * limit) return true;
  }
  for (std::size_t k = 3; k < v.size(); ++k) {
    const double jump = 100 * (v[k] - v[k - 1]) / v[0], before = 100 * (v[k - 1] - v[k - 2]) / v[0];
    if (std::abs(jump) > limit && std::abs(jump) > 2 * std::abs(before) + limit / 2) return true;
  }
  return false;
}

struct Train {
  std::vector<double> amplitude_mv, area_mvms, level_uv, duration_ms;
  std::vector<double> peak_ms;
  double noise_uv = 0;
  std::string flags;
};

// Every response is read at the place of the first one's negative peak, so that a small response late in the train is not taken for
// another.
Train measure_train(const SweepSet& set, const std::vector<Index>& rows, const RepetitiveOptions& o) {
  ResponseOptions options;
  options.window_low_ms = o.window_low_ms, options.window_high_ms = o.window_high_ms;
  options.onset_method = o.onset_method, options.negativity = o.negativity;
  Train train;
  for (const Index r : rows) {
    const auto trace = trace_of(set, r);
    const auto found = measure_response(trace, options);
    if (options.negativity == Negativity::automatic) options.negativity = found.negativity_used;
    train.amplitude_mv.push_back(found.amplitude_uv.value_or(0) / kUvPerMv);
    train.area_mvms.push_back(found.negative_area_uvms.value_or(0) / kUvPerMv);
    if (found.peak_ms) train.peak_ms.push_back(*found.peak_ms);
    train.duration_ms.push_back(found.negative_duration_ms.value_or(0));
    train.level_uv.push_back(baseline_of(trace, o.window_low_ms, o.window_low_ms + 1).level_uv);
    train.noise_uv = std::max(train.noise_uv, found.noise_uv);
    if (found.flags.find("sampling_low") != std::string::npos) add_flag(train.flags, "sampling_low");
  }
  return train;
}

void judge(const SweepSet& set, const std::vector<Index>& rows, const Train& train, const RepetitiveOptions& o, RepetitiveRow& row,
           std::string& flags) {
  const auto [low, high] = std::minmax_element(train.level_uv.begin(), train.level_uv.end());
  if (*high - *low > o.baseline_pct / 100 * train.amplitude_mv[0] * kUvPerMv + 4 * train.noise_uv) add_flag(flags, "baseline_drift");
  if (train.peak_ms.size() > 1) {
    const auto [early, late] = std::minmax_element(train.peak_ms.begin(), train.peak_ms.end());
    if (*late - *early > o.latency_change_ms) add_flag(flags, "latency_change");
  }
  for (const Index r : rows) {
    if (set.sweeps[static_cast<std::size_t>(r)].intensity_ma != set.sweeps[static_cast<std::size_t>(rows.front())].intensity_ma)
      add_flag(flags, "intensity_change");
  }
  if (train.amplitude_mv[0] < o.small_mv) add_flag(flags, "small");
  if (row.stimulus_rate_hz && *row.stimulus_rate_hz >= o.high_rate_hz) {
    const auto best =
        static_cast<std::size_t>(std::max_element(train.amplitude_mv.begin(), train.amplitude_mv.end()) - train.amplitude_mv.begin());
    row.increment_pct = 100 * (train.amplitude_mv[best] / train.amplitude_mv[0] - 1);
    const bool narrow = train.duration_ms[best] < train.duration_ms[0];
    if (best > 0 && narrow && *row.increment_pct > o.pseudo_area_pct && std::abs(change_pct(train.area_mvms, best)) < o.pseudo_area_pct)
      add_flag(flags, "pseudofacilitation");
  }
}

std::optional<double> rate_of(const SweepSet& set, const std::vector<Index>& rows) {
  const auto& first = set.sweeps[static_cast<std::size_t>(rows.front())].clock_s;
  const auto& last = set.sweeps[static_cast<std::size_t>(rows.back())].clock_s;
  if (!first || !last || !(*last > *first)) return std::nullopt;
  return static_cast<double>(rows.size() - 1) / (*last - *first);
}

}  // namespace

RepetitiveRow train_changes(const std::vector<double>& a, const std::vector<double>& b, double noise_uv, const RepetitiveOptions& o) {
  RepetitiveRow row;
  row.stimulus_count = static_cast<int>(a.size());
  row.method = "rns", row.version = kVersion;
  if (a.size() < kFewest) throw InvalidArgument(fmt::format("a train of {} stimuli is too short: at least {}", a.size(), kFewest));
  row.amplitudes_mv = fmt::format("{:.4g}", fmt::join(a, " "));
  row.areas_mvms = fmt::format("{:.4g}", fmt::join(b, " "));
  if (!(a[0] > 0)) {
    row.reason = "not_assessable (no first response)";
    row.quality = "absent";
    return row;
  }
  row.amplitude_1_mv = a[0];
  row.amplitude_decrement_4_pct = -change_pct(a, kFourth);
  if (a.size() > kFifth) row.amplitude_decrement_5_pct = -change_pct(a, kFifth);
  row.amplitude_decrement_largest_pct = largest_drop(a);
  row.amplitude_decrement_last_pct = -change_pct(a, a.size() - 1);
  row.u_shape_pct = 100 * (a.back() - *std::min_element(a.begin(), a.end())) / a[0];
  row.trend_pct = slope_pct(a);
  row.decrement_se_pct = 100 * std::sqrt(2.0) * noise_uv / kUvPerMv / a[0];
  row.within_noise = std::abs(*row.amplitude_decrement_largest_pct) < 2 * *row.decrement_se_pct;
  std::string flags;
  if (has_step(a, o.step_pct, *row.decrement_se_pct)) add_flag(flags, "step");
  if (b.size() == a.size() && b[0] > 0) {
    row.area_1_mvms = b[0];
    row.area_decrement_4_pct = -change_pct(b, kFourth);
    if (b.size() > kFifth) row.area_decrement_5_pct = -change_pct(b, kFifth);
    row.area_decrement_largest_pct = largest_drop(b);
    row.area_decrement_last_pct = -change_pct(b, b.size() - 1);
    const double apart = std::abs(*row.area_decrement_largest_pct - *row.amplitude_decrement_largest_pct);
    if (apart > o.disagreement_pct + 2 * *row.decrement_se_pct) add_flag(flags, "amplitude_area");
  }
  row.quality = flags.empty() ? "ok" : flags;
  return row;
}

std::vector<RepetitiveRow> repetitive_stimulation(const SweepSet& set, const RepetitiveOptions& o, int) {
  validate_options(o);
  require_sweeps(set);
  require_window(set, "window_low_ms", o.window_low_ms, "window_high_ms", o.window_high_ms);
  std::vector<RepetitiveRow> rows;
  std::optional<std::size_t> rest;
  for (const auto& train_rows : trains_of(set)) {
    const auto train = measure_train(set, train_rows, o);
    auto row = train_changes(train.amplitude_mv, train.area_mvms, train.noise_uv, o);
    const auto& sweep = set.sweeps[static_cast<std::size_t>(train_rows.front())];
    row.train = static_cast<int>(rows.size()) + 1;
    row.channel = sweep.channel, row.nerve = sweep.nerve, row.side = sweep.side, row.muscle = sweep.muscle, row.site = sweep.site;
    row.annotation = sweep.annotation, row.temperature_c = sweep.temperature_c;
    row.stimulus_rate_hz = rate_of(set, train_rows);
    if (row.amplitude_1_mv) {
      std::string flags = row.quality == "ok" ? "" : row.quality;
      if (!train.flags.empty()) add_flag(flags, train.flags);
      judge(set, train_rows, train, o, row, flags);
      row.quality = flags.empty() ? "ok" : flags;
    }
    const auto same_place = [&](const RepetitiveRow& other) {
      return other.channel == row.channel && other.nerve == row.nerve && other.side == row.side && other.muscle == row.muscle &&
             other.site == row.site;
    };
    if (rest && !same_place(rows[*rest])) rest.reset();
    if (!rest || row.annotation == "rest") {
      if (row.amplitude_1_mv) rest = rows.size();
    } else if (row.amplitude_1_mv) {
      const auto& base = rows[*rest];
      row.facilitation_pct = 100 * (*row.amplitude_1_mv / *base.amplitude_1_mv - 1);
      row.repair_pct = *base.amplitude_decrement_largest_pct - *row.amplitude_decrement_largest_pct;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace emg
