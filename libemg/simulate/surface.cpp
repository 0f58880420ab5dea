#include "libemg/simulate/surface.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "libemg/core/error.h"
#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/hd.h"

namespace emg {
namespace {

constexpr std::array kMuscles{"agonist", "antagonist"};
constexpr std::uint64_t kIndexStep = 100000;  // draws of the muscles lie this far apart

std::vector<Bout> bursts_of(const SurfaceSimulation& o, double delay_s, double effort) {
  std::vector<Bout> bouts;
  const double ends_s = o.duration_s;
  for (double start = o.first_burst_s + delay_s; start < ends_s; start += o.burst_s + o.pause_s) {
    bouts.push_back({start, std::min(start + o.burst_s, ends_s), effort});
  }
  return bouts;
}

// Middle of muscle 0 or 1 across the fibres.
double place_mm(const SurfaceSimulation& o, std::size_t muscle) {
  return (muscle == 0 ? -0.5 : 0.5) * o.muscle_distance_mm;
}

std::vector<SimulatedUnit> units_of(const SurfaceScene& scene, const std::vector<SkinChannel>& channels, const PlanarKernels& kernels,
                                    std::size_t muscle, const std::vector<Bout>& bouts, int threads) {
  const auto& o = scene.surface;
  const std::uint64_t offset = muscle * kIndexStep;
  const auto pool = sample_pool(o.seed, scene.pool.rate_model, scene.pool.unit_count, scene.pool.size_ratio, offset);
  auto trains = contraction_trains(pool, bout_profile(bouts, o.ramp_ms / 1000, o.duration_s), scene.pool, o.seed, offset, threads);
  auto potentials = surface_pool(scene.muscle, kernels, channels, place_mm(o, muscle), pool, scene.whole.fibre_total, scene.pool.size_ratio,
                                 o.rate_hz, o.seed, offset, threads);
  std::vector<SimulatedUnit> units(pool.size());
  for (std::size_t k = 0; k < units.size(); ++k) {
    units[k].unit_id = static_cast<int>(muscle) * scene.pool.unit_count + static_cast<int>(k);
    units[k].kind = "voluntary";
    units[k].channel = static_cast<Index>(muscle);
    units[k].neuron = pool[k];
    units[k].potential = std::move(potentials[k]);
    units[k].train = std::move(trains[k]);
    slow_down(units[k], scene.whole.velocity_decline_pct_per_min, o.rate_hz);
  }
  return units;
}

void add_bursts(std::vector<TruthEvent>& events, const SurfaceSimulation& o, int muscle, const std::vector<Bout>& bouts,
                const std::vector<SimulatedUnit>& units) {
  std::vector<double> instants;
  for (const auto& unit : units) {
    const auto times = reference_times_s(unit, o.rate_hz);
    instants.insert(instants.end(), times.begin(), times.end());
  }
  std::sort(instants.begin(), instants.end());
  for (const auto& bout : bouts) {
    TruthEvent event;
    event.kind = "burst";
    event.channel_peak = muscle;
    event.time_s = event.start_s = bout.start_s;
    event.sample = std::llround(bout.start_s * o.rate_hz);
    event.duration_s = bout.end_s - bout.start_s;
    event.half_start_s = bout.start_s + o.ramp_ms / 2000;
    event.half_end_s = bout.end_s - o.ramp_ms / 2000;
    // Potentials arrive up to some 20 ms after the neurons fired; the next burst has not begun then, or belongs to the same activity.
    const auto from = std::lower_bound(instants.begin(), instants.end(), bout.start_s);
    const auto to = std::upper_bound(from, instants.end(), bout.end_s + std::min(0.05, o.pause_s));
    event.discharge_count = static_cast<int>(to - from);
    if (from != to) {
      event.first_discharge_s = *from;
      event.last_discharge_s = *(to - 1);
    }
    events.push_back(std::move(event));
  }
}

}  // namespace

Simulation simulate_surface(const SurfaceScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.surface;
  if (o.burst_s < 2 * o.ramp_ms / 1000) {
    throw InvalidArgument(fmt::format("burst_s {} is shorter than its two ramps, ramp_ms {}", o.burst_s, o.ramp_ms));
  }
  std::vector<SkinChannel> channels;
  for (std::size_t m = 0; m < kMuscles.size(); ++m)
    channels.push_back(pair_channel(kMuscles[m], place_mm(o, m), o.electrode_from_endplate_mm, o.interelectrode_mm));
  Simulation simulation;
  open_recording(simulation, channels_about(channels), o.rate_hz, o.duration_s, "simulated surface recording of two muscles");
  std::vector<SimulatedUnit> units;
  std::vector<TruthEvent> events;
  std::optional<PlanarKernels> kernels;
  if (scene.pool.unit_count > 0) kernels = surface_kernels(scene.muscle);
  for (std::size_t m = 0; m < kMuscles.size(); ++m) {
    const auto bouts = bursts_of(o, m == 0 ? 0 : o.antagonist_delay_s, m == 0 ? o.effort : o.antagonist_effort);
    std::vector<SimulatedUnit> own;
    if (kernels) own = units_of(scene, channels, *kernels, m, bouts, threads);
    add_bursts(events, o, static_cast<int>(m), bouts, own);
    units.insert(units.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  finish_recording(simulation, std::move(units), std::move(events), scene.noise, scene.instrument, o.seed, threads);
  record_provenance(simulation, "surface", scene);
  return simulation;
}

}  // namespace emg
