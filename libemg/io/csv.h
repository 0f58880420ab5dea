#pragma once
// Recordings as text out. (Reading: recording_file.h.)

#include <filesystem>
#include <memory>

#include "libemg/io/recording_writer.h"

namespace emg {

/// Writer of one row per sample: `time_s`, then one column `name [unit]` per channel, in quotes where needed; comma for .csv, tab for .tsv.
/// Numbers are the shortest that read back equal; samples in gaps are empty cells. Start time, annotations and stimuli have no place in the
/// format. Throws FileError if `path` cannot be written.
std::unique_ptr<RecordingWriter> open_csv_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                                 const WriteOptions& options = {});

}  // namespace emg
