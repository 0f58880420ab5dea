#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <functional>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"
#include "libemg/io/wfdb.h"

namespace emg::wfdb {
namespace {

constexpr std::array kFormats{8, 16, 61, 24, 32, 80, 160, 212};
constexpr std::int64_t kMostPerFrame = 10000;
constexpr std::int64_t kMostSegments = 100000;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trimmed(line)).empty()) {
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// Refusals of one line.
struct Line {
  const std::filesystem::path& path;
  std::int64_t number;

  [[noreturn]] void refuse(const std::string& why) const {
    throw FileError(path.string(), fmt::format("line {}: {}", number, why), fmt::format("line {}", number));
  }
  std::int64_t integer(const char* name, std::string_view text, std::int64_t least, std::int64_t most) const {
    const auto value = integer_of(text);
    if (!value || *value < least || *value > most)
      refuse(fmt::format("{} {} is no whole number in [{}, {}]", name, in_quotes(text), least, most));
    return *value;
  }
};

// "14:20:05.5 31/05/1990" as ISO 8601; "" if it is not complete.
std::string start_of(const std::vector<std::string_view>& words) {
  if (words.size() < 6) return {};
  const auto clock = split(words[4].substr(0, words[4].find('.')), ':'), date = split(words[5], '/');
  if (clock.size() != 3 || date.size() != 3) return {};
  const auto value = [](std::string_view t) { return integer_of(t).value_or(-1); };
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(value(date[2]))),
                                        std::chrono::month(static_cast<unsigned>(value(date[1]))),
                                        std::chrono::day(static_cast<unsigned>(value(date[0])))};
  const auto h = value(clock[0]), m = value(clock[1]), s = value(clock[2]);
  if (!day.ok() || h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59) return {};
  const auto point = words[4].find('.');
  const auto fraction =
      point == std::string_view::npos || !number_of(words[4].substr(point)) ? std::string() : std::string(words[4].substr(point));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}+00:00", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()), h, m, s, fraction);
}

void read_record_line(const Line& line, std::string_view text, Header& header) {
  const auto words = words_of(text);
  if (words.size() < 2) line.refuse("the record line needs a name and a number of signals");
  const auto slash = words[0].find('/');
  header.record = std::string(words[0].substr(0, slash));
  std::int64_t segments = 0;
  if (slash != std::string_view::npos) segments = line.integer("number of segments", words[0].substr(slash + 1), 1, kMostSegments);
  header.segments.resize(static_cast<std::size_t>(segments));
  header.signal_count = line.integer("number of signals", words[1], 0, limits::kMostChannels);
  if (words.size() > 2) {
    const auto rate = number_of(words[2].substr(0, words[2].find_first_of("/(")));
    if (!rate || *rate <= 0) line.refuse(fmt::format("rate {} is no positive number", in_quotes(words[2])));
    header.rate_hz = *rate;
  }
  if (words.size() > 3) header.frame_count = line.integer("number of samples", words[3], 0, limits::kMostSamples);
  header.start_time = start_of(words);
}

// "16x2:3+512": format, samples per frame, skew, byte offset.
void read_format(const Line& line, std::string_view text, Signal& s) {
  const auto part = [&](char mark) -> std::optional<std::string_view> {
    const auto at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const auto rest = text.substr(at + 1);
    return rest.substr(0, rest.find_first_of("x:+"));
  };
  s.format = static_cast<int>(line.integer("format", text.substr(0, text.find_first_of("x:+")), 0, 100000));
  if (s.format == 508 || s.format == 516 || s.format == 524)
    line.refuse(fmt::format("format {} (FLAC) is not read; convert it to format 16", s.format));
  if (!is_known(s.format)) line.refuse(fmt::format("format {} is none of 8, 16, 24, 32, 61, 80, 160, 212", s.format));
  if (const auto n = part('x')) s.samples_per_frame = static_cast<int>(line.integer("samples per frame", *n, 1, kMostPerFrame));
  if (const auto n = part(':')) s.skew = static_cast<int>(line.integer("skew", *n, 0, 1000000));
  if (const auto n = part('+')) s.byte_offset = line.integer("byte offset", *n, 0, std::int64_t{1} << 50);
}

// "10000(-5)/mV"
void read_gain(const Line& line, std::string_view text, Signal& s) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) s.units = std::string(text.substr(slash + 1));
  const auto numbers = text.substr(0, slash);
  const auto open = numbers.find('(');
  const auto gain = number_of(numbers.substr(0, open));
  if (!gain) line.refuse(fmt::format("gain {} is not a number", in_quotes(text)));
  if (*gain != 0) s.gain = *gain;
  if (open == std::string_view::npos) return;
  const auto close = numbers.find(')', open);
  s.baseline =
      line.integer("baseline", numbers.substr(open + 1, close == std::string_view::npos ? close : close - open - 1), INT32_MIN, INT32_MAX);
}

Signal read_signal_line(const Line& line, std::string_view text) {
  const auto words = words_of(text);
  if (words.size() < 2) line.refuse("a signal line needs a file and a format");
  Signal s;
  s.line = line.number;
  s.file = std::string(words[0]);
  if (s.file.find('/') != std::string::npos || s.file.find('\\') != std::string::npos || s.file == "..") {
    line.refuse(fmt::format("the file {} is not a name in the same folder", in_quotes(s.file)));
  }
  read_format(line, words[1], s);
  if (words.size() > 2) read_gain(line, words[2], s);
  if (words.size() > 3) s.adc_resolution = line.integer("adc resolution", words[3], 0, 64);
  if (words.size() > 4) s.adc_zero = line.integer("adc zero", words[4], INT32_MIN, INT32_MAX);
  if (words.size() > 5) s.first_value = line.integer("initial value", words[5], INT32_MIN, INT32_MAX);
  if (words.size() > 6) s.checksum = line.integer("checksum", words[6], INT32_MIN, INT32_MAX);
  if (words.size() > 8) s.description = std::string(trimmed(text.substr(static_cast<std::size_t>(words[8].data() - text.data()))));
  return s;
}

}  // namespace

bool is_known(int format) {
  for (const int known : kFormats) {
    if (format == known) return true;
  }
  return false;
}

Header read_header(const std::filesystem::path& path) {
  const auto text = decoded_text(read_file(path, static_cast<std::uintmax_t>(limits::kMostHeaderBytes)));
  Header header;
  bool has_record = false;
  std::int64_t number = 0;
  std::size_t segment = 0;
  for (const auto raw : lines_of(text)) {
    const Line line{path, ++number};
    const auto content = trimmed(raw);
    if (content.empty()) continue;
    if (content.front() == '#') {
      header.comments.emplace_back(trimmed(content.substr(1)));
    } else if (!has_record) {
      read_record_line(line, content, header);
      has_record = true;
    } else if (segment < header.segments.size()) {
      const auto words = words_of(content);
      if (words.size() != 2) line.refuse("a segment line needs a record and a number of samples");
      header.segments[segment++] = {std::string(words[0]), line.integer("number of samples", words[1], 0, limits::kMostSamples)};
    } else if (header.segments.empty() && static_cast<std::int64_t>(header.signals.size()) < header.signal_count) {
      header.signals.push_back(read_signal_line(line, content));
    }
  }
  if (!has_record) throw FileError(path.string(), "line 1: the record line is missing", "line 1");
  const auto missing = [&](std::size_t there, std::size_t stated, const char* what) {
    if (there < stated)
      throw FileError(path.string(), fmt::format("line {}: {} of {} {} lines", number, there, stated, what),
                      fmt::format("line {}", number));
  };
  missing(segment, header.segments.size(), "segment");
  if (header.segments.empty()) missing(header.signals.size(), static_cast<std::size_t>(header.signal_count), "signal");
  return header;
}

}  // namespace emg::wfdb
