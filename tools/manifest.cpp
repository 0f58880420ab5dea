#include "tools/manifest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "tools/command.h"

namespace emg::tools {

nlohmann::ordered_json stamp_of(const std::vector<std::filesystem::path>& files) {
  auto stamp = nlohmann::ordered_json::array();
  for (const auto& file : files) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return nullptr;
    const auto mtime_ns = static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000000000 + info.st_mtim.tv_nsec;
    stamp.push_back({{"path", std::filesystem::absolute(file).lexically_normal().string()},
                     {"size", static_cast<std::int64_t>(info.st_size)},
                     {"mtime_ns", mtime_ns}});
  }
  return stamp;
}

Manifest::Manifest(std::filesystem::path path) : path_(std::move(path)) {
  std::ifstream in(path_, std::ios::binary);
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    auto entry = nlohmann::ordered_json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("id") || !entry["id"].is_string()) {
      broken_ = true;
      continue;
    }
    const auto id = entry["id"].get<std::string>();
    entries_[id] = std::move(entry);
  }
}

const nlohmann::ordered_json* Manifest::find(const std::string& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

void Manifest::append(const nlohmann::ordered_json& entry) {
  std::string line = entry.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  // A crash may have left half a line behind; an empty line in front keeps this one whole.
  if (broken_) line = "\n" + line;
  broken_ = false;
  const bool written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  const std::string why = std::strerror(errno);
  if (file >= 0) ::close(file);
  if (!written) throw OutputError(path_.string() + ": cannot be written: " + why);
  entries_[entry["id"].get<std::string>()] = entry;
}

}  // namespace emg::tools
