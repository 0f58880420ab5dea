#pragma once
// Any recording file, by content: its streams, and windows of them in bounded memory.

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/stage.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"

namespace emg {

/// Channels of one rate and one kind. Channels of different rates are never resampled by a reader.
struct StreamInfo {
  std::string name;
  double rate_hz = 0;
  Index sample_count = 0;
  double start_s = 0;  ///< of its first sample, after that of the file
  ChannelKind kind = ChannelKind::emg;
  std::vector<Channel> channels;
  std::vector<Gap> gaps;
};

enum class MissingPolicy { gap, error };
constexpr auto enum_names(MissingPolicy) {
  return std::array{std::pair{MissingPolicy::gap, std::string_view("gap")}, std::pair{MissingPolicy::error, std::string_view("error")}};
}

/// What to read and what to assume where a file is silent. Command-line flags and Python keywords come from here.
struct ReadOptions {
  std::string stream;
  std::vector<std::string> channels;
  double start_s = 0;
  std::optional<double> stop_s;
  std::string units;
  std::optional<double> rate_hz;
  std::string rate_path;
  std::string layout;
  std::vector<std::string> dataset;
  std::string separator;
  std::string decimal;
  bool bad_cells = false;
  MissingPolicy missing = MissingPolicy::gap;
  double max_memory_gb = 8;
  bool strict = false;

  static constexpr auto fields() {
    using O = ReadOptions;
    return std::tuple{
        field("stream", &O::stream, {}, "stream to read; empty: the only EMG stream"),
        field("channels", &O::channels, {}, "names, numbers from 1 (3), ranges (1-64) or patterns (grid1:*); empty: all EMG channels"),
        field("start_s", &O::start_s, {0, 1e9}, "first second to read, from the first sample"),
        field("stop_s", &O::stop_s, {0, 1e9}, "end of what to read (not included); auto: to the end"),
        field("units", &O::units, {}, "unit of the samples where the file does not say: uV, mV, V, nV, or count:0.195uV"),
        field("rate_hz", &O::rate_hz, {1, 1e7}, "sampling rate where the file does not say"),
        field("rate_path", &O::rate_path, {}, "HDF5 dataset or attribute that holds the sampling rate, e.g. /signal/fsamp"),
        field("layout", &O::layout, {}, "channels-samples or samples-channels, where an array does not say"),
        field("dataset", &O::dataset, {}, "HDF5 path of the samples, one or several of equal length"),
        field("separator", &O::separator, {}, "column separator of a text file: comma, semicolon, tab, bar or blank; empty: found"),
        field("decimal", &O::decimal, {}, "decimal mark of a text file: point or comma; empty: point"),
        field("bad_cells", &O::bad_cells, {}, "treat cells of a text file that are no numbers as missing instead of refusing the file"),
        field("missing", &O::missing, {}, "what to do with missing samples: mark a gap, or refuse"),
        field("max_memory_gb", &O::max_memory_gb, {1e-3, 1e5}, "refuse to load more than this at once"),
        field("strict", &O::strict, {}, "refuse a file instead of repairing its header or dropping an incomplete end"),
    };
  }
};
static_assert(fully_described<ReadOptions>());

class Reader;

/// An open recording file. Movable; one thread at a time.
class RecordingFile {
 public:
  /// Opens `path` by its content. Throws FileError if it is missing, malformed, or silent about rate or unit.
  static RecordingFile open(const std::filesystem::path& path, const ReadOptions& options = {});
  RecordingFile(RecordingFile&&) noexcept;
  RecordingFile& operator=(RecordingFile&&) noexcept;
  ~RecordingFile();

  const std::filesystem::path& path() const;
  /// "nwb", "hdf5", "opensignals", "edf", "edf+", "bdf", "bdf+", "csv", "wfdb", ...
  const std::string& format() const;
  std::span<const StreamInfo> streams() const;
  /// Position in streams() that the options of `open` mean. Throws InvalidArgument listing the streams if there are several, FileError if
  /// the file holds no continuous signal.
  std::size_t selected_stream() const;

  /// What the file says of itself without any stream: start, subject, annotations, stimuli, provenance; no channels.
  Recording facts() const;
  /// Everything about the window that the options of `open` mean except its samples: `samples` has 0 columns.
  Recording header() const;
  /// Samples in that window.
  Index sample_count() const;
  /// The window as one recording, gaps bridged. Throws InvalidArgument naming the needed size above max_memory_gb.
  Recording read() const;
  /// Fills `out` (selected channels x any number) with samples from `first` of the window on, gaps bridged.
  void read_block(Index first, RowMatrix& out) const;
  /// Hands the window on in blocks of about 8 MiB.
  void for_each_block(const BlockSink& sink) const;
  /// Block length for this number of channels that `for_each_block` uses.
  Index block_samples() const;

  std::vector<Annotation> annotations() const;
  std::vector<Warning> warnings() const;
  /// Sweeps stored in the file, if any.
  std::optional<SweepSet> sweeps() const;
  /// Result tables stored in the file (native container): provenance, truth, measurements.
  std::vector<Table> tables() const;
  /// Files that belong to this recording, the opened one first: their bytes are its input.
  std::vector<std::filesystem::path> input_files() const;

 private:
  explicit RecordingFile(std::unique_ptr<Reader> reader, std::filesystem::path path, ReadOptions options);
  struct Selection;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Selection> selection_;
};

/// Reads one recording whole: `RecordingFile::open(path, options).read()`.
Recording read_recording(const std::filesystem::path& path, const ReadOptions& options = {});

/// What a file is, without opening it as a recording: for directories of mixed files.
struct FileKind {
  enum class Outcome { recording, skipped } outcome = Outcome::skipped;
  std::string format;  ///< of a recording
  std::string reason;  ///< of a skipped file: "not a format endplate knows", "companion of emg_healthy.hea"
};

/// One file of a directory scan.
struct ScannedFile {
  std::filesystem::path path;
  FileKind kind;
};

/// All files below `directory`, sorted by path, each a recording or skipped with its reason. Symbolic links are followed once; loops end.
/// A folder below it that cannot be read stands for its files, skipped. Throws FileError if `directory` itself cannot be read.
/// A data file owned by a header file, documents, sidecars, and a text file with the stem of a recording beside it are skipped; so is a
/// text or HDF5 file that states no rate or unit, unless `options` gives them.
std::vector<ScannedFile> scan_directory(const std::filesystem::path& directory, const ReadOptions& options = {});

}  // namespace emg
