#pragma once
// A file read at positions, with errors that name path and byte.

#include <cstdint>
#include <filesystem>

namespace emg {

class SourceFile {
 public:
  /// Throws FileError if `path` cannot be read.
  explicit SourceFile(std::filesystem::path path);
  SourceFile(SourceFile&& other) noexcept;
  SourceFile& operator=(SourceFile&&) = delete;
  ~SourceFile();

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return size_; }

  /// Reads exactly `count` bytes from `offset`. Throws FileError if they are not there.
  void read(std::int64_t offset, void* to, std::int64_t count) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace emg
