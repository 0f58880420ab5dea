#pragma once
// A tidy table: one row per thing, units in the column names. What operations return as rows and what TSV, JSON, HDF5 and DataFrames hold.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

/// One column. Missing: NaN in numbers, "" in text. `width` > 1 makes a cell of that many numbers (waveforms), stored row after row.
struct Column {
  std::string name;
  std::string unit;
  std::string text;
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::uint8_t>, std::vector<std::string>> values;
  Index width = 1;

  std::size_t row_count() const;

  /// The cell as a value: monostate if missing, a list of numbers if `width` > 1.
  Value cell(std::size_t row) const;
};

struct Table {
  std::string name;
  std::string text;
  std::vector<Column> columns;

  std::size_t row_count() const { return columns.empty() ? 0 : columns.front().row_count(); }
  const Column* find(const std::string& column_name) const;
};

/// An empty column for a field: optional integers become numbers with NaN, choices text, booleans 0/1.
Column column_for(const FieldInfo& info);

/// Empty columns for the fields of a row.
std::vector<Column> columns_for(const std::vector<FieldInfo>& infos);

/// Appends `value` to `column`.
void append_value(Column& column, const Value& value);

/// Puts a text column that holds `value` in every row before all others, in place of a column of that name.
void prepend_constant(Table& table, const std::string& column_name, const std::string& column_text, const std::string& value);

/// Appends the rows of `more`; both must have the same columns. Throws InvalidArgument naming the first that differs.
void append_rows(Table& table, const Table& more);

namespace table_detail {

/// Fills a column with one member of every row, by its own type: a detour over Value costs more than many a detection.
template <class Row, class Member>
void append_members(Column& column, const std::vector<Row>& rows, Member Row::*member) {
  const auto fill = [&](auto& values, const auto& value_of) {
    values.reserve(rows.size());
    for (const auto& row : rows) values.push_back(value_of(row.*member));
  };
  if constexpr (std::is_same_v<Member, bool>) {
    fill(std::get<std::vector<std::uint8_t>>(column.values), [](bool v) { return static_cast<std::uint8_t>(v); });
  } else if constexpr (std::is_integral_v<Member>) {
    fill(std::get<std::vector<std::int64_t>>(column.values), [](Member v) { return static_cast<std::int64_t>(v); });
  } else if constexpr (std::is_same_v<Member, double>) {
    fill(std::get<std::vector<double>>(column.values), [](double v) { return v; });
  } else if constexpr (std::is_same_v<Member, std::optional<double>>) {
    fill(std::get<std::vector<double>>(column.values),
         [](const std::optional<double>& v) { return v.value_or(std::numeric_limits<double>::quiet_NaN()); });
  } else {
    for (const auto& row : rows) append_value(column, options_detail::to_value(row.*member));
  }
}

}  // namespace table_detail

/// Table of described rows; has its columns also without rows.
template <Described Row>
Table to_table(std::string name, std::string text, const std::vector<Row>& rows) {
  static const std::vector<Column> empty = columns_for(describe<Row>());
  Table table{std::move(name), std::move(text), empty};
  std::size_t i = 0;
  for_each_field<Row>([&](const auto& f) { table_detail::append_members(table.columns[i++], rows, f.member); });
  return table;
}

}  // namespace emg
