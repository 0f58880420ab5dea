// endplate decompose PATH... --out DIR: motor units of multichannel recordings; endplate apply-filters: the same units in other recordings.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "libemg/core/instruction_set.h"
#include "libemg/core/version.h"
#include "libemg/decompose/hd/decompose.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/sha256.h"
#include "libemg/io/table_file.h"
#include "tools/batch_engine.h"
#include "tools/composed.h"
#include "tools/decompose.h"
#include "tools/decompose_needle.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kFewestGroupChannels = 8;

struct DecomposeFileOptions {
  bool signal = true;
  bool pulse_trains = true;
  int report_details = 50;
  static constexpr auto fields() {
    using O = DecomposeFileOptions;
    return std::tuple{field("signal", &O::signal, {}, "copy the signal into the result file; --no-signal leaves it out"),
                      field("pulse_trains", &O::pulse_trains, {}, "store the source of every unit"),
                      field("report_details", &O::report_details, {0, 1e6}, "recordings shown in full in the report; the others get pages of their own")};
  }
};

struct DecompositionRow {
  std::int64_t unit_count = 0, accepted_count = 0;
  int channel_count = 0, rounds = 0, starts = 0, whitening_rank = 0;
  double explained_variance = 0, whitening_floor_uv2 = 0;
  bool complete = true;
  static constexpr auto fields() {
    using R = DecompositionRow;
    return std::tuple{field("unit_count", &R::unit_count, {}, "units reported"),
                      field("accepted_count", &R::accepted_count, {}, "accepted ones among them"),
                      field("channel_count", &R::channel_count, {}, "channels used"),
                      field("rounds", &R::rounds, {}, "rounds of search and peel-off"),
                      field("starts", &R::starts, {}, "starts of the fixed point"),
                      field("whitening_rank", &R::whitening_rank, {}, "directions above the floor"),
                      field("explained_variance", &R::explained_variance, {}, "share of the variance that the units explain"),
                      field("whitening_floor_uv2", &R::whitening_floor_uv2, {}, "variance below which directions were left out"),
                      field("complete", &R::complete, {}, "false: stopped early")};
  }
};

struct ChannelUseRow {
  std::string channel_name, status, reason;
  static constexpr auto fields() {
    using R = ChannelUseRow;
    return std::tuple{field("channel_name", &R::channel_name, {}, "channel"), field("status", &R::status, {}, "used or masked"),
                      field("reason", &R::reason, {}, "why it was masked")};
  }
};

Table channel_table(const Recording& recording, const Decomposition& found) {
  std::vector<ChannelUseRow> rows;
  for (std::size_t c = 0; c < found.channel_reasons.size(); ++c) {
    const auto& reason = found.channel_reasons[c];
    rows.push_back({recording.channels[c].name, reason.empty() ? "used" : "masked", reason});
  }
  return to_table("decomposition_channels", "which channels the decomposition used", rows);
}

Table facts_table(const Decomposition& found) {
  DecompositionRow row;
  row.unit_count = static_cast<std::int64_t>(found.units.size());
  row.accepted_count = std::count_if(found.rows.begin(), found.rows.end(), [](const UnitRow& r) { return r.status == "accepted"; });
  row.channel_count = static_cast<int>(found.filters.channels.size());
  row.rounds = found.rounds;
  row.starts = found.starts;
  row.whitening_rank = found.whitening_rank;
  row.explained_variance = found.explained_variance;
  row.whitening_floor_uv2 = found.whitening_floor_uv2;
  row.complete = found.complete;
  return to_table("decomposition", "the run as a whole", std::vector{row});
}

void add_run_provenance(Recording& recording, const RecordingFile& file, const Invocation& invocation, const std::string& table_name) {
  int run = 0;
  for (const auto& entry : recording.provenance) run = std::max(run, entry.run + 1);
  recording.provenance.push_back({run, "operation", invocation.command().name});
  recording.provenance.push_back({run, "endplate_version", kVersion});
  add_input_provenance(recording, run, file);
  std::string lines;
  for (const auto& table : invocation.command().tables) {
    if (table.name != table_name) continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      recording.provenance.push_back({run, "option." + table.fields[i].name, json_text(values[i])});
      lines += table.fields[i].name + "=" + json_text(values[i]) + "\n";
    }
  }
  recording.provenance.push_back({run, "options_sha256", sha256_hex(lines)});
}

std::string log_text(const Invocation& invocation, const RecordingFile& file, double seconds, const std::vector<Warning>& warnings) {
  Json log;
  log["GeneratedBy"] = Json::array({{{"Name", "endplate"}, {"Version", kVersion}}});
  log["Input"] = file.path().filename().string();
  log["Options"] = Json::object();
  for (const auto& table : invocation.command().tables) {
    if (table.name == "run" || table.name == "batch") continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) log["Options"][table.fields[i].name] = to_json(values[i]);
  }
  log["Execution"] = {{"Runtime", seconds}, {"Threads", invocation.run().threads}};
  log["RuntimeEnvironment"] = {{"InstructionSet", std::string(name_of(instruction_set()))}};
  log["Environment"] = {{"OperatingSystem", "Linux"}};
  log["Warnings"] = Json::array();
  for (const auto& warning : warnings) log["Warnings"].push_back(warning.code + ": " + warning.message);
  return log.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// Recordings of one grid or array each; channels without enough company stay together.
std::vector<std::pair<std::string, Recording>> by_group(const Recording& recording) {
  std::map<std::string, std::vector<Index>> groups;
  for (std::size_t c = 0; c < recording.channels.size(); ++c) {
    if (recording.channels[c].kind == ChannelKind::emg) groups[recording.channels[c].group].push_back(static_cast<Index>(c));
  }
  const bool several = groups.size() > 1 && std::all_of(groups.begin(), groups.end(), [](const auto& g) { return g.second.size() >= kFewestGroupChannels; });
  std::vector<std::pair<std::string, Recording>> parts;
  if (several) {
    for (const auto& [name, channels] : groups) parts.emplace_back(name, select_channels(recording, channels));
  } else {
    parts.emplace_back("", recording);
  }
  return parts;
}

std::string safe_name(std::string name) {
  for (char& c : name) {
    if (c == '/' || c == '\\' || c == ':' || c == ' ' || static_cast<unsigned char>(c) < 0x20) c = '_';
  }
  return name;
}

class DecomposeJob {
 public:
  DecomposeJob(const Invocation& invocation, fs::path out)
      : invocation_(invocation), options_(invocation.options<DecomposeOptions>("decompose")),
        needle_options_(invocation.options<NeedleOptions>("needle")), method_(invocation.options<DecomposeMethodOptions>("method").method),
        file_options_(invocation.options<DecomposeFileOptions>("files")), out_(std::move(out)) {}

  JobReport operator()(const BatchInput& input) const {
    const auto file = RecordingFile::open(input.path, invocation_.options<ReadOptions>("input"));
    JobReport report;
    report.input_files = file.input_files();
    const auto recording = file.read();
    for (auto& [group, part] : by_group(recording)) {
      const auto id = group.empty() ? input.id : input.id + "__" + safe_name(group);
      decompose_part(id, file, std::move(part), report);
    }
    return report;
  }

 private:
  void decompose_part(const std::string& id, const RecordingFile& file, Recording recording, JobReport& report) const {
    if (method_ == DecomposeMethod::potentials || (method_ == DecomposeMethod::automatic && suits_needle(recording))) return decompose_potentials(id, file, std::move(recording), report);
    const auto begin = std::chrono::steady_clock::now();
    const auto found = decompose(recording, options_, invocation_.run().threads, [](const DecomposeProgress&) {
      check_interrupt();
      return true;
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    recording.warnings.insert(recording.warnings.end(), found.warnings.begin(), found.warnings.end());
    add_run_provenance(recording, file, invocation_, "decompose");
    NwbContents contents;
    contents.signal = file_options_.signal;
    contents.units = found.units;
    contents.tables = {facts_table(found), to_table("unit_quality", "how far each unit can be trusted", found.rows), channel_table(recording, found),
                       unit_discharge_table(found)};
    if (!found.units.empty()) contents.tables.push_back(filter_table(found.filters));
    if (file_options_.pulse_trains && !found.units.empty()) contents.tables.push_back(pulse_train_table(found, recording.rate_hz));
    write_parts(id, recording, contents, report);
    const std::string log = id + "_log.json";
    write_file(out_ / log, log_text(invocation_, file, seconds, recording.warnings));
    report.outputs.push_back(log);
    report.rows["unit_quality"] += found.rows.size();
    for (const auto& warning : recording.warnings) report.warnings.push_back(warning);
  }

  void decompose_potentials(const std::string& id, const RecordingFile& file, Recording recording, JobReport& report) const {
    const auto begin = std::chrono::steady_clock::now();
    const auto found = decompose_needle(recording, needle_options_, invocation_.run().threads);
    check_interrupt();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    recording.warnings.insert(recording.warnings.end(), found.warnings.begin(), found.warnings.end());
    add_run_provenance(recording, file, invocation_, "needle");
    auto contents = needle_contents(found, recording);
    contents.signal = file_options_.signal;
    write_parts(id, recording, contents, report);
    const std::string discharges = id + "_discharges.tsv";
    writing(out_ / discharges, [&] { write_table(out_ / discharges, contents.tables[2]); });
    report.outputs.push_back(discharges);
    const std::string log = id + "_log.json";
    write_file(out_ / log, log_text(invocation_, file, seconds, recording.warnings));
    report.outputs.push_back(log);
    report.rows["unit_quality"] += found.unit_rows.size();
    for (const auto& warning : recording.warnings) report.warnings.push_back(warning);
  }

  static Table unit_discharge_table(const Decomposition& found) {
    Table table{"unit_discharges", "every discharge of every unit", {}};
    Column ids{"unit_id", "", "number of the unit", std::vector<std::int64_t>{}, 1}, samples{"sample", "sample", "0-based", std::vector<std::int64_t>{}, 1},
        times{"time_s", "s", "from sample 0", std::vector<double>{}, 1};
    for (const auto& unit : found.units) {
      for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) {
        append_value(ids, static_cast<std::int64_t>(unit.unit_id));
        append_value(samples, unit.discharges.sample[i]);
        append_value(times, unit.discharges.time_s(i));
      }
    }
    table.columns = {std::move(ids), std::move(samples), std::move(times)};
    return table;
  }

  // One row for each frame would be long; one for each unit is what plots and tests ask for.
  static Table pulse_train_table(const Decomposition& found, double rate_hz) {
    Table table{"pulse_trains", fmt::format("source of each unit on the residual plus the unit, {} Hz, standard deviations", rate_hz / found.filters.step), {}};
    Column ids{"unit_id", "", "number of the unit", std::vector<std::int64_t>{}, 1};
    Column values{"source", "", "source value of every frame", std::vector<double>{}, found.pulse_trains.cols()};
    for (const auto& unit : found.units) append_value(ids, static_cast<std::int64_t>(unit.unit_id));
    std::get<std::vector<double>>(values.values).assign(found.pulse_trains.data(), found.pulse_trains.data() + found.pulse_trains.size());
    table.columns = {std::move(ids), std::move(values)};
    return table;
  }

  void write_parts(const std::string& id, const Recording& recording, const NwbContents& contents, JobReport& report) const {
    const std::string output = "recordings/" + id + ".nwb";
    fs::create_directories(out_ / "recordings");
    writing(out_ / output, [&] { write_nwb(out_ / output, recording, contents, write_options(invocation_), result_identifier(recording)); });
    report.outputs.push_back(output);
    const std::string events = id + "_desc-decomposed_events.tsv";
    writing(out_ / events, [&] { write_table(out_ / events, unit_events_table(contents.units)); });
    report.outputs.push_back(events);
    for (const auto& table : contents.tables) {
      if (table.name != "unit_quality") continue;
      const std::string units = id + "_units.tsv";
      writing(out_ / units, [&] { write_table(out_ / units, table); });
      report.outputs.push_back(units);
    }
  }

  const Invocation& invocation_;
  DecomposeOptions options_;
  NeedleOptions needle_options_;
  DecomposeMethod method_;
  DecomposeFileOptions file_options_;
  fs::path out_;
};

int run_decompose(Invocation& invocation) {
  const auto batch = invocation.options<BatchOptions>("batch");
  if (batch.out.empty()) throw InvalidArgument("--out is missing: the folder for units, filters and report");
  if (!invocation.run().output.empty()) throw InvalidArgument("--output is not used here: results go into the folder --out");
  validate_options(invocation.options<DecomposeOptions>("decompose"));
  validate_options(invocation.options<NeedleOptions>("needle"));
  const fs::path out = batch.out;
  const auto inputs = collect_inputs(invocation.arguments(), invocation.options<ReadOptions>("input"), out);
  if (invocation.run().dry_run) {
    for (const auto& input : inputs) {
      invocation.print(fmt::format("{}\t{}\n", input.path.string(), input.skip_reason.empty() ? input.id : "skipped: " + input.skip_reason));
    }
    return kDone;
  }
  const auto key = batch_key(invocation, {"method", "decompose", "needle", "files", "input", "output"});
  const auto totals = run_batch(invocation, batch, inputs, key, DecomposeJob(invocation, out));
  finish_run(invocation, out, key, invocation.options<DecomposeFileOptions>("files").report_details);
  std::size_t units = 0;
  std::string first_reason;
  for (const auto& [id, entry] : read_manifests(out, key)) {
    if (entry.contains("rows") && entry["rows"].contains("unit_quality")) units += entry["rows"]["unit_quality"].get<std::size_t>();
    if (first_reason.empty() && entry.value("status", "") == "failed") first_reason = entry.value("reason", "");
  }
  invocation.print(fmt::format("{} done, {} failed, {} skipped; {} unchanged; {} units\nreport: {}\n", totals.done, totals.failed, totals.skipped,
                               totals.unchanged, units, (out / "report.html").string()));
  const int code = exit_code(totals);
  if (code == kUnreadable || code == kFailed) {
    invocation.fail("input", inputs.empty() ? "nothing to decompose: no file there" : first_reason.empty() ? "nothing to decompose" : first_reason, "");
  }
  return code;
}

}  // namespace

Table unit_events_table(const std::vector<MotorUnit>& units) {
  struct Event {
    std::int64_t sample;
    int unit_id;
    double onset_s;
  };
  std::vector<Event> events;
  for (const auto& unit : units) {
    for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) {
      events.push_back({unit.discharges.sample[i], unit.unit_id, static_cast<double>(unit.discharges.sample[i]) / unit.discharges.rate_hz});
    }
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return std::pair(a.sample, a.unit_id) < std::pair(b.sample, b.unit_id); });
  Table table{"events", "discharges of motor units", {}};
  Column onset{"onset", "s", "seconds from sample 0", std::vector<double>{}, 1}, duration{"duration", "s", "", std::vector<std::int64_t>{}, 1},
      sample{"sample", "sample", "0-based", std::vector<std::int64_t>{}, 1}, unit{"unit_id", "", "", std::vector<std::int64_t>{}, 1},
      type{"event_type", "", "", std::vector<std::string>{}, 1};
  for (const auto& event : events) {
    append_value(onset, event.onset_s);
    append_value(duration, std::int64_t{0});
    append_value(sample, event.sample);
    append_value(unit, static_cast<std::int64_t>(event.unit_id));
    append_value(type, std::string("motor-unit-spike"));
  }
  table.columns = {onset, duration, sample, unit, type};
  return table;
}

Command decompose_command() {
  Command command;
  command.name = "decompose";
  command.group = "Whole job";
  command.summary = "motor units of grids, arrays, needles and wires: instants of discharge, waveforms, filters, how far each can be trusted, and a report";
  command.arguments = "PATH...";
  command.fewest_arguments = 1;
  command.most_arguments = 1000000;
  command.kind = "composed";
  command.tables = {option_table<DecomposeMethodOptions>("method", "method"),
                    option_table<DecomposeOptions>("decompose", "options of method sources"),
                    option_table<NeedleOptions>("needle", "options of method template"), option_table<DecomposeFileOptions>("files", "what is written"),
                    option_table<BatchOptions>("batch", "batch"), option_table<ReadOptions>("input", "what to read"),
                    option_table<WriteOptions>("output", "how result files are written"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate decompose grid.nwb --out units --threads 0";
  command.run = run_decompose;
  return command;
}

}  // namespace emg::tools
