#pragma once
// Text recordings: how a file is cut into lines and cells, and how cells become numbers.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libemg/io/recording_file.h"
#include "libemg/io/source_file_internal.h"

namespace emg::csv {

/// Bytes of a text file: on the disk, or decoded in memory (UTF-16).
class Source {
 public:
  explicit Source(const std::filesystem::path& path);
  std::int64_t size() const { return in_memory_ ? static_cast<std::int64_t>(text_.size()) : file_.size(); }
  void read(std::int64_t offset, char* to, std::int64_t count) const;
  const std::filesystem::path& path() const { return file_.path(); }

 private:
  SourceFile file_;
  bool in_memory_ = false;
  std::string text_;
};

/// What the first lines say about the rest.
struct Layout {
  char separator = ',';  ///< ' ' stands for blanks of any number
  char decimal = '.';
  char line_end = '\n';  ///< '\r' in files without LF
  std::size_t column_count = 0;
  std::vector<std::string> names, units;  ///< one per column, or empty
  std::optional<double> rate_hz;          ///< stated in the header
  std::string rate_line;
  std::int64_t data_byte = 0;             ///< first row of numbers
  std::int64_t data_line = 1;             ///< its line, from 1
  std::vector<std::vector<double>> rows;  ///< the first rows, NaN = missing
};

/// Throws FileError if the text has no rows of numbers, InvalidArgument for a wrong separator or decimal option.
Layout find_layout(const Source& source, const ReadOptions& options);

/// Consecutive lines from a byte on; long lines and huge files in bounded memory.
class LineReader {
 public:
  LineReader(const Source& source, char line_end, std::int64_t byte, std::int64_t line);

  /// The next line without its end; false at the end of the file. Views stay valid until the next call.
  bool next(std::string_view& line);
  /// Bytes after a line that may be looked at.
  static constexpr std::ptrdiff_t kSpareBytes = 8;
  std::int64_t byte() const { return line_byte_; }  ///< of the line last returned
  std::int64_t next_byte() const { return base_ + static_cast<std::int64_t>(at_); }
  std::int64_t line_number() const { return line_ - 1; }  ///< of the line last returned

 private:
  bool fill();

  const Source* source_;
  char line_end_;
  std::string buffer_;
  std::size_t at_ = 0, filled_ = 0;
  std::int64_t base_ = 0, line_byte_ = 0, line_ = 1;
};

/// Blank lines and comments are no rows.
inline bool is_row(std::string_view line) {
  const auto first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return line.find('\t') != std::string_view::npos;
  const char c = line[first];
  return c != '#' && c != '%' && !(c == '/' && first + 1 < line.size() && line[first + 1] == '/');
}

/// A cell that is neither a number nor missing.
struct BadCell {
  std::size_t column = 0;     ///< from 0
  std::size_t character = 0;  ///< in the line, from 0
  std::string text;
};

inline constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Number by std::from_chars, for what `parse_number` does not do itself; same contract.
const char* parse_number_exactly(const char* from, const char* to, char decimal, double& value);

/// Digits at `p` as a number added to `value` (value * 10^count + digits), 8 at a time where `readable_end` allows; returns their end.
/// Source of the 8-digit steps: Lemire (2021), "Number parsing at a gigabyte per second", Software: Practice and Experience 51, 1700.
inline const char* parse_digits(const char* p, const char* end, const char* readable_end, std::uint64_t& value) {
  static constexpr std::uint64_t kPower[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
  if constexpr (std::endian::native == std::endian::little) {
    while (readable_end - p >= 8) {
      std::uint64_t bytes;
      std::memcpy(&bytes, p, sizeof bytes);
      bytes ^= 0x3030303030303030;
      const std::uint64_t other = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
      const int count = other == 0 ? 8 : std::countr_zero(other) / 8;
      if (count == 0) return p;
      bytes <<= 64 - 8 * count;  // leading zeros come first
      bytes = bytes * 10 + (bytes >> 8);
      bytes = ((bytes & 0x000000FF000000FF) * 0x000F424000000064 + ((bytes >> 16) & 0x000000FF000000FF) * 0x0000271000000001) >> 32;
      value = value * kPower[count] + bytes;
      p += count;
      if (count < 8) return p;
    }
  }
  for (; p < end && static_cast<unsigned char>(*p - '0') < 10; ++p) value = value * 10 + static_cast<unsigned>(*p - '0');
  return p;
}

/// Number at `p`; returns its end, or null if there is none or it is not finite. Bytes up to `readable_end` may be looked at; those from
/// `end` on must begin with a byte that is no part of a number.
/// Up to 19 digits and powers of ten up to 22 are exact in one multiplication or division (Clinger 1990, fast path); else std::from_chars.
[[gnu::always_inline]] inline const char* parse_number(const char* p, const char* end, const char* readable_end, char decimal,
                                                       double& value) {
  static constexpr double kPower[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char* const start = p;
  if (p >= end) return nullptr;
  // Signs are as good as random: no branch.
  const bool negative = *p == '-';
  p += static_cast<int>(negative) | static_cast<int>(*p == '+');
  const char* const first = p;
  std::uint64_t mantissa = 0;
  p = parse_digits(p, end, readable_end, mantissa);
  auto count = p - first;
  int exponent = 0;
  if (p < end && *p == decimal) {
    const char* const point = ++p;
    p = parse_digits(p, end, readable_end, mantissa);
    exponent = -static_cast<int>(p - point);
    count += p - point;
  }
  if (count == 0) return nullptr;
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char* q = p + 1;
    const bool minus = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+')) ++q;
    int power = 0;
    const char* const from = q;
    constexpr int kMostPower = 100000;
    for (; q < end && static_cast<unsigned char>(*q - '0') < 10; ++q) power = std::min(power * 10 + (*q - '0'), kMostPower);
    if (q == from) return nullptr;
    exponent += minus ? -power : power;
    p = q;
  }
  constexpr int kSafeDigits = 19;
  constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
  if (count > kSafeDigits || mantissa > kExact || exponent < -22 || exponent > 22) return parse_number_exactly(start, p, decimal, value);
  const auto exact = static_cast<double>(mantissa);
  value = std::copysign(exponent < 0 ? exact / kPower[-exponent] : exact * kPower[exponent], negative ? -1.0 : 1.0);
  return p;
}

/// Cells of a row; `values[i]` for the first `column_count` columns, NaN where missing (also beyond a short row).
/// Returns how many cells there were. Throws BadCell, or takes such a cell as missing if `bad_cells`.
/// `spare_bytes` after the line may be looked at; the first of them ends the line.
std::size_t parse_row(std::string_view line, const Layout& layout, bool bad_cells, double* values, std::ptrdiff_t spare_bytes = 0);

}  // namespace emg::csv
