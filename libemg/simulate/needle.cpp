#include "libemg/simulate/needle.h"

#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/truth.h"

namespace emg {
namespace {

NeedleAnatomy anatomy_of(const NeedleSimulation& o) {
  NeedleAnatomy anatomy;
  anatomy.fibre_density_mm2 = o.fibre_density_mm2;
  anatomy.territory_mm = o.territory_mm;
  anatomy.electrode_from_endplate_mm = o.electrode_from_endplate_mm;
  anatomy.endplate_sd_mm = o.endplate_sd_mm;
  anatomy.diameter_sd_um = o.diameter_sd_um;
  anatomy.wave_scale = o.wave_scale;
  anatomy.amplitude_scale = o.amplitude_scale;
  anatomy.needle.cannula_mm = o.cannula_mm;
  return anatomy;
}

ContractionLaw law_of(const NeedleSimulation& o) {
  return {o.rate_model,
          o.min_rate_hz,
          o.common_spread,
          o.private_spread,
          {o.interval_cv, o.shortest_interval_ms / 1000, o.doublet_probability}};
}

}  // namespace

Simulation simulate_needle(const NeedleSimulation& options, int threads) {
  validate_options(options);
  Simulation simulation;
  auto& recording = simulation.recording;
  recording.rate_hz = options.rate_hz;
  recording.samples = RowMatrix::Zero(1, samples_in_s(options.duration_s, options.rate_hz));
  recording.description = "simulated concentric needle recording";
  Channel channel;
  channel.name = "needle";
  channel.electrode_kind = "concentric needle";
  recording.channels = {channel};

  const auto pool = sample_pool(options.seed, options.rate_model, options.unit_count, options.size_ratio);
  const auto profile = bout_profile({{0, options.duration_s, options.effort}}, options.ramp_s, options.duration_s);
  auto trains = contraction_trains(pool, profile, law_of(options), options.seed, 0, threads);
  const auto anatomy = anatomy_of(options);
  std::vector<SimulatedUnit> units(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    auto potential = needle_unit(anatomy, pool[k], options.size_ratio, options.rate_hz, options.seed, k);
    units[k] = {static_cast<int>(i), "voluntary", 0, pool[k], std::move(potential), std::move(trains[k]), {}};
  });
  add_units(simulation, units, options.noise_uv, threads);
  add_white_noise(options.seed, options.noise_uv, recording.samples, threads);
  add_line(options.seed, options.line_uv, options.line_hz, options.rate_hz, recording.samples);
  record_provenance(simulation, "needle", options);
  return simulation;
}

}  // namespace emg
