// endplate inspect FILE...: what is in a file, without computing anything.

#include <fmt/format.h>

#include "libemg/io/hdf5_generic.h"
#include "libemg/io/recording_file.h"
#include "tools/composed.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

constexpr std::size_t kShownChannels = 16;

std::string number(const std::optional<double>& value) { return value ? fmt::format("{}", *value) : ""; }

nlohmann::ordered_json channel_json(const Channel& channel) {
  const auto optional_json = [](const std::optional<double>& v) { return v ? nlohmann::ordered_json(*v) : nlohmann::ordered_json(); };
  return {{"name", channel.name}, {"kind", name_of(channel.kind)}, {"unit", channel.unit}, {"muscle", channel.muscle}, {"side", channel.side},
          {"electrode_kind", channel.electrode_kind}, {"group", channel.group}, {"reference", channel.reference}, {"status", channel.status},
          {"band_low_hz", optional_json(channel.band_low_hz)}, {"band_high_hz", optional_json(channel.band_high_hz)}};
}

std::string stream_text(const StreamInfo& stream) {
  std::string text = fmt::format("  stream \"{}\": {} {} channels x {} samples, {} Hz, {:.6g} s", stream.name, stream.channels.size(),
                                 name_of(stream.kind), stream.sample_count, stream.rate_hz, static_cast<double>(stream.sample_count) / stream.rate_hz);
  if (stream.start_s != 0) text += fmt::format(", starts at {} s", stream.start_s);
  if (!stream.gaps.empty()) text += fmt::format(", {} gaps", stream.gaps.size());
  text += "\n";
  for (std::size_t i = 0; i < stream.channels.size() && i < kShownChannels; ++i) {
    const auto& channel = stream.channels[i];
    text += fmt::format("    {:>3}  {}  [{}]", i + 1, channel.name, channel.unit);
    for (const auto& word : {channel.muscle, channel.side, channel.electrode_kind}) text += word.empty() ? "" : "  " + word;
    if (channel.band_low_hz || channel.band_high_hz) text += fmt::format("  {}-{} Hz", number(channel.band_low_hz), number(channel.band_high_hz));
    if (channel.status != "good") text += "  " + channel.status;
    text += "\n";
  }
  if (stream.channels.size() > kShownChannels) text += fmt::format("    ... {} more\n", stream.channels.size() - kShownChannels);
  return text;
}

std::string provenance_text(const std::vector<ProvenanceEntry>& provenance) {
  std::string text;
  for (const auto& entry : provenance) text += fmt::format("    {}  {} = {}\n", entry.run, entry.key, entry.value);
  return text.empty() ? "" : "  provenance:\n" + text;
}

void describe(Invocation& invocation, const RecordingFile& file, const std::string& path) {
  nlohmann::ordered_json input{{"path", path}, {"format", file.format()}};
  input["streams"] = nlohmann::ordered_json::array();
  std::string text = fmt::format("{}: {}\n", path, file.format());
  for (const auto& stream : file.streams()) {
    nlohmann::ordered_json entry{{"name", stream.name}, {"kind", name_of(stream.kind)}, {"rate_hz", stream.rate_hz}, {"samples", stream.sample_count},
                                 {"start_s", stream.start_s}, {"gaps", stream.gaps.size()}};
    for (const auto& channel : stream.channels) entry["channels"].push_back(channel_json(channel));
    input["streams"].push_back(std::move(entry));
    text += stream_text(stream);
  }
  const auto annotations = file.annotations();
  input["annotations"] = annotations.size();
  if (!annotations.empty()) text += fmt::format("  annotations: {}\n", annotations.size());
  if (const auto sweeps = file.sweeps()) {
    input["sweeps"] = sweeps->sweeps.size();
    text += fmt::format("  sweeps: {} x {} samples, {} Hz\n", sweeps->sweeps.size(), sweeps->samples.cols(), sweeps->rate_hz);
  }
  const auto facts = file.facts();
  input["start_time"] = facts.start_time;
  if (!facts.start_time.empty()) text += fmt::format("  start: {}\n", facts.start_time);
  text += provenance_text(facts.provenance);
  for (const auto& table : file.tables()) {
    if (table.name == "provenance") continue;
    input["tables"].push_back({{"name", table.name}, {"rows", table.row_count()}});
    text += fmt::format("  table {}: {} rows\n", table.name, table.row_count());
  }
  invocation.add_input(std::move(input));
  invocation.print(text);
}

// Numeric arrays of an HDF5 file that is not understood by itself; no rows for anything else.
Table datasets_of(const std::string& path) {
  Table table{"datasets", "numeric arrays; choose with --dataset", {}};
  for (const char* name : {"dataset", "shape", "type", "layout_guess", "rate_hints"}) table.columns.push_back({name, "", "", std::vector<std::string>{}, 1});
  try {
    for (const auto& array : hdf5_arrays(path)) {
      std::string hints;
      for (const auto& [where, value] : array.rate_hints) hints += fmt::format("{}{}={}", hints.empty() ? "" : " ", where, value);
      const std::string cells[] = {array.path, fmt::format("{}", fmt::join(array.shape, " x ")), array.type, array.layout_guess, hints};
      for (std::size_t i = 0; i < table.columns.size(); ++i) append_value(table.columns[i], cells[i]);
    }
  } catch (const FileError&) {
    // Not an HDF5 file: the reason of the first refusal is the one to show.
  }
  return table;
}

int inspect_one(Invocation& invocation, const std::string& path) {
  try {
    const auto file = RecordingFile::open(path, invocation.options<ReadOptions>("input"));
    for (const auto& warning : file.warnings()) invocation.warn(warning, path);
    describe(invocation, file, path);
    return kDone;
  } catch (const FileError& error) {
    const auto arrays = datasets_of(path);
    if (arrays.row_count() == 0) {
      invocation.fail("file", error.what(), path);
      return kUnreadable;
    }
    invocation.warn({"not_selected", error.what(), ""}, path);
    invocation.add_table(arrays);
    return kDone;
  }
}

int run_inspect(Invocation& invocation) {
  std::size_t unreadable = 0;
  for (const auto& path : invocation.arguments()) {
    check_interrupt();
    if (inspect_one(invocation, path) != kDone) ++unreadable;
  }
  if (unreadable == 0) return kDone;
  return unreadable == invocation.arguments().size() ? kUnreadable : kPartial;
}

}  // namespace

Command inspect_command() {
  Command command;
  command.name = "inspect";
  command.group = "Look";
  command.summary = "format, streams, channels, rate, unit, duration, gaps, provenance; datasets of an unknown HDF5 file";
  command.arguments = "FILE...";
  command.fewest_arguments = 1;
  command.most_arguments = 100000;
  command.kind = "composed";
  command.tables = {option_table<ReadOptions>("input", "what to read"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate inspect recording.edf";
  command.run = run_inspect;
  return command;
}

}  // namespace emg::tools
