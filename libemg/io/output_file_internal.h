#pragma once
// Bytes into an AtomicFile, in order, with the disk's errors named.

#include <cstdint>
#include <string_view>

#include "libemg/io/atomic_file.h"

namespace emg {

class OutputFile {
 public:
  OutputFile(const std::filesystem::path& target, bool overwrite);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  /// Throws FileError: `no space left after N bytes`.
  void write(std::string_view bytes);
  /// Bytes that were written, from the start.
  void read(std::int64_t offset, void* to, std::int64_t count) const;
  void commit();

 private:
  AtomicFile file_;
  int descriptor_ = -1;
  std::int64_t written_ = 0;
};

}  // namespace emg
