#include "tools/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "libemg/io/atomic_file.h"
#include "tools/cli_options.h"

namespace emg::tools {
namespace {

[[noreturn]] void refuse(const std::string& path, const toml::source_region& where, const std::string& what) {
  throw InvalidArgument(fmt::format("{}: line {}: {}", path, where.begin.line, what));
}

toml::table parsed(const std::string& path) {
  try {
    return toml::parse(read_file(path), path);
  } catch (const toml::parse_error& error) {
    refuse(path, error.source(), std::string(error.description()));
  }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& names) {
  const auto nearest = nearest_name(word, names);
  return nearest.empty() ? "" : "; did you mean " + nearest + "?";
}

Value value_of(const toml::node& node, const std::string& path) {
  if (const auto* v = node.as_boolean()) return v->get();
  if (const auto* v = node.as_integer()) return v->get();
  if (const auto* v = node.as_floating_point()) return v->get();
  if (const auto* v = node.as_string()) return v->get();
  if (const auto* array = node.as_array()) {
    std::vector<double> numbers;
    std::vector<std::string> words;
    for (const auto& item : *array) {
      if (const auto number = item.value<double>()) {
        numbers.push_back(*number);
      } else if (const auto word = item.value<std::string>()) {
        words.push_back(*word);
      } else {
        refuse(path, item.source(), "a list holds numbers or texts");
      }
    }
    if (!words.empty()) return words;
    if (!numbers.empty()) return numbers;
    return std::vector<std::string>{};
  }
  refuse(path, node.source(), "expected a number, text, true, false or a list");
}

std::set<std::string> known_tables() {
  std::set<std::string> names;
  for (const auto& command : commands()) {
    for (const auto& table : command.tables) names.insert(table.name);
  }
  return names;
}

void apply_table(const std::string& path, const toml::table& table, const OptionTable& options, std::vector<Value>& values) {
  std::vector<std::string> names;
  for (const auto& info : options.fields) names.push_back(info.name);
  for (const auto& [key, node] : table) {
    const auto found = std::find(names.begin(), names.end(), key.str());
    if (found == names.end()) {
      refuse(path, node.source(), fmt::format("unknown key {} in [{}]{}", key.str(), options.name, did_you_mean(key.str(), names)));
    }
    const auto index = static_cast<std::size_t>(found - names.begin());
    try {
      values[index] = checked_value(options.fields[index], value_of(node, path));
    } catch (const InvalidArgument& error) {
      const std::string text = error.what();
      if (text.starts_with(path)) throw;
      refuse(path, node.source(), text);
    }
  }
}

std::string toml_value(const Value& value) {
  return std::holds_alternative<std::monostate>(value) ? "\"auto\"" : json_text(value);
}

}  // namespace

void apply_config(const std::string& path, const Command& command, std::map<std::string, std::vector<Value>>& values) {
  const auto root = parsed(path);
  for (const auto& [key, node] : root) {
    const auto* table = node.as_table();
    const auto options = std::find_if(command.tables.begin(), command.tables.end(), [&](const auto& t) { return t.name == key.str(); });
    if (table && options != command.tables.end()) {
      apply_table(path, *table, *options, values[options->name]);
      continue;
    }
    const auto names = known_tables();
    if (!table || names.count(std::string(key.str())) == 0) {
      refuse(path, node.source(), fmt::format("unknown table [{}]{}", key.str(), did_you_mean(key.str(), {names.begin(), names.end()})));
    }
  }
}

std::string config_text(const Command& command, const std::map<std::string, std::vector<Value>>& values) {
  std::string text = fmt::format("# Options of endplate {}\n", command.name);
  for (const auto& table : command.tables) {
    if (table.fields.empty()) continue;
    text += fmt::format("\n[{}]\n", table.name);
    const auto& list = values.at(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      const auto& info = table.fields[i];
      if (table.name == "run" && info.name == "config") continue;
      text += fmt::format("# {}\n{} = {}\n", info.text, info.name, toml_value(list[i]));
    }
  }
  return text;
}

Table toml_rows(const std::string& path, const std::string& name) {
  const auto root = parsed(path);
  const auto* rows = root[name].as_array();
  if (!rows || root.size() != 1) throw InvalidArgument(fmt::format("{}: expected tables [[{}]] and nothing else", path, name));
  Table table;
  table.name = name;
  std::vector<std::string> keys;
  for (const auto& row : *rows) {
    if (!row.is_table()) refuse(path, row.source(), fmt::format("expected a table [[{}]]", name));
    for (const auto& [key, node] : *row.as_table()) {
      if (!node.is_number() && !node.is_string())
        refuse(path, node.source(), fmt::format("{} is no number and no text", std::string(key.str())));
      if (std::find(keys.begin(), keys.end(), key.str()) == keys.end()) keys.emplace_back(key.str());
    }
  }
  for (const auto& key : keys) {
    // A column of numbers, unless one of its cells is a text.
    const bool words = std::any_of(rows->begin(), rows->end(), [&](const toml::node& row) { return (*row.as_table())[key].is_string(); });
    std::vector<std::string> texts;
    std::vector<double> numbers;
    for (const auto& row : *rows) {
      const auto cell = (*row.as_table())[key];
      const auto number = cell.value<double>();
      texts.push_back(cell.is_string() ? *cell.value<std::string>() : number ? fmt::format("{}", *number) : "");
      numbers.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
    }
    if (words) {
      table.columns.push_back({key, "", "", std::move(texts)});
    } else {
      table.columns.push_back({key, "", "", std::move(numbers)});
    }
  }
  std::vector<std::int64_t> lines;
  for (const auto& row : *rows) lines.push_back(row.source().begin.line);
  table.columns.push_back({"line", "", "", std::move(lines)});
  return table;
}

}  // namespace emg::tools
