#pragma once
// A tidy table: one row per thing, units in the column names. What operations return as rows and what TSV, JSON, HDF5 and DataFrames hold.

#include <cstdint>
#include <string>
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

/// Appends `value` to `column`.
void append_value(Column& column, const Value& value);

/// Puts a text column that holds `value` in every row before all others (recording_id, channel_name).
void prepend_constant(Table& table, const std::string& column_name, const std::string& column_text, const std::string& value);

/// Appends the rows of `more`; both must have the same columns. Throws InvalidArgument naming the first that differs.
void append_rows(Table& table, const Table& more);

/// Table of described rows; has its columns also without rows.
template <Described Row>
Table to_table(std::string name, std::string text, const std::vector<Row>& rows) {
  Table table{std::move(name), std::move(text), {}};
  for (const auto& info : describe<Row>()) table.columns.push_back(column_for(info));
  for (const auto& row : rows) {
    const auto values = values_of(row);
    for (std::size_t i = 0; i < values.size(); ++i) append_value(table.columns[i], values[i]);
  }
  return table;
}

}  // namespace emg
