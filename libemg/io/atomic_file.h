#pragma once
// A file that appears under its name only when it is complete.

#include <filesystem>
#include <string>
#include <string_view>

namespace emg {

/// Reserves `.<name>.<pid>-<random>.part` beside the target; `commit` flushes it to the disk and renames it. Without commit the part file is
/// removed. Part files of processes that are gone are removed when the same target is written again. Throws FileError.
class AtomicFile {
 public:
  /// `overwrite` false: refuses an existing target.
  explicit AtomicFile(std::filesystem::path target, bool overwrite = true);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Where to write.
  const std::filesystem::path& part() const { return part_; }
  const std::filesystem::path& target() const { return target_; }
  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path part_;
  bool keep_existing_ = false;
  bool committed_ = false;
};

/// Writes `bytes` to `target` atomically.
void write_file(const std::filesystem::path& target, std::string_view bytes, bool overwrite = true);

/// The whole file. Throws FileError if it cannot be read or is larger than `most_bytes`.
std::string read_file(const std::filesystem::path& path, std::uintmax_t most_bytes = std::uintmax_t{1} << 31);

/// Removes part files in `directory` that processes no longer running left behind.
void remove_stale_parts(const std::filesystem::path& directory);

}  // namespace emg
