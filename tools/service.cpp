// list, config, version: what the program can say of itself.

#include <fmt/format.h>

#include "libemg/core/instruction_set.h"
#include "libemg/core/version.h"
#include "libemg/io/recording_file.h"
#include "tools/cli_options.h"
#include "tools/composed.h"

namespace emg::tools {
namespace {

nlohmann::ordered_json describe_command(const Command& command) {
  nlohmann::ordered_json out{{"name", command.name}, {"kind", command.kind}, {"group", command.group}, {"summary", command.summary},
                             {"arguments", command.arguments}};
  out["options"] = nlohmann::ordered_json::object();
  for (const auto& table : command.tables) {
    auto& list = out["options"][table.name] = nlohmann::ordered_json::array();
    for (const auto& info : table.fields) list.push_back(to_json(info));
  }
  out["results"] = nlohmann::ordered_json::array();
  for (const auto& info : command.results) out["results"].push_back(to_json(info));
  return out;
}

int run_list(Invocation& invocation) {
  const auto& names = invocation.arguments();
  if (!names.empty() && !find_command(names.front())) {
    throw InvalidArgument(fmt::format("unknown command {}; endplate list shows all", names.front()));
  }
  auto& described = invocation.document()["commands"] = nlohmann::ordered_json::array();
  std::string text;
  for (const auto& command : commands()) {
    if (!names.empty() && find_command(names.front()) != &command) continue;
    described.push_back(describe_command(command));
    text += fmt::format("{}\t{}\t{}\n", command.name, command.kind, command.summary);
  }
  invocation.print("name\tkind\tsummary\n" + text);
  return kDone;
}

struct ConfigOptions {
  std::string from;
  static constexpr auto fields() {
    return std::tuple{field("from", &ConfigOptions::from, {}, "result file whose options are written instead of the defaults")};
  }
};

// Provenance "option.NAME" rows of the last run of `command` in a result file.
void take_provenance(const std::string& path, const Command& command, std::map<std::string, std::vector<Value>>& values) {
  const auto file = RecordingFile::open(path);
  int last = -1;
  const auto provenance = file.header().provenance;
  for (const auto& entry : provenance) {
    if (entry.key == "operation" && entry.value == command.name) last = entry.run;
  }
  if (last < 0) throw InvalidArgument(fmt::format("{}: holds no result of {}", path, command.name));
  for (const auto& table : command.tables) {
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      for (const auto& entry : provenance) {
        if (entry.run != last || entry.key != "option." + table.fields[i].name) continue;
        const auto json = nlohmann::json::parse(entry.value, nullptr, false);
        if (json.is_null()) values[table.name][i] = std::monostate{};
        else if (json.is_array()) {
          std::string list;
          for (const auto& item : json) list += (list.empty() ? "" : ",") + (item.is_string() ? item.get<std::string>() : item.dump());
          values[table.name][i] = parse_value(table.fields[i], list);
        } else {
          values[table.name][i] = parse_value(table.fields[i], json.is_string() ? json.get<std::string>() : json.dump());
        }
      }
    }
  }
}

int run_config(Invocation& invocation) {
  const auto* command = find_command(invocation.arguments().front());
  if (!command) throw InvalidArgument(fmt::format("unknown command {}; endplate list shows all", invocation.arguments().front()));
  auto values = default_values(*command);
  const auto from = invocation.options<ConfigOptions>("config").from;
  if (!from.empty()) take_provenance(from, *command, values);
  invocation.print(config_text(*command, values));
  return kDone;
}

Command service_command(std::string name, std::string summary, std::string arguments, std::size_t fewest, std::size_t most) {
  Command command;
  command.name = std::move(name);
  command.group = "Service";
  command.summary = std::move(summary);
  command.arguments = std::move(arguments);
  command.fewest_arguments = fewest;
  command.most_arguments = most;
  command.kind = "composed";
  command.tables = {option_table<RunOptions>("run", "output and messages")};
  return command;
}

}  // namespace

std::string version_text() {
  return fmt::format(
      "endplate {}\n"
      "instruction set in use: {}\n"
      "compiler: {}\n"
      "source licence: BSD-3-Clause\n"
      "this program is linked to FFTW and therefore, as a whole, under the GNU General Public License, version 2 or later\n",
      kVersion, name_of(instruction_set()), __VERSION__);
}

Command list_command() {
  auto command = service_command("list", "all commands and operations; --json describes every option and result column", "[NAME]", 0, 1);
  command.group = "Look";
  command.example = "endplate list bandpass --json";
  command.run = run_list;
  return command;
}

Command config_command() {
  auto command = service_command("config", "TOML file with every option of a command, to edit and give back with --config", "COMMAND", 1, 1);
  command.tables.insert(command.tables.begin(), option_table<ConfigOptions>("config", "source"));
  command.example = "endplate config analyze > my.toml";
  command.run = run_config;
  return command;
}

Command version_command() {
  auto command = service_command("version", "version, build and licence", "", 0, 0);
  command.run = [](Invocation& invocation) {
    invocation.print(version_text());
    return kDone;
  };
  return command;
}

}  // namespace emg::tools
