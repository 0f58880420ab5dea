#include "libemg/core/table.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "libemg/core/error.h"

namespace emg {

std::size_t Column::row_count() const {
  const auto count = std::visit([](const auto& v) { return v.size(); }, values);
  return width > 1 ? count / static_cast<std::size_t>(width) : count;
}

Value Column::cell(std::size_t row) const {
  if (width > 1) {
    const auto& all = std::get<std::vector<double>>(values);
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(row) * width;
    return std::vector<double>(first, first + width);
  }
  struct Reader {
    std::size_t row;
    Value operator()(const std::vector<double>& v) const { return std::isnan(v[row]) ? Value{} : Value{v[row]}; }
    Value operator()(const std::vector<std::int64_t>& v) const { return v[row]; }
    Value operator()(const std::vector<std::uint8_t>& v) const { return v[row] != 0; }
    Value operator()(const std::vector<std::string>& v) const { return v[row].empty() ? Value{} : Value{v[row]}; }
  };
  return std::visit(Reader{row}, values);
}

const Column* Table::find(const std::string& column_name) const {
  for (const auto& column : columns) {
    if (column.name == column_name) return &column;
  }
  return nullptr;
}

Column column_for(const FieldInfo& info) {
  Column column{info.name, info.unit, info.text, {}, 1};
  switch (info.type) {
    case FieldType::boolean: column.values = std::vector<std::uint8_t>{}; break;
    case FieldType::integer:
      if (info.optional) {
        column.values = std::vector<double>{};
      } else {
        column.values = std::vector<std::int64_t>{};
      }
      break;
    case FieldType::number: column.values = std::vector<double>{}; break;
    default: column.values = std::vector<std::string>{};
  }
  return column;
}

std::vector<Column> columns_for(const std::vector<FieldInfo>& infos) {
  std::vector<Column> columns;
  for (const auto& info : infos) columns.push_back(column_for(info));
  return columns;
}

void append_value(Column& column, const Value& value) {
  struct Appender {
    const Value& value;
    void operator()(std::vector<double>& v) const {
      if (const auto* number = std::get_if<double>(&value)) {
        v.push_back(*number);
      } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        v.push_back(static_cast<double>(*integer));
      } else if (const auto* numbers = std::get_if<std::vector<double>>(&value)) {
        v.insert(v.end(), numbers->begin(), numbers->end());
      } else {
        v.push_back(std::numeric_limits<double>::quiet_NaN());
      }
    }
    void operator()(std::vector<std::int64_t>& v) const { v.push_back(std::get<std::int64_t>(value)); }
    void operator()(std::vector<std::uint8_t>& v) const { v.push_back(std::get<bool>(value) ? 1 : 0); }
    void operator()(std::vector<std::string>& v) const {
      std::string text;
      if (const auto* word = std::get_if<std::string>(&value)) {
        text = *word;
      } else if (const auto* words = std::get_if<std::vector<std::string>>(&value)) {
        for (const auto& part : *words) text += (text.empty() ? "" : ",") + part;
      } else if (!std::holds_alternative<std::monostate>(value)) {
        text = json_text(value);
      }
      v.push_back(std::move(text));
    }
  };
  std::visit(Appender{value}, column.values);
}

void prepend_constant(Table& table, const std::string& column_name, const std::string& column_text, const std::string& value) {
  Column column{column_name, "", column_text, std::vector<std::string>(table.row_count(), value), 1};
  std::erase_if(table.columns, [&](const Column& c) { return c.name == column_name; });
  table.columns.insert(table.columns.begin(), std::move(column));
}

void append_rows(Table& table, const Table& more) {
  if (table.columns.empty()) {
    table = more;
    return;
  }
  if (table.columns.size() != more.columns.size()) {
    throw InvalidArgument(fmt::format("table {}: {} columns do not match {}", table.name, more.columns.size(), table.columns.size()));
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto& to = table.columns[i];
    const auto& from = more.columns[i];
    if (to.name != from.name || to.values.index() != from.values.index() || to.width != from.width) {
      throw InvalidArgument(fmt::format("table {}: column {} does not match {}", table.name, from.name, to.name));
    }
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    std::visit(
        [&](auto& values) {
          const auto& added = std::get<std::decay_t<decltype(values)>>(more.columns[i].values);
          values.insert(values.end(), added.begin(), added.end());
        },
        table.columns[i].values);
  }
}

}  // namespace emg
