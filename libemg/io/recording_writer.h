#pragma once
// Recordings out, block by block, atomically: the file appears under its name when it is complete.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"

namespace emg {

enum class SampleType { automatic, int16, int32, float32, float64 };
constexpr auto enum_names(SampleType) {
  return std::array{std::pair{SampleType::automatic, std::string_view("auto")}, std::pair{SampleType::int16, std::string_view("int16")},
                    std::pair{SampleType::int32, std::string_view("int32")}, std::pair{SampleType::float32, std::string_view("float32")},
                    std::pair{SampleType::float64, std::string_view("float64")}};
}

struct WriteOptions {
  SampleType dtype = SampleType::automatic;
  bool fast = false;
  bool spec = true;
  bool clip = false;
  bool overwrite = true;
  bool deidentify = false;
  std::string created;

  static constexpr auto fields() {
    using O = WriteOptions;
    return std::tuple{
        field("dtype", &O::dtype, {},
              "sample type of a native file; auto keeps integers of the source and writes computed signals as float32"),
        field("fast", &O::fast, {}, "write a native file without compression"),
        field("spec", &O::spec, {}, "embed the NWB specification in a native file"),
        field("clip", &O::clip, {}, "clip samples outside the range of an integer format instead of refusing"),
        field("overwrite", &O::overwrite, {}, "replace an existing file"),
        field("deidentify", &O::deidentify, {}, "leave out subject, start time and free text"),
        field("created", &O::created, {},
              "creation time to store, ISO 8601 with zone; empty: SOURCE_DATE_EPOCH or now, given by the caller"),
    };
  }
};
static_assert(fully_described<WriteOptions>());

/// Takes consecutive blocks of channels x samples (microvolts; other channels in their unit). Not finished = nothing written.
class RecordingWriter {
 public:
  virtual ~RecordingWriter() = default;
  virtual void append(const ChannelsView& block) = 0;
  /// Completes the file and gives it its name. Throws FileError; the former file stays intact then.
  virtual void finish() = 0;
  /// What the format could not hold exactly (`scale_rounded`, `label_changed`); complete after `finish`.
  virtual std::vector<Warning> warnings() const { return {}; }
};

/// Writer for the extension of `path` (.nwb .edf .bdf .csv .tsv). `header` is a recording whose samples are ignored; `sample_count` is how
/// many will be appended. Throws InvalidArgument for an unknown extension and for `created` or a start that is no time, FileError if `path`
/// cannot be written or exists and must not be replaced.
std::unique_ptr<RecordingWriter> open_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                             const WriteOptions& options = {});

/// Writes one recording whole.
void write_recording(const std::filesystem::path& path, const Recording& recording, const WriteOptions& options = {});

}  // namespace emg
