#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/io/edf_internal.h"
#include "libemg/io/text.h"

namespace emg::edf {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// dd.mm.yy, with the separators that devices use.
bool is_date(std::string_view t) {
  const auto separator = [](char c) { return c == '.' || c == ':' || c == '-' || c == '/'; };
  return t.size() >= 8 && is_digit(t[0]) && is_digit(t[1]) && separator(t[2]) && is_digit(t[3]) && is_digit(t[4]) && separator(t[5]) &&
         is_digit(t[6]) && is_digit(t[7]);
}

// Fields of the header with the byte where each stands.
class Fields {
 public:
  Fields(const SourceFile& file, std::string bytes, bool strict, std::vector<Warning>& warnings)
      : file_(file), bytes_(std::move(bytes)), strict_(strict), warnings_(warnings) {
    constexpr std::size_t kDate = 168, kFirst = 160, kLast = 176;
    if (is_date(text(kDate, 8))) return;
    for (std::size_t at = kFirst; at <= kLast; ++at) {
      // The time of day has the same form, but stands 8 bytes after a date.
      if (at == kDate || !is_date(text(at, 8)) || is_date(text(at - 8, 8))) continue;
      shift_ = fmt::format("; a date \"{}\" stands at byte {} instead of {}, the header is shifted", text(at, 8), at, kDate);
      return;
    }
  }

  std::string_view text(std::size_t at, std::size_t size) const { return std::string_view(bytes_).substr(at, size); }
  const std::string& shift() const { return shift_; }

  std::optional<double> number(const char* name, std::size_t at, std::size_t size) const {
    auto field = text(at, size);
    field = trimmed(field.substr(0, field.find('\0')));
    if (field.empty()) return std::nullopt;
    if (const auto value = number_of(field)) return value;
    if (const auto value = number_of(field, true)) {
      repair(fmt::format("header field '{}' at byte {}: {} has a decimal comma", name, at, in_quotes(field)));
      return value;
    }
    fail(at, fmt::format("header field '{}' at byte {}: {} is not a number{}", name, at, in_quotes(text(at, size)), shift_));
  }

  std::int64_t integer(const char* name, std::size_t at, std::size_t size, std::int64_t if_blank) const {
    const auto value = number(name, at, size);
    if (!value) return if_blank;
    constexpr double kMost = 1e15;
    if (*value != std::floor(*value) || std::abs(*value) > kMost) {
      fail(at, fmt::format("header field '{}' at byte {}: {} is not a whole number{}", name, at, in_quotes(text(at, size)), shift_));
    }
    return static_cast<std::int64_t>(*value);
  }

  [[noreturn]] void fail(std::size_t at, const std::string& message) const {
    throw FileError(file_.path().string(), message, fmt::format("byte {}", at), static_cast<std::int64_t>(at));
  }

  void warn(const char* code, std::string message) const {
    if (strict_) throw FileError(file_.path().string(), message + " (strict)");
    warnings_.push_back({code, std::move(message), ""});
  }
  void repair(std::string message) const { warn("header_repaired", std::move(message)); }

 private:
  const SourceFile& file_;
  std::string bytes_;
  bool strict_;
  std::vector<Warning>& warnings_;
  std::string shift_;
};

std::string read_bytes(const SourceFile& file, std::int64_t count) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  file.read(0, bytes.data(), count);
  return bytes;
}

std::string word(std::string_view field) {
  return decoded_text(trimmed(field));
}

void read_signals(const Fields& fields, Header& header, std::size_t count) {
  constexpr std::array<std::size_t, 10> kWidths{16, 80, 8, 8, 8, 8, 8, 80, 8, 32};
  std::array<std::size_t, 10> starts{};
  std::size_t at = kFixedBytes;
  for (std::size_t f = 0; f < kWidths.size(); ++f) {
    starts[f] = at;
    at += kWidths[f] * count;
  }
  const auto place = [&](std::size_t field, std::size_t i) { return starts[field] + i * kWidths[field]; };
  for (std::size_t i = 0; i < count; ++i) {
    Signal s;
    s.label = word(fields.text(place(0, i), kWidths[0]));
    s.transducer = word(fields.text(place(1, i), kWidths[1]));
    s.dimension = std::string(trimmed(fields.text(place(2, i), kWidths[2])));
    s.physical_min = fields.number("physical minimum", place(3, i), 8).value_or(0);
    s.physical_max = fields.number("physical maximum", place(4, i), 8).value_or(0);
    s.digital_min = fields.number("digital minimum", place(5, i), 8).value_or(0);
    s.digital_max = fields.number("digital maximum", place(6, i), 8).value_or(0);
    s.prefilter = word(fields.text(place(7, i), kWidths[7]));
    s.samples = fields.integer("samples per record", place(8, i), 8, 0);
    s.range_byte = static_cast<std::int64_t>(place(3, i));
    if (s.samples < 0 || s.samples > kMostRecordBytes) {
      fields.fail(place(8, i), fmt::format("header field 'samples per record' at byte {}: {} of channel {} is outside [0, {}]", place(8, i),
                                           s.samples, s.label, kMostRecordBytes));
    }
    s.offset = header.record_bytes;
    header.record_bytes += s.samples * header.sample_bytes;
    if (header.record_bytes > kMostRecordBytes) {
      fields.fail(place(8, i), fmt::format("header field 'samples per record' at byte {}: a record would have more than {} bytes",
                                           place(8, i), kMostRecordBytes));
    }
    header.signals.push_back(std::move(s));
  }
}

// Annotation signals, also in files that do not call themselves EDF+ but hold lists ("legacy").
void mark_annotations(const SourceFile& file, Header& header) {
  const bool plus = header.format.ends_with('+');
  for (auto& s : header.signals) {
    if (s.label != "EDF Annotations" && s.label != "BDF Annotations") continue;
    if (plus) {
      s.annotations = true;
    } else if (header.record_count > 0 && s.samples > 0) {
      std::string bytes(static_cast<std::size_t>(s.samples * header.sample_bytes), '\0');
      file.read(header.header_bytes + s.offset, bytes.data(), static_cast<std::int64_t>(bytes.size()));
      std::int64_t malformed = 0;
      s.annotations = !parse_tals(bytes, malformed).empty() && malformed == 0;
    }
  }
}

void count_records(const SourceFile& file, const Fields& fields, Header& header) {
  const auto stated = header.record_count;
  const auto data_bytes = file.size() - header.header_bytes;
  if (header.record_bytes == 0) {
    if (!header.signals.empty()) fields.fail(kFixedBytes, "header: a record has no bytes, all signals have 0 samples per record");
    header.record_count = 0;
    return;
  }
  const auto there = data_bytes / header.record_bytes;
  if (stated < 0 || (stated == 0 && there > 0)) {
    fields.repair(fmt::format("the header states {} records, the file has {}", stated, there));
    header.record_count = there;
  } else if (stated > there) {
    fields.warn("truncated", fmt::format("truncated: {} of {} records, {} bytes of an incomplete record dropped", there, stated,
                                         data_bytes % header.record_bytes));
    header.record_count = there;
  } else if (data_bytes != stated * header.record_bytes) {
    fields.warn("trailing_bytes", fmt::format("{} bytes after the last record ignored", data_bytes - stated * header.record_bytes));
  }
}

// "24-APR-1989" as year, month, day.
std::optional<std::chrono::year_month_day> long_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto parts = split(text, '-');
  if (parts.size() != 3) return std::nullopt;
  const auto day = integer_of(parts[0]), year = integer_of(parts[2]);
  const auto name = lower(parts[1]);
  for (unsigned m = 0; m < kMonths.size(); ++m) {
    if (name != kMonths[m] || !day || !year || *day < 1 || *day > 31 || *year < 0 || *year > 9999) continue;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(m + 1),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (date.ok()) return date;
  }
  return std::nullopt;
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

}  // namespace

Header read_header(const SourceFile& file, bool strict, std::vector<Warning>& warnings) {
  if (file.size() < kFixedBytes) {
    throw FileError(file.path().string(), fmt::format("header: the file has {} bytes, the fixed header has {}", file.size(), kFixedBytes),
                    "", file.size());
  }
  const Fields fixed(file, read_bytes(file, kFixedBytes), strict, warnings);
  Header header;
  const bool bdf = fixed.text(0, 1) == "\xFF";
  const auto reserved = fixed.text(192, 5);
  const bool plus = reserved == "EDF+C" || reserved == "EDF+D" || reserved == "BDF+C" || reserved == "BDF+D";
  header.format = std::string(bdf ? "bdf" : "edf") + (plus ? "+" : "");
  header.sample_bytes = bdf ? 3 : 2;
  header.discontinuous = plus && reserved[4] == 'D';
  header.patient = word(fixed.text(8, 80));
  header.recording = word(fixed.text(88, 80));
  header.date = std::string(fixed.text(168, 8));
  header.time = std::string(fixed.text(176, 8));
  const auto count = fixed.integer("number of signals", 252, 4, -1);
  if (count < 0 || count > kMostSignals) {
    fixed.fail(252, fmt::format("header field 'number of signals' at byte 252: {} is outside [0, {}]{}", in_quotes(fixed.text(252, 4)),
                                kMostSignals, fixed.shift()));
  }
  if (!fixed.shift().empty()) fixed.fail(168, fmt::format("header field 'date' at byte 168: {}{}", in_quotes(header.date), fixed.shift()));
  header.header_bytes = kFixedBytes * (count + 1);
  if (header.header_bytes > file.size()) {
    fixed.fail(252, fmt::format("header field 'number of signals' at byte 252: {} signals need a header of {} bytes, the file has {}",
                                count, header.header_bytes, file.size()));
  }
  const auto stated_bytes = fixed.integer("header bytes", 184, 8, -1);
  if (stated_bytes != header.header_bytes) {
    fixed.repair(fmt::format("the header states {} bytes of itself, {} signals need {}", stated_bytes, count, header.header_bytes));
  }
  header.record_count = fixed.integer("number of records", 236, 8, -1);
  header.duration_s = fixed.number("record duration", 244, 8).value_or(0);
  const Fields all(file, read_bytes(file, header.header_bytes), strict, warnings);
  read_signals(all, header, static_cast<std::size_t>(count));
  count_records(file, all, header);
  mark_annotations(file, header);
  for (const auto& s : header.signals) {
    if (!s.annotations && header.duration_s <= 0) {
      fixed.fail(244, fmt::format("header field 'record duration' at byte 244: {} with signals, so there is no rate",
                                  in_quotes(fixed.text(244, 8))));
    }
    if (!s.annotations && s.digital_min > s.digital_max) {
      all.repair(fmt::format("channel {}: digital minimum {} above maximum {}", s.label, s.digital_min, s.digital_max));
    }
  }
  return header;
}

std::vector<Tal> parse_tals(std::string_view bytes, std::int64_t& malformed) {
  std::vector<Tal> tals;
  while (!bytes.empty()) {
    const auto end = std::min(bytes.find('\0'), bytes.size());
    const auto list = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (list.empty()) continue;
    const auto parts = split(list, '\x14');
    const auto times = split(parts[0], '\x15');
    Tal tal;
    tal.onset = std::string(times[0]);
    tal.duration_s = std::numeric_limits<double>::quiet_NaN();
    const bool has_sign = list[0] == '+' || list[0] == '-';
    const auto onset = number_of(times[0]);
    const auto duration = times.size() > 1 ? number_of(times[1]) : std::nullopt;
    // A list ends with byte 0x14, so its last part is empty.
    if (!has_sign || !onset || times.size() > 2 || parts.size() < 2 || !parts.back().empty()) {
      ++malformed;
      continue;
    }
    tal.onset_s = *onset;
    if (duration) tal.duration_s = *duration;
    for (std::size_t i = 1; i + 1 < parts.size(); ++i) tal.labels.push_back(decoded_text(parts[i]));
    tals.push_back(std::move(tal));
  }
  return tals;
}

std::string start_time_of(const Header& header, const std::string& first_onset) {
  using namespace std::chrono;
  if (!is_date(header.date) || !is_date(header.time)) return {};
  const int yy = two_digits(header.date, 6);
  constexpr int kFirstYear = 85;  // of the two-digit years: 1985 to 2084
  auto date = year_month_day{year(yy >= kFirstYear ? 1900 + yy : 2000 + yy), month(static_cast<unsigned>(two_digits(header.date, 3))),
                             day(static_cast<unsigned>(two_digits(header.date, 0)))};
  if (header.format.ends_with('+') && header.recording.starts_with("Startdate ")) {
    const auto words = split(header.recording, ' ');
    if (words[1] == "X") return {};
    if (const auto full = long_date(words[1])) date = *full;
  }
  const int h = two_digits(header.time, 0), m = two_digits(header.time, 3), s = two_digits(header.time, 6);
  if (!date.ok() || h > 23 || m > 59 || s > 60) return {};
  if (date == year_month_day{year(1985), month(1), day(1)} && h + m + s == 0) return {};
  auto moment = sys_days(date) + hours(h) + minutes(m) + seconds(s);
  const auto point = first_onset.find('.');
  const auto whole = integer_of(std::string_view(first_onset).substr(0, point));
  constexpr std::int64_t kMostSeconds = 1000000000;
  if (whole && std::abs(*whole) < kMostSeconds) moment += seconds(*whole);
  auto fraction = point == std::string::npos ? std::string() : first_onset.substr(point);
  while (!fraction.empty() && (fraction.back() == '0' || fraction.back() == '.')) fraction.pop_back();
  if (first_onset.starts_with('-')) fraction.clear();
  const auto day_start = floor<days>(moment);
  const year_month_day ymd(day_start);
  const auto second = (moment - day_start).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}+00:00", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
                     static_cast<unsigned>(ymd.day()), second / 3600, second / 60 % 60, second % 60, fraction);
}

}  // namespace emg::edf
