#include "python/recording_source.h"

#include <algorithm>
#include <system_error>

#include "libemg/core/error.h"
#include "libemg/io/sha256.h"

namespace emg::python {

RecordingSource::RecordingSource(const std::filesystem::path& path, std::vector<std::filesystem::path> files)
    : name_(path.filename().string()), files_(std::move(files)) {
  for (const auto& file : files_) stamps_.push_back(stamp_of(file));
}

RecordingSource::Stamp RecordingSource::stamp_of(const std::filesystem::path& file) {
  std::error_code missing;
  Stamp stamp;
  stamp.size = std::filesystem::file_size(file, missing);
  stamp.time = std::filesystem::last_write_time(file, missing);
  return stamp;
}

std::string RecordingSource::digest() const {
  const auto changed = [this] {
    return !std::equal(files_.begin(), files_.end(), stamps_.begin(), [](const auto& file, const Stamp& stamp) { return stamp_of(file) == stamp; });
  };
  constexpr const char* kUnknown = "unknown: the file changed after it was read";
  if (changed()) return kUnknown;
  try {
    auto sum = sha256_of_files(files_);
    return changed() ? kUnknown : sum;
  } catch (const FileError&) {
    return kUnknown;
  }
}

void RecordingSource::describe(std::vector<ProvenanceEntry>& provenance) const {
  provenance.push_back({0, "input_name", name_});
  provenance.push_back({0, "input_sha256", digest()});
}

}  // namespace emg::python
