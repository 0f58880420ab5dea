#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "libemg/core/error.h"
#include "libemg/io/source_file_internal.h"

namespace emg {

// Without O_NONBLOCK opening a pipe would wait for its writer; regular files are read the same.
SourceFile::SourceFile(std::filesystem::path path)
    : path_(std::move(path)), descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat info {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &info) != 0) {
    const int code = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw FileError(path_.string(), "cannot be read: " + std::generic_category().message(code));
  }
  if (!S_ISREG(info.st_mode)) {
    ::close(descriptor_);
    throw FileError(path_.string(), "is not a regular file");
  }
  size_ = info.st_size;
}

SourceFile::SourceFile(SourceFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

SourceFile::~SourceFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void SourceFile::read(std::int64_t offset, void* to, std::int64_t count) const {
  auto* out = static_cast<char*>(to);
  while (count > 0) {
    const auto got = ::pread(descriptor_, out, static_cast<std::size_t>(count), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const auto why = got < 0 ? std::generic_category().message(errno) : std::string("the file ends there");
      throw FileError(path_.string(), fmt::format("cannot be read at byte {}: {}", offset, why), fmt::format("byte {}", offset), offset);
    }
    out += got;
    offset += got;
    count -= got;
  }
}

}  // namespace emg
