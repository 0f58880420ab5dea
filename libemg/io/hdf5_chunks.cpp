#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_read_internal.h"
#include "libemg/io/hdf5_write_internal.h"

namespace emg::h5 {
namespace {

constexpr std::size_t kMostChunkBytes = std::size_t{256} << 20;
constexpr hsize_t kMostUnstoredBytes = hsize_t{64} << 20;  // a larger dataset without any stored byte is refused
constexpr std::size_t kChecksumBytes = 4;

void refuse_foreign_storage(const std::filesystem::path& path, const std::string& where, hid_t creation) {
  if (H5Pget_external_count(creation) > 0) fail(path, "dataset", where, "its samples lie in another file, which is not followed");
  if (H5Pget_layout(creation) == H5D_VIRTUAL) fail(path, "dataset", where, "it is virtual (parts of other files), which is not followed");
}

}  // namespace

Chunks::Chunks(const Input& input, const std::string& where, hid_t dataset) : path_(input.path()), where_(where), dataset_(dataset) {
  const Id creation(H5Dget_create_plist(dataset));
  const Id type(H5Dget_type(dataset)), space(H5Dget_space(dataset));
  refuse_foreign_storage(path_, where_, creation.get());
  element_ = H5Tget_size(type.get());
  for (int i = 0; i < H5Pget_nfilters(creation.get()); ++i) {
    unsigned flags = 0, config = 0;
    std::size_t count = 0;
    const auto filter = H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags, &count, nullptr, 0, nullptr, &config);
    filters_.push_back(filter);
    if (filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_FLETCHER32) continue;
    if (H5Zfilter_avail(filter) <= 0) fail(path_, fmt::format("filter {} is not available", filter), where_, "rewrite the file with gzip");
    decodable_ = false;
  }
  const auto points = H5Sget_simple_extent_npoints(space.get());
  if (points > 0 && static_cast<hsize_t>(points) > kMostUnstoredBytes / std::max<std::size_t>(element_, 1) &&
      H5Dget_storage_size(dataset) == 0) {
    fail(path_, "dataset", where_, fmt::format("it declares {} values and holds none", points));
  }
  if (H5Pget_layout(creation.get()) != H5D_CHUNKED) return;
  shape_.resize(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  H5Pget_chunk(creation.get(), static_cast<int>(shape_.size()), shape_.data());
  bytes_ = element_;
  for (const auto n : shape_) {
    if (n == 0 || bytes_ > kMostChunkBytes / n)
      fail(path_, "dataset", where_, fmt::format("its chunks are larger than {} bytes", kMostChunkBytes));
    bytes_ *= n;
  }
  fill_.assign(element_, 0);
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  if (H5Tget_class(type.get()) != H5T_STRING && H5Pfill_value_defined(creation.get(), &defined) >= 0 &&
      defined == H5D_FILL_VALUE_USER_DEFINED) {
    H5Pget_fill_value(creation.get(), type.get(), fill_.data());
  }
}

Chunks::~Chunks() {
  if (stream_open_) inflateEnd(&stream_);
}

void Chunks::refuse(const std::vector<hsize_t>& offset, const std::string& reason) const {
  std::string at;
  for (const auto n : offset) at += fmt::format("{}{}", at.empty() ? "" : ", ", n);
  fail(path_, "dataset", where_, fmt::format("chunk ({}) {}", at, reason));
}

// packed_ becomes what it inflates to, at most one chunk (and a checksum).
void Chunks::inflate_chunk(const std::vector<hsize_t>& offset) {
  if (!stream_open_) {
    if (inflateInit(&stream_) != Z_OK) fail(path_, "dataset", where_, "zlib is not available");
    stream_open_ = true;
  }
  inflateReset(&stream_);
  spare_.resize(bytes_ + kChecksumBytes + 1);
  stream_.next_in = packed_.data();
  stream_.avail_in = static_cast<uInt>(packed_.size());
  stream_.next_out = spare_.data();
  stream_.avail_out = static_cast<uInt>(spare_.size());
  const int status = inflate(&stream_, Z_FINISH);
  const std::size_t size = spare_.size() - stream_.avail_out;
  if (size > bytes_ + kChecksumBytes) refuse(offset, "inflates beyond its size");
  if (status != Z_STREAM_END) refuse(offset, "is damaged");
  spare_.resize(size);
  packed_.swap(spare_);
}

void Chunks::decode(const std::vector<hsize_t>& offset, std::vector<unsigned char>& out) {
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset_, offset.data(), &stored) < 0 || stored == 0) {
    out.resize(bytes_);
    for (std::size_t i = 0; i < bytes_; i += element_) std::memcpy(out.data() + i, fill_.data(), element_);
    return;
  }
  if (stored > 2 * kMostChunkBytes) refuse(offset, "is too large");
  packed_.resize(stored);
  std::uint32_t mask = 0;
  if (H5Dread_chunk(dataset_, H5P_DEFAULT, offset.data(), &mask, packed_.data()) < 0) refuse(offset, "cannot be read: " + last_reason());
  for (std::size_t i = filters_.size(); i-- > 0;) {
    if (mask >> i & 1) continue;
    if (filters_[i] == H5Z_FILTER_DEFLATE) {
      inflate_chunk(offset);
    } else if (filters_[i] == H5Z_FILTER_FLETCHER32) {
      if (packed_.size() < kChecksumBytes) refuse(offset, "is damaged");
      packed_.resize(packed_.size() - kChecksumBytes);
    } else if (packed_.size() == bytes_) {
      spare_.resize(bytes_);
      unshuffle(packed_.data(), bytes_ / element_, element_, spare_.data());
      packed_.swap(spare_);
    }
  }
  if (packed_.size() != bytes_) refuse(offset, fmt::format("has {} bytes instead of {}", packed_.size(), bytes_));
  out.swap(packed_);
}

void Chunks::check_all(const std::vector<Index>& dims) {
  if (std::find(filters_.begin(), filters_.end(), H5Z_FILTER_DEFLATE) == filters_.end()) return;
  std::vector<hsize_t> offset(dims.size(), 0);
  std::vector<unsigned char> bytes;
  for (;;) {
    decode(offset, bytes);
    std::size_t axis = dims.size();
    while (axis > 0) {
      --axis;
      offset[axis] += shape_[axis];
      if (offset[axis] < static_cast<hsize_t>(dims[axis])) break;
      offset[axis] = 0;
      if (axis == 0) return;
    }
    if (dims.empty()) return;
  }
}

}  // namespace emg::h5
