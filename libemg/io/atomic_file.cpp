#include "libemg/io/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <random>
#include <system_error>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr std::string_view kSuffix = ".part";

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason_of(int code) {
  return std::generic_category().message(code);
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, int code) {
  throw FileError(path.string(), fmt::format("{}: {}", what, reason_of(code)));
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
  const auto parent = target.parent_path();
  return parent.empty() ? std::filesystem::path(".") : parent;
}

// Process that made the part file `name` of any target, 0 if `name` is no part file: `.<target>.<pid>-<random>.part`.
long owner_of(std::string_view name) {
  if (name.size() < kSuffix.size() + 4 || name.front() != '.' || !name.ends_with(kSuffix)) return 0;
  name.remove_suffix(kSuffix.size());
  const auto dot = name.rfind('.');
  const auto dash = name.rfind('-');
  if (dot == 0 || dash == std::string_view::npos || dash < dot) return 0;
  long pid = 0;
  const auto* end = name.data() + dash;
  const auto [stop, code] = std::from_chars(name.data() + dot + 1, end, pid);
  return code == std::errc() && stop == end && pid > 0 ? pid : 0;
}

// False also for a process that has ended and that nobody has waited for: where no init collects orphans, that state lasts.
bool is_running(long pid) {
  if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return false;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(stat, line)) return true;
  const auto name_end = line.rfind(") ");
  return name_end == std::string::npos || line.compare(name_end + 2, 1, "Z") != 0;
}

void remove_stale(const std::filesystem::path& folder, std::string_view prefix) {
  std::error_code ignored;
  std::filesystem::directory_iterator it(folder, ignored), end;
  for (; !ignored && it != end; it.increment(ignored)) {
    const auto name = it->path().filename().string();
    if (!std::string_view(name).starts_with(prefix)) continue;
    const long pid = owner_of(name);
    if (pid == 0 || is_running(pid)) continue;
    std::error_code gone;
    std::filesystem::remove(it->path(), gone);
  }
}

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor file(path, flags);
  if (file.get() < 0) fail(path, "cannot be opened", errno);
  // Some file systems cannot flush a folder; EINVAL says so and is no failure of the write.
  if (::fsync(file.get()) != 0 && errno != EINVAL) fail(path, "cannot be flushed to the disk", errno);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, bool overwrite) : target_(std::move(target)), keep_existing_(!overwrite) {
  const auto name = target_.filename().string();
  if (name.empty() || std::filesystem::is_directory(target_)) throw FileError(target_.string(), "is a folder, not a file to write");
  const auto folder = folder_of(target_);
  if (!std::filesystem::is_directory(folder))
    throw FileError(target_.string(), fmt::format("the folder {} does not exist", folder.string()));
  if (!overwrite && std::filesystem::exists(target_)) throw FileError(target_.string(), "exists already and must not be replaced");
  remove_stale(folder, "." + name + ".");
  std::random_device random;
  part_ = folder / fmt::format(".{}.{}-{:08x}{}", name, ::getpid(), random(), kSuffix);
  const Descriptor file(part_, O_WRONLY | O_CREAT | O_EXCL);
  if (file.get() < 0) fail(target_, "cannot be written", errno);
}

AtomicFile::~AtomicFile() {
  if (committed_) return;
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

void AtomicFile::commit() {
  sync(part_, O_RDONLY);
  if (keep_existing_) {
    // A hard link fails if the name was taken meanwhile; rename would replace it.
    if (::link(part_.c_str(), target_.c_str()) == 0) {
      ::unlink(part_.c_str());
    } else if (errno == EEXIST) {
      throw FileError(target_.string(), "exists already and must not be replaced");
    } else if (::rename(part_.c_str(), target_.c_str()) != 0) {
      fail(target_, "cannot be given its name", errno);
    }
  } else if (::rename(part_.c_str(), target_.c_str()) != 0) {
    fail(target_, "cannot be given its name", errno);
  }
  committed_ = true;
  sync(folder_of(target_), O_RDONLY | O_DIRECTORY);
}

void write_file(const std::filesystem::path& target, std::string_view bytes, bool overwrite) {
  AtomicFile file(target, overwrite);
  {
    const Descriptor out(file.part(), O_WRONLY | O_TRUNC);
    if (out.get() < 0) fail(target, "cannot be written", errno);
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto count = ::write(out.get(), bytes.data() + done, bytes.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && errno == ENOSPC) throw FileError(target.string(), fmt::format("no space left after {} bytes", done));
      if (count < 0) fail(target, fmt::format("cannot be written after {} bytes", done), errno);
      done += static_cast<std::size_t>(count);
    }
  }
  file.commit();
}

std::string read_file(const std::filesystem::path& path, std::uintmax_t most_bytes) {
  const Descriptor in(path, O_RDONLY);
  if (in.get() < 0) fail(path, "cannot be read", errno);
  struct stat info {};
  if (::fstat(in.get(), &info) != 0) fail(path, "cannot be read", errno);
  if (S_ISDIR(info.st_mode)) throw FileError(path.string(), "is a folder, not a file");
  const auto too_large = [&](std::uintmax_t size) {
    throw FileError(path.string(), fmt::format("holds {} bytes or more, at most {} are read", size, most_bytes));
  };
  if (info.st_size > 0 && static_cast<std::uintmax_t>(info.st_size) > most_bytes) too_large(static_cast<std::uintmax_t>(info.st_size));
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(std::max<off_t>(info.st_size, 0)));
  char buffer[1 << 16];
  for (;;) {
    const auto count = ::read(in.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path, fmt::format("cannot be read at byte {}", bytes.size()), errno);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<std::size_t>(count));
    if (bytes.size() > most_bytes) too_large(bytes.size());
  }
}

void remove_stale_parts(const std::filesystem::path& directory) {
  remove_stale(directory, ".");
}

}  // namespace emg
