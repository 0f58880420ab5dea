#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_read_internal.h"
#include "libemg/io/limits.h"

namespace emg::h5 {
namespace {

constexpr std::size_t kCacheBytes = std::size_t{16} << 20;
constexpr Index kSlabBytes = Index{1} << 20;
constexpr Index kTileSamples = 64;

template <class T>
void copy_as(const unsigned char* bytes, Index count, Index stride, const SampleScale& scale, double* to) {
  for (Index i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, bytes + i * stride * static_cast<Index>(sizeof(T)), sizeof(T));
    to[i] = (static_cast<double>(value) * scale.gain + scale.offset) * scale.factor;
  }
}

}  // namespace

SignalInput::SignalInput(const Input& input, const std::string& where, int time_axis)
    : path_(input.path()), where_(where), time_axis_(time_axis) {
  const auto info = input.info(where);
  if (info.kind != Kind::number && info.kind != Kind::integer) fail(path_, "dataset", where, "missing or not numeric");
  if (info.shape.empty() || info.shape.size() > 2)
    fail(path_, "dataset", where, fmt::format("has {} axes, expected 1 or 2", info.shape.size()));
  dataset_ = open_object(input.file(), where, path_);
  rank_ = static_cast<int>(info.shape.size());
  if (rank_ == 1) time_axis_ = 0;
  sample_count_ = info.shape[static_cast<std::size_t>(time_axis_)];
  channel_count_ = rank_ == 2 ? info.shape[static_cast<std::size_t>(1 - time_axis_)] : 1;
  if (channel_count_ > limits::kMostChannels)
    fail(path_, "dataset", where, fmt::format("{} channels are more than {}", channel_count_, limits::kMostChannels));
  if (sample_count_ > limits::kMostSamples) fail(path_, "dataset", where, fmt::format("{} samples are too many", sample_count_));
  type_ = Id(H5Dget_type(dataset_.get()));
  classify(type_.get());
  chunks_ = std::make_unique<Chunks>(input, where, dataset_.get());
  if (!chunks_->chunked() || !chunks_->decodable()) return;
  chunk_samples_ = static_cast<Index>(chunks_->shape()[static_cast<std::size_t>(time_axis_)]);
  chunk_channels_ = rank_ == 2 ? static_cast<Index>(chunks_->shape()[static_cast<std::size_t>(1 - time_axis_)]) : 1;
}

void SignalInput::classify(hid_t type) {
  struct Known {
    hid_t type;
    Raw raw;
  };
  const Known known[] = {{H5T_STD_I8LE, Raw::i8},    {H5T_STD_U8LE, Raw::u8},   {H5T_STD_I16LE, Raw::i16}, {H5T_STD_U16LE, Raw::u16},
                         {H5T_STD_I32LE, Raw::i32},  {H5T_STD_U32LE, Raw::u32}, {H5T_STD_I64LE, Raw::i64}, {H5T_STD_U64LE, Raw::u64},
                         {H5T_IEEE_F32LE, Raw::f32}, {H5T_IEEE_F64LE, Raw::f64}};
  for (const auto& k : known) {
    if (H5Tequal(type, k.type) > 0) raw_ = k.raw;
  }
  file_element_ = H5Tget_size(type);
  element_ = raw_ == Raw::converted ? sizeof(double) : file_element_;
  integer_ = H5Tget_class(type) == H5T_INTEGER;
  if (!integer_) return;
  const int bits = static_cast<int>(H5Tget_precision(type));
  const bool is_signed = H5Tget_sign(type) == H5T_SGN_2;
  most_ = std::ldexp(1.0, bits - (is_signed ? 1 : 0)) - 1;
  least_ = is_signed ? -std::ldexp(1.0, bits - 1) : 0;
}

// Decoded values of one chunk; the last ones are kept, so that small blocks do not decode again.
const std::vector<unsigned char>& SignalInput::chunk(Index time_index, Index channel_index) const {
  const auto key = std::pair{time_index, channel_index};
  if (const auto found = cache_.find(key); found != cache_.end()) return found->second;
  if (cached_ + chunks_->bytes() > kCacheBytes) {
    cache_.clear();
    cached_ = 0;
  }
  std::vector<hsize_t> offset(static_cast<std::size_t>(rank_));
  offset[static_cast<std::size_t>(time_axis_)] = static_cast<hsize_t>(time_index * chunk_samples_);
  if (rank_ == 2) offset[static_cast<std::size_t>(1 - time_axis_)] = static_cast<hsize_t>(channel_index * chunk_channels_);
  std::vector<unsigned char> bytes;
  chunks_->decode(offset, bytes);
  if (raw_ == Raw::converted) {
    const std::size_t count = bytes.size() / file_element_;
    bytes.resize(count * std::max(file_element_, sizeof(double)));
    require_ok(H5Tconvert(type_.get(), H5T_NATIVE_DOUBLE, count, bytes.data(), nullptr, H5P_DEFAULT), path_, "samples cannot be converted",
               where_);
    bytes.resize(count * sizeof(double));
  }
  cached_ += bytes.size();
  return cache_.emplace(key, std::move(bytes)).first->second;
}

void SignalInput::copy(const Tile& tile, Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales,
                       double* to, Index stride) const {
  const Index begin = std::max(first, tile.first), end = std::min(first + count, tile.first + tile.count);
  // Short stretches of all channels: a stretch of interleaved samples stays in the nearest cache until its last channel has been copied.
  for (Index at = begin; at < end; at += kTileSamples) {
    const Index n = std::min(kTileSamples, end - at);
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const Index c = columns[i] - tile.first_channel;
      if (c < 0 || c >= tile.channels) continue;
      const auto* bytes = tile.bytes + ((at - tile.first) * tile.time_stride + c * tile.channel_stride) * static_cast<Index>(element_);
      double* out = to + static_cast<Index>(i) * stride + at - first;
      switch (raw_) {
        case Raw::i8:
          copy_as<std::int8_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::u8:
          copy_as<std::uint8_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::i16:
          copy_as<std::int16_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::u16:
          copy_as<std::uint16_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::i32:
          copy_as<std::int32_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::u32:
          copy_as<std::uint32_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::i64:
          copy_as<std::int64_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::u64:
          copy_as<std::uint64_t>(bytes, n, tile.time_stride, scales[i], out);
          break;
        case Raw::f32:
          copy_as<float>(bytes, n, tile.time_stride, scales[i], out);
          break;
        default:
          copy_as<double>(bytes, n, tile.time_stride, scales[i], out);
      }
    }
  }
}

void SignalInput::read_chunks(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
                              Index stride) const {
  std::vector<Index> rows;  // rows of chunks along the channels, each once
  for (const Index c : columns) rows.push_back(c / chunk_channels_);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  const bool time_first = rank_ == 1 || time_axis_ == 0;
  for (Index t = first / chunk_samples_; t * chunk_samples_ < first + count; ++t) {
    for (const Index r : rows) {
      const Tile tile{chunk(t, r).data(),
                      t * chunk_samples_,
                      chunk_samples_,
                      r * chunk_channels_,
                      chunk_channels_,
                      time_first ? chunk_channels_ : 1,
                      time_first ? 1 : chunk_samples_};
      copy(tile, first, count, columns, scales, to, stride);
    }
  }
}

void SignalInput::read_slabs(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
                             Index stride) const {
  const auto [low, high] = std::minmax_element(columns.begin(), columns.end());
  const Index channels = *high - *low + 1;
  const Index length = std::clamp<Index>(kSlabBytes / (channels * static_cast<Index>(element_)), 1, count);
  std::vector<unsigned char> bytes(static_cast<std::size_t>(length * channels) * element_);
  const Id space(H5Dget_space(dataset_.get()));
  const bool time_first = rank_ == 1 || time_axis_ == 0;
  for (Index at = first; at < first + count; at += length) {
    const Index n = std::min(length, first + count - at);
    hsize_t start[2] = {}, size[2] = {};
    start[time_axis_] = static_cast<hsize_t>(at);
    size[time_axis_] = static_cast<hsize_t>(n);
    if (rank_ == 2) start[1 - time_axis_] = static_cast<hsize_t>(*low), size[1 - time_axis_] = static_cast<hsize_t>(channels);
    const Id memory(H5Screate_simple(rank_, size, nullptr));
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, size, nullptr);
    require_ok(H5Dread(dataset_.get(), raw_ == Raw::converted ? H5T_NATIVE_DOUBLE : type_.get(), memory.get(), space.get(), H5P_DEFAULT,
                       bytes.data()),
               path_, fmt::format("samples {} to {} cannot be read", at, at + n), where_);
    copy({bytes.data(), at, n, *low, channels, time_first ? channels : 1, time_first ? 1 : n}, at, n, columns, scales, to + (at - first),
         stride);
  }
}

void SignalInput::read(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
                       Index stride) const {
  if (count <= 0 || columns.empty()) return;
  if (chunk_samples_ > 0) {
    read_chunks(first, count, columns, scales, to, stride);
  } else {
    read_slabs(first, count, columns, scales, to, stride);
  }
}

}  // namespace emg::h5
