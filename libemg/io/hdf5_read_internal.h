#pragma once
// Objects, attributes and arrays in, and signals chunk by chunk. Everything that a file claims is checked before it is believed.

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/io/hdf5_handle_internal.h"

namespace emg::h5 {

enum class Kind { number, integer, boolean, text, other };

struct ArrayInfo {
  Kind kind = Kind::other;
  std::vector<Index> shape;  ///< empty: one value
  Index size() const;
};

/// True if an HDF5 file begins at one of the places where it may.
bool has_signature(std::string_view head);

/// A file that is being read. Paths are absolute; absent objects and attributes give "", empty or nothing.
class Input {
 public:
  Input() = default;
  explicit Input(std::filesystem::path path) : path_(std::move(path)), file_(open_file(path_)) {}

  hid_t file() const { return file_.get(); }
  const std::filesystem::path& path() const { return path_; }

  bool has(const std::string& where) const { return exists(file(), where); }
  bool is_group(const std::string& where) const;
  bool is_dataset(const std::string& where) const;
  /// Names in a group, ascending.
  std::vector<std::string> members(const std::string& where) const;

  bool has_attribute(const std::string& where, const char* name) const;
  std::string text_attribute(const std::string& where, const char* name) const;
  std::vector<std::string> texts_attribute(const std::string& where, const char* name) const;
  std::optional<double> number_attribute(const std::string& where, const char* name) const;
  /// Path of the object that a reference attribute means.
  std::string reference_attribute(const std::string& where, const char* name) const;

  ArrayInfo info(const std::string& where) const;
  std::string text(const std::string& where) const;
  std::vector<std::string> texts(const std::string& where) const;
  std::vector<double> numbers(const std::string& where) const;
  std::vector<std::int64_t> integers(const std::string& where) const;
  /// The one number at `where`, a dataset.
  std::optional<double> number(const std::string& where) const;

 private:
  Id open_dataset(const std::string& where, Index& size) const;
  Id open_attribute(const std::string& where, const char* name) const;

  std::filesystem::path path_;
  Id file_;
};

/// Decodes the chunks of one dataset into buffers of exactly their size, so that no chunk can grow beyond it.
class Chunks {
 public:
  /// Throws FileError for storage outside the file, unknown filters, and sizes that the file cannot hold.
  Chunks(const Input& input, const std::string& where, hid_t dataset);
  Chunks(const Chunks&) = delete;
  ~Chunks();

  bool chunked() const { return !shape_.empty(); }
  /// True if `decode` knows all filters.
  bool decodable() const { return decodable_; }
  const std::vector<hsize_t>& shape() const { return shape_; }
  std::size_t bytes() const { return bytes_; }
  /// Raw bytes of the chunk that starts at `offset`.
  void decode(const std::vector<hsize_t>& offset, std::vector<unsigned char>& out);
  /// Decodes every chunk of a small dataset once, to be sure that the library can.
  void check_all(const std::vector<Index>& dims);

 private:
  void inflate_chunk(const std::vector<hsize_t>& offset);
  [[noreturn]] void refuse(const std::vector<hsize_t>& offset, const std::string& reason) const;

  std::filesystem::path path_;
  std::string where_;
  hid_t dataset_;
  std::vector<hsize_t> shape_;
  std::vector<H5Z_filter_t> filters_;
  std::size_t element_ = 0, bytes_ = 0;
  bool decodable_ = true;
  std::vector<unsigned char> fill_, packed_, spare_;
  z_stream stream_{};
  bool stream_open_ = false;
};

/// Sample = (stored * gain + offset) * factor.
struct SampleScale {
  double gain = 1, offset = 0, factor = 1;
};

/// A numeric array of one or two axes, read in windows of time and choices of channels.
class SignalInput {
 public:
  /// `time_axis` 0: [time, channel]; 1: [channel, time]. One axis is one channel.
  SignalInput(const Input& input, const std::string& where, int time_axis);

  Index sample_count() const { return sample_count_; }
  Index channel_count() const { return channel_count_; }
  bool is_integer() const { return integer_; }
  /// Range of the stored integers.
  double least() const { return least_; }
  double most() const { return most_; }

  /// to[i * stride + j] = sample first + j of channel columns[i]; one scale for each of `columns`.
  void read(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to, Index stride) const;

 private:
  enum class Raw { i8, u8, i16, u16, i32, u32, i64, u64, f32, f64, converted };
  struct Tile {  // decoded values and where they stand
    const unsigned char* bytes = nullptr;
    Index first = 0, count = 0;  // samples
    Index first_channel = 0, channels = 0;
    Index time_stride = 0, channel_stride = 0;  // in elements
  };
  void classify(hid_t type);
  const std::vector<unsigned char>& chunk(Index time_index, Index channel_index) const;
  void copy(const Tile& tile, Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
            Index stride) const;
  void read_chunks(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
                   Index stride) const;
  void read_slabs(Index first, Index count, std::span<const Index> columns, std::span<const SampleScale> scales, double* to,
                  Index stride) const;

  std::filesystem::path path_;
  std::string where_;
  Id dataset_, type_;
  int rank_ = 1, time_axis_ = 0;
  Index sample_count_ = 0, channel_count_ = 1;
  Raw raw_ = Raw::converted;
  bool integer_ = false;
  double least_ = 0, most_ = 0;
  std::size_t element_ = 0, file_element_ = 0;
  Index chunk_samples_ = 0, chunk_channels_ = 0;
  std::unique_ptr<Chunks> chunks_;
  mutable std::map<std::pair<Index, Index>, std::vector<unsigned char>> cache_;
  mutable std::size_t cached_ = 0;
};

}  // namespace emg::h5
