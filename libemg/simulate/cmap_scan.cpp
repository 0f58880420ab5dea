#include "libemg/simulate/cmap_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/simulate/force.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/render.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

std::vector<ScanUnit> units_of(const CmapScanScene& scene) {
  const auto& o = scene.scan;
  std::vector<ScanUnit> units;
  if (!o.unit_threshold_ma.empty()) {
    if (o.unit_amplitude_uv.size() != o.unit_threshold_ma.size())
      throw InvalidArgument(
          fmt::format("unit_amplitude_uv has {} values for {} unit_threshold_ma", o.unit_amplitude_uv.size(), o.unit_threshold_ma.size()));
    if (!o.unit_spread.empty() && o.unit_spread.size() != o.unit_threshold_ma.size())
      throw InvalidArgument(
          fmt::format("unit_spread has {} values for {} unit_threshold_ma", o.unit_spread.size(), o.unit_threshold_ma.size()));
    for (std::size_t i = 0; i < o.unit_threshold_ma.size(); ++i)
      units.push_back({o.unit_threshold_ma[i], o.unit_amplitude_uv[i], o.unit_spread.empty() ? o.relative_spread : o.unit_spread[i]});
    return units;
  }
  constexpr double kUvPerMv = 1000;
  double total = 0;
  for (int i = 0; i < o.unit_count; ++i) {
    Random random = random_of(scene.sweep.seed, RandomDomain::axons, static_cast<std::uint64_t>(i));
    const double size = std::pow(o.unit_size_ratio, random.uniform()),
                 threshold = scene.nerve.threshold_ma * (1 + scene.nerve.threshold_sd * random.normal());
    units.push_back({std::max(0.05 * scene.nerve.threshold_ma, threshold), size, o.relative_spread});
    total += size;
  }
  for (auto& unit : units) unit.amplitude_uv *= scene.nerve.cmap_mv * kUvPerMv / total;
  return units;
}

std::vector<double> currents_of(const CmapScanSimulation& o, const std::vector<ScanUnit>& units) {
  constexpr double kSpreads = 4;  // beyond the outermost thresholds nothing changes
  double low = 1e9, high = 0;
  for (const auto& unit : units) {
    low = std::min(low, unit.threshold_ma * (1 - kSpreads * unit.spread));
    high = std::max(high, unit.threshold_ma * (1 + kSpreads * unit.spread));
  }
  const double first = o.first_ma > 0 ? o.first_ma : 1.05 * high, last = o.last_ma > 0 ? o.last_ma : 0.95 * std::max(0.0, low);
  if (!(first > last)) throw InvalidArgument(fmt::format("first_ma {} is not above last_ma {}: currents fall", first, last));
  std::vector<double> currents(static_cast<std::size_t>(o.stimulus_count));
  for (std::size_t s = 0; s < currents.size(); ++s)
    currents[s] = first + (last - first) * static_cast<double>(s) / static_cast<double>(currents.size() - 1);
  return currents;
}

}  // namespace

std::vector<double> scan_amplitudes(const std::vector<ScanUnit>& units, const std::vector<double>& current_ma, std::int64_t seed,
                                    std::vector<int>* fired) {
  constexpr double kSure = 8;  // SD from the threshold beyond which no draw is needed
  std::vector<double> sums(current_ma.size());
  if (fired) fired->assign(current_ma.size(), 0);
  for (std::size_t s = 0; s < current_ma.size(); ++s) {
    Random random = random_of(seed, RandomDomain::stimuli, s);
    for (const auto& unit : units) {
      const double width = unit.spread * unit.threshold_ma, distance = current_ma[s] - unit.threshold_ma;
      const double u = random.uniform();
      const bool fires = distance > kSure * width ||
                         (distance >= -kSure * width && (width > 0 ? u < normal_probability(distance / width) : distance >= 0));
      if (!fires) continue;
      sums[s] += unit.amplitude_uv;
      if (fired) ++(*fired)[s];
    }
  }
  return sums;
}

Simulation simulate_cmap_scan(const CmapScanScene& scene, int threads) {
  validate_scene(scene);
  const auto units = units_of(scene);
  const auto currents = currents_of(scene.scan, units);
  std::vector<int> fired;
  const auto sums = scan_amplitudes(units, currents, scene.sweep.seed, &fired);
  SweepWriter writer(scene.sweep, scene.stimulus);
  const double latency = scene.scan.distance_mm / scene.nerve.velocity_m_s + scene.nerve.residual_latency_ms;
  // All units share one waveform: a scan is about sizes.
  auto shape = writer.empty();
  add_unit_wave(scene.nerve, latency, 1, scene.sweep.rate_hz, shape);
  for (std::size_t s = 0; s < currents.size(); ++s) {
    auto wave = shape;
    for (auto& v : wave) v *= sums[s];
    TruthSweep truth;
    truth.responding_axon_count = fired[s];
    if (fired[s] > 0) truth.arrival_ms = latency;
    truth.negative_peak_mv = sums[s] / 1000;
    truth.intensity_ma = currents[s];
    auto about = sweep_about(scene.nerve, "wrist", scene.scan.distance_mm, currents[s], scene.stimulus.pulse_ms);
    about.clock_s = static_cast<double>(s) / scene.scan.stimulus_hz;
    writer.add(std::move(wave), std::move(about), std::move(truth));
  }
  std::vector<TruthAxon> axons;
  for (const auto& unit : units) {
    TruthAxon axon;
    axon.axon = static_cast<int>(axons.size());
    axon.velocity_m_s = scene.nerve.velocity_m_s;
    axon.size_uv = unit.amplitude_uv;
    axon.threshold_ma = unit.threshold_ma;
    axon.residual_latency_ms = scene.nerve.residual_latency_ms;
    axons.push_back(axon);
  }
  Simulation simulation;
  simulation.truth_tables.push_back(to_table("truth_axons", "motor units of the scan", axons));
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "cmap_scan", scene);
  return simulation;
}

Simulation simulate_voluntary_epochs(const VoluntaryEpochsScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.epochs;
  if (o.highest_effort < o.lowest_effort)
    throw InvalidArgument(fmt::format("highest_effort {} is below lowest_effort {}", o.highest_effort, o.lowest_effort));
  constexpr double kSettleS = 1;  // of every step of effort before its epoch
  const double epoch_s = o.epoch_ms / 1000, step_s = kSettleS + epoch_s, duration_s = step_s * o.epoch_count;
  EffortOptions effort{.profile = EffortProfile::points, .effort_unit = EffortUnit::force};
  const auto level = [&](int k) {
    return o.epoch_count > 1 ? o.lowest_effort + (o.highest_effort - o.lowest_effort) * k / (o.epoch_count - 1) : o.lowest_effort;
  };
  for (int k = 0; k < o.epoch_count; ++k) {
    effort.point_s.push_back(k * step_s);
    effort.point_s.push_back((k + 1) * step_s - 1e-3);
    effort.point_effort.push_back(level(k));
    effort.point_effort.push_back(level(k));
  }
  const auto contraction = contract(scene.pool, effort, duration_s, o.seed, 0, threads);
  const std::vector<SkinChannel> channels{pair_channel("muscle", 0, o.electrode_from_endplate_mm, o.interelectrode_mm)};
  RowMatrix signal = RowMatrix::Zero(1, samples_in_s(duration_s, o.rate_hz));
  if (!contraction.pool.empty()) {
    constexpr double kFibres = 60000;
    const auto potentials = surface_pool(scene.muscle, surface_kernels(scene.muscle), channels, 0, contraction.pool, kFibres,
                                         scene.pool.size_ratio, o.rate_hz, o.seed, 0, threads);
    std::vector<RenderedTrain> trains;
    for (std::size_t u = 0; u < potentials.size(); ++u) trains.push_back({&potentials[u], contraction.trains[u].time_s, {}});
    render(trains, o.rate_hz, signal, threads);
  }
  SweepWriter writer({.seed = o.seed, .rate_hz = o.rate_hz, .before_ms = 0, .after_ms = o.epoch_ms}, {.artefact_uv = 0});
  for (int k = 0; k < o.epoch_count; ++k) {
    auto wave = writer.empty();
    const auto first = static_cast<Index>(std::llround((k * step_s + kSettleS) * o.rate_hz));
    for (std::size_t n = 0; n < wave.size(); ++n) {
      const Index at = first + static_cast<Index>(n);
      if (at < signal.cols()) wave[n] = signal(0, at);
    }
    Sweep about;
    about.channel = about.muscle = "muscle";
    about.clock_s = k * step_s + kSettleS;
    about.annotation = fmt::format("force {:.3g} %", 100 * level(k));
    writer.add(std::move(wave), std::move(about), {});
  }
  Simulation simulation;
  writer.finish(simulation, scene.noise, threads);
  simulation.truth_tables.push_back(effort_table(scene.pool, contraction, duration_s));
  record_provenance(simulation, "voluntary_epochs", scene);
  return simulation;
}

}  // namespace emg
