// Lines and cells of a text recording.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/csv_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"

namespace emg::csv {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 18;
constexpr std::int64_t kMostDecodedBytes = std::int64_t{1} << 28;

bool is_missing_word(std::string_view cell) {
  constexpr std::array<std::string_view, 9> kWords{"", "null", "nan", "na", "n/a", "-", "inf", "-inf", "+inf"};
  const auto word = lower(cell);
  return std::find(kWords.begin(), kWords.end(), word) != kWords.end() || word == "-nan" || word == "infinity" || word == "-infinity";
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// The cell that starts at `p` as text, and where it ends: at the separator or the end of the line; quotes may enclose it.
std::string_view cell_text(const char*& p, const char* end, char separator) {
  const char* const from = p;
  if (p < end && *p == '"') {
    const auto* close = static_cast<const char*>(std::memchr(p + 1, '"', static_cast<std::size_t>(end - p - 1)));
    if (close != nullptr) {
      p = close + 1;
      return {from + 1, static_cast<std::size_t>(close - from - 1)};
    }
  }
  while (p < end && *p != separator && !(separator == ' ' && is_blank(*p))) ++p;
  return {from, static_cast<std::size_t>(p - from)};
}

// Out of the range of doubles on the small side: "1e-400".
bool is_tiny(std::string_view number) {
  const auto e = number.find_first_of("eE");
  return e != std::string_view::npos && e + 1 < number.size() && number[e + 1] == '-';
}

double slow_cell(const char*& p, const char* end, const Layout& layout, bool bad_cells, std::size_t column, const char* line) {
  const char* const from = p;
  const auto text = trimmed(cell_text(p, end, layout.separator));
  double value = kMissing;
  if (is_missing_word(text)) return value;
  const char* stop = parse_number(text.data(), text.data() + text.size(), text.data() + text.size(), layout.decimal, value);
  if (stop == text.data() + text.size()) return value;
  if (!bad_cells) throw BadCell{column, static_cast<std::size_t>(from - line), std::string(text)};
  return kMissing;
}

}  // namespace

Source::Source(const std::filesystem::path& path) : file_(path) {
  char mark[2] = {};
  if (file_.size() < 2) return;
  file_.read(0, mark, 2);
  const std::string_view bytes(mark, 2);
  if (bytes != "\xFF\xFE" && bytes != "\xFE\xFF") return;
  text_ = decoded_text(read_file(path, kMostDecodedBytes));
  in_memory_ = true;
}

void Source::read(std::int64_t offset, char* to, std::int64_t count) const {
  if (in_memory_) {
    std::memcpy(to, text_.data() + offset, static_cast<std::size_t>(count));
  } else {
    file_.read(offset, to, count);
  }
}

const char* parse_number_exactly(const char* from, const char* to, char decimal, double& value) {
  if (from < to && *from == '+') ++from;
  std::string copy;
  if (decimal != '.') {
    copy.assign(from, to);
    std::replace(copy.begin(), copy.end(), decimal, '.');
  }
  const char* const first = decimal == '.' ? from : copy.data();
  const char* const last = first + (to - from);
  const auto [stop, code] = std::from_chars(first, last, value);
  const bool small = code == std::errc::result_out_of_range && is_tiny({first, static_cast<std::size_t>(last - first)});
  if (small) value = 0;
  return small || (code == std::errc() && stop == last && std::isfinite(value)) ? to : nullptr;
}

LineReader::LineReader(const Source& source, char line_end, std::int64_t byte, std::int64_t line)
    : source_(&source), line_end_(line_end), base_(byte), line_byte_(byte), line_(line) {}

// Moves the rest to the front and reads on; false if nothing is left to read.
bool LineReader::fill() {
  const std::size_t rest = filled_ - at_;
  if (rest > static_cast<std::size_t>(limits::kMostLineBytes)) {
    throw FileError(source_->path().string(), fmt::format("line {}: longer than {} bytes", line_, limits::kMostLineBytes),
                    fmt::format("line {}", line_), next_byte());
  }
  if (at_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + at_, rest);
    base_ += static_cast<std::int64_t>(at_);
    at_ = 0;
    filled_ = rest;
  }
  const auto wanted = std::max(kReadBytes, rest);  // doubles for long lines
  if (buffer_.size() < rest + wanted + kSpareBytes) buffer_.resize(rest + wanted + kSpareBytes);
  const auto from = base_ + static_cast<std::int64_t>(filled_);
  const auto count = std::max<std::int64_t>(std::min(static_cast<std::int64_t>(wanted), source_->size() - from), 0);
  if (count > 0) source_->read(from, buffer_.data() + filled_, count);
  filled_ += static_cast<std::size_t>(count);
  buffer_[filled_] = line_end_;  // ends the last line, which may have no end of its own
  return count > 0;
}

bool LineReader::next(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const char* from = buffer_.data() + at_;
    const std::size_t there = filled_ - at_;
    const auto* end = there > searched ? static_cast<const char*>(std::memchr(from + searched, line_end_, there - searched)) : nullptr;
    if (end == nullptr) {
      searched = there;
      if (fill()) continue;
      if (there == 0) return false;
      end = buffer_.data() + filled_;
      from = buffer_.data() + at_;
    }
    line_byte_ = next_byte();
    const auto length = static_cast<std::size_t>(end - from);
    line = {from, length};
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    at_ = std::min(at_ + length + 1, filled_);
    ++line_;
    return true;
  }
}

std::size_t parse_row(std::string_view line, const Layout& layout, bool bad_cells, double* values, std::ptrdiff_t spare_bytes) {
  const char* p = line.data();
  const char* const end = p + line.size();
  const char* const readable_end = end + spare_bytes;
  const char separator = layout.separator;
  const bool blanks = separator == ' ';
  std::size_t column = 0;
  for (;;) {
    while (p < end && is_blank(*p) && (blanks || *p != separator)) ++p;
    if (blanks && p == end) break;
    double value = kMissing;
    const char* stop = parse_number(p, end, readable_end, layout.decimal, value);
    if (stop != nullptr && stop < end && *stop == separator) {  // the usual cell
      if (column < layout.column_count) values[column] = value;
      ++column;
      p = stop + 1;
      continue;
    }
    while (stop != nullptr && stop < end && is_blank(*stop) && *stop != separator) ++stop;
    if (stop != nullptr && (stop == end || *stop == separator || (blanks && (is_blank(*stop) || is_blank(stop[-1]))))) {
      p = stop;
    } else {
      value = slow_cell(p, end, layout, bad_cells, column, line.data());
      while (p < end && is_blank(*p) && *p != separator) ++p;
    }
    if (column < layout.column_count) values[column] = value;
    ++column;
    if (p >= end) break;
    if (*p == separator) {
      ++p;
    } else if (!blanks) {
      // Something after a closing quote.
      if (!bad_cells) throw BadCell{column - 1, static_cast<std::size_t>(p - line.data()), std::string(p, std::min(end, p + 20))};
      while (p < end && *p != separator) ++p;
      if (p < end) ++p;
    }
  }
  for (std::size_t c = column; c < layout.column_count; ++c) values[c] = kMissing;
  return column;
}

}  // namespace emg::csv
