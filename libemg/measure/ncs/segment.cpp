#include "libemg/measure/ncs/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/trace_internal.h"
#include "libemg/measure/ncs/velocity.h"

namespace emg {
namespace {

constexpr double kUvPerMv = 1000;

struct Change {
  std::optional<double> ratio, change_pct, se_pct;
};

// SE of P/D from the SDs of P and D.
Change change_of(const std::optional<double>& distal, const std::optional<double>& proximal, double distal_sd, double proximal_sd) {
  if (!distal || !proximal || !(*distal > 0)) return {};
  const double ratio = *proximal / *distal;
  const double se = std::sqrt(proximal_sd * proximal_sd + ratio * ratio * distal_sd * distal_sd) / *distal;
  return {ratio, 100 * (ratio - 1), 100 * se};
}

double area_sd_mvms(const MWaveRow& row, double rate_hz) {
  return row.noise_uv / kUvPerMv * std::sqrt(row.negative_duration_ms.value_or(0) * 1000 / rate_hz);
}

// Onset and return are read off slopes alike.
double duration_sd_ms(const MWaveRow& row) {
  return std::sqrt(2.0) * row.onset_sd_ms.value_or(0);
}

std::string nerve_key(const MWaveRow& row) {
  return row.channel + "\n" + row.nerve + "\n" + row.side + "\n" + row.muscle + "\n" + row.annotation;
}

std::vector<std::vector<const MWaveRow*>> by_nerve(const std::vector<MWaveRow>& sites) {
  std::vector<std::vector<const MWaveRow*>> nerves;
  std::map<std::string, std::size_t> known;
  for (const auto& row : sites) {
    const auto [at, fresh] = known.emplace(nerve_key(row), nerves.size());
    if (fresh) nerves.emplace_back();
    nerves[at->second].push_back(&row);
  }
  return nerves;
}

std::vector<MWaveRow> site_rows(const SweepSet& set, const SegmentOptions& o, int threads) {
  validate_options(o);
  AverageOptions average;
  average.window_low_ms = o.window_low_ms, average.window_high_ms = o.window_high_ms;
  MWaveOptions options;
  options.window_low_ms = o.window_low_ms, options.window_high_ms = o.window_high_ms;
  options.onset_method = o.onset_method, options.negativity = o.negativity;
  return m_wave(average_sweeps(set, average), options, threads);
}

void require_order(const std::vector<const MWaveRow*>& nerve) {
  for (const auto* site : nerve) {
    if (!site->distance_mm)
      throw InvalidArgument(fmt::format("site \"{}\" has no distance_mm: inching needs one for every site", site->site));
  }
  const bool down = nerve.size() > 1 && *nerve[1]->distance_mm < *nerve[0]->distance_mm;
  for (std::size_t i = 1; i < nerve.size(); ++i) {
    const double before = *nerve[i - 1]->distance_mm, now = *nerve[i]->distance_mm;
    if (now == before)
      throw InvalidArgument(fmt::format("sites \"{}\" and \"{}\" have the same distance_mm {}", nerve[i - 1]->site, nerve[i]->site, now));
    if ((now < before) != down)
      throw InvalidArgument(fmt::format("distance_mm {} of site \"{}\" breaks the order of the sites", now, nerve[i]->site));
  }
}

InchingRow step(const MWaveRow& near, const MWaveRow& far, double rate_hz, const SegmentOptions& o) {
  InchingRow row;
  row.channel = far.channel, row.nerve = far.nerve, row.side = far.side, row.muscle = far.muscle;
  row.from_site = near.site, row.to_site = far.site;
  row.from_mm = *near.distance_mm, row.to_mm = *far.distance_mm;
  row.onset_method = o.onset_method;
  row.method = "inching", row.version = kVersion, row.quality = "ok";
  if (!near.onset_ms || !far.onset_ms) {
    row.reason = fmt::format("not_assessable (no onset at {})", !near.onset_ms ? near.site : far.site);
    return row;
  }
  row.latency_step_ms = *far.onset_ms - *near.onset_ms;
  row.latency_step_sd_ms = std::hypot(near.onset_sd_ms.value_or(0), far.onset_sd_ms.value_or(0));
  if (*row.latency_step_ms > 0) {
    const Latency a{*near.onset_ms, near.onset_sd_ms.value_or(0), o.onset_method},
        b{*far.onset_ms, far.onset_sd_ms.value_or(0), o.onset_method};
    const auto v = segment_velocity(row.to_mm - row.from_mm, a, b);
    row.velocity_mps = v.mps, row.velocity_sd_mps = v.sd_mps;
  } else {
    row.quality = "latency_not_increasing";
  }
  const auto change = segment_change(near, far, rate_hz, o.small_factor);
  row.amplitude_change_pct = change.amplitude_change_pct, row.area_change_pct = change.area_change_pct;
  row.duration_change_pct = change.duration_change_pct;
  return row;
}

}  // namespace

SegmentRow segment_change(const MWaveRow& distal, const MWaveRow& proximal, double rate_hz, double small_factor) {
  SegmentRow row;
  row.channel = distal.channel, row.nerve = distal.nerve, row.side = distal.side, row.muscle = distal.muscle;
  row.distal_site = distal.site, row.proximal_site = proximal.site;
  if (distal.distance_mm && proximal.distance_mm) row.segment_mm = *proximal.distance_mm - *distal.distance_mm;
  row.distal_amplitude_mv = distal.amplitude_mv, row.proximal_amplitude_mv = proximal.amplitude_mv;
  row.onset_method = distal.onset_method;
  row.band_low_hz = distal.band_low_hz, row.band_high_hz = distal.band_high_hz;
  row.method = "segment-change", row.version = kVersion, row.quality = "ok";
  if (distal.onset_method != proximal.onset_method) {
    throw InvalidArgument(fmt::format("onset methods {} and {} differ: their durations are not compared", name_of(distal.onset_method),
                                      name_of(proximal.onset_method)));
  }
  if (!distal.present) {
    row.reason = "not_assessable (no distal response)";
    return row;
  }
  if (*distal.amplitude_mv < small_factor * distal.smallest_detectable_mv) {
    row.reason = fmt::format("not_assessable (small): distal amplitude below {} times the smallest detectable", small_factor);
    return row;
  }
  if (!proximal.present) {
    row.amplitude_ratio = 0, row.amplitude_change_pct = -100;
    row.reason = "no proximal response";
    return row;
  }
  const auto amplitude = change_of(distal.amplitude_mv, proximal.amplitude_mv, distal.noise_uv / kUvPerMv, proximal.noise_uv / kUvPerMv);
  row.amplitude_ratio = amplitude.ratio, row.amplitude_change_pct = amplitude.change_pct, row.amplitude_change_se_pct = amplitude.se_pct;
  const auto area =
      change_of(distal.negative_area_mvms, proximal.negative_area_mvms, area_sd_mvms(distal, rate_hz), area_sd_mvms(proximal, rate_hz));
  row.area_ratio = area.ratio, row.area_change_pct = area.change_pct, row.area_change_se_pct = area.se_pct;
  const auto duration =
      change_of(distal.negative_duration_ms, proximal.negative_duration_ms, duration_sd_ms(distal), duration_sd_ms(proximal));
  row.duration_ratio = duration.ratio, row.duration_change_pct = duration.change_pct, row.duration_change_se_pct = duration.se_pct;
  const auto total = change_of(distal.total_duration_ms, proximal.total_duration_ms, 0, 0);
  row.total_duration_ratio = total.ratio, row.total_duration_change_pct = total.change_pct;
  return row;
}

std::vector<SegmentRow> segment_rows(const std::vector<MWaveRow>& sites, double rate_hz, double small_factor) {
  std::vector<SegmentRow> rows;
  for (auto& nerve : by_nerve(sites)) {
    const bool known = std::all_of(nerve.begin(), nerve.end(), [](const MWaveRow* s) { return s->distance_mm.has_value(); });
    if (known) std::stable_sort(nerve.begin(), nerve.end(), [](const auto* a, const auto* b) { return *a->distance_mm < *b->distance_mm; });
    // Two recordings of one place are no segment: the first of them stands for it.
    const auto same = [](const MWaveRow* a, const MWaveRow* b) { return a->site == b->site && a->distance_mm == b->distance_mm; };
    nerve.erase(std::unique(nerve.begin(), nerve.end(), same), nerve.end());
    for (std::size_t i = 1; i < nerve.size(); ++i) rows.push_back(segment_change(*nerve[i - 1], *nerve[i], rate_hz, small_factor));
  }
  return rows;
}

std::vector<SegmentRow> segment_changes(const SweepSet& set, const SegmentOptions& options, int threads) {
  return segment_rows(site_rows(set, options, threads), set.rate_hz, options.small_factor);
}

std::vector<InchingRow> inching(const SweepSet& set, const SegmentOptions& options, int threads) {
  const auto sites = site_rows(set, options, threads);
  std::vector<InchingRow> rows;
  for (auto& nerve : by_nerve(sites)) {
    require_order(nerve);
    if (nerve.size() > 1 && *nerve[1]->distance_mm < *nerve[0]->distance_mm) std::reverse(nerve.begin(), nerve.end());
    const std::size_t first = rows.size();
    for (std::size_t i = 1; i < nerve.size(); ++i) rows.push_back(step(*nerve[i - 1], *nerve[i], set.rate_hz, options));
    // Slowest for its length: steps of 10 and 20 mm may stand side by side.
    std::size_t slowest = rows.size();
    const auto pace = [&](std::size_t i) { return *rows[i].latency_step_ms / (rows[i].to_mm - rows[i].from_mm); };
    for (std::size_t i = first; i < rows.size(); ++i) {
      if (rows[i].latency_step_ms && (slowest == rows.size() || pace(i) > pace(slowest))) slowest = i;
    }
    if (slowest < rows.size()) rows[slowest].largest = true;
  }
  return rows;
}

}  // namespace emg
