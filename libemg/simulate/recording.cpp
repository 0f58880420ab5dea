#include "libemg/simulate/recording.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/simulate/hd.h"
#include "libemg/simulate/motor_ncs.h"
#include "libemg/simulate/needle.h"
#include "libemg/simulate/rest.h"
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
      kind("hd", "grid of surface electrodes over a contracting muscle", &simulate_hd),
      kind("surface", "two muscles contracting in bursts below surface electrodes", &simulate_surface),
      kind("rest", "resting muscle with twitches below surface electrodes", &simulate_rest),
      kind("motor-ncs", "motor nerve conduction study: sweeps from several sites", &simulate_motor_ncs),
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
