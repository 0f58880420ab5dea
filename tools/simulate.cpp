// endplate simulate KIND --out FILE.nwb: a recording and its truth.

#include <fmt/format.h>

#include <algorithm>

#include "libemg/io/nwb.h"
#include "libemg/io/table_file.h"
#include "libemg/simulate/preset.h"
#include "libemg/simulate/recording.h"
#include "tools/composed.h"
#include "tools/file_options.h"
#include "tools/preset_values.h"

namespace emg::tools {
namespace {

struct TargetOptions {
  std::string out;
  std::string preset;
  bool signal = true;
  static constexpr auto fields() {
    using O = TargetOptions;
    return std::tuple{field("out", &O::out, {}, "native file to write (.nwb); <name>_truth_events.tsv is written beside it"),
                      field("preset", &O::preset, {}, "named set of option values, see docs/concepts/simulation.md; flags win"),
                      field("signal", &O::signal, {}, "write the signal; --no-signal writes the truth alone")};
  }
};

std::string kind_names() {
  std::string names;
  for (const auto& kind : simulation_kinds()) names += (names.empty() ? "" : ", ") + kind.name;
  return names;
}

// Discharges of every unit and every other true event, by time: the events table of the BIDS derivatives.
Table events_table(const Simulation& simulation) {
  struct Event {
    double onset_s, duration_s;
    std::int64_t sample;
    double unit_id;
    std::string type;
  };
  std::vector<Event> events;
  for (const auto& unit : simulation.truth_units) {
    for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) {
      events.push_back({unit.discharges.time_s(i), 0, unit.discharges.sample[i], static_cast<double>(unit.unit_id), "motor-unit-spike"});
    }
  }
  if (const auto* table = simulation.table("truth_events")) {
    const auto* onset = table->find("time_s");
    const auto* duration = table->find("duration_s");
    const auto* kind = table->find("kind");
    for (std::size_t r = 0; onset && r < table->row_count(); ++r) {
      const double onset_s = std::get<double>(onset->cell(r));
      const auto length = duration ? duration->cell(r) : Value{};
      const auto word = kind ? kind->cell(r) : Value{};
      events.push_back({onset_s, std::holds_alternative<double>(length) ? std::get<double>(length) : 0.0,
                        static_cast<std::int64_t>(std::llround(onset_s * simulation.recording.rate_hz)),
                        std::numeric_limits<double>::quiet_NaN(),
                        std::holds_alternative<std::string>(word) ? std::get<std::string>(word) : "event"});
    }
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.onset_s < b.onset_s; });
  Table table{"truth_events", "every discharge and event that was put in", {}};
  Column onset{"onset", "s", "seconds from sample 0", std::vector<double>{}, 1}, duration{"duration", "s", "", std::vector<double>{}, 1},
      sample{"sample", "sample", "0-based", std::vector<std::int64_t>{}, 1}, unit{"unit_id", "", "", std::vector<double>{}, 1},
      type{"event_type", "", "", std::vector<std::string>{}, 1};
  for (const auto& event : events) {
    append_value(onset, event.onset_s);
    append_value(duration, event.duration_s);
    append_value(sample, event.sample);
    append_value(unit, event.unit_id);
    append_value(type, event.type);
  }
  table.columns = {onset, duration, sample, unit, type};
  return table;
}

int run_simulate(const SimulationKind& kind, const std::string& table, Invocation& invocation) {
  const auto target_options = invocation.options<TargetOptions>("target");
  const std::filesystem::path target = target_options.out;
  if (target.extension() != ".nwb")
    throw InvalidArgument(fmt::format("--out is \"{}\", expected a name that ends in .nwb", target.string()));
  auto simulation = kind.run(invocation.values(table), invocation.run().threads);
  if (!target_options.preset.empty()) {
    simulation.provenance.push_back({0, "option.preset", json_text(target_options.preset)});
    simulation.recording.provenance = simulation.provenance;
  }
  for (const auto& warning : simulation.recording.warnings) invocation.warn(warning, target.string());
  NwbContents contents;
  contents.tables = simulation.truth_tables;
  // The container keeps discharges and templates under truth_units; the table of the units' properties stands beside it.
  for (auto& one : contents.tables) {
    if (one.name == "truth_units" && !simulation.truth_units.empty()) one.name = "truth_unit_properties";
  }
  contents.truth_units = simulation.truth_units;
  contents.sweeps = simulation.sweeps;
  contents.signal = target_options.signal && simulation.recording.sample_count() > 0;
  Recording header = simulation.recording;
  if (simulation.sweeps && header.channels.empty()) {
    header.rate_hz = simulation.sweeps->rate_hz;
    header.channels.resize(1);
    header.channels[0].name = simulation.sweeps->sweeps.empty() ? "sweeps" : simulation.sweeps->sweeps.front().channel;
    header.samples.resize(1, 0);
  }
  const auto events = events_table(simulation);
  auto events_path = target;
  events_path.replace_extension();
  events_path += "_truth_events.tsv";
  writing(target, [&] {
    write_nwb(target, header, contents, write_options(invocation), result_identifier(header));
    if (events.row_count() > 0) write_table(events_path, events);
  });
  invocation.add_output(target.string(), "recording");
  if (events.row_count() > 0) invocation.add_output(events_path.string(), "truth");
  return kDone;
}

Command simulate_kind(const std::string& name) {
  const auto* kind = find_simulation_kind(name);
  if (!kind) throw InvalidArgument(fmt::format("unknown kind {}, expected one of {}", name, kind_names()));
  Command command = simulate_command();
  command.specialise = nullptr;
  command.name = "simulate " + kind->name;
  command.summary = kind->summary;
  command.arguments = "";
  command.fewest_arguments = command.most_arguments = 0;
  std::string table = kind->name;
  std::replace(table.begin(), table.end(), '-', '_');
  command.tables.insert(command.tables.begin(), OptionTable{table, "options of " + kind->name, kind->options});
  command.run = [kind, table](Invocation& invocation) { return run_simulate(*kind, table, invocation); };
  return command;
}

}  // namespace

void apply_preset(const std::string& command_name, const std::string& preset, std::map<std::string, std::vector<Value>>& values) {
  const auto* kind = find_simulation_kind(command_name.substr(command_name.rfind(' ') + 1));
  if (!kind) return;
  std::string table = kind->name;
  std::replace(table.begin(), table.end(), '-', '_');
  auto& list = values.at(table);
  const auto options = preset_options(*kind, preset);
  for (std::size_t i = 0; i < list.size(); ++i) list[i] = options[i].default_value;
}

Command simulate_command() {
  Command command;
  command.name = "simulate";
  command.group = "Truth";
  command.summary = "a recording of known truth: " + kind_names();
  command.arguments = "KIND --out FILE.nwb";
  command.fewest_arguments = 1;
  command.most_arguments = 1;
  command.kind = "composed";
  command.tables = {option_table<TargetOptions>("target", "target"), option_table<WriteOptions>("output", "how the file is written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate simulate needle --seed 3 --out needle.nwb";
  command.run = [](Invocation&) -> int {
    throw InvalidArgument(fmt::format("name the kind first: endplate simulate KIND, one of {}", kind_names()));
  };
  command.specialise = simulate_kind;
  return command;
}

}  // namespace emg::tools
