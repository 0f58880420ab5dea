#pragma once
// Where a recording was read from, hashed only when somebody asks for its provenance.

#include <filesystem>
#include <string>
#include <vector>

#include "libemg/core/recording.h"

namespace emg::python {

/// The files behind a recording as they were when it was read. Not for use from two threads at once.
class RecordingSource {
 public:
  RecordingSource(const std::filesystem::path& path, std::vector<std::filesystem::path> files);

  /// Adds the lines `input_name` and `input_sha256` to `provenance`. Files that changed or vanished since are named instead of a wrong sum.
  void describe(std::vector<ProvenanceEntry>& provenance) const;

 private:
  struct Stamp {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type time;
    bool operator==(const Stamp&) const = default;
  };
  static Stamp stamp_of(const std::filesystem::path& file);
  std::string digest() const;

  std::string name_;
  std::vector<std::filesystem::path> files_;
  std::vector<Stamp> stamps_;
};

}  // namespace emg::python
