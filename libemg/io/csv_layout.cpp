// What the first lines of a text recording say: separator, header, names, units, rate.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "libemg/core/error.h"
#include "libemg/io/csv_internal.h"
#include "libemg/io/limits.h"
#include "libemg/io/reader_internal.h"
#include "libemg/io/text.h"
#include "libemg/io/unit_text.h"

namespace emg::csv {
namespace {

constexpr std::int64_t kHeadBytes = std::int64_t{1} << 20;
constexpr std::size_t kMostHeadLines = 1000;
constexpr std::size_t kSampledRows = 200;

struct Line {
  std::string_view text;
  std::int64_t byte = 0, number = 1;
};

char separator_option(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> kNames{
      {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"bar", '|'}, {"blank", ' '}}};
  for (const auto& [name, character] : kNames) {
    if (text == name || (text.size() == 1 && text[0] == character)) return character;
  }
  throw InvalidArgument(fmt::format("separator {} is none of comma, semicolon, tab, bar, blank", in_quotes(text)));
}

char decimal_option(const std::string& text) {
  if (text.empty() || text == "point" || text == ".") return '.';
  if (text == "comma" || text == ",") return ',';
  throw InvalidArgument(fmt::format("decimal {} is none of point, comma", in_quotes(text)));
}

// The longest run of rows with equally many cells, all numbers or missing, under one separator.
struct Run {
  char separator = ',';
  std::size_t first = 0, rows = 0, columns = 0;
};

// Cells of a line if it is a row of numbers, else 0.
std::size_t numeric_cells(std::string_view line, char separator, char decimal) {
  Layout layout;
  layout.separator = separator;
  layout.decimal = decimal;
  layout.column_count = 1;
  double first = 0;
  try {
    const auto count = parse_row(line, layout, false, &first);
    if (count > static_cast<std::size_t>(limits::kMostColumns) * 64) return 0;
    return line.find_first_of("0123456789") == std::string_view::npos ? 0 : count;
  } catch (const BadCell&) {
    return 0;
  }
}

Run longest_run(const std::vector<Line>& lines, char separator, char decimal) {
  Run best{separator}, run{separator};
  std::size_t checked = 0;
  for (std::size_t i = 0; i < lines.size() && checked < kSampledRows + kMostHeadLines; ++i, ++checked) {
    if (!is_row(lines[i].text)) continue;
    const auto cells = numeric_cells(lines[i].text, separator, decimal);
    if (cells == 0) {
      run = Run{separator};
    } else if (run.rows > 0 && run.columns == cells) {
      ++run.rows;
    } else {
      run = Run{separator, i, 1, cells};
    }
    if (run.rows > best.rows) best = run;
    if (best.rows >= kSampledRows) break;
  }
  return best;
}

// A damaged row: as many cells as the others, at least half of them numbers.
bool is_damaged_row(std::string_view line, const Layout& layout) {
  std::vector<double> values(layout.column_count);
  if (!is_row(line) || parse_row(line, layout, true, values.data()) != layout.column_count) return false;
  const auto numbers = std::count_if(values.begin(), values.end(), [](double v) { return !std::isnan(v); });
  return 2 * static_cast<std::size_t>(numbers) >= layout.column_count;
}

// The cell in quotes that `line` begins with, removed from it up to its separator; empty, and `line` unchanged, if there is none.
std::optional<std::string> quoted_cell(std::string_view& line, char separator) {
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < line.size() && (line[at] == ' ' || line[at] == '\t') && line[at] != separator) ++at;
  };
  skip_blanks();
  if (at >= line.size() || line[at] != '"') return std::nullopt;
  std::string cell;
  bool closed = false;
  for (++at; at < line.size(); ++at) {
    // Two quotes are one quote of the text, one ends the cell.
    closed = line[at] == '"' && (++at >= line.size() || line[at] != '"');
    if (closed) break;
    cell += line[at];
  }
  skip_blanks();
  if (!closed || (at < line.size() && line[at] != separator)) return std::nullopt;
  line.remove_prefix(at);
  return std::string(trimmed(cell));
}

std::vector<std::string> header_cells(std::string_view line, char separator) {
  while (!line.empty() && (line.front() == '#' || line.front() == '%')) line.remove_prefix(1);
  std::vector<std::string> cells;
  if (separator == ' ') {
    std::string word;
    for (const char c : std::string(trimmed(line)) + " ") {
      if (c != ' ' && c != '\t') {
        word += c;
      } else if (!word.empty()) {
        cells.push_back(std::move(word));
        word.clear();
      }
    }
    return cells;
  }
  for (;;) {
    auto cell = quoted_cell(line, separator);
    if (!cell) {
      cell = std::string(trimmed(line.substr(0, line.find(separator))));
      line.remove_prefix(std::min(line.find(separator), line.size()));
    }
    cells.push_back(std::move(*cell));
    if (line.empty()) return cells;
    line.remove_prefix(1);
  }
}

bool is_unit_word(const std::string& cell) {
  constexpr std::array<std::string_view, 13> kOther{"s", "ms", "N", "Nm", "kg", "deg", "g", "m/s2", "m/s^2", "%", "1", "a.u.", "Hz"};
  return voltage_unit(cell).has_value() || std::find(kOther.begin(), kOther.end(), cell) != kOther.end();
}

bool is_unit_row(const std::vector<std::string>& cells) {
  bool any = false;
  for (auto cell : cells) {
    if (cell.size() > 2 && (cell.front() == '[' || cell.front() == '(')) cell = cell.substr(1, cell.size() - 2);
    if (!cell.empty() && !is_unit_word(cell)) return false;
    any = any || !cell.empty();
  }
  return any;
}

// "EMG 1 [uV]", "ch1_uv" as name and unit.
void split_unit(std::string& name, std::string& unit) {
  for (const auto& [open, close] : {std::pair{'[', ']'}, std::pair{'(', ')'}}) {
    const auto at = name.rfind(open);
    if (at == std::string::npos || name.back() != close) continue;
    const auto inside = std::string(trimmed(std::string_view(name).substr(at + 1, name.size() - at - 2)));
    if (open == '(' && !is_unit_word(inside)) continue;  // "EMG (left)"
    unit = inside;
    name = std::string(trimmed(std::string_view(name).substr(0, at)));
    return;
  }
  const auto mark = name.rfind('_');
  if (mark == std::string::npos || mark == 0 || !voltage_unit(name.substr(mark + 1))) return;
  unit = name.substr(mark + 1);
  name.resize(mark);
}

// "Sampling Rate (Hz):= 1000.00", "Sampling frequency: 2 kHz", "fs=2000".
std::optional<double> rate_in(std::string_view line) {
  const auto text = lower(line);
  for (const std::string_view key :
       {"sampling rate", "sampling frequency", "sample rate", "sampling_rate", "samplerate", "samplingrate", "fs"}) {
    const auto at = text.find(key);
    if (at == std::string::npos) continue;
    const auto is_letter = [&](std::size_t i) { return i < text.size() && text[i] >= 'a' && text[i] <= 'z'; };
    if (key == "fs" && ((at > 0 && is_letter(at - 1)) || is_letter(at + 2))) continue;
    const auto rest = std::string_view(text).substr(at + key.size());
    const auto from = rest.find_first_of("0123456789");
    constexpr std::size_t kNear = 24;  // "Sampling Rate (samples/s) := "
    if (from == std::string_view::npos || from > kNear) continue;
    const auto to = std::min(rest.find_first_not_of("0123456789.e+", from), rest.size());
    const auto value = number_of(rest.substr(from, to - from));
    if (!value || *value <= 0) continue;
    const bool kilo = trimmed(rest.substr(to)).starts_with("khz") || rest.substr(0, from).find("khz") != std::string_view::npos;
    return kilo ? *value * 1e3 : *value;
  }
  return std::nullopt;
}

void read_header(const std::vector<Line>& lines, std::size_t data, Layout& layout) {
  std::size_t order = 0;
  for (std::size_t i = 0; i < data; ++i) {
    const auto text = decoded_text(lines[i].text);
    if (trimmed(text).empty()) continue;
    ++order;
    auto rate = rate_in(text);
    auto cells = header_cells(text, layout.separator);
    // Device exports have the rate alone in their second line.
    if (!rate && order == 2 && number_of(cells.empty() ? std::string() : cells[0]) &&
        std::all_of(cells.begin() + 1, cells.end(), [](const std::string& c) { return c.empty(); })) {
      rate = number_of(cells[0]);
    }
    if (rate) layout.rate_hz = rate, layout.rate_line = std::string(trimmed(text));
    // "# Labels:= EMG" names the columns, other keys do not.
    if (const auto key = text.find(":="); key != std::string::npos) {
      if (lower(text).find("label") > key) continue;
      cells = header_cells(text.substr(key + 2), ',');
    }
    while (cells.size() > layout.column_count && cells.back().empty()) cells.pop_back();
    if (cells.size() != layout.column_count) continue;
    if (!layout.names.empty() && is_unit_row(cells)) {
      layout.units = cells;
      for (auto& unit : layout.units) {
        if (unit.size() > 2 && (unit.front() == '[' || unit.front() == '(')) unit = unit.substr(1, unit.size() - 2);
      }
    } else if (!rate) {
      layout.names = cells;
      layout.units.assign(cells.size(), "");
    }
  }
  for (std::size_t c = 0; c < layout.names.size(); ++c) {
    if (layout.units[c].empty()) split_unit(layout.names[c], layout.units[c]);
  }
}

std::vector<Line> head_lines(const Source& source, std::string& head, char& line_end) {
  const auto count = std::min(source.size(), kHeadBytes + 3);
  head.resize(static_cast<std::size_t>(count));
  source.read(0, head.data(), count);
  line_end = head.find('\n') == std::string::npos && head.find('\r') != std::string::npos ? '\r' : '\n';
  std::size_t at = head.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  std::vector<Line> lines;
  while (at < head.size() && lines.size() < kMostHeadLines + kSampledRows) {
    const auto end = head.find(line_end, at);
    const bool cut = end == std::string::npos && count < source.size();
    if (cut && !lines.empty()) break;
    auto text = std::string_view(head).substr(at, end == std::string::npos ? end : end - at);
    // Of one line longer than the head whole cells are enough to see what it is.
    if (cut) text = text.substr(0, text.find_last_of(" ,;\t|"));
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    lines.push_back({text, static_cast<std::int64_t>(at), static_cast<std::int64_t>(lines.size()) + 1});
    if (end == std::string::npos) break;
    at = end + 1;
  }
  return lines;
}

Run best_run(const std::vector<Line>& lines, const std::string& separators, char decimal) {
  Run best;
  for (const char separator : separators) {
    if (separator == decimal) continue;
    const auto run = longest_run(lines, separator, decimal);
    if (run.rows > best.rows || (run.rows == best.rows && run.columns > best.columns)) best = run;
  }
  return best;
}

// Numbers like "1,5" beside another separator. One line of them may be prose; single columns may be ragged rows of whole numbers.
bool has_decimal_commas(const std::vector<Line>& lines, const std::string& separators, const Run& with_points) {
  const auto run = best_run(lines, separators, ',');
  return run.rows > std::max<std::size_t>(with_points.rows, 1) && (with_points.rows == 0 || run.columns > 1);
}

}  // namespace

Layout find_layout(const Source& source, const ReadOptions& options) {
  Layout layout;
  layout.decimal = decimal_option(options.decimal);
  const std::string separators = options.separator.empty() ? ",;\t| " : std::string(1, separator_option(options.separator));
  std::string head;
  const auto lines = head_lines(source, head, layout.line_end);
  const auto best = best_run(lines, separators, layout.decimal);
  if (layout.decimal == '.' && has_decimal_commas(lines, separators, best)) {
    throw FileError(source.path().string(), "its numbers have a decimal comma; give --decimal comma");
  }
  if (best.rows == 0) throw FileError(source.path().string(), fmt::format("{} in the first {} lines", kNoRows, lines.size()));
  layout.separator = best.separator;
  layout.column_count = best.columns;
  auto first = best.first;
  while (first > 0 && is_damaged_row(lines[first - 1].text, layout)) --first;
  layout.data_byte = lines[first].byte;
  layout.data_line = lines[first].number;
  for (std::size_t i = first; i < lines.size() && layout.rows.size() < kSampledRows; ++i) {
    if (!is_row(lines[i].text)) continue;
    std::vector<double> row(layout.column_count);
    parse_row(lines[i].text, layout, true, row.data());
    layout.rows.push_back(std::move(row));
  }
  read_header(lines, first, layout);
  return layout;
}

}  // namespace emg::csv
