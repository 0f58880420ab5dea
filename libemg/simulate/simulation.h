#pragma once
// What a generator returns: the recording or the sweeps, and everything that is true of them.

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"
#include "libemg/core/version.h"
#include "libemg/simulate/scene.h"

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

/// Largest seed: every double up to it is an integer.
inline constexpr double kLargestSeed = 9007199254740992.0;

/// Writes kind, version, engine and the value of every option into `simulation` and its recording.
template <Scene S>
void record_provenance(Simulation& simulation, const std::string& kind, const S& scene) {
  auto& p = simulation.provenance;
  p = {{0, "operation", "simulate " + kind}, {0, "endplate_version", kVersion}, {0, "random_engine", kRandomEngine}};
  const auto infos = describe_scene<S>();
  const auto values = scene_values(scene);
  for (std::size_t i = 0; i < infos.size(); ++i) p.push_back({0, "option." + infos[i].name, json_text(values[i])});
  simulation.recording.provenance = p;
}

/// Takes out the columns that have no value in any row.
inline void drop_missing_columns(Table& table) {
  std::erase_if(table.columns, [](const Column& column) {
    if (const auto* numbers = std::get_if<std::vector<double>>(&column.values))
      return !numbers->empty() && std::all_of(numbers->begin(), numbers->end(), [](double v) { return std::isnan(v); });
    if (const auto* words = std::get_if<std::vector<std::string>>(&column.values))
      return !words->empty() && std::all_of(words->begin(), words->end(), [](const auto& w) { return w.empty(); });
    return false;
  });
}

/// Rows that belong to table `name`: appended if it is there, a new table if there are any.
template <Described Row>
void add_rows(Simulation& simulation, const std::string& name, const std::string& text, const std::vector<Row>& rows) {
  if (rows.empty()) return;
  auto more = to_table(name, text, rows);
  for (auto& table : simulation.truth_tables) {
    if (table.name == name) return append_rows(table, more);
  }
  simulation.truth_tables.push_back(std::move(more));
}

}  // namespace emg
