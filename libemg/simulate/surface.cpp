#include "libemg/simulate/surface.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/truth.h"

namespace emg {
namespace {

constexpr std::array kMuscles{"agonist", "antagonist"};
constexpr std::uint64_t kIndexStep = 100000;  // draws of the muscles lie this far apart

SurfaceAnatomy anatomy_of(const SurfaceSimulation& o) {
  SurfaceAnatomy anatomy;
  anatomy.fibre_total = o.fibre_total;
  anatomy.fibre_samples = o.fibre_samples;
  anatomy.interelectrode_mm = o.interelectrode_mm;
  anatomy.electrode_from_endplate_mm = o.electrode_from_endplate_mm;
  anatomy.wave_scale = o.wave_scale;
  anatomy.conductor.fat_mm = o.fat_mm;
  anatomy.conductor.skin_mm = o.skin_mm;
  return anatomy;
}

std::vector<Bout> bursts_of(const SurfaceSimulation& o, double delay_s, double effort) {
  std::vector<Bout> bouts;
  const double ends_s = o.duration_s;
  for (double start = o.first_burst_s + delay_s; start < ends_s; start += o.burst_s + o.pause_s) {
    bouts.push_back({start, std::min(start + o.burst_s, ends_s), effort});
  }
  return bouts;
}

std::vector<SimulatedUnit> units_of(const SurfaceSimulation& o, const SurfaceAnatomy& anatomy, const PlanarKernels& kernels,
                                    std::size_t muscle, const std::vector<Bout>& bouts, int threads) {
  const double half = o.muscle_distance_mm / 2;
  const SurfacePlace place{muscle == 0 ? -half : half, {-half, half}};
  const std::uint64_t offset = muscle * kIndexStep;
  const auto pool = sample_pool(o.seed, o.rate_model, o.unit_count, o.size_ratio, offset);
  const auto profile = bout_profile(bouts, o.ramp_ms / 1000, o.duration_s);
  const ContractionLaw law{
      o.rate_model, o.min_rate_hz, o.common_spread, o.private_spread, {o.interval_cv, o.shortest_interval_ms / 1000, 0}};
  auto trains = contraction_trains(pool, profile, law, o.seed, offset, threads);
  const double total = std::accumulate(pool.begin(), pool.end(), 0.0, [](double sum, const MotorNeuron& n) { return sum + n.size; });
  std::vector<SimulatedUnit> units(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    auto potential = surface_unit(anatomy, kernels, place, pool[k].size / o.size_ratio, pool[k].place, o.rate_hz, o.seed, offset + k);
    potential.fibre_count = std::max(1, static_cast<int>(std::lround(o.fibre_total * pool[k].size / total)));
    potential.fine *= potential.fibre_count;
    units[k] = {static_cast<int>(muscle) * o.unit_count + static_cast<int>(i),
                "voluntary",
                static_cast<Index>(muscle),
                pool[k],
                std::move(potential),
                std::move(trains[k]),
                {}};
  });
  return units;
}

void add_burst_rows(std::vector<TruthBurst>& rows, const SurfaceSimulation& o, int muscle, const std::vector<Bout>& bouts,
                    const std::vector<SimulatedUnit>& units) {
  std::vector<double> instants;
  for (const auto& unit : units) {
    if (unit.channel != muscle) continue;
    for (const double t : unit.train.time_s) instants.push_back(reference_time_s(unit, t, o.rate_hz));
  }
  std::sort(instants.begin(), instants.end());
  for (const auto& bout : bouts) {
    TruthBurst row;
    row.channel = muscle;
    row.start_s = bout.start_s;
    row.end_s = bout.end_s;
    row.half_start_s = bout.start_s + o.ramp_ms / 2000;
    row.half_end_s = bout.end_s - o.ramp_ms / 2000;
    // Potentials arrive up to some 20 ms after the neurons fired; the next burst has not begun then, or belongs to the same activity.
    const auto from = std::lower_bound(instants.begin(), instants.end(), bout.start_s);
    const auto to = std::upper_bound(from, instants.end(), bout.end_s + std::min(0.05, o.pause_s));
    row.discharge_count = static_cast<int>(to - from);
    if (from != to) {
      row.first_discharge_s = *from;
      row.last_discharge_s = *(to - 1);
    }
    rows.push_back(std::move(row));
  }
}

}  // namespace

Simulation simulate_surface(const SurfaceSimulation& options, int threads) {
  validate_options(options);
  if (options.burst_s < 2 * options.ramp_ms / 1000) {
    throw InvalidArgument(fmt::format("burst_s {} is shorter than its two ramps, ramp_ms {}", options.burst_s, options.ramp_ms));
  }
  Simulation simulation;
  auto& recording = simulation.recording;
  recording.rate_hz = options.rate_hz;
  recording.samples = RowMatrix::Zero(2, samples_in_s(options.duration_s, options.rate_hz));
  recording.description = "simulated surface recording of two muscles";
  for (const char* name : kMuscles) {
    Channel channel;
    channel.name = name;
    channel.electrode_kind = "surface";
    channel.reference = "bipolar";
    channel.interelectrode_mm = options.interelectrode_mm;
    recording.channels.push_back(channel);
  }
  const auto anatomy = anatomy_of(options);
  const auto kernels = options.unit_count > 0 ? surface_kernels(anatomy) : PlanarKernels(anatomy.conductor);
  std::vector<SimulatedUnit> units;
  std::vector<TruthBurst> bursts;
  for (std::size_t m = 0; m < kMuscles.size(); ++m) {
    const auto bouts = bursts_of(options, m == 0 ? 0 : options.antagonist_delay_s, m == 0 ? options.effort : options.antagonist_effort);
    auto own = units_of(options, anatomy, kernels, m, bouts, threads);
    add_burst_rows(bursts, options, static_cast<int>(m), bouts, own);
    units.insert(units.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  }
  add_units(simulation, units, options.noise_uv, threads);
  simulation.truth_tables.push_back(to_table("truth_events", "bursts", bursts));
  add_white_noise(options.seed, options.noise_uv, recording.samples, threads);
  add_line(options.seed, options.line_uv, options.line_hz, options.rate_hz, recording.samples);
  record_provenance(simulation, "surface", options);
  return simulation;
}

}  // namespace emg
