// endplate batch OPERATION PATH...: any operation over many files.

#include <fmt/format.h>

#include <algorithm>

#include "libemg/io/nwb.h"
#include "libemg/operations.h"
#include "tools/batch_engine.h"
#include "tools/cli_kinds.h"
#include "tools/composed.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

// The same for an operation on sweeps.
JobReport run_one_on_sweeps(const OperationEntry& entry, const OptionValues& values, const Invocation& invocation, const std::filesystem::path& out,
                            const BatchInput& input) {
  const auto file = RecordingFile::open(input.path, invocation.options<ReadOptions>("input"));
  JobReport report;
  report.input_files = file.input_files();
  auto sweeps = file.sweeps();
  if (!sweeps) throw FileError(input.path.string(), fmt::format("holds no sweeps; {} works on stimulated sweeps", entry.name));
  auto result = entry.run_sweeps(*sweeps, values, 1);
  NwbContents contents;
  contents.signal = false;
  Recording header = file.facts();
  header.rate_hz = sweeps->rate_hz;
  add_provenance(header, entry, values, file);
  if (entry.kind == OperationKind::sweeps) {
    contents.sweeps = std::move(result.sweeps);
  } else {
    result.table.name = entry.name;
    std::replace(result.table.name.begin(), result.table.name.end(), '-', '_');
    report.rows[result.table.name] = result.table.row_count();
    contents.tables.push_back(std::move(result.table));
    contents.sweeps = std::move(sweeps);
  }
  const std::string output = "recordings/" + input.id + ".nwb";
  writing(out / output, [&] { write_nwb(out / output, header, contents, write_options(invocation), result_identifier(header)); });
  report.outputs = {output};
  return report;
}

JobReport run_one(const OperationEntry& entry, const OptionValues& values, const Invocation& invocation, const std::filesystem::path& out,
                  const BatchInput& input) {
  if (entry.takes_sweeps()) return run_one_on_sweeps(entry, values, invocation, out, input);
  const auto file = RecordingFile::open(input.path, invocation.options<ReadOptions>("input"));
  JobReport report;
  report.input_files = file.input_files();
  auto recording = file.read();
  for (const auto& warning : recording.warnings) report.warnings.push_back(warning);
  auto result = run_on_recording(entry, recording, values, 1);
  for (const auto& warning : result.warnings) report.warnings.push_back(warning);
  NwbContents contents;
  std::string name = entry.name;
  std::replace(name.begin(), name.end(), '-', '_');
  if (entry.kind == OperationKind::channels) {
    recording.samples = std::move(result.signal);
    mark_computed(recording, result.rate_hz, entry, values);
    add_provenance(recording, entry, values, file);
  } else {
    add_provenance(recording, entry, values, file);
    contents.signal = false;
    if (entry.kind == OperationKind::arrays) {
      contents.arrays.emplace_back(name, std::move(result.arrays));
    } else {
      result.table.name = name;
      report.rows[name] = result.table.row_count();
      contents.tables.push_back(std::move(result.table));
    }
  }
  const std::string output = "recordings/" + input.id + ".nwb";
  writing(out / output, [&] { write_nwb(out / output, recording, contents, write_options(invocation), result_identifier(recording)); });
  report.outputs = {output};
  return report;
}

int run_batch_command(const OperationEntry& entry, const std::string& table, Invocation& invocation) {
  const auto batch = invocation.options<BatchOptions>("batch");
  if (batch.out.empty()) throw InvalidArgument("--out is missing: the folder for the results");
  if (!invocation.run().output.empty()) throw InvalidArgument("--output is not used here: results go into the folder --out");
  const auto inputs = collect_inputs(invocation.arguments(), invocation.options<ReadOptions>("input"), batch.out);
  const auto key = batch_key(invocation, {table, "input", "output"});
  const auto totals = run_batch(invocation, batch, inputs, key, [&](const BatchInput& input) {
    return run_one(entry, invocation.values(table), invocation, batch.out, input);
  });
  std::vector<Warning> warnings;
  write_run_tables(batch.out, key, warnings);
  for (const auto& warning : warnings) invocation.warn(warning, batch.out);
  invocation.print(fmt::format("{} done, {} failed, {} skipped; {} unchanged; {}\n", totals.done, totals.failed, totals.skipped, totals.unchanged,
                               batch.out));
  return exit_code(totals);
}

Command batch_of(const std::string& name) {
  const auto* entry = find_operation(name);
  if (!entry) throw InvalidArgument(fmt::format("unknown operation {}; endplate list shows all", name));
  Command command = batch_command();
  command.specialise = nullptr;
  command.name = "batch " + entry->name;
  command.arguments = "PATH...";
  command.fewest_arguments = 1;
  auto operation = operation_command(*entry).tables.front();
  const std::string table = operation.name;
  command.tables.insert(command.tables.begin(), std::move(operation));
  command.results = entry->results;
  command.run = [entry, table](Invocation& invocation) { return run_batch_command(*entry, table, invocation); };
  return command;
}

}  // namespace

Command batch_command() {
  Command command;
  command.name = "batch";
  command.group = "Whole job";
  command.summary = "one operation over many files: resumable, sharded, in parallel";
  command.arguments = "OPERATION [its options] PATH...";
  command.fewest_arguments = 2;
  command.most_arguments = 1000000;
  command.kind = "composed";
  command.tables = {option_table<BatchOptions>("batch", "batch"), option_table<ReadOptions>("input", "what to read"),
                    option_table<WriteOptions>("output", "how files are written"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate batch detect-spikes --factor 4 recordings/ --out out -j 2";
  command.run = [](Invocation&) -> int { throw InvalidArgument("name the operation first: endplate batch OPERATION [its options] PATH..."); };
  command.specialise = batch_of;
  return command;
}

}  // namespace emg::tools
