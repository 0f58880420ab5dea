#include "libemg/io/table_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/text.h"

namespace emg {
namespace {

std::string cell_text(const Column& column, std::size_t row) {
  struct Writer {
    std::size_t row;
    std::string operator()(const std::vector<double>& v) const { return std::isnan(v[row]) ? std::string() : shortest(v[row]); }
    std::string operator()(const std::vector<std::int64_t>& v) const { return fmt::format("{}", v[row]); }
    std::string operator()(const std::vector<std::uint8_t>& v) const { return v[row] != 0 ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>& v) const { return v[row]; }
  };
  return std::visit(Writer{row}, column.values);
}

struct Cell {
  std::string text;
  std::size_t line = 0;
  std::size_t column = 0;
};

// Cells of a text table; quotes may enclose separators and line ends.
class CellReader {
 public:
  CellReader(const std::filesystem::path& path, std::string_view text, char separator) : path_(path), text_(text), separator_(separator) {}

  bool next_row(std::vector<Cell>& row) {
    row.clear();
    if (at_ >= text_.size()) return false;
    do {
      row.push_back(next_cell(row.size() + 1));
    } while (take(separator_));
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return true;
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Cell next_cell(std::size_t column) {
    Cell cell{{}, line_, column};
    if (!take('"')) {
      while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n' && text_[at_] != '\r') cell.text += text_[at_++];
      return cell;
    }
    for (;;) {
      if (at_ >= text_.size()) {
        const auto where = fmt::format("line {}", cell.line);
        throw FileError(path_.string(), fmt::format("{}, column {}: the quote is not closed", where, column), where);
      }
      // Two quotes are one quote of the text, one ends the cell.
      if (take('"') && !(at_ < text_.size() && text_[at_] == '"')) return cell;
      if (text_[at_] == '\n') ++line_;
      cell.text += text_[at_++];
    }
  }

  const std::filesystem::path& path_;
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

// Whole numbers as this library writes them: no sign +, no leading zeros ("007" is a name).
std::optional<std::int64_t> plain_integer(const std::string& text) {
  std::int64_t value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits[0] == '0') return std::nullopt;
  return value;
}

std::optional<double> plain_number(const std::string& text) {
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return std::nullopt;
  double value = 0;
  const auto [stop, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Test>
bool all_cells(const std::vector<std::string>& cells, Test test) {
  return std::all_of(cells.begin(), cells.end(), test);
}

void type_column(Column& column, std::vector<std::string> cells) {
  const auto empty = [](const std::string& c) { return c.empty(); };
  if (!cells.empty() && all_cells(cells, [](const std::string& c) { return c == "true" || c == "false"; })) {
    std::vector<std::uint8_t> values;
    for (const auto& c : cells) values.push_back(c == "true");
    column.values = std::move(values);
  } else if (!cells.empty() && all_cells(cells, [](const std::string& c) { return plain_integer(c).has_value(); })) {
    std::vector<std::int64_t> values;
    for (const auto& c : cells) values.push_back(*plain_integer(c));
    column.values = std::move(values);
  } else if (all_cells(cells, [&](const std::string& c) { return empty(c) || plain_number(c).has_value(); })) {
    std::vector<double> values;
    for (const auto& c : cells) values.push_back(empty(c) ? std::numeric_limits<double>::quiet_NaN() : *plain_number(c));
    column.values = std::move(values);
  } else {
    column.values = std::move(cells);
  }
}

char separator_of(const std::filesystem::path& path) {
  const auto extension = lower(path.extension().string());
  if (extension == ".tsv") return '\t';
  if (extension == ".csv") return ',';
  throw FileError(path.string(), "a table is .tsv or .csv");
}

// How the arrays of one operation lie on its axes: axis arrays first to last, then everything as a column.
struct Axes {
  std::vector<std::size_t> arrays;
  std::vector<Index> sizes;
  Index channel_count = 0;  // 0: no array has channels
  bool pairs = false;       // cubes are axis x channels x channels
};

Axes axes_of(const std::vector<NamedArray>& arrays) {
  Axes axes;
  std::size_t rank = 0;
  for (const auto& array : arrays) {
    if (array.shape.size() < 2) continue;
    axes.channel_count = std::max(axes.channel_count, array.shape[0]);
    rank = std::max(rank, array.shape.size() - 1);
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (arrays[i].shape.size() != 1 || (rank > 0 && axes.arrays.size() == rank)) continue;
    if (rank == 0 && !axes.arrays.empty()) continue;
    axes.arrays.push_back(i);
    axes.sizes.push_back(arrays[i].shape[0]);
  }
  if (rank == 2 && axes.arrays.size() == 1) {
    const auto cube = std::find_if(arrays.begin(), arrays.end(), [](const NamedArray& a) { return a.shape.size() == 3; });
    axes.pairs = true;
    axes.channel_count = 0;
    axes.sizes.insert(axes.sizes.end(), {cube->shape[1], cube->shape[2]});
  }
  return axes;
}

// Element of array `i` at `channel` and `position` on the axes; an array without an axis repeats along it.
double element(const std::vector<NamedArray>& arrays, std::size_t i, const Axes& axes, Index channel, const std::vector<Index>& position) {
  const auto& array = arrays[i];
  const auto rank = array.shape.size();
  if (rank == 0) return array.data[0];
  const auto own = std::find(axes.arrays.begin(), axes.arrays.end(), i);
  if (own != axes.arrays.end()) return array.data[position[static_cast<std::size_t>(own - axes.arrays.begin())]];
  if (axes.pairs && rank == 3) return array.data[(position[0] * array.shape[1] + position[1]) * array.shape[2] + position[2]];
  const auto along = [&](Index size) {
    for (std::size_t a = 0; a < axes.sizes.size(); ++a) {
      if (axes.sizes[a] == size) return position[a];
    }
    return Index{0};
  };
  if (rank == 1) return array.data[along(array.shape[0])];
  if (rank == 2) return array.data[channel * array.shape[1] + along(array.shape[1])];
  return array.data[(channel * array.shape[1] + position[0]) * array.shape[2] + position[1]];
}

}  // namespace

std::string tsv_text(const Table& table, char separator) {
  std::vector<const Column*> columns;
  for (const auto& column : table.columns) {
    if (column.width == 1) columns.push_back(&column);
  }
  std::string out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += separator;
    out += table_cell(columns[i]->name, separator);
  }
  out += '\n';
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i > 0) out += separator;
      out += table_cell(cell_text(*columns[i], row), separator);
    }
    out += '\n';
  }
  return out;
}

std::string jsonl_text(const Table& table) {
  std::string out;
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    out += '{';
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      out += fmt::format("{}{}: {}", i > 0 ? ", " : "", json_text(table.columns[i].name), json_text(table.columns[i].cell(row)));
    }
    out += "}\n";
  }
  return out;
}

std::string json_document(const Table& table) {
  std::string out = fmt::format("{{\n  \"name\": {},\n  \"columns\": [", json_text(table.name));
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto& column = table.columns[i];
    out += fmt::format("{}\n    {{\"name\": {}, \"unit\": {}, \"description\": {}}}", i > 0 ? "," : "", json_text(column.name),
                       json_text(column.unit), json_text(column.text));
  }
  out += "\n  ],\n  \"rows\": [";
  for (std::size_t row = 0; row < table.row_count(); ++row) {
    out += row > 0 ? ",\n    [" : "\n    [";
    for (std::size_t i = 0; i < table.columns.size(); ++i) out += (i > 0 ? ", " : "") + json_text(table.columns[i].cell(row));
    out += ']';
  }
  return out + "\n  ]\n}\n";
}

void write_table(const std::filesystem::path& path, const Table& table) {
  const auto extension = lower(path.extension().string());
  if (extension == ".tsv" || extension == ".csv") {
    write_file(path, tsv_text(table, extension == ".csv" ? ',' : '\t'));
  } else if (extension == ".jsonl") {
    write_file(path, jsonl_text(table));
  } else if (extension == ".json") {
    write_file(path, json_document(table));
  } else {
    throw InvalidArgument(fmt::format("{}: the extension {} is none of .tsv, .csv, .json, .jsonl", path.string(), in_quotes(extension)));
  }
}

Table read_table(const std::filesystem::path& path) {
  const char separator = separator_of(path);
  const auto text = decoded_text(read_file(path));
  CellReader reader(path, text, separator);
  std::vector<Cell> row;
  if (!reader.next_row(row)) throw FileError(path.string(), "line 1: the header row is missing", "line 1");
  Table table{path.stem().string(), "", {}};
  for (const auto& cell : row) table.columns.push_back({cell.text, unit_of_name(cell.text), "", {}, 1});
  std::vector<std::vector<std::string>> cells(row.size());
  while (reader.next_row(row)) {
    if (row.size() != cells.size()) {
      const auto where = fmt::format("line {}", row.front().line);
      throw FileError(path.string(),
                      fmt::format("{}, column {}: {} cells, the header has {}", where, std::min(row.size(), cells.size()) + 1, row.size(),
                                  cells.size()),
                      where);
    }
    for (std::size_t i = 0; i < row.size(); ++i) cells[i].push_back(std::move(row[i].text));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) type_column(table.columns[i], std::move(cells[i]));
  return table;
}

Table long_table(const std::string& name, const std::vector<NamedArray>& arrays) {
  const auto axes = axes_of(arrays);
  Table table{name, "", {}};
  std::vector<std::int64_t> channels, first, second;
  std::vector<std::vector<double>> values(arrays.size());
  Index positions = 1;
  for (const Index size : axes.sizes) positions *= size;
  const Index channel_count = std::max<Index>(axes.channel_count, 1);
  std::vector<Index> position(axes.sizes.size());
  for (Index row = 0; row < (arrays.empty() ? 0 : channel_count * positions); ++row) {
    Index rest = row % positions;
    for (std::size_t a = axes.sizes.size(); a-- > 0; rest /= axes.sizes[a]) position[a] = rest % axes.sizes[a];
    channels.push_back(row / positions);
    for (std::size_t i = 0; i < arrays.size(); ++i) values[i].push_back(element(arrays, i, axes, row / positions, position));
    if (axes.pairs) {
      first.push_back(position[1]);
      second.push_back(position[2]);
    }
  }
  if (axes.channel_count > 0) table.columns.push_back({"channel", "", "channel index from 0", std::move(channels), 1});
  const auto add = [&](std::size_t i) {
    table.columns.push_back({arrays[i].name, arrays[i].unit, arrays[i].text, std::move(values[i]), 1});
  };
  for (const auto i : axes.arrays) add(i);
  if (axes.pairs) {
    table.columns.push_back({"first_channel", "", "channel index from 0", std::move(first), 1});
    table.columns.push_back({"second_channel", "", "channel index from 0", std::move(second), 1});
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    if (std::find(axes.arrays.begin(), axes.arrays.end(), i) == axes.arrays.end()) add(i);
  }
  return table;
}

}  // namespace emg
