#pragma once
// Recordings of other people that tests read but the project does not hold.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/catch.h"

namespace emg_test {

/// Path of shared data, or "" (with a message) where they are absent; absent with CI=true is a failure.
inline std::filesystem::path shared_data(const std::string& name) {
  const char* folder = std::getenv("EMG_SHARED_DATA");
  const auto path = std::filesystem::path(folder && *folder ? folder : EMG_SOURCE_DIR "/../shared/data") / name;
  if (std::filesystem::exists(path)) return path;
  const char* ci = std::getenv("CI");
  if (ci && std::string(ci) == "true") FAIL("shared data are missing: " << path.string());
  WARN("skipped, shared data are missing: " << path.string());
  return {};
}

}  // namespace emg_test
