#pragma once
// EDF+ and BDF+ files out. (Reading: recording_file.h.)

#include <filesystem>
#include <memory>

#include "libemg/io/recording_writer.h"

namespace emg {

/// Writer of EDF+ (16 bit, extension .edf) or BDF+ (24 bit, .bdf). `header`: a recording whose samples are ignored; `sample_count`: how
/// many will be appended. Channels that know their counts (Channel::count_uv) keep them where they fit the format; all others are quantised
/// to the full digital range over their largest absolute value, symmetric about zero: error <= 0.5 count. Gaps of whole records become
/// missing records (EDF+D), others annotations over bridged values; a padded last record is announced by an annotation that the reader
/// removes. `warnings()` has `scale_rounded` where 8 characters do not hold the scale of a lossless channel. Throws InvalidArgument for a
/// rate that no record length states exactly, FileError if the file cannot be written, or samples lie outside the range of a lossless
/// channel (unless `clip`). Source: Kemp and Olivan (2003) Clin Neurophysiol 114, 1755 (EDF+); BioSemi's 24-bit variant.
std::unique_ptr<RecordingWriter> open_edf_writer(const std::filesystem::path& path, const Recording& header, Index sample_count,
                                                 const WriteOptions& options = {});

}  // namespace emg
