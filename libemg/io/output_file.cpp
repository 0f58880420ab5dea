#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "libemg/core/error.h"
#include "libemg/io/output_file_internal.h"

namespace emg {

OutputFile::OutputFile(const std::filesystem::path& target, bool overwrite)
    : file_(target, overwrite), descriptor_(::open(file_.part().c_str(), O_RDWR | O_TRUNC | O_CLOEXEC)) {
  if (descriptor_ < 0) throw FileError(target.string(), "cannot be written: " + std::generic_category().message(errno));
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void OutputFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const auto path = file_.target().string();
      if (errno == ENOSPC) throw FileError(path, fmt::format("no space left after {} bytes", written_), "", written_);
      throw FileError(path, fmt::format("cannot be written after {} bytes: {}", written_, std::generic_category().message(errno)), "",
                      written_);
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
    written_ += count;
  }
}

void OutputFile::read(std::int64_t offset, void* to, std::int64_t count) const {
  auto* out = static_cast<char*>(to);
  while (count > 0) {
    const auto got = ::pread(descriptor_, out, static_cast<std::size_t>(count), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw FileError(file_.target().string(), fmt::format("what was written cannot be read at byte {}", offset), "", offset);
    out += got;
    offset += got;
    count -= got;
  }
}

void OutputFile::commit() {
  file_.commit();
}

}  // namespace emg
