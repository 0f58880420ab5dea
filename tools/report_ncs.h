#pragma once
// The page of a nerve conduction study: tables as a laboratory prints them, sweeps superimposed with their markers, what could not be
// assessed.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/measure/ncs/study.h"

namespace emg::tools {

struct NcsReport {
  std::string title;
  std::vector<std::pair<std::string, std::string>> inputs;  ///< name and SHA-256
  std::vector<std::pair<std::string, std::string>> options;
  Recording facts;
  NcsStudy study;
};

/// Writes `path`. Equal results give equal bytes. Throws FileError.
void write_ncs_report(const std::filesystem::path& path, const NcsReport& report);

}  // namespace emg::tools
