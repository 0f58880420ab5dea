#include "tools/cli_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <optional>

#include "tools/config_file.h"
#include "tools/preset_values.h"

namespace emg::tools {
namespace {

const std::map<std::string, std::string> kShortFlags{{"output", "-o"}, {"quiet", "-q"}, {"verbose", "-v"}, {"jobs", "-j"}};

std::string value_word(const FieldInfo& info) {
  switch (info.type) {
    case FieldType::integer: return "INT";
    case FieldType::number: return info.unit.empty() ? "NUMBER" : info.unit;
    case FieldType::number_list: return "NUMBER,...";
    case FieldType::text_list: return "WORD,...";
    case FieldType::choice: return fmt::format("{}", fmt::join(info.choices, "|"));
    default: return "TEXT";
  }
}

std::string default_word(const FieldInfo& info) {
  if (std::holds_alternative<std::monostate>(info.default_value)) return "auto";
  if (const auto* text = std::get_if<std::string>(&info.default_value)) return *text;
  if (const auto* words = std::get_if<std::vector<std::string>>(&info.default_value)) return fmt::format("{}", fmt::join(*words, ","));
  return json_text(info.default_value);
}

std::string facts(const FieldInfo& info) {
  std::string text;
  if (const auto word = default_word(info); !word.empty() && word != "[]") text = "default " + word;
  const bool low = std::isfinite(info.range.min), high = std::isfinite(info.range.max);
  const auto add = [&](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  if (low && high) {
    add(fmt::format("{} to {}", info.range.min, info.range.max));
  } else if (low) {
    add(fmt::format("at least {}", info.range.min));
  } else if (high) {
    add(fmt::format("at most {}", info.range.max));
  }
  if (!info.unit.empty()) text += (text.empty() ? "" : " ") + info.unit;
  return text;
}

std::string flag_names(const FieldInfo& info) {
  const auto found = kShortFlags.find(info.name);
  const std::string prefix = found == kShortFlags.end() ? "" : found->second + ",";
  const std::string flag = flag_of(info.name);
  return info.type == FieldType::boolean ? fmt::format("{}{},!--no-{}", prefix, flag, flag.substr(2)) : prefix + flag;
}

std::vector<std::string> all_flags(const Command& command) {
  std::vector<std::string> flags{"--help"};
  for (const auto& table : command.tables) {
    for (const auto& info : table.fields) {
      flags.push_back(flag_of(info.name));
      if (info.type == FieldType::boolean) flags.push_back("--no-" + flag_of(info.name).substr(2));
    }
  }
  return flags;
}

// What the parser stores for one option.
struct Slot {
  const OptionTable* table;
  const FieldInfo* info;
  std::size_t index;
  std::string text;
  bool flag = false;
  CLI::Option* option = nullptr;
};

void add_slot(CLI::App& app, Slot& slot) {
  if (slot.info->type == FieldType::boolean) {
    slot.option = app.add_flag(flag_names(*slot.info), slot.flag);
  } else {
    slot.option = app.add_option(flag_names(*slot.info), slot.text)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
}

[[noreturn]] void refuse_unknown(const Command& command, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  const auto nearest = nearest_name(name, all_flags(command));
  throw InvalidArgument(fmt::format("unknown option {}{}", name,
                                    nearest.empty() ? fmt::format("; see endplate {} --help", command.name) : "; did you mean " + nearest + "?"));
}

void check_arguments(const Command& command, const std::vector<std::string>& arguments) {
  if (arguments.size() < command.fewest_arguments) {
    throw InvalidArgument(fmt::format("missing argument; usage: endplate {} {} [options]", command.name, command.arguments));
  }
  if (arguments.size() > command.most_arguments) {
    throw InvalidArgument(fmt::format("unexpected argument \"{}\"; usage: endplate {} {} [options]", arguments[command.most_arguments],
                                      command.name, command.arguments));
  }
}

// Words after "--" are arguments, also if they start with a dash; the parser would hand on the mark itself.
std::vector<std::string> take_after_mark(std::vector<std::string>& words) {
  const auto mark = std::find(words.begin(), words.end(), "--");
  if (mark == words.end()) return {};
  std::vector<std::string> rest(mark + 1, words.end());
  words.erase(mark, words.end());
  return rest;
}

}  // namespace

std::string flag_of(const std::string& field_name) {
  std::string flag = "--" + field_name;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::map<std::string, std::vector<Value>> default_values(const Command& command) {
  std::map<std::string, std::vector<Value>> values;
  for (const auto& table : command.tables) {
    auto& list = values[table.name];
    for (const auto& info : table.fields) list.push_back(info.default_value);
  }
  return values;
}

ParsedLine parse_line(const Command& command, const std::vector<std::string>& arguments) {
  ParsedLine line;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h,--help", line.help);
  std::vector<Slot> slots;
  for (const auto& table : command.tables) {
    for (std::size_t i = 0; i < table.fields.size(); ++i) slots.push_back({&table, &table.fields[i], i, {}, false, nullptr});
  }
  for (auto& slot : slots) add_slot(app, slot);
  auto words = arguments;
  const auto after_mark = take_after_mark(words);
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ArgumentMismatch& error) {
    throw InvalidArgument(fmt::format("{}; see endplate {} --help", error.what(), command.name));
  } catch (const CLI::ConversionError& error) {
    throw InvalidArgument(fmt::format("{}: a switch takes no value: give --name or --no-name", error.what()));
  } catch (const CLI::ParseError& error) {
    throw InvalidArgument(error.what());
  }
  for (const auto& word : app.remaining()) {
    if (word.size() > 1 && word[0] == '-') refuse_unknown(command, word);
    line.arguments.push_back(word);
  }
  line.arguments.insert(line.arguments.end(), after_mark.begin(), after_mark.end());
  line.values = default_values(command);
  if (line.help) return line;
  check_arguments(command, line.arguments);
  for (const auto& slot : slots) {
    if (slot.info->name == "preset" && slot.table->name == "target" && !slot.text.empty()) apply_preset(command.name, slot.text, line.values);
  }
  for (const auto& slot : slots) {
    if (slot.info->name == "config" && slot.table->name == "run" && !slot.text.empty()) apply_config(slot.text, command, line.values);
  }
  for (const auto& slot : slots) {
    if (slot.option->count() == 0) continue;
    auto& value = line.values[slot.table->name][slot.index];
    try {
      value = slot.info->type == FieldType::boolean ? Value{slot.flag} : parse_value(*slot.info, slot.text);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(fmt::format("{}: {}", flag_of(slot.info->name), error.what()));
    }
  }
  return line;
}

std::string help_text(const Command& command) {
  std::string text = fmt::format("{}\n\nusage: endplate {} {}[options]\n", command.summary, command.name,
                                 command.arguments.empty() ? "" : command.arguments + " ");
  if (!command.example.empty()) text += fmt::format("\nexample:\n  {}\n", command.example);
  for (const auto& table : command.tables) {
    if (table.fields.empty()) continue;
    text += fmt::format("\n{}:\n", table.title);
    for (const auto& info : table.fields) {
      const auto found = kShortFlags.find(info.name);
      std::string flag = (found == kShortFlags.end() ? "" : found->second + ", ") + flag_of(info.name);
      flag += info.type == FieldType::boolean ? "" : " " + value_word(info);
      const auto more = facts(info);
      text += fmt::format("  {}\n      {}{}\n", flag, info.text, more.empty() ? "" : " (" + more + ")");
    }
  }
  if (!command.results.empty()) {
    text += "\nresult:\n";
    for (const auto& info : command.results) text += fmt::format("  {:<28} {}\n", info.name, info.text);
  }
  return text;
}

std::string overview_text() {
  std::string text =
      "endplate: offline analysis of electromyography recordings\n\n"
      "usage: endplate COMMAND [arguments] [options]\n"
      "       endplate COMMAND --help       options of one command\n"
      "       endplate analyze PATH... --out DIR    the whole job: tables, results and a report\n";
  std::vector<std::string> groups;
  for (const auto& command : commands()) {
    if (std::find(groups.begin(), groups.end(), command.group) == groups.end()) groups.push_back(command.group);
  }
  for (const auto& group : groups) {
    text += fmt::format("\n{}:\n", group);
    for (const auto& command : commands()) {
      if (command.group == group) text += fmt::format("  {:<20} {}\n", command.name, command.summary);
    }
  }
  return text;
}

}  // namespace emg::tools
