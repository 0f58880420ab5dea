#include "libemg/simulate/hd.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/simulate/force.h"

namespace emg {
namespace {

// The template of velocities that are `share` of the old: later and longer by 1 / share, delays of the end branches included.
UnitPotential stretched(const UnitPotential& unit, double share) {
  UnitPotential slow = unit;
  slow.fine.resize(unit.fine.rows(), static_cast<Index>(std::ceil(static_cast<double>(unit.fine.cols()) / share)) + 1);
  for (Index c = 0; c < slow.fine.rows(); ++c) {
    const std::span<const double> row(unit.fine.row(c).data(), static_cast<std::size_t>(unit.fine.cols()));
    for (Index i = 0; i < slow.fine.cols(); ++i) slow.fine(c, i) = cubic_at(row, static_cast<double>(i) * share);
  }
  return slow;
}

std::vector<UnitPotential> potentials_of(const HdScene& scene, const std::vector<SkinChannel>& channels,
                                         const std::vector<MotorNeuron>& pool, int threads) {
  const auto& o = scene.hd;
  if (scene.waveform.generator == WaveformGenerator::line_source)
    return surface_pool(scene.muscle, surface_kernels(scene.muscle), channels, 0, pool, scene.whole.fibre_total, scene.pool.size_ratio,
                        o.rate_hz, o.seed, 0, threads);
  std::vector<HermitePlace> places;
  for (const auto& channel : channels) places.push_back({channel.about.x_mm.value_or(0), channel.about.y_mm.value_or(0)});
  std::vector<UnitPotential> potentials(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    potentials[k] = hermite_unit(scene.waveform, places, std::sqrt(pool[k].size / std::sqrt(scene.pool.size_ratio)), o.rate_hz, o.seed, k);
  });
  return potentials;
}

}  // namespace

void slow_down(SimulatedUnit& unit, double decline_pct_per_min, double rate_hz) {
  constexpr double kEpochS = 5, kSlowest = 0.2;
  if (decline_pct_per_min <= 0) return;
  unit.reference_shift_s.resize(unit.train.time_s.size());
  const double own_s = static_cast<double>(reference_point(unit.potential, unit.channel)) / (kPhases * rate_hz);
  for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
    const auto epoch = static_cast<std::size_t>(std::max(0.0, unit.train.time_s[e]) / kEpochS);
    const double middle_min = (static_cast<double>(epoch) + 0.5) * kEpochS / 60;
    const double share = std::max(kSlowest, 1 - decline_pct_per_min / 100 * middle_min);
    if (unit.parts.empty() || unit.parts.back().time_s.empty() ||
        std::floor(unit.parts.back().time_s.front() / kEpochS) != static_cast<double>(epoch)) {
      unit.parts.push_back({stretched(unit.potential, share), {}, {}});
    }
    unit.parts.back().time_s.push_back(unit.train.time_s[e]);
    unit.parts.back().factor.push_back(unit.factor.empty() ? 1 : unit.factor[e]);
    unit.reference_shift_s[e] = own_s * (1 / share - 1);
  }
}

Simulation simulate_hd(const HdScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.hd;
  const auto channels = grid_channels(scene.grid);
  Simulation simulation;
  open_recording(simulation, channels_about(channels), o.rate_hz, o.duration_s, "simulated surface grid over a contracting muscle");
  const auto contraction = contract(scene.pool, scene.effort, o.duration_s, o.seed, 0, threads);
  std::vector<SimulatedUnit> units(contraction.pool.size());
  if (!units.empty()) {
    auto potentials = potentials_of(scene, channels, contraction.pool, threads);
    for (std::size_t u = 0; u < units.size(); ++u) {
      units[u].unit_id = static_cast<int>(u);
      units[u].kind = "voluntary";
      units[u].neuron = contraction.pool[u];
      units[u].potential = std::move(potentials[u]);
      units[u].channel = largest_channel(units[u].potential);
      units[u].train = contraction.trains[u];
      slow_down(units[u], scene.whole.velocity_decline_pct_per_min, o.rate_hz);
    }
  }
  finish_recording(simulation, std::move(units), {}, scene.noise, scene.instrument, o.seed, threads);
  simulation.truth_tables.push_back(effort_table(scene.pool, contraction, o.duration_s));
  if (o.force_channel) {
    Channel force;
    force.name = "force";
    force.kind = ChannelKind::force;
    force.unit = "%";
    auto values = force_of_trains(scene.pool, contraction.pool, contraction.trains, o.rate_hz,
                                  static_cast<std::size_t>(simulation.recording.sample_count()));
    for (auto& v : values) v *= 100;
    append_channel(simulation.recording, force, values);
  }
  record_provenance(simulation, "hd", scene);
  return simulation;
}

}  // namespace emg
