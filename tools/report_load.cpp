// From the files of a run to what the report shows. Signals are read in blocks and kept as extremes per stretch.

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "libemg/io/atomic_file.h"
#include "libemg/io/recording_file.h"
#include "tools/batch_engine.h"
#include "tools/report_parts.h"

namespace emg::tools::report {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string text_of(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) return "";
  const auto& value = object[key];
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Channels to draw: all, or kTraceChannels spread evenly over them.
std::vector<Trace> empty_traces(Index channels, Index columns) {
  const auto shown = std::min<Index>(channels, static_cast<Index>(kTraceChannels));
  std::vector<Trace> traces(static_cast<std::size_t>(shown));
  for (Index i = 0; i < shown; ++i) {
    auto& trace = traces[static_cast<std::size_t>(i)];
    trace.channel = i * channels / shown;
    trace.low.assign(static_cast<std::size_t>(columns), std::numeric_limits<double>::quiet_NaN());
    trace.high = trace.low;
  }
  return traces;
}

void take_block(std::vector<Trace>& traces, const ChannelsView& block, Index first, Index total) {
  for (auto& trace : traces) {
    const auto samples = channel_span(block, trace.channel);
    const auto columns = static_cast<Index>(trace.low.size());
    for (Index i = 0; i < block.cols();) {
      const Index column = (first + i) * columns / total;
      // First sample of the next column.
      const Index next = ((column + 1) * total + columns - 1) / columns - first;
      const auto begin = samples.begin() + i, end = samples.begin() + std::min<Index>(next, block.cols());
      const auto [low, high] = std::minmax_element(begin, end);
      auto& kept_low = trace.low[static_cast<std::size_t>(column)];
      auto& kept_high = trace.high[static_cast<std::size_t>(column)];
      kept_low = std::fmin(kept_low, *low);
      kept_high = std::fmax(kept_high, *high);
      i = end - samples.begin();
    }
  }
}

// A stretch that lies in a gap as a whole has no samples of its own.
void erase_gaps(std::vector<Trace>& traces, const std::vector<Gap>& gaps, Index total) {
  for (auto& trace : traces) {
    const auto columns = static_cast<Index>(trace.low.size());
    for (const auto& gap : gaps) {
      if (gap.channel != -1 && gap.channel != trace.channel) continue;
      const Index first = (gap.first_sample * columns + total - 1) / total;
      const Index stop = std::min(columns, (gap.first_sample + gap.sample_count) * columns / total);
      for (Index c = std::max<Index>(0, first); c < stop; ++c) {
        trace.low[static_cast<std::size_t>(c)] = trace.high[static_cast<std::size_t>(c)] = std::numeric_limits<double>::quiet_NaN();
      }
    }
  }
}

std::string anchor_of(const std::string& id, std::size_t number) {
  std::string anchor = "recording-" + std::to_string(number) + "-";
  for (const char c : id) anchor += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ? c : '-';
  return anchor;
}

}  // namespace

ReportRun load_run(const fs::path& directory, std::vector<ReportRecording>& recordings) {
  ReportRun run;
  Json json;
  if (fs::exists(directory / "run.json")) json = Json::parse(read_file(directory / "run.json"), nullptr, false);
  run.version = text_of(json, "endplate");
  run.command = text_of(json, "command");
  if (json.is_object() && json.contains("options") && json["options"].is_object()) {
    for (const auto& option : json["options"].items())
      run.options.emplace_back(option.key(), text_of(json["options"], option.key().c_str()));
  }
  if (json.is_object() && json.contains("inputs") && json["inputs"].is_array()) {
    for (const auto& input : json["inputs"]) run.inputs.push_back(input.is_string() ? input.get<std::string>() : input.dump());
  }
  for (const auto& [id, entry] : read_manifests(directory, key_of_run(directory))) {
    const auto status = text_of(entry, "status");
    if (run.version.empty()) run.version = text_of(entry, "version");
    if (run.command.empty()) run.command = text_of(entry, "command");
    if (status != "done") {
      const auto error = entry.contains("error") ? entry["error"] : Json();
      run.not_analysed.push_back({id, text_of(entry, "input"), status, text_of(entry, "reason"), text_of(error, "where")});
      continue;
    }
    if (!entry.contains("outputs") || !entry["outputs"].is_array()) continue;
    for (const auto& output : entry["outputs"]) {
      const fs::path file = output.is_string() ? output.get<std::string>() : "";
      if (file.extension() != ".nwb") continue;
      ReportRecording recording;
      recording.id = file.stem().string();
      recording.input = text_of(entry, "input");
      recording.anchor = anchor_of(recording.id, recordings.size() + 1);
      recordings.push_back(std::move(recording));
    }
  }
  return run;
}

void load_recording(const fs::path& directory, ReportRecording& recording) {
  try {
    const auto file = RecordingFile::open(directory / "recordings" / (recording.id + ".nwb"));
    recording.tables = file.tables();
    recording.sweeps = file.sweeps();
    if (file.streams().empty()) return;
    recording.header = file.header();
    if (recording.header.annotations.empty()) recording.header.annotations = file.annotations();
    const Index total = recording.sample_count = file.sample_count();
    if (total == 0) return;
    const auto channels = static_cast<Index>(recording.header.channels.size());
    recording.traces = empty_traces(channels, std::min(channels > kFewChannels ? kNarrowColumns : kTraceColumns, total));
    Index first = 0;
    file.for_each_block([&](const ChannelsView& block) {
      take_block(recording.traces, block, first, total);
      first += block.cols();
    });
    erase_gaps(recording.traces, recording.header.gaps, total);
  } catch (const Error& error) {
    recording.problem = error.what();
  }
}

}  // namespace emg::tools::report
