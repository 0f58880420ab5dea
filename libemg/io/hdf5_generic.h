#pragma once
// HDF5 files that are no NWB: what numeric arrays they hold. (Reading: recording_file.h with `dataset`, `rate_hz`, `units`, `layout`.)

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// One numeric dataset.
struct Hdf5Array {
  std::string path;
  std::vector<Index> shape;
  std::string type;                                             ///< "int16", "float32", ...
  std::vector<std::pair<std::string, std::string>> rate_hints;  ///< attributes of it and its parents that look like a rate: path, value
  std::string layout_guess;                                     ///< of two axes: the longer one is time; a guess
};

/// Numeric datasets of at least `least_values` values, ascending by path. Throws FileError if `path` is no HDF5 file or damaged.
std::vector<Hdf5Array> hdf5_arrays(const std::filesystem::path& path, Index least_values = 1000);

}  // namespace emg
