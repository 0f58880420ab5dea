#include "libemg/io/recording_writer.h"

#include <fmt/format.h>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"
#include "libemg/io/csv.h"
#include "libemg/io/edf.h"
#include "libemg/io/nwb.h"
#include "libemg/io/text.h"
#include "libemg/io/writer_internal.h"

namespace emg {
namespace {

// What identifies: subject, time, and whatever somebody typed.
Recording without_identity(Recording header) {
  header.subject = {};
  header.start_time.clear();
  header.description.clear();
  header.annotations.clear();
  return header;
}

Recording header_of(const Recording& recording) {
  Recording header;
  header.rate_hz = recording.rate_hz;
  header.start_time = recording.start_time;
  header.start_s = recording.start_s;
  header.samples.resize(recording.samples.rows(), 0);
  header.channels = recording.channels;
  header.gaps = recording.gaps;
  header.annotations = recording.annotations;
  header.stimuli = recording.stimuli;
  header.subject = recording.subject;
  header.description = recording.description;
  header.warnings = recording.warnings;
  header.provenance = recording.provenance;
  return header;
}

}  // namespace

void require_times(const Recording& header, const WriteOptions& options) {
  const auto require = [](const char* name, const std::string& text) {
    if (text.empty() || is_timestamp(text)) return;
    throw InvalidArgument(fmt::format("{} is {}, expected ISO 8601 with zone like 2026-01-31T12:00:00+00:00", name, in_quotes(text)));
  };
  require("created", options.created);
  require("start_time", header.start_time);
}

std::unique_ptr<RecordingWriter> open_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                             const WriteOptions& options) {
  require_rate(header.rate_hz);
  if (header.channels.empty()) throw InvalidArgument("a recording without channels cannot be written");
  if (sample_count < 0) throw InvalidArgument(fmt::format("sample_count {} is negative", sample_count));
  if (options.deidentify) {
    auto plain = options;
    plain.deidentify = false;
    return open_writer(path, without_identity(header), sample_count, plain);
  }
  require_times(header, options);
  const auto extension = lower(path.extension().string());
  if (extension == ".nwb") return std::make_unique<NwbWriter>(path, header, sample_count, options);
  if (extension == ".edf" || extension == ".bdf") return open_edf_writer(path, header, sample_count, options);
  if (extension == ".csv" || extension == ".tsv") return open_csv_writer(path, header, sample_count, options);
  throw InvalidArgument(fmt::format("{}: the extension {} is none of .nwb, .edf, .bdf, .csv, .tsv", path.string(), in_quotes(extension)));
}

void write_recording(const std::filesystem::path& path, const Recording& recording, const WriteOptions& options) {
  const auto writer = open_writer(path, header_of(recording), recording.sample_count(), options);
  writer->append(recording.samples);
  writer->finish();
}

}  // namespace emg
