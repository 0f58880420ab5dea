#pragma once
// Kinds of simulations that can be called by name: what command line, Python and documentation see of them.

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/simulation.h"

namespace emg {

struct SimulationKind {
  std::string name;  ///< with dashes
  std::string summary;
  std::vector<FieldInfo> options;
  /// `values` in the order of `options`, checked (`checked_value`). threads: 0 = all processors; same bits for any number.
  std::function<Simulation(const std::vector<Value>& values, int threads)> run;

  /// Default of every option.
  std::vector<Value> defaults() const;
  /// Position of an option. Throws InvalidArgument naming the kind and the nearest option.
  std::size_t option_index(std::string_view option_name) const;
};

/// All kinds, in the order of the documentation.
std::span<const SimulationKind> simulation_kinds();

/// The kind called `name` (dashes or underscores), or nullptr.
const SimulationKind* find_simulation_kind(std::string_view name);

}  // namespace emg
