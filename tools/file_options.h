#pragma once
// What every command that reads and writes files does the same way.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/recording_writer.h"
#include "tools/command.h"

namespace emg::tools {

/// Appends the operation to the provenance of `header`, with the input's name, format, digest, stream and window in front.
void add_provenance(Recording& header, const OperationEntry& entry, const OptionValues& values, const RecordingFile& file);

/// Provenance of the input alone: input_name, input_format, input_sha256, input_stream, input_window.
void add_input_provenance(Recording& header, int run, const RecordingFile& file);

/// A stream worth analysing: EMG, or voltages that nobody called anything else.
struct EmgStream {
  std::string name;
  bool labelled = true;
};
/// The stream that the options name, else all EMG streams, else the voltages.
std::vector<EmgStream> emg_streams(const RecordingFile& file, const ReadOptions& options);

/// Runs `write`; what goes wrong there is a failure of the output (exit code 1), not of the input.
void writing(const std::filesystem::path& target, const std::function<void()>& write);

/// Refuses to write over a file that is being read.
void refuse_input_as_output(const std::filesystem::path& target, const RecordingFile& file);

/// Creation time for result files: SOURCE_DATE_EPOCH if set, else now; ISO 8601 UTC.
std::string creation_time();

/// Runs the write options of `invocation` with the creation time filled in.
WriteOptions write_options(const Invocation& invocation);

}  // namespace emg::tools
