#include <fmt/format.h>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_handle_internal.h"

namespace emg::h5 {
namespace {

// 16 MiB: one row of chunks of 1024 channels.
constexpr std::size_t kChunkCacheBytes = std::size_t{16} << 20;
constexpr std::size_t kChunkSlots = 12421;

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// A null handler for the whole process would silence other users of the library: each lock sets it, which is cheap.
void set_up() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  static const bool once = [] {
    H5open();
    H5PLset_loading_state(0);
    return true;
  }();
  static_cast<void>(once);
}

Id file_access() {
  Id access(H5Pcreate(H5P_FILE_ACCESS));
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 11, 0))
  H5Pset_file_locking(access.get(), 0, 1);
#endif
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  H5Pset_cache(access.get(), 0, kChunkSlots, kChunkCacheBytes, 1.0);
  return access;
}

herr_t refuse_external(const char*, const char*, const char*, const char*, unsigned*, hid_t, void*) {
  return -1;
}

herr_t note_reason(unsigned, const H5E_error2_t* error, void* reason) {
  if (error->desc != nullptr) *static_cast<std::string*>(reason) = error->desc;
  return 0;
}

}  // namespace

void Id::reset() {
  if (id_ >= 0) H5Idec_ref(id_);
  id_ = -1;
}

Lock::Lock() : guard_(library_mutex()) {
  set_up();
}

std::string last_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, &note_reason, &reason);
  return reason;
}

void fail(const std::filesystem::path& path, std::string_view what, const std::string& where, const std::string& reason) {
  throw FileError(path.string(), fmt::format("{}{}{}{}", what, where.empty() ? "" : " at " + where, reason.empty() ? "" : ": ", reason),
                  where);
}

Id require(hid_t id, const std::filesystem::path& path, std::string_view what, const std::string& where) {
  if (id < 0) fail(path, what, where, last_reason());
  return Id(id);
}

void require_ok(herr_t status, const std::filesystem::path& path, std::string_view what, const std::string& where) {
  if (status < 0) fail(path, what, where, last_reason());
}

Id open_file(const std::filesystem::path& path) {
  const auto access = file_access();
  Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()));
  if (file) return file;
  std::error_code code;
  fail(path, fmt::format("HDF5 file of {} bytes is truncated or damaged", std::filesystem::file_size(path, code)));
}

Id create_file(const std::filesystem::path& path) {
  const auto access = file_access();
  return require(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), path, "cannot be created");
}

hid_t inside_only() {
  static const hid_t access = [] {
    const hid_t list = H5Pcreate(H5P_LINK_ACCESS);
    H5Pset_elink_cb(list, &refuse_external, nullptr);
    return list;
  }();
  return access;
}

Id open_object(hid_t from, const std::string& where, const std::filesystem::path& path) {
  Id object(H5Oopen(from, where.c_str(), inside_only()));
  if (object) return object;
  H5L_info_t link{};
  if (H5Lget_info(from, where.c_str(), &link, inside_only()) >= 0 && link.type == H5L_TYPE_EXTERNAL) {
    fail(path, "link to another file", where, "it is not followed");
  }
  H5Eclear2(H5E_DEFAULT);
  fail(path, "object cannot be opened", where, "missing, damaged, or in another file");
}

bool exists(hid_t from, const std::string& where) {
  std::size_t slash = where.empty() ? std::string::npos : where.find('/', 1);
  for (;;) {
    const auto part = where.substr(0, slash);
    if (H5Lexists(from, part.c_str(), inside_only()) <= 0) return false;
    if (H5Oexists_by_name(from, part.c_str(), inside_only()) <= 0) return false;
    if (slash == std::string::npos) return true;
    slash = where.find('/', slash + 1);
  }
}

}  // namespace emg::h5
