#include "libemg/simulate/recording.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/simulate/cmap_scan.h"
#include "libemg/simulate/hd.h"
#include "libemg/simulate/intramuscular.h"
#include "libemg/simulate/late_responses.h"
#include "libemg/simulate/motor_ncs.h"
#include "libemg/simulate/movement.h"
#include "libemg/simulate/needle.h"
#include "libemg/simulate/reflex.h"
#include "libemg/simulate/rest.h"
#include "libemg/simulate/rns.h"
#include "libemg/simulate/sensory_ncs.h"
#include "libemg/simulate/surface.h"

namespace emg {
namespace {

template <Scene S>
SimulationKind kind(std::string name, std::string summary, Simulation (*simulate)(const S&, int)) {
  return {std::move(name), std::move(summary), describe_scene<S>(),
          [simulate](const std::vector<Value>& values, int threads) { return simulate(scene_from_values<S>(values), threads); }};
}

}  // namespace

std::vector<Value> SimulationKind::defaults() const {
  std::vector<Value> values;
  for (const auto& info : options) values.push_back(info.default_value);
  return values;
}

std::size_t SimulationKind::option_index(std::string_view option_name) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (options[i].name == option_name) return i;
    names.push_back(options[i].name);
  }
  const auto nearest = nearest_name(option_name, names);
  throw InvalidArgument(
      fmt::format("simulate {} has no option {}{}", name, option_name, nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

std::span<const SimulationKind> simulation_kinds() {
  static const std::vector<SimulationKind> all{
      kind("needle", "concentric needle among the units of a contracting muscle", &simulate_needle),
      kind("array", "line of contacts, fine wires, monopolar or macro needle in a contracting muscle", &simulate_array),
      kind("single-fibre", "a few fibres of one unit, their jitter and blocking", &simulate_single_fibre),
      kind("hd", "grid of surface electrodes over a contracting muscle", &simulate_hd),
      kind("surface", "two muscles contracting in bursts below surface electrodes", &simulate_surface),
      kind("rest", "resting muscle with twitches below surface electrodes", &simulate_rest),
      kind("tremor", "two muscles that tremble, with an accelerometer", &simulate_tremor),
      kind("bursts", "jerks and tics of two muscles", &simulate_bursts),
      kind("motor-ncs", "motor nerve conduction study: sweeps from several sites", &simulate_motor_ncs),
      kind("inching", "a motor nerve stimulated in short steps across a lesion", &simulate_inching),
      kind("sensory-ncs", "sensory nerve conduction study", &simulate_sensory_ncs),
      kind("f-wave", "F waves, their axons and A waves", &simulate_f_wave),
      kind("h-reflex", "H reflex and M wave over rising currents", &simulate_h_reflex),
      kind("rns", "repetitive nerve stimulation", &simulate_rns),
      kind("blink", "blink reflex on both sides, lateral spread", &simulate_blink),
      kind("mep", "motor evoked potentials and silent period", &simulate_mep),
      kind("cmap-scan", "responses over falling currents", &simulate_cmap_scan),
      kind("voluntary-epochs", "interference patterns at graded force", &simulate_voluntary_epochs),
  };
  return all;
}

const SimulationKind* find_simulation_kind(std::string_view name) {
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  for (const auto& entry : simulation_kinds()) {
    if (entry.name == dashed) return &entry;
  }
  return nullptr;
}

}  // namespace emg
