#pragma once
// What a generator returns: the recording or the sweeps, and everything that is true of them.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"
#include "libemg/core/version.h"

namespace emg {

struct Simulation {
  Recording recording;  ///< no samples if the kind makes sweeps
  std::optional<SweepSet> sweeps;
  std::vector<MotorUnit> truth_units;       ///< discharges at the reference instant of the template, its largest absolute value
  std::vector<Table> truth_tables;          ///< truth_units, truth_spikes, truth_events, truth_sweeps, truth_axons: those that the kind has
  std::vector<ProvenanceEntry> provenance;  ///< kind, version, generator, every option; also in `recording`

  const Table* table(const std::string& name) const {
    for (const auto& t : truth_tables) {
      if (t.name == name) return &t;
    }
    return nullptr;
  }
};

inline constexpr const char* kRandomEngine = "philox4x32-10";

/// Writes kind, version, engine and the value of every option into `simulation` and its recording.
template <Described Options>
void record_provenance(Simulation& simulation, const std::string& kind, const Options& options) {
  auto& p = simulation.provenance;
  p = {{0, "operation", "simulate " + kind}, {0, "endplate_version", kVersion}, {0, "random_engine", kRandomEngine}};
  const auto infos = describe<Options>();
  const auto values = values_of(options);
  for (std::size_t i = 0; i < infos.size(); ++i) p.push_back({0, "option." + infos[i].name, json_text(values[i])});
  simulation.recording.provenance = p;
}

}  // namespace emg
