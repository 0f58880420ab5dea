#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/hdf5_write_internal.h"

namespace emg::h5 {
namespace {

// Reading all, one channel, a window and 100 ms snippets of a 64-channel record were timed for six chunk shapes: 4096 x 16 is near the best
// in each; channel-long chunks make snippets 13 times slower, all-channel chunks one channel three times.
constexpr Index kMostChunkChannels = 16;
constexpr Index kChunkBytes = Index{1} << 17;
constexpr Index kLeastChunkSamples = 1024, kMostChunkSamples = 65536;
constexpr int kDeflateLevel = 1;
constexpr unsigned kDeflateSkipped = 2;  // second filter of the list

}  // namespace

void shuffle(const unsigned char* from, std::size_t count, std::size_t size, unsigned char* to) {
  for (std::size_t b = 0; b < size; ++b) {
    for (std::size_t i = 0; i < count; ++i) to[b * count + i] = from[i * size + b];
  }
}

void unshuffle(const unsigned char* from, std::size_t count, std::size_t size, unsigned char* to) {
  if (size == 2) {
    const unsigned char* high = from + count;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<std::uint16_t>(from[i] | high[i] << 8);
      std::memcpy(to + 2 * i, &value, 2);
    }
  } else if (size == 4) {
    const unsigned char *b1 = from + count, *b2 = b1 + count, *b3 = b2 + count;
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = static_cast<std::uint32_t>(from[i]) | static_cast<std::uint32_t>(b1[i]) << 8 |
                         static_cast<std::uint32_t>(b2[i]) << 16 | static_cast<std::uint32_t>(b3[i]) << 24;
      std::memcpy(to + 4 * i, &value, 4);
    }
  } else {
    for (std::size_t b = 0; b < size; ++b) {
      for (std::size_t i = 0; i < count; ++i) to[i * size + b] = from[b * count + i];
    }
  }
}

SignalOutput::SignalOutput(Output& output, std::string where, Element element, Index sample_count, Index channel_count, bool compress)
    : path_(output.path()),
      where_(std::move(where)),
      size_(static_cast<Index>(size_of(element))),
      sample_count_(sample_count),
      channel_count_(channel_count),
      chunk_columns_(std::min(channel_count, kMostChunkChannels)),
      compress_(compress) {
  const auto fitting = std::bit_floor(static_cast<std::size_t>(kChunkBytes / (size_ * chunk_columns_)));
  chunk_rows_ = std::clamp(static_cast<Index>(fitting), kLeastChunkSamples, kMostChunkSamples);
  const hsize_t dims[2] = {static_cast<hsize_t>(sample_count), static_cast<hsize_t>(channel_count)};
  const hsize_t most[2] = {H5S_UNLIMITED, dims[1]};
  const hsize_t chunk[2] = {static_cast<hsize_t>(chunk_rows_), static_cast<hsize_t>(chunk_columns_)};
  const auto creation = dataset_creation();
  H5Pset_chunk(creation.get(), 2, chunk);
  if (compress_) {
    H5Pset_shuffle(creation.get());
    H5Pset_deflate(creation.get(), kDeflateLevel);
  }
  const Id space(H5Screate_simple(2, dims, most));
  dataset_ =
      require(H5Dcreate2(output.file(), where_.c_str(), type_of(element).get(), space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
              path_, "dataset cannot be written", where_);
  const auto chunk_bytes = static_cast<std::size_t>(chunk_rows_ * chunk_columns_ * size_);
  buffer_.resize(static_cast<std::size_t>(chunk_rows_ * channel_count_ * size_));
  chunk_.resize(chunk_bytes);
  if (compress_) {
    shuffled_.resize(chunk_bytes);
    packed_.resize(compressBound(static_cast<uLong>(chunk_bytes)));
  }
}

void SignalOutput::advance(Index rows) {
  filled_ += rows;
  written_ += rows;
  if (filled_ == chunk_rows_ || written_ == sample_count_) flush();
}

void SignalOutput::flush() {
  if (filled_ == 0) return;
  const Index first = written_ - filled_;
  for (Index column = 0; column < channel_count_; column += chunk_columns_) {
    const Index columns = std::min(chunk_columns_, channel_count_ - column);
    if (filled_ < chunk_rows_ || columns < chunk_columns_) std::fill(chunk_.begin(), chunk_.end(), static_cast<unsigned char>(0));
    for (Index r = 0; r < filled_; ++r) {
      std::memcpy(chunk_.data() + r * chunk_columns_ * size_, buffer_.data() + (r * channel_count_ + column) * size_,
                  static_cast<std::size_t>(columns * size_));
    }
    const unsigned char* bytes = chunk_.data();
    std::size_t count = chunk_.size();
    unsigned skipped = 0;
    if (compress_) {
      shuffle(chunk_.data(), count / static_cast<std::size_t>(size_), static_cast<std::size_t>(size_), shuffled_.data());
      bytes = shuffled_.data();
      auto packed = static_cast<uLongf>(packed_.size());
      const int status = compress2(packed_.data(), &packed, shuffled_.data(), static_cast<uLong>(count), kDeflateLevel);
      if (status == Z_OK && packed < count) {
        bytes = packed_.data();
        count = packed;
      } else {
        skipped = kDeflateSkipped;
      }
    }
    const hsize_t offset[2] = {static_cast<hsize_t>(first), static_cast<hsize_t>(column)};
    require_ok(H5Dwrite_chunk(dataset_.get(), H5P_DEFAULT, skipped, offset, count, bytes), path_,
               fmt::format("chunk ({}, {}) cannot be written", first, column), where_);
  }
  filled_ = 0;
}

}  // namespace emg::h5
