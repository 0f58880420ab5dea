#include "libemg/core/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace emg {
namespace {

// Longest suffix first, so that "uv2_per_hz" is not read as "hz".
constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
    {"uv2_per_hz", "uV2/Hz"}, {"percent_per_s", "%/s"}, {"per_min", "1/min"}, {"hz_per_s", "Hz/s"}, {"m_per_s", "m/s"}, {"uv_s", "uV s"},
    {"uv_ms", "uV ms"},       {"per_s", "1/s"},         {"samples", "sample"}, {"sample", "sample"}, {"percent", "%"},   {"uv2", "uV2"},
    {"bits", "bit"},          {"gb", "GB"},             {"mb", "MB"},          {"hz", "Hz"},         {"ms", "ms"},       {"us", "us"},
    {"uv", "uV"},             {"mv", "mV"},             {"ma", "mA"},          {"mm", "mm"},         {"db", "dB"},       {"deg", "deg"},
    {"mv_ms", "mV ms"},       {"uvms", "uV ms"},        {"mvms", "mV ms"},     {"mps", "m/s"},      {"pct", "%"},       {"cm", "cm"},
    {"s", "s"},               {"c", "deg C"},
};

bool ends_with_word(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  return name.size() == suffix.size() || name[name.size() - suffix.size() - 1] == '_';
}

std::string range_text(const FieldInfo& info) {
  const std::string unit = info.unit.empty() ? "" : " " + info.unit;
  if (std::isinf(info.range.max)) return fmt::format("at least {}{}", info.range.min, unit);
  if (std::isinf(info.range.min)) return fmt::format("at most {}{}", info.range.max, unit);
  return fmt::format("[{}, {}]{}", info.range.min, info.range.max, unit);
}

[[noreturn]] void refuse(const FieldInfo& info, std::string_view given, std::string_view expected) {
  throw InvalidArgument(fmt::format("{} is {}, expected {}", info.name, given, expected));
}

std::string expected_text(const FieldInfo& info) {
  std::string text;
  switch (info.type) {
    case FieldType::boolean: text = "true or false"; break;
    case FieldType::integer: text = "an integer"; break;
    case FieldType::number: text = "a number"; break;
    case FieldType::text: text = "text"; break;
    case FieldType::choice: text = fmt::format("one of {}", fmt::join(info.choices, ", ")); break;
    case FieldType::number_list: text = "a list of numbers"; break;
    case FieldType::text_list:
      text = info.choices.empty() ? "a list of words" : fmt::format("a list of {}", fmt::join(info.choices, ", "));
      break;
  }
  return info.optional ? text + " or auto" : text;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (code < 0x20) {
      out += fmt::format("\\u{:04x}", code);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string number_text(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

bool is_open_word(std::string_view text) { return text == "auto" || text == "none"; }

double parse_number(const FieldInfo& info, std::string_view text) {
  double number = 0;
  const char* begin = text.data();
  if (!text.empty() && *begin == '+') ++begin;
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) refuse(info, quoted(text), expected_text(info));
  return number;
}

// Straight to an integer where possible: a double holds only 53 bits of a seed.
Value parse_integer(const FieldInfo& info, std::string_view text) {
  std::int64_t integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error == std::errc{} && end == text.data() + text.size()) return integer;
  return parse_number(info, text);
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  }
  return parts;
}

void check_choice(const FieldInfo& info, const std::string& word) {
  if (info.choices.empty() || std::find(info.choices.begin(), info.choices.end(), word) != info.choices.end()) return;
  const std::string nearest = nearest_name(word, info.choices);
  throw InvalidArgument(fmt::format("{} is {}, expected {}{}", info.name, quoted(word), expected_text(info),
                                    nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

}  // namespace

std::string_view name_of(FieldType type) {
  switch (type) {
    case FieldType::boolean: return "boolean";
    case FieldType::integer: return "integer";
    case FieldType::number: return "number";
    case FieldType::text: return "text";
    case FieldType::choice: return "choice";
    case FieldType::number_list: return "number_list";
    case FieldType::text_list: return "text_list";
  }
  return "";
}

std::string unit_of_name(std::string_view name) {
  for (const auto& [suffix, unit] : kUnits) {
    if (ends_with_word(name, suffix)) return std::string(unit);
  }
  return {};
}

std::string json_text(const Value& value) {
  struct Writer {
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return quoted(v); }
    std::string operator()(const std::vector<double>& v) const {
      std::string out = "[";
      for (const double x : v) out.append(out.size() > 1 ? "," : "").append(number_text(x));
      return out + "]";
    }
    std::string operator()(const std::vector<std::string>& v) const {
      std::string out = "[";
      for (const auto& x : v) out.append(out.size() > 1 ? "," : "").append(quoted(x));
      return out + "]";
    }
  };
  return std::visit(Writer{}, value);
}

Value parse_value(const FieldInfo& info, std::string_view text) {
  if (info.optional && is_open_word(text)) return std::monostate{};
  switch (info.type) {
    case FieldType::boolean:
      if (text == "true" || text == "yes" || text == "1") return true;
      if (text == "false" || text == "no" || text == "0") return false;
      refuse(info, quoted(text), expected_text(info));
    case FieldType::integer: return checked_value(info, parse_integer(info, text));
    case FieldType::number: return checked_value(info, parse_number(info, text));
    case FieldType::number_list: {
      std::vector<double> numbers;
      for (const auto& part : split(text)) numbers.push_back(parse_number(info, part));
      return checked_value(info, numbers);
    }
    case FieldType::text_list: return checked_value(info, split(text));
    default: return checked_value(info, std::string(text));
  }
}

Value checked_value(const FieldInfo& info, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) {
    if (!info.optional) refuse(info, "missing", expected_text(info));
    return value;
  }
  const auto* text = std::get_if<std::string>(&value);
  if (info.optional && text && is_open_word(*text)) return std::monostate{};
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* number = std::get_if<double>(&value);
  Value result;
  switch (info.type) {
    case FieldType::boolean:
      if (std::holds_alternative<bool>(value)) result = value;
      break;
    case FieldType::integer:
      if (integer) result = *integer;
      if (number && std::nearbyint(*number) == *number && std::abs(*number) < 9.0e18) result = static_cast<std::int64_t>(*number);
      break;
    case FieldType::number:
      if (integer) result = static_cast<double>(*integer);
      if (number) result = *number;
      break;
    case FieldType::text:
      if (text) result = *text;
      break;
    case FieldType::choice:
      if (text) {
        check_choice(info, *text);
        result = *text;
      }
      break;
    case FieldType::number_list:
      if (integer) result = std::vector<double>{static_cast<double>(*integer)};
      if (number) result = std::vector<double>{*number};
      if (std::holds_alternative<std::vector<double>>(value)) result = value;
      if (const auto* words = std::get_if<std::vector<std::string>>(&value); words && words->empty()) result = std::vector<double>{};
      break;
    case FieldType::text_list:
      if (text) result = std::vector<std::string>{*text};
      if (std::holds_alternative<std::vector<std::string>>(value)) result = value;
      if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
        std::vector<std::string> words;
        for (const double x : *numbers) words.push_back(fmt::format("{}", x));
        result = words;
      }
      if (const auto* words = std::get_if<std::vector<std::string>>(&result)) {
        for (const auto& word : *words) check_choice(info, word);
      }
      break;
  }
  if (std::holds_alternative<std::monostate>(result)) refuse(info, json_text(value), expected_text(info));
  check_range(info, result);
  return result;
}

void check_range(const FieldInfo& info, const Value& value) {
  const auto check = [&](double v) {
    if (v >= info.range.min && v <= info.range.max) return;
    throw InvalidArgument(fmt::format("{} {} is outside the allowed range: {}", info.name, v, range_text(info)));
  };
  if (const auto* number = std::get_if<double>(&value)) check(*number);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) check(static_cast<double>(*integer));
  if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
    for (const double v : *numbers) check(v);
  }
}

std::string nearest_name(std::string_view word, const std::vector<std::string>& names) {
  constexpr std::size_t kMostEdits = 2;
  std::string nearest;
  std::size_t least = kMostEdits + 1;
  for (const auto& name : names) {
    std::vector<std::size_t> row(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        const std::size_t substituted = diagonal + (word[i - 1] == name[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
      }
    }
    if (row.back() < least) {
      least = row.back();
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace emg
