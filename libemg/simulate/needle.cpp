#include "libemg/simulate/needle.h"

#include <cmath>
#include <iterator>

#include "libemg/core/parallel.h"
#include "libemg/simulate/force.h"
#include "libemg/simulate/needle_electrodes.h"

namespace emg {

Simulation simulate_needle(const NeedleScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.needle;
  Simulation simulation;
  open_recording(simulation, {needle_channel()}, o.rate_hz, o.duration_s, "simulated concentric needle recording");
  auto contraction = contract(scene.pool, scene.effort, o.duration_s, o.seed, 0, threads);
  std::vector<SimulatedUnit> units(contraction.pool.size());
  parallel_for(static_cast<Index>(units.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    units[k].unit_id = static_cast<int>(i);
    units[k].kind = "voluntary";
    units[k].neuron = contraction.pool[k];
    units[k].train = contraction.trains[k];
    std::vector<RowMatrix> fibres;
    const bool jitters = scene.jitter.jitter != JitterModel::none;
    if (scene.waveform.generator == WaveformGenerator::hermite) {
      const double size = std::sqrt(contraction.pool[k].size / std::sqrt(scene.pool.size_ratio));
      units[k].potential = hermite_unit(scene.waveform, {{}}, size, o.rate_hz, o.seed, k);
    } else {
      const auto anatomy = diseased(scene.pathology, scene.anatomy);
      units[k].potential = needle_unit(anatomy, contraction.pool[k], scene.pool.size_ratio, o.rate_hz, o.seed, k, scene.electrode,
                                       jitters ? &fibres : nullptr);
    }
    add_jitter(scene.jitter, fibres, o.rate_hz, o.seed, k, units[k]);
  });
  remove_lost_units(scene.pathology, o.seed, units);
  std::vector<TruthEvent> events;
  auto resting = spontaneous_units(scene.spontaneous, needle_electrodes(scene.anatomy, o.rate_hz, o.seed), o.duration_s, o.seed, 0,
                                   scene.pool.unit_count, events, threads);
  std::move(resting.begin(), resting.end(), std::back_inserter(units));
  finish_recording(simulation, std::move(units), std::move(events), scene.noise, scene.instrument, o.seed, threads);
  simulation.truth_tables.push_back(effort_table(scene.pool, contraction, o.duration_s));
  record_provenance(simulation, "needle", scene);
  return simulation;
}

}  // namespace emg
