#include "tools/file_options.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>

#include "libemg/core/version.h"
#include "libemg/io/sha256.h"

namespace emg::tools {
namespace {

int next_run(const Recording& header) {
  int run = 0;
  for (const auto& entry : header.provenance) run = std::max(run, entry.run + 1);
  return run;
}

}  // namespace

void add_input_provenance(Recording& header, int run, const RecordingFile& file) {
  const auto add = [&](const char* key, std::string value) { header.provenance.push_back({run, key, std::move(value)}); };
  add("input_name", file.path().filename().string());
  add("input_format", file.format());
  add("input_sha256", sha256_of_files(file.input_files()));
  if (file.streams().empty()) return;
  add("input_stream", file.streams()[file.selected_stream()].name);
  const auto window = file.header();
  add("input_window", fmt::format("[{},{}]", window.start_s, window.start_s + static_cast<double>(file.sample_count()) / window.rate_hz));
}

void add_provenance(Recording& header, const OperationEntry& entry, const OptionValues& values, const RecordingFile& file) {
  const int run = next_run(header);
  const auto operation = operation_provenance(run, entry, values);
  header.provenance.insert(header.provenance.end(), operation.begin(), operation.begin() + 2);
  add_input_provenance(header, run, file);
  header.provenance.insert(header.provenance.end(), operation.begin() + 2, operation.end());
  std::string lines;
  for (auto entry_text = operation.begin() + 2; entry_text != operation.end(); ++entry_text) {
    lines += entry_text->key.substr(7) + "=" + entry_text->value + "\n";
  }
  header.provenance.push_back({run, "options_sha256", sha256_hex(lines)});
}

std::vector<EmgStream> emg_streams(const RecordingFile& file, const ReadOptions& options) {
  constexpr double kLowestRateHz = 200;   // below this there is no EMG to look at
  if (!options.stream.empty()) return {{options.stream, true}};
  std::vector<EmgStream> found, voltages;
  for (const auto& stream : file.streams()) {
    if (stream.kind == ChannelKind::emg) found.push_back({stream.name, true});
    const bool volts = stream.kind == ChannelKind::other && !stream.channels.empty() && stream.channels.front().unit == "uV";
    if (volts && stream.rate_hz >= kLowestRateHz) voltages.push_back({stream.name, false});
  }
  return found.empty() ? voltages : found;
}

void writing(const std::filesystem::path& target, const std::function<void()>& write) {
  try {
    write();
  } catch (const FileError& error) {
    const std::string name = target.filename().string();
    if (std::string(error.path()).find(name) != std::string::npos) throw OutputError(error.what());
    throw;
  }
}

void refuse_input_as_output(const std::filesystem::path& target, const RecordingFile& file) {
  std::error_code error;
  for (const auto& input : file.input_files()) {
    if (std::filesystem::equivalent(target, input, error)) {
      throw InvalidArgument(fmt::format("--output {} is the input itself; give another name", target.string()));
    }
  }
}

std::string creation_time() {
  std::time_t seconds = std::time(nullptr);
  if (const char* epoch = std::getenv("SOURCE_DATE_EPOCH")) seconds = static_cast<std::time_t>(std::atoll(epoch));
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+00:00", fmt::gmtime(seconds));
}

WriteOptions write_options(const Invocation& invocation) {
  auto options = invocation.options<WriteOptions>("output");
  if (options.created.empty()) options.created = creation_time();
  return options;
}

}  // namespace emg::tools
