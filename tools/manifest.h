#pragma once
// manifest.jsonl: one line per input, appended whole.

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace emg::tools {

/// Size and modification time of the files that went into a result.
nlohmann::ordered_json stamp_of(const std::vector<std::filesystem::path>& files);

class Manifest {
 public:
  /// Reads what is there; a broken last line is dropped and `broken` says so.
  explicit Manifest(std::filesystem::path path);
  bool broken() const { return broken_; }
  /// Last entry for `id`, or nullptr.
  const nlohmann::ordered_json* find(const std::string& id) const;
  const std::map<std::string, nlohmann::ordered_json>& entries() const { return entries_; }
  /// Appends with one write and flushes.
  void append(const nlohmann::ordered_json& entry);

 private:
  std::filesystem::path path_;
  std::map<std::string, nlohmann::ordered_json> entries_;
  bool broken_ = false;
};

}  // namespace emg::tools
