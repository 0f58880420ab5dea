#include "libemg/io/mem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

enum class Section { header, scan, response, charge, electrotonus, recovery, iv, derived, extra, model, other };

constexpr std::pair<std::string_view, Section> kHeadings[] = {
    {"M-SCAN DATA", Section::scan},
    {"STIMULUS-RESPONSE DATA", Section::response},
    {"CHARGE DURATION DATA", Section::charge},
    {"THRESHOLD ELECTROTONUS DATA", Section::electrotonus},
    {"RECOVERY CYCLE DATA", Section::recovery},
    {"THRESHOLD I/V DATA", Section::iv},
    {"DERIVED EXCITABILITY VARIABLES", Section::derived},
    {"EXTRA VARIABLES", Section::extra},
    {"!MScan Model", Section::model},
};
constexpr std::size_t kMostCurves = 64;

class Parser {
 public:
  Parser(std::string_view bytes, const std::string& path, bool keep) : text_(decoded_text(bytes)), path_(path), keep_(keep) {}

  MemFile run() {
    for (const auto line : lines_of(text_)) {
      ++line_;
      take(line);
    }
    finish();
    return std::move(file_);
  }

 private:
  [[noreturn]] void fail(const std::string& message) const {
    throw FileError(path_, fmt::format("line {}: {}", line_, message), fmt::format("line {}", line_));
  }

  void take(std::string_view line) {
    const auto text = trimmed(line);
    if (text.empty()) return;
    for (const auto& [heading, section] : kHeadings) {
      if (text.starts_with(heading)) {
        section_ = section;
        sections_ += section == Section::model ? 0 : 1;
        return;
      }
    }
    if (section_ != Section::header && is_heading(text)) {
      section_ = Section::other;
      file_.other.emplace_back(std::string(text), "");
      return;
    }
    switch (section_) {
      case Section::header:
        return header(text);
      case Section::scan:
        return scan(text);
      case Section::response:
        return response(text);
      case Section::derived:
        return derived(text);
      case Section::extra:
        return extra(text);
      case Section::model:
        return model(text);
      case Section::other:
        if (keep_) file_.other.back().second += std::string(text) + "\n";
        return;
      default:
        return rows(text);
    }
  }

  // Words in capitals without any number row: a section that this program does not know.
  static bool is_heading(std::string_view text) {
    if (text.find('\t') != std::string_view::npos || text.find('=') != std::string_view::npos) return false;
    int capitals = 0;
    for (const char c : text.substr(0, text.find('('))) {
      if (std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '%') return false;
      capitals += std::isupper(static_cast<unsigned char>(c)) ? 1 : 0;
    }
    return capitals >= 8;
  }

  void header(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return;
    const auto key = lower(trimmed(text.substr(0, colon)));
    const std::string value(trimmed(text.substr(colon + 1)));
    ++header_lines_;
    if (key == "age") file_.age_years = number_of(value);
    if (key == "temperature") file_.temperature_c = number_of(value);
    if (key == "sex") file_.sex = value;
    if (key == "protocol") file_.protocol = value;
    if (key == "nc/disease") file_.condition = value;
    if (key == "s/r sites") {
      file_.sites = value;
      // "TA" and "CP Kn-TA" name the same muscle.
      const auto last = value.find_last_of(" -\t");
      file_.muscle = last == std::string::npos ? value : value.substr(last + 1);
    }
    if (!keep_) return;
    if (key == "name") file_.name = value;
    if (key == "file") file_.file = value;
    if (key == "date") file_.date = value;
    if (key == "start time") file_.start_time = value;
    if (key == "operator") file_.operator_name = value;
    if (key == "comments") file_.comments = value;
  }

  // Numbers after the key of a row: "TE1.2  9  0  0.00". Empty if the line is no row of `key`.
  std::optional<std::vector<double>> row(std::string_view text, std::string_view key, std::size_t fewest) {
    if (!text.starts_with(key)) return std::nullopt;
    std::vector<double> numbers;
    bool first = true;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto begin = rest.find_first_not_of(" \t");
      if (begin == std::string_view::npos) break;
      auto end = rest.find_first_of(" \t", begin);
      if (end == std::string_view::npos) end = rest.size();
      const auto word = rest.substr(begin, end - begin);
      rest.remove_prefix(end);
      if (first) {
        // "MS.12": letters, digits, a point and a number.
        const auto point = word.find('.');
        if (point == std::string_view::npos || point + 1 >= word.size()) return std::nullopt;
        first = false;
        continue;
      }
      const auto number = number_of(word);
      if (!number) fail(fmt::format("{} is no finite number", in_quotes(word)));
      numbers.push_back(*number);
    }
    if (numbers.size() < fewest)
      fail(fmt::format("{} holds {} numbers, expected {}", in_quotes(text.substr(0, text.find_first_of(" \t"))), numbers.size(), fewest));
    return numbers;
  }

  void scan(std::string_view text) {
    if (text.starts_with("Scanpts:")) {
      std::vector<std::size_t> points;
      for (const auto part : split(text.substr(8), ',')) {
        const auto number = integer_of(part);
        if (!number || *number < 0) fail(fmt::format("scan points {}: four row numbers expected", in_quotes(text)));
        points.push_back(static_cast<std::size_t>(*number));
      }
      if (points.size() != 4 || points[0] < 1 || points[0] > points[1] || points[1] > points[2] || points[2] > points[3])
        fail(fmt::format("scan points {} do not ascend", in_quotes(text)));
      file_.scan.emplace();
      file_.scan->plateau_first = points[0] - 1, file_.scan->plateau_end = points[1], file_.scan->scan_end = points[2],
      file_.scan->after_end = points[3];
      points_line_ = line_;
      return;
    }
    if (const auto numbers = row(text, "MS.", 2)) {
      if (!file_.scan) fail("rows of a scan before its scan points");
      file_.scan->stimulus_ma.push_back((*numbers)[0]);
      file_.scan->amplitude_mv.push_back((*numbers)[1]);
    }
  }

  void response(std::string_view text) {
    if (text.starts_with("Max CMAP")) {
      const auto equals = text.find('=');
      if (equals == std::string_view::npos) fail("a largest CMAP without value");
      const auto width = trimmed(text.substr(8, equals - 8));
      const auto value = trimmed(text.substr(equals + 1));
      const auto space = value.find_first_of(" \t");
      const auto number = number_of(value.substr(0, space));
      const auto width_ms = number_of(width.substr(0, width.find_first_of(" \t")));
      if (!number || !width_ms) fail(fmt::format("{}: width and value expected", in_quotes(text)));
      const auto unit = space == std::string_view::npos ? std::string_view{} : trimmed(value.substr(space));
      if (unit != "mV" && unit != "uV") fail(fmt::format("{}: unit mV or uV expected", in_quotes(text)));
      file_.max_cmap.emplace_back(*width_ms, unit == "mV" ? *number : *number / 1000);
      return;
    }
    if (const auto numbers = row(text, "SR.", 2)) {
      if (file_.response_ma.empty()) file_.response_ma.resize(numbers->size() - 1);
      if (numbers->size() - 1 != file_.response_ma.size())
        fail(fmt::format("{} currents in a table of {}", numbers->size() - 1, file_.response_ma.size()));
      file_.response_pct.push_back((*numbers)[0]);
      for (std::size_t k = 1; k < numbers->size(); ++k) file_.response_ma[k - 1].push_back((*numbers)[k]);
    }
  }

  void rows(std::string_view text) {
    if (section_ == Section::charge) {
      if (const auto n = row(text, "QT.", 3)) file_.duration_ms.push_back((*n)[0]), file_.charge_ma_ms.push_back((*n)[2]);
    } else if (section_ == Section::recovery) {
      if (const auto n = row(text, "RC", 2)) file_.interval_ms.push_back((*n)[0]), file_.recovery_pct.push_back((*n)[1]);
    } else if (section_ == Section::iv) {
      if (const auto n = row(text, "IV", 2)) file_.iv_current_pct.push_back((*n)[0]), file_.iv_reduction_pct.push_back((*n)[1]);
    } else if (section_ == Section::electrotonus) {
      if (const auto n = row(text, "TE", 3)) {
        const auto curve = integer_of(text.substr(2, text.find('.') - 2)).value_or(0);
        if (curve < 1 || curve > static_cast<std::int64_t>(kMostCurves))
          fail(fmt::format("curve {} of the electrotonus", in_quotes(text.substr(0, 12))));
        if (file_.electrotonus.size() < static_cast<std::size_t>(curve)) file_.electrotonus.resize(static_cast<std::size_t>(curve));
        file_.electrotonus[static_cast<std::size_t>(curve - 1)].push_back({(*n)[0], (*n)[1], (*n)[2]});
      }
    }
  }

  void derived(std::string_view text) {
    const auto parts = split(text, '\t');
    if (parts.size() < 3) return;
    const auto value = number_of(trimmed(parts[1]));
    if (!value) return;
    std::string label(trimmed(parts[2]));
    std::replace(label.begin(), label.end(), '\\', ' ');
    file_.derived.emplace_back(std::move(label), *value);
  }

  void extra(std::string_view text) {
    const auto equals = text.rfind('=');
    if (equals == std::string_view::npos) return;
    if (const auto value = number_of(text.substr(equals + 1)))
      file_.extra.emplace_back(std::string(trimmed(text.substr(0, equals))), *value);
  }

  void model(std::string_view text) {
    if (text.starts_with("!")) {
      const auto count = integer_of(text.substr(1));
      if (!count || *count < 0) fail(fmt::format("number of units {}", in_quotes(text)));
      announced_ = static_cast<std::size_t>(*count);
      return;
    }
    if (!announced_ || file_.model.size() >= *announced_) return;
    std::vector<double> numbers;
    for (const auto part : split(text, '\t')) {
      if (trimmed(part).empty()) continue;
      const auto number = number_of(part);
      if (!number) fail(fmt::format("{} is no finite number", in_quotes(part)));
      numbers.push_back(*number);
    }
    if (numbers.size() < 4) fail(fmt::format("unit {} has {} numbers, expected 4", file_.model.size() + 1, numbers.size()));
    file_.model.push_back({numbers[1], numbers[2], numbers[3]});
  }

  void finish() {
    if (header_lines_ < 2 && sections_ == 0) fail("none of the sections of a threshold-tracking file");
    if (announced_ && file_.model.size() != *announced_)
      fail(fmt::format("the model announces {} units and holds {}", *announced_, file_.model.size()));
    if (file_.scan && file_.scan->after_end > file_.scan->stimulus_ma.size()) {
      line_ = points_line_;
      fail(fmt::format("scan points end at row {}, the scan has {} rows", file_.scan->after_end, file_.scan->stimulus_ma.size()));
    }
  }

  std::string text_;
  const std::string& path_;
  bool keep_;
  MemFile file_;
  Section section_ = Section::header;
  int line_ = 0, points_line_ = 0, header_lines_ = 0, sections_ = 0;
  std::optional<std::size_t> announced_;
};

}  // namespace

MemFile parse_mem(std::string_view bytes, const std::string& path, bool keep_identity) {
  // A line of a binary file may look like a heading.
  if (const auto at = bytes.find('\0'); at != std::string_view::npos) {
    throw FileError(path, fmt::format("is no text: byte {} is 0", at), fmt::format("byte {}", at), static_cast<std::int64_t>(at));
  }
  return Parser(bytes, path, keep_identity).run();
}

MemFile read_mem(const std::filesystem::path& path, bool keep_identity) {
  const auto bytes = read_file(path);
  return parse_mem(bytes, path.string(), keep_identity);
}

std::vector<std::string> parse_mef(std::string_view bytes) {
  const auto text = decoded_text(bytes);
  std::vector<std::string> names;
  for (const auto line : lines_of(text)) {
    if (const auto name = trimmed(line); !name.empty()) names.emplace_back(name);
  }
  return names;
}

std::vector<std::string> read_mef(const std::filesystem::path& path) {
  return parse_mef(read_file(path));
}

}  // namespace emg
