#include <fmt/format.h>

#include <algorithm>

#include "libemg/simulate/preset.h"
#include "libemg/simulate/recording.h"
#include "python/bind_files.h"
#include "python/bind_options.h"
#include "python/bind_recording.h"
#include "python/bind_table.h"

namespace emg::python {
namespace {

const SimulationKind& kind_named(const std::string& name) {
  if (const auto* kind = find_simulation_kind(name)) return *kind;
  std::vector<std::string> names;
  for (const auto& kind : simulation_kinds()) names.push_back(kind.name);
  throw InvalidArgument(fmt::format("unknown kind \"{}\", expected one of {}", name, fmt::join(names, ", ")));
}

py::dict simulate(const std::string& name, const py::object& thread_count, const py::dict& keywords) {
  const auto& kind = kind_named(name);
  // A preset changes the defaults; keywords win.
  py::dict rest(keywords);
  std::string preset;
  if (keywords.contains("preset")) {
    preset = py::cast<std::string>(keywords["preset"]);
    rest = py::dict();
    for (const auto& [key, value] : keywords) {
      if (py::cast<std::string>(key) != "preset") rest[key] = value;
    }
  }
  const auto values = values_from_keywords("simulate", preset_options(kind, preset), rest);
  const int threads = threads_from_python(thread_count);
  Simulation simulation;
  {
    const py::gil_scoped_release released;
    simulation = kind.run(values, threads);
  }
  if (!preset.empty()) {
    simulation.provenance.push_back({0, "option.preset", json_text(preset)});
    simulation.recording.provenance = simulation.provenance;
  }
  py::list units, tables;
  for (const auto& unit : simulation.truth_units) units.append(unit_payload(unit));
  for (auto& table : simulation.truth_tables) tables.append(table_payload(std::move(table)));
  py::dict payload;
  payload["recording"] = py::none();
  payload["sweeps"] = py::none();
  if (simulation.recording.samples.size() > 0)
    payload["recording"] = RecordingHandle{std::make_shared<Recording>(std::move(simulation.recording))};
  if (simulation.sweeps) payload["sweeps"] = sweeps_payload(std::move(*simulation.sweeps));
  payload["units"] = units;
  payload["tables"] = tables;
  payload["provenance"] = provenance_payload(simulation.provenance);
  return payload;
}

}  // namespace

void bind_simulate(py::module_& module) {
  module.def("simulate", &simulate);
}

}  // namespace emg::python
