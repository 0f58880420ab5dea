// endplate <operation> FILE: one function per kind of operation, none per operation.

#include "tools/cli_kinds.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/recording_writer.h"
#include "libemg/io/sha256.h"
#include "libemg/io/sweep_table.h"
#include "libemg/io/table_file.h"
#include "tools/file_options.h"
#include "tools/progress.h"

namespace emg::tools {
namespace {

std::string underscored(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// What one run of an operation on one file works with.
struct Job {
  const OperationEntry& entry;
  Invocation& invocation;
  RecordingFile& file;
  OptionValues values;
  std::string path;

  int threads() const { return invocation.run().threads; }
};

// Header of a computed signal: counts of the source no longer apply, and the operation joins the provenance.
Recording computed_header(const Job& job, const OptionValues& values, double rate_hz) {
  Recording header = job.file.header();
  mark_computed(header, rate_hz, job.entry, values);
  add_provenance(header, job.entry, values, job.file);
  return header;
}

OperationResult computed(const Job& job, const Recording& recording) {
  const EndAtOnce nothing_is_written_yet;
  job.invocation.info(fmt::format("{}: {} channels x {} samples", job.entry.name, recording.channel_count(), recording.sample_count()));
  return run_on_recording(job.entry, recording, job.values, job.threads());
}

// Rows or arrays of a record that is read block by block, as often as the operation asks for it.
OperationResult computed_in_blocks(const Job& job, const Recording& header) {
  const EndAtOnce nothing_is_written_yet;
  StreamedRecord record{[&](const BlockSink& sink) { job.file.for_each_block(sink); }, static_cast<Index>(header.channels.size()),
                        job.file.sample_count(), header.rate_hz};
  job.invocation.info(fmt::format("{}: {} channels x {} samples", job.entry.name, record.channel_count, record.sample_count));
  return job.entry.run_streamed(record, job.values, job.threads());
}

// False if the operation needs the whole record.
bool stream_signal(const Job& job, const std::filesystem::path& target) {
  const auto header = job.file.header();
  if (!header.gaps.empty()) return false;
  auto values = job.values;
  const BlockSource source = [&](const BlockSink& sink) { job.file.for_each_block(sink); };
  const auto stage = make_stage(job.entry, source, static_cast<Index>(header.channels.size()), header.rate_hz, values, job.threads());
  if (!stage) return false;
  Progress progress(job.invocation.run(), job.entry.name, job.file.sample_count());
  const auto out_header = computed_header(job, values, stage->output_rate_hz());
  const auto writer = open_writer(target, out_header, stage->output_count(job.file.sample_count()),
                                  write_options(job.invocation));
  const BlockSink sink = [&](const ChannelsView& block) { writer->append(block); };
  job.file.for_each_block([&](const ChannelsView& block) {
    check_interrupt();
    stage->push(block, sink);
    progress.advance(block.cols());
  });
  stage->finish(sink);
  writer->finish();
  for (const auto& warning : writer->warnings()) job.invocation.warn(warning, target.string());
  return true;
}

void whole_signal(const Job& job, const std::filesystem::path& target) {
  Recording recording = job.file.read();
  auto result = computed(job, recording);
  for (const auto& warning : result.warnings) job.invocation.warn(warning, job.path);
  recording.samples = std::move(result.signal);
  mark_computed(recording, result.rate_hz, job.entry, job.values);
  add_provenance(recording, job.entry, job.values, job.file);
  const auto writer = open_writer(target, recording, recording.sample_count(), write_options(job.invocation));
  writer->append(recording.samples);
  writer->finish();
  for (const auto& warning : writer->warnings()) job.invocation.warn(warning, target.string());
}

void run_signal(const Job& job) {
  const std::filesystem::path target = job.invocation.run().output;
  if (target.empty() || target == "-") throw InvalidArgument(fmt::format("--output is missing: {} writes a signal into a file", job.entry.name));
  refuse_input_as_output(target, job.file);
  writing(target, [&] {
    if (!stream_signal(job, target)) whole_signal(job, target);
  });
  job.invocation.add_output(target.string(), "recording");
}

// Tables to standard output, a text file, or a native file with provenance.
void run_table(const Job& job) {
  std::filesystem::path target = job.invocation.run().output;
  if (target == "-") target.clear();
  // A recording with gaps is worked on in pieces, and a native result holds the signal beside the table.
  Recording recording = job.file.header();
  const bool in_blocks = job.entry.run_streamed && recording.gaps.empty() && target.extension() != ".nwb";
  if (!in_blocks) recording = job.file.read();
  auto result = in_blocks ? computed_in_blocks(job, recording) : computed(job, recording);
  for (const auto& warning : result.warnings) job.invocation.warn(warning, job.path);
  Table table = job.entry.kind == OperationKind::arrays ? long_table(underscored(job.entry.name), result.arrays) : result.table;
  table.name = underscored(job.entry.name);
  prepend_constant(table, "recording_id", "file name without extension", std::filesystem::path(job.path).stem().string());
  if (job.invocation.run().json || target.empty()) job.invocation.add_table(table);
  if (target.empty()) return;
  refuse_input_as_output(target, job.file);
  writing(target, [&] {
    if (target.extension() != ".nwb") return write_table(target, table);
    NwbContents contents;
    if (job.entry.kind == OperationKind::arrays) {
      contents.arrays.emplace_back(table.name, result.arrays);
    } else {
      result.table.name = table.name;
      contents.tables.push_back(result.table);
    }
    Recording header = recording;
    add_provenance(header, job.entry, job.values, job.file);
    write_nwb(target, header, contents, write_options(job.invocation), result_identifier(header));
  });
  job.invocation.add_output(target.string(), job.entry.kind == OperationKind::arrays ? "arrays" : "table");
}

// An operation on the sweeps stored in a file.
int run_sweeps(const OperationEntry& entry, Invocation& invocation) {
  const auto& path = invocation.arguments().front();
  const auto file = RecordingFile::open(path, invocation.options<ReadOptions>("input"));
  const auto sweeps = sweeps_of_file(file);
  if (!sweeps) throw FileError(path, fmt::format("holds no sweeps; {} works on stimulated sweeps", entry.name));
  invocation.add_input({{"path", path}, {"format", file.format()}, {"rate_hz", sweeps->rate_hz}, {"sweeps", sweeps->sweeps.size()}});
  if (invocation.run().dry_run) {
    invocation.print(fmt::format("{}: {} sweeps x {} samples at {} Hz\n", path, sweeps->sweeps.size(), sweeps->samples.cols(), sweeps->rate_hz));
    return kDone;
  }
  const auto values = invocation.values(underscored(entry.name));
  auto result = [&] {
    const EndAtOnce nothing_is_written_yet;
    return entry.run_sweeps(*sweeps, values, invocation.run().threads);
  }();
  Recording header = file.facts();
  add_provenance(header, entry, values, file);
  std::filesystem::path target = invocation.run().output == "-" ? "" : invocation.run().output;
  if (!target.empty()) refuse_input_as_output(target, file);
  NwbContents contents;
  contents.signal = false;
  if (entry.kind == OperationKind::sweeps) {
    if (target.extension() != ".nwb") throw InvalidArgument(fmt::format("--output is \"{}\": {} writes sweeps into a native file, name it *.nwb", target.string(), entry.name));
    contents.sweeps = std::move(result.sweeps);
  } else {
    Table table = result.table;
    table.name = underscored(entry.name);
    prepend_constant(table, "recording_id", "file name without extension", std::filesystem::path(path).stem().string());
    if (invocation.run().json || target.empty()) invocation.add_table(table);
    if (target.empty()) return kDone;
    if (target.extension() != ".nwb") {
      writing(target, [&] { write_table(target, table); });
      invocation.add_output(target.string(), "table");
      return kDone;
    }
    result.table.name = table.name;
    contents.tables.push_back(std::move(result.table));
    contents.sweeps = sweeps;
  }
  header.rate_hz = sweeps->rate_hz;
  writing(target, [&] { write_nwb(target, header, contents, write_options(invocation), result_identifier(header)); });
  invocation.add_output(target.string(), "sweeps");
  return kDone;
}

int run_operation_command(const OperationEntry& entry, Invocation& invocation) {
  if (entry.takes_sweeps()) return run_sweeps(entry, invocation);
  const auto& path = invocation.arguments().front();
  auto file = RecordingFile::open(path, invocation.options<ReadOptions>("input"));
  const auto header = file.header();
  for (const auto& warning : header.warnings) invocation.warn(warning, path);
  nlohmann::ordered_json input{{"path", path}, {"format", file.format()}};
  if (invocation.run().json) input["sha256"] = sha256_of_files(file.input_files());
  input["stream"] = file.streams()[file.selected_stream()].name;
  input["rate_hz"] = header.rate_hz;
  input["channels"] = header.channels.size();
  input["samples"] = file.sample_count();
  invocation.add_input(std::move(input));
  const Job job{entry, invocation, file, invocation.values(underscored(entry.name)), path};
  if (invocation.run().dry_run) {
    invocation.print(fmt::format("{}: {} channels x {} samples at {} Hz -> {}\n", path, header.channels.size(), file.sample_count(), header.rate_hz,
                                 invocation.run().output.empty() ? "standard output" : invocation.run().output));
    return kDone;
  }
  if (entry.kind == OperationKind::channels) {
    run_signal(job);
  } else {
    run_table(job);
  }
  return kDone;
}

std::string example_of(const OperationEntry& entry) {
  const char* input = entry.takes_sweeps() ? "sweeps.nwb" : "recording.edf";
  const bool writes_file = entry.kind == OperationKind::channels || entry.kind == OperationKind::sweeps;
  return writes_file ? fmt::format("endplate {} {} -o result.nwb", entry.name, input)
                     : fmt::format("endplate {} {} > {}.tsv", entry.name, input, underscored(entry.name));
}

}  // namespace

Command operation_command(const OperationEntry& entry) {
  Command command;
  command.name = entry.name;
  command.group = entry.takes_sweeps() ? "Operations on sweeps" : "Signal operations";
  command.summary = entry.summary;
  command.arguments = "FILE";
  command.fewest_arguments = command.most_arguments = 1;
  command.tables = {{underscored(entry.name), "options of " + entry.name, entry.options},
                    option_table<ReadOptions>("input", "what to read"),
                    option_table<WriteOptions>("output", "how a file is written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.results = entry.results;
  command.kind = name_of(entry.kind);
  command.example = example_of(entry);
  command.run = [&entry](Invocation& invocation) { return run_operation_command(entry, invocation); };
  return command;
}

}  // namespace emg::tools
