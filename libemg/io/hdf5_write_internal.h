#pragma once
// Groups, attributes and small datasets out, and signals in rows of chunks. Bytes depend on the contents alone: object times are off.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/io/hdf5_handle_internal.h"

namespace emg::h5 {

enum class Element { int8, int16, int32, int64, uint32, float32, float64, boolean, text };

/// A file that is being written. Paths are absolute.
class Output {
 public:
  explicit Output(std::filesystem::path path) : path_(std::move(path)), file_(create_file(path_)) {}

  hid_t file() const { return file_.get(); }
  const std::filesystem::path& path() const { return path_; }

  void group(const std::string& where);
  void soft_link(const std::string& where, const std::string& target);

  void attribute(const std::string& where, const char* name, std::string_view text);
  void attribute(const std::string& where, const char* name, double value);
  void attribute(const std::string& where, const char* name, std::int32_t value);
  void attribute(const std::string& where, const char* name, const std::vector<std::string>& texts);
  /// Object reference to `target`.
  void reference_attribute(const std::string& where, const char* name, const std::string& target);

  void text(const std::string& where, std::string_view value);
  void texts(const std::string& where, const std::vector<std::string>& values);
  void scalar(const std::string& where, double value);
  /// One object reference for each of `targets`.
  void references(const std::string& where, const std::vector<std::string>& targets);

  /// `values` of memory type `memory` as an array of `shape` and of type `stored`; large ones in compressed chunks of whole rows.
  void array(const std::string& where, const std::vector<Index>& shape, Element stored, const void* values, Element memory,
             bool compress = true);
  template <class T>
  void column(const std::string& where, const std::vector<T>& values, Element stored) {
    array(where, {static_cast<Index>(values.size())}, stored, values.data(), element_of<T>());
  }

  /// Closes the file; FileError if anything could not be written.
  void close();

 private:
  template <class T>
  static constexpr Element element_of() {
    if constexpr (std::is_same_v<T, double>) return Element::float64;
    if constexpr (std::is_same_v<T, float>) return Element::float32;
    if constexpr (std::is_same_v<T, std::int64_t>) return Element::int64;
    if constexpr (std::is_same_v<T, std::int32_t>) return Element::int32;
    if constexpr (std::is_same_v<T, std::uint32_t>) return Element::uint32;
    if constexpr (std::is_same_v<T, std::uint8_t>) return Element::boolean;
  }
  void write_attribute(const std::string& where, const char* name, hid_t type, hid_t space, const void* value);
  Id create(const std::string& where, hid_t type, hid_t space, hid_t creation);

  std::filesystem::path path_;
  Id file_;
};

/// Text of any length in UTF-8.
Id text_type();
/// Type in the file and in memory (little-endian); booleans are enum int8 {FALSE, TRUE}.
Id type_of(Element element);
std::size_t size_of(Element element);

/// Creation list of a dataset without object times.
Id dataset_creation();

/// A [time, channel] dataset filled in order: holds one row of chunks, compresses them itself.
class SignalOutput {
 public:
  /// Chunks: at most 16 channels, the power of two of samples that makes 128 KiB, within 1024..65536.
  SignalOutput(Output& output, std::string where, Element element, Index sample_count, Index channel_count, bool compress);

  /// Room for the samples from `written()` on to the end of the chunk row: `row_room()` rows of `channel_count` values, channel fastest.
  void* room() { return buffer_.data() + filled_ * channel_count_ * size_; }
  Index row_room() const { return std::min(chunk_rows_ - filled_, sample_count_ - written_); }
  Index written() const { return written_; }
  /// Takes `rows` rows that were put into room().
  void advance(Index rows);

 private:
  void flush();

  std::filesystem::path path_;
  std::string where_;
  Id dataset_;
  Index size_, sample_count_, channel_count_, chunk_rows_, chunk_columns_;
  bool compress_;
  Index filled_ = 0, written_ = 0;
  std::vector<unsigned char> buffer_, chunk_, shuffled_, packed_;
};

/// Byte planes of `count` elements of `size` bytes, and back.
void shuffle(const unsigned char* from, std::size_t count, std::size_t size, unsigned char* to);
void unshuffle(const unsigned char* from, std::size_t count, std::size_t size, unsigned char* to);

}  // namespace emg::h5
