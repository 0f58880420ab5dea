#pragma once
// What a fuzz target does with a file: open it, look at all of it, read every stream. Only the library's own errors may come out.

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "libemg/core/error.h"
#include "libemg/io/recording_file.h"

namespace emg_fuzz {

/// A file of this process, replaced by every input.
inline std::filesystem::path scratch(const std::string& name) {
  static const auto folder = [] {
    const auto path = std::filesystem::temp_directory_path() / ("emg-fuzz-" + std::to_string(::getpid()));
    std::filesystem::create_directories(path);
    return path;
  }();
  return folder / name;
}

inline void put(const std::filesystem::path& path, const std::uint8_t* data, std::size_t size) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
}

inline void read_everything(const std::filesystem::path& path, emg::ReadOptions options) {
  options.max_memory_gb = 0.1;
  try {
    const auto file = emg::RecordingFile::open(path, options);
    for (std::size_t s = 0; s < file.streams().size(); ++s) {
      options.stream = std::to_string(s + 1);
      options.channels = {"*"};
      try {
        emg::read_recording(path, options);
      } catch (const emg::Error&) {
      }
    }
  } catch (const emg::Error&) {
  }
}

}  // namespace emg_fuzz
