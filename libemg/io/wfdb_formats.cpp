#include <fmt/format.h>

#include <array>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/limits.h"
#include "libemg/io/text.h"
#include "libemg/io/wfdb.h"

namespace emg::wfdb {
namespace {

// Sign of a 12-bit value.
std::int32_t twelve_bits(std::uint32_t v) {
  return static_cast<std::int32_t>(v << 20) >> 20;
}

}  // namespace

std::int64_t bytes_of(int format, std::int64_t count) {
  switch (format) {
    case 8:
    case 80:
      return count;
    case 212:
      return count / 2 * 3 + count % 2 * 2;
    case 24:
      return 3 * count;
    case 32:
      return 4 * count;
    default:
      return 2 * count;
  }
}

std::optional<std::int32_t> missing_code(int format) {
  switch (format) {
    case 16:
    case 61:
    case 160:
      return -32768;
    case 24:
      return -8388608;
    case 32:
      return INT32_MIN;
    case 212:
      return -2048;
    case 80:
      return -128;
    default:
      return std::nullopt;
  }
}

void decode(int format, const unsigned char* b, std::int64_t count, std::int32_t* to) {
  const auto u = [&](std::int64_t i) { return static_cast<std::uint32_t>(b[i]); };
  switch (format) {
    case 8:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(b[i]);
      break;
    case 80:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::int32_t>(b[i]) - 128;
      break;
    case 16:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::int16_t>(u(2 * i) | u(2 * i + 1) << 8);
      break;
    case 61:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::int16_t>(u(2 * i) << 8 | u(2 * i + 1));
      break;
    case 160:
      for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<std::int32_t>(u(2 * i) | u(2 * i + 1) << 8) - 32768;
      break;
    case 24:
      for (std::int64_t i = 0; i < count; ++i)
        to[i] = static_cast<std::int32_t>(u(3 * i) << 8 | u(3 * i + 1) << 16 | u(3 * i + 2) << 24) >> 8;
      break;
    case 32:
      for (std::int64_t i = 0; i < count; ++i) {
        to[i] = static_cast<std::int32_t>(u(4 * i) | u(4 * i + 1) << 8 | u(4 * i + 2) << 16 | u(4 * i + 3) << 24);
      }
      break;
    case 212:
      for (std::int64_t i = 0; i < count; ++i) {
        const auto p = i / 2 * 3;
        to[i] = twelve_bits(i % 2 == 0 ? u(p) | (u(p + 1) & 0x0F) << 8 : u(p + 2) | (u(p + 1) & 0xF0) << 4);
      }
      break;
    default:
      break;
  }
}

std::vector<Mark> read_annotations(const std::filesystem::path& path, std::vector<Warning>& warnings) {
  constexpr int kSkip = 59, kNumber = 60, kSub = 61, kChannel = 62, kText = 63;
  constexpr std::array<std::string_view, 42> kCodes{" ", "N",  "L", "R",  "a", "V", "F", "J", "A",  "S", "E", "j", "/", "Q",
                                                    "~", "15", "|", "17", "s", "T", "*", "D", "\"", "=", "p", "B", "^", "t",
                                                    "+", "u",  "?", "!",  "[", "]", "e", "n", "@",  "x", "f", "(", ")", "r"};
  const auto bytes = read_file(path, static_cast<std::uintmax_t>(limits::kMostHeaderBytes));
  std::vector<Mark> marks;
  std::int64_t sample = 0;
  std::size_t at = 0;
  const auto word = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]) | static_cast<unsigned char>(bytes[i + 1]) << 8; };
  while (at + 2 <= bytes.size()) {
    const int value = word(at), code = value >> 10, rest = value & 0x3FF;
    at += 2;
    if (value == 0) return marks;
    if (code == kSkip) {
      if (at + 4 > bytes.size()) break;
      // The high word comes first.
      sample += static_cast<std::int32_t>(static_cast<std::uint32_t>(word(at)) << 16 | static_cast<std::uint32_t>(word(at + 2)));
      at += 4;
    } else if (code == kText) {
      const auto length = static_cast<std::size_t>(rest);
      if (at + length > bytes.size()) break;
      const auto text = decoded_text(trimmed(std::string_view(bytes).substr(at, length)));
      if (!marks.empty() && !text.empty()) marks.back().label = marks.back().label == "\"" ? text : marks.back().label + " " + text;
      at += length + length % 2;
    } else if (code != kNumber && code != kSub && code != kChannel) {
      sample += rest;
      const auto index = static_cast<std::size_t>(code);
      marks.push_back({sample, index < kCodes.size() ? std::string(kCodes[index]) : fmt::format("{}", code)});
    }
  }
  warnings.push_back({"annotation_malformed", fmt::format("{} ends within an annotation at byte {}", path.filename().string(), at), ""});
  return marks;
}

}  // namespace emg::wfdb
