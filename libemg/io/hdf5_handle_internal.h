#pragma once
// RAII and errors for the HDF5 C API, and the file settings that keep us safe: no locks, no plugins, no other files.

#include <hdf5.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

namespace emg::h5 {

/// Owns any HDF5 identifier.
class Id {
 public:
  Id() = default;
  explicit Id(hid_t id) : id_(id) {}
  Id(Id&& other) noexcept : id_(other.release()) {}
  Id& operator=(Id&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = other.release();
    }
    return *this;
  }
  ~Id() { reset(); }

  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }
  void reset();

 private:
  hid_t release() {
    const hid_t id = id_;
    id_ = -1;
    return id;
  }
  hid_t id_ = -1;
};

/// The library is one for the whole process and not made for threads: every public function of io that calls HDF5 holds this.
class Lock {
 public:
  Lock();

 private:
  std::lock_guard<std::recursive_mutex> guard_;
};

/// Innermost reason of the last failure, "" if the library gave none.
std::string last_reason();

/// Throws FileError: `PATH: WHAT at WHERE: REASON`.
[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what, const std::string& where = {},
                       const std::string& reason = {});

/// `id`, or FileError with the library's reason.
Id require(hid_t id, const std::filesystem::path& path, std::string_view what, const std::string& where = {});
void require_ok(herr_t status, const std::filesystem::path& path, std::string_view what, const std::string& where = {});

/// Opens for reading, without a lock. Throws FileError with reason and size.
Id open_file(const std::filesystem::path& path);

/// A new file with the oldest format that holds it (superblock 0).
Id create_file(const std::filesystem::path& path);

/// Link access that refuses links to other files.
hid_t inside_only();

/// Opens the object at `where`, following links inside the file only. Throws FileError.
Id open_object(hid_t from, const std::string& where, const std::filesystem::path& path);

/// True if `where` leads to an object without leaving the file.
bool exists(hid_t from, const std::string& where);

}  // namespace emg::h5
