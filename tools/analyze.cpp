// endplate analyze PATH... --out DIR: the whole job.

#include "tools/analyze.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/version.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/sha256.h"
#include "tools/batch_engine.h"
#include "tools/composed.h"
#include "tools/decompose_contents.h"
#include "tools/file_options.h"
#include "tools/report.h"

namespace emg::tools {
namespace {

std::string stream_list(const RecordingFile& file) {
  std::string text;
  for (const auto& stream : file.streams()) {
    text += fmt::format("{}{} ({} {} channels, {} Hz)", text.empty() ? "" : ", ", stream.name, stream.channels.size(), name_of(stream.kind), stream.rate_hz);
  }
  return text;
}

// Provenance of the whole analysis: input, every option, warnings.
void add_analysis_provenance(Recording& recording, const RecordingFile& file, const Invocation& invocation) {
  int run = 0;
  for (const auto& entry : recording.provenance) run = std::max(run, entry.run + 1);
  const auto add = [&](std::string key, std::string value) { recording.provenance.push_back({run, std::move(key), std::move(value)}); };
  add("operation", "analyze");
  add("endplate_version", kVersion);
  add_input_provenance(recording, run, file);
  std::string lines;
  for (const auto& table : invocation.command().tables) {
    if (table.name != "analyze" && table.name != "input") continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      add("option." + table.fields[i].name, json_text(values[i]));
      lines += table.fields[i].name + "=" + json_text(values[i]) + "\n";
    }
  }
  add("options_sha256", sha256_hex(lines));
  for (const auto& warning : recording.warnings) add("warning", warning.code + ": " + warning.message);
}

class AnalyzeJob {
 public:
  AnalyzeJob(const Invocation& invocation, std::filesystem::path out)
      : invocation_(invocation), options_(invocation.options<AnalyzeOptions>("analyze")), out_(std::move(out)) {}

  JobReport operator()(const BatchInput& input) const {
    auto read_options = invocation_.options<ReadOptions>("input");
    const auto file = RecordingFile::open(input.path, read_options);
    JobReport report;
    report.input_files = file.input_files();
    const auto found = emg_streams(file, read_options);
    const auto sweeps = file.sweeps();
    if (found.empty() && sweeps) analyze_stream(input.id, file, {}, sweeps, report);
    if (found.empty() && !sweeps) return without_signal(file, std::move(report));
    for (const auto& candidate : found) {
      check_interrupt();
      read_options.stream = candidate.name;
      const auto stream = found.size() == 1 && file.streams().size() == 1 ? RecordingFile::open(input.path, invocation_.options<ReadOptions>("input"))
                                                                          : RecordingFile::open(input.path, read_options);
      analyze_stream(id_of_part(input.id, found.size() == 1 ? "" : candidate.name), stream, candidate, candidate.name == found.front().name ? sweeps : std::nullopt, report);
    }
    return report;
  }

 private:
  static JobReport without_signal(const RecordingFile& file, JobReport report) {
    report.status = "skipped";
    const auto annotations = file.annotations().size();
    report.reason = file.streams().empty() ? fmt::format("no signal in the file; {} annotations", annotations)
                                           : fmt::format("no EMG channel; streams: {}; choose with --stream and --channels", stream_list(file));
    return report;
  }

  void analyze_stream(const std::string& id, const RecordingFile& file, const EmgStream& candidate, const std::optional<SweepSet>& sweeps,
                      JobReport& report) const {
    Recording recording = file.streams().empty() ? file.facts() : file.read();
    if (!candidate.labelled) {
      recording.warnings.push_back({"not_labelled_emg", "no channel is labelled EMG; voltage channels are analysed", ""});
    }
    const auto choice = choose_kind(recording, sweeps, options_.kind);
    if (choice.kind != AnalysisKind::hd) return analyze_part(id, file, std::move(recording), choice, sweeps, report);
    for (auto& [grid, part] : grids_of(recording)) {
      analyze_part(id_of_part(id, grid), file, std::move(part), choice, sweeps, report);
    }
  }

  void analyze_part(const std::string& id, const RecordingFile& file, Recording recording, const KindChoice& choice,
                    const std::optional<SweepSet>& sweeps, JobReport& report) const {
    auto contents = analyze_recording(recording, sweeps, choice, options_, 1);
    contents.signal = options_.signal && recording.sample_count() > 0;
    add_analysis_provenance(recording, file, invocation_);
    const std::string output = "recordings/" + id + ".nwb";
    writing(out_ / output, [&] { write_nwb(out_ / output, recording, contents, write_options(invocation_), result_identifier(recording)); });
    report.outputs.push_back(output);
    for (const auto& table : contents.tables) report.rows[table.name] += table.row_count();
    for (const auto& warning : recording.warnings) report.warnings.push_back(warning);
  }

  const Invocation& invocation_;
  AnalyzeOptions options_;
  std::filesystem::path out_;
};

// True if a recording of the run is clipped, flat, without signal or misses more than 5 %.
bool quality_failed(const std::filesystem::path& out) {
  for (const auto& [id, entry] : read_manifests(out)) {
    for (const auto& output : entry.value("outputs", nlohmann::ordered_json::array())) {
      for (const auto& table : RecordingFile::open(out / output.get<std::string>()).tables()) {
        const auto* flags = table.name == "recordings" ? table.find("flags") : nullptr;
        if (!flags) continue;
        const auto cell = flags->cell(0);
        if (const auto* text = std::get_if<std::string>(&cell)) {
          const std::string list = "," + *text + ",";
          for (const char* flag : {",clipped,", ",flat,", ",missing,", ",no_signal,"}) {
            if (list.find(flag) != std::string::npos) return true;
          }
        }
      }
    }
  }
  return false;
}

// Why a run gave nothing, in one line.
std::string nothing_analysed(const std::vector<BatchInput>& inputs, const std::map<std::string, nlohmann::ordered_json>& entries) {
  if (inputs.empty()) return "nothing to analyse: no file there";
  std::string first;
  std::size_t failed = 0;
  for (const auto& input : inputs) {
    const auto entry = entries.find(input.id);
    if (entry == entries.end() || entry->second.value("status", "") != "failed") continue;
    if (failed++ == 0) first = entry->second.value("reason", "");
  }
  if (failed == 0) return fmt::format("nothing to analyse: {} files, none of them a recording that says enough; reasons in tables/not_analysed.tsv", inputs.size());
  return failed == 1 ? first : fmt::format("none of {} files could be analysed; the first: {}", failed, first);
}

int run_analyze(Invocation& invocation) {
  const auto batch = invocation.options<BatchOptions>("batch");
  const auto options = invocation.options<AnalyzeOptions>("analyze");
  if (batch.out.empty()) throw InvalidArgument("--out is missing: the folder for results, tables and report");
  if (!invocation.run().output.empty()) throw InvalidArgument("--output is not used here: results go into the folder --out");
  if (options.surface_low_hz >= options.surface_high_hz) {
    throw InvalidArgument(fmt::format("surface_low_hz {} is not below surface_high_hz {}", options.surface_low_hz, options.surface_high_hz));
  }
  const std::filesystem::path out = batch.out;
  const auto inputs = collect_inputs(invocation.arguments(), invocation.options<ReadOptions>("input"), out);
  if (invocation.run().dry_run) {
    for (const auto& input : inputs) {
      invocation.print(fmt::format("{}\t{}\n", input.path.string(), input.skip_reason.empty() ? input.id : "skipped: " + input.skip_reason));
    }
    return kDone;
  }
  const auto key = batch_key(invocation, {"analyze", "input", "output"});
  const auto totals = run_batch(invocation, batch, inputs, key, AnalyzeJob(invocation, out));
  finish_run(invocation, out, key, options.report_details);
  for (const auto& input : inputs) invocation.add_input({{"path", input.path.string()}, {"id", input.id}});
  const auto entries = read_manifests(out);
  for (const auto& input : inputs) {
    const auto entry = entries.find(input.id);
    if (entry == entries.end() || entry->second.value("status", "") != "failed" || totals.done == 0) continue;
    invocation.warn({"failed", entry->second.value("reason", ""), ""}, input.id);
  }
  invocation.add_output((out / "report.html").string(), "report");
  std::map<std::string, std::size_t> needs;
  for (const auto& input : inputs) {
    if (input.skip_reason.starts_with("needs ")) ++needs[input.skip_reason];
  }
  for (const auto& [reason, count] : needs) invocation.print(fmt::format("{} files skipped: each {}\n", count, reason));
  invocation.print(fmt::format("{} done, {} failed, {} skipped; {} unchanged\nreport: {}\n", totals.done, totals.failed, totals.skipped, totals.unchanged,
                               (out / "report.html").string()));
  const int code = exit_code(totals);
  if (code == kUnreadable || code == kFailed) invocation.fail("input", nothing_analysed(inputs, entries), "");
  if (code == kDone && options.require_quality && quality_failed(out)) return kQualityGate;
  return code;
}

}  // namespace

Command analyze_command() {
  Command command;
  command.name = "analyze";
  command.group = "Whole job";
  command.summary = "reads, checks quality, analyses spectra, detects spikes, bursts and twitches, finds motor units, measures sweeps; writes tables, results and a report";
  command.arguments = "PATH...";
  command.fewest_arguments = 1;
  command.most_arguments = 1000000;
  command.kind = "composed";
  command.tables = {option_table<AnalyzeOptions>("analyze", "options of analyze"), option_table<BatchOptions>("batch", "batch"),
                    option_table<ReadOptions>("input", "what to read"), option_table<WriteOptions>("output", "how result files are written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate analyze recordings/ --out out";
  command.run = run_analyze;
  return command;
}

}  // namespace emg::tools
