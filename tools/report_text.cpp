// Text from files and numbers, as HTML.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/io/text.h"
#include "tools/report_parts.h"

namespace emg::tools::report {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : is_utf8(text) ? std::string(text) : decoded_text(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "";
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e9) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 1) return fmt::format("{} ms", number_text(seconds * 1000));
  if (seconds < 120) return fmt::format("{:.4g} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{} min {:02d} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02d} min", whole / 3600, whole % 3600 / 60);
}

std::string unit_html(std::string_view unit) {
  std::string text = escaped(unit);
  if (text.starts_with("uV")) text.replace(0, 1, "&#181;");
  if (const auto at = text.find("V2/"); at != std::string::npos) text.replace(at, 3, "V&#178;/");
  if (const auto at = text.find("V^2"); at != std::string::npos) text.replace(at, 3, "V&#178;");
  return text;
}

std::string shortened(std::string_view text, std::size_t most) {
  const std::string whole = is_utf8(text) ? std::string(text) : decoded_text(text);
  std::size_t cut = 0;
  for (std::size_t count = 0; cut < whole.size() && count < most; ++count) {
    do ++cut;
    while (cut < whole.size() && (static_cast<unsigned char>(whole[cut]) & 0xC0) == 0x80);
  }
  return cut < whole.size() ? escaped(whole.substr(0, cut)) + "..." : escaped(whole);
}

std::string words(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string link_to(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace emg::tools::report
