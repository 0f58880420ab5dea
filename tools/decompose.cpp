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
#include "tools/decompose_contents.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

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
    for (auto& [group, part] : grids_of(recording)) {
      decompose_part(id_of_part(input.id, group), file, std::move(part), report);
    }
    return report;
  }

 private:
  void decompose_part(const std::string& id, const RecordingFile& file, Recording recording, JobReport& report) const {
    if (method_ == DecomposeMethod::potentials || (method_ == DecomposeMethod::automatic && suits_needle(recording)))
      return decompose_potentials(id, file, std::move(recording), report);
    const auto begin = std::chrono::steady_clock::now();
    const auto found = decompose(recording, options_, invocation_.run().threads, [](const DecomposeProgress&) {
      check_interrupt();
      return true;
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    recording.warnings.insert(recording.warnings.end(), found.warnings.begin(), found.warnings.end());
    add_run_provenance(recording, file, invocation_, "decompose");
    auto contents = source_contents(found, recording, file_options_.pulse_trains);
    contents.signal = file_options_.signal;
    write_parts(id, recording, contents, report);
    const std::string log = id + "_log.json";
    write_file(out_ / log, log_text(invocation_, file, seconds, recording.warnings));
    report.outputs.push_back(log);
    report.rows["unit_quality"] += found.rows.size();
    for (const auto& warning : recording.warnings) report.warnings.push_back(warning);
  }

  void decompose_potentials(const std::string& id, const RecordingFile& file, Recording recording, JobReport& report) const {
    const auto begin = std::chrono::steady_clock::now();
    auto options = needle_options_;
    options.keep_residual = true;  // the report shows it
    const auto found = decompose_needle(recording, options, invocation_.run().threads);
    check_interrupt();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    recording.warnings.insert(recording.warnings.end(), found.warnings.begin(), found.warnings.end());
    add_run_provenance(recording, file, invocation_, "needle");
    auto contents = needle_contents(found, recording, needle_options_.keep_residual);
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
