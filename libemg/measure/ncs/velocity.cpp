#include "libemg/measure/ncs/velocity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

constexpr double kShortSegmentMm = 80, kTurnaroundMs = 1;

void require_distance(double distance_mm) {
  if (!std::isfinite(distance_mm)) throw InvalidArgument("distance_mm is missing");
  if (distance_mm <= 0) throw InvalidArgument(fmt::format("distance_mm {} is not above 0", distance_mm));
}

VelocityRow base_row(const SiteLatency& site, const ConductionOptions& o) {
  VelocityRow row;
  const auto& sweep = site.sweep;
  row.channel = sweep.channel, row.nerve = sweep.nerve, row.side = sweep.side, row.muscle = sweep.muscle, row.annotation = sweep.annotation;
  row.temperature_c = sweep.temperature_c;
  row.onset_method = o.onset_method;
  row.band_low_hz = site.band_low_hz, row.band_high_hz = site.band_high_hz;
  row.method = "nerve-velocity", row.version = kVersion, row.quality = "ok";
  return row;
}

void adjust(VelocityRow& row, const ConductionOptions& o) {
  if (!o.reference_c) return;
  if (!row.temperature_c) return ncs_detail::add_flag(row.reason, "temperature correction not_assessable (temperature missing)");
  if (row.velocity_mps && o.velocity_factor_mps)
    row.velocity_adjusted_mps = velocity_at_reference(*row.velocity_mps, *row.temperature_c, *o.reference_c, *o.velocity_factor_mps);
  if (row.distal_latency_ms && o.latency_factor_ms)
    row.distal_latency_adjusted_ms = latency_at_reference(*row.distal_latency_ms, *row.temperature_c, *o.reference_c, *o.latency_factor_ms);
}

Latency latency_of(const SiteLatency& site, const ConductionOptions& o) {
  return {*site.onset_ms, std::max(o.latency_sd_ms, site.onset_sd_ms.value_or(0)), o.onset_method};
}

void fill_segment(VelocityRow& row, const SiteLatency& near, const SiteLatency& far, const ConductionOptions& o) {
  row.distal_site = near.sweep.site, row.proximal_site = far.sweep.site;
  row.distal_latency_ms = near.onset_ms, row.proximal_latency_ms = far.onset_ms;
  if (!near.onset_ms || !far.onset_ms) {
    row.reason = fmt::format("not_assessable (no onset at {})", !near.onset_ms ? row.distal_site : row.proximal_site);
    return;
  }
  if (!near.sweep.distance_mm || !far.sweep.distance_mm) {
    row.reason = "not_assessable (distance missing)";
    return;
  }
  row.segment_mm = *far.sweep.distance_mm - *near.sweep.distance_mm;
  try {
    const auto v = segment_velocity(*row.segment_mm, latency_of(near, o), latency_of(far, o), o.distance_sd_mm);
    row.velocity_mps = v.mps, row.velocity_sd_mps = v.sd_mps;
    if (v.segment_short) row.quality = "segment_short";
  } catch (const InvalidArgument& error) {
    row.reason = fmt::format("not_assessable ({})", error.what());
  }
}

// Stimulus to electrode: the latency itself is the conduction time of a sensory nerve.
VelocityRow to_electrode(const SiteLatency& site, const ConductionOptions& o) {
  auto row = base_row(site, o);
  row.proximal_site = site.sweep.site;
  row.proximal_latency_ms = site.onset_ms;
  row.segment_mm = site.sweep.distance_mm;
  if (!site.onset_ms) {
    row.reason = fmt::format("not_assessable (no onset at {})", site.sweep.site);
  } else if (!site.sweep.distance_mm || *site.sweep.distance_mm <= 0) {
    row.reason = "not_assessable (distance missing)";
  } else {
    auto near = latency_of(site, o);
    near.ms = 0, near.sd_ms = 0;
    const auto v = segment_velocity(*site.sweep.distance_mm, near, latency_of(site, o), o.distance_sd_mm);
    row.velocity_mps = v.mps, row.velocity_sd_mps = v.sd_mps;
    if (v.segment_short) row.quality = "segment_short";
  }
  adjust(row, o);
  return row;
}

}  // namespace

Velocity segment_velocity(double distance_mm, const Latency& distal, const Latency& proximal, double distance_sd_mm) {
  require_distance(distance_mm);
  if (distal.method != proximal.method)
    throw InvalidArgument(fmt::format("onset methods {} and {} differ: their latencies are not subtracted", name_of(distal.method),
                                      name_of(proximal.method)));
  const double dt = proximal.ms - distal.ms;
  if (!(dt > 0)) throw InvalidArgument(fmt::format("proximal latency {:.2f} ms not after distal {:.2f} ms", proximal.ms, distal.ms));
  const double cv = distance_mm / dt, relative_d = distance_sd_mm / distance_mm;
  const double relative_t2 = (distal.sd_ms * distal.sd_ms + proximal.sd_ms * proximal.sd_ms) / (dt * dt);
  return {cv, cv * std::sqrt(relative_d * relative_d + relative_t2), distance_mm < kShortSegmentMm};
}

TerminalIndices terminal_indices(double distal_latency_ms, double terminal_distance_mm, double velocity_mps) {
  require_distance(terminal_distance_mm);
  if (!(distal_latency_ms > 0)) throw InvalidArgument(fmt::format("distal_latency_ms {} is not above 0", distal_latency_ms));
  if (!(velocity_mps > 0)) throw InvalidArgument(fmt::format("velocity_mps {} is not above 0", velocity_mps));
  return {distal_latency_ms - terminal_distance_mm / velocity_mps, terminal_distance_mm / (velocity_mps * distal_latency_ms)};
}

FIndices f_indices(double f_latency_ms, double m_latency_ms, double distance_mm) {
  require_distance(distance_mm);
  const double loop = f_latency_ms - m_latency_ms - kTurnaroundMs;
  if (!(loop > 0))
    throw InvalidArgument(fmt::format("f_latency_ms {} is not {} ms after m_latency_ms {}", f_latency_ms, kTurnaroundMs, m_latency_ms));
  if (!(m_latency_ms > 0)) throw InvalidArgument(fmt::format("m_latency_ms {} is not above 0", m_latency_ms));
  return {loop / (2 * m_latency_ms), 2 * distance_mm / loop};
}

double f_estimate_ms(double distance_mm, double velocity_mps, double distal_latency_ms) {
  require_distance(distance_mm);
  if (!(velocity_mps > 0)) throw InvalidArgument(fmt::format("velocity_mps {} is not above 0", velocity_mps));
  return 2 * distance_mm / velocity_mps + kTurnaroundMs + distal_latency_ms;
}

double velocity_at_reference(double velocity_mps, double temperature_c, double reference_c, double factor_mps_per_c) {
  return velocity_mps + factor_mps_per_c * (reference_c - temperature_c);
}

double latency_at_reference(double latency_ms, double temperature_c, double reference_c, double factor_ms_per_c) {
  return latency_ms - factor_ms_per_c * (reference_c - temperature_c);
}

std::vector<VelocityRow> velocities(const std::vector<SiteLatency>& sites, const ConductionOptions& o) {
  // Nerves in order of appearance, sites of each by distance; sites without distance keep their order.
  std::vector<std::vector<const SiteLatency*>> nerves;
  std::map<std::string, std::size_t> known;
  for (const auto& site : sites) {
    const auto& s = site.sweep;
    const auto [at, fresh] =
        known.emplace(s.channel + "\n" + s.nerve + "\n" + s.side + "\n" + s.muscle + "\n" + s.annotation, nerves.size());
    if (fresh) nerves.emplace_back();
    nerves[at->second].push_back(&site);
  }
  std::vector<VelocityRow> rows;
  for (auto& nerve : nerves) {
    const bool known_distances =
        std::all_of(nerve.begin(), nerve.end(), [](const SiteLatency* s) { return s->sweep.distance_mm.has_value(); });
    if (known_distances)
      std::stable_sort(nerve.begin(), nerve.end(),
                       [](const auto* a, const auto* b) { return *a->sweep.distance_mm < *b->sweep.distance_mm; });
    if (o.sensory) {
      for (const auto* site : nerve) rows.push_back(to_electrode(*site, o));
    }
    // Two recordings of one place are no segment: the first of them stands for it.
    nerve.erase(std::unique(nerve.begin(), nerve.end(),
                            [](const SiteLatency* a, const SiteLatency* b) {
                              return a->sweep.site == b->sweep.site && a->sweep.distance_mm == b->sweep.distance_mm;
                            }),
                nerve.end());
    for (std::size_t i = 1; i < nerve.size(); ++i) {
      auto row = base_row(*nerve[i], o);
      fill_segment(row, *nerve[i - 1], *nerve[i], o);
      const auto& first = *nerve.front();
      if (i == 1 && !o.sensory && row.velocity_mps && first.sweep.distance_mm && *first.sweep.distance_mm > 0 && *first.onset_ms > 0) {
        const auto indices = terminal_indices(*first.onset_ms, *first.sweep.distance_mm, *row.velocity_mps);
        row.residual_latency_ms = indices.residual_latency_ms, row.terminal_latency_index = indices.terminal_latency_index;
      }
      adjust(row, o);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::vector<VelocityRow> conduction_velocities(const SweepSet& set, const ConductionOptions& o, int threads) {
  validate_options(o);
  AverageOptions average;
  average.window_low_ms = o.window_low_ms, average.window_high_ms = o.window_high_ms;
  const auto mean = average_sweeps(set, average);
  std::vector<SiteLatency> sites;
  const auto add = [&](const auto& rows) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      sites.push_back({mean.sweeps[i], rows[i].onset_ms, rows[i].onset_sd_ms, set.band_low_hz, set.band_high_hz});
  };
  if (o.sensory) {
    SnapOptions options;
    options.window_low_ms = o.window_low_ms, options.window_high_ms = o.window_high_ms;
    options.onset_method = o.onset_method, options.negativity = o.negativity;
    add(snap(mean, options, threads));
  } else {
    MWaveOptions options;
    options.window_low_ms = o.window_low_ms, options.window_high_ms = o.window_high_ms;
    options.onset_method = o.onset_method, options.negativity = o.negativity;
    add(m_wave(mean, options, threads));
  }
  return velocities(sites, o);
}

}  // namespace emg
