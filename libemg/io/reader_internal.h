#pragma once
// What one format provides. RecordingFile does the rest: streams, channels, windows, gaps, memory limits.

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"

namespace emg {

/// Facts of a file that a reader knows once it is open.
struct FileHeader {
  std::string format;
  std::string start_time;  ///< ISO 8601 with zone, "" = unknown
  Subject subject;
  std::string description;
  std::vector<StreamInfo> streams;
  std::vector<Annotation> annotations;
  std::vector<Stimulus> stimuli;
  std::vector<Warning> warnings;
  std::vector<ProvenanceEntry> provenance;
  std::optional<SweepSet> sweeps;
  std::vector<std::filesystem::path> input_files;
};

class Reader {
 public:
  virtual ~Reader() = default;
  const FileHeader& header() const { return header_; }

  /// Fills out(i, j) with sample first + j of channel `channels[i]` of `stream`, in microvolts (voltages) or the channel's unit.
  /// What is missing in the source may hold anything: gaps are bridged by the caller.
  virtual void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const = 0;

  virtual std::vector<Table> tables() const { return {}; }

 protected:
  FileHeader header_;
};

/// First bytes of a file, for recognition by content.
struct FileHead {
  std::filesystem::path path;
  std::string bytes;  ///< up to 4096
  std::uintmax_t size = 0;
};

/// One format: does the head look like it, and open.
struct Format {
  std::string_view name;
  bool (*recognises)(const FileHead&);
  std::unique_ptr<Reader> (*open)(const std::filesystem::path&, const ReadOptions&);
};

/// First bytes of `path`. Throws FileError if it is missing, a folder or unreadable.
FileHead head_of(const std::filesystem::path& path);

/// The format that `head` is in, null if it is none of the known ones.
const Format* format_of(const FileHead& head);

/// How the refusal of a text without numbers begins: a document.
inline constexpr std::string_view kNoRows = "no rows of numbers";

/// Options that a refusal asks for ("--rate-hz and --units"), "" if it has another reason. A reader that misses an option names it like
/// that.
std::string needed_options(const FileError& refusal);

// One per format, in <format>.cpp.
extern const Format kNwbFormat;   // HDF5 with an NWB root
extern const Format kHdf5Format;  // any other HDF5, with its detectors
extern const Format kEdfFormat;   // EDF, EDF+, BDF, BDF+
extern const Format kWfdbFormat;  // .hea, or a .dat beside its .hea
extern const Format kCsvFormat;   // text

}  // namespace emg
