#pragma once
// Flags, help and configuration from the option tables: the only place that knows the command-line parser.

#include <map>
#include <string>
#include <vector>

#include "tools/command.h"

namespace emg::tools {

/// What was typed for a command.
struct ParsedLine {
  std::vector<std::string> arguments;
  std::map<std::string, std::vector<Value>> values;   ///< by option table, defaults and --config included
  bool help = false;
};

/// Parses the arguments after the command's name. Throws InvalidArgument naming the option (and the nearest name of an unknown one).
ParsedLine parse_line(const Command& command, const std::vector<std::string>& arguments);

/// Help of one command: every option with default, range and unit.
std::string help_text(const Command& command);

/// All commands by group.
std::string overview_text();

/// Every option of `command` with its value as a TOML file, help as comments.
std::string config_text(const Command& command, const std::map<std::string, std::vector<Value>>& values);

/// Default of every option of `command`.
std::map<std::string, std::vector<Value>> default_values(const Command& command);

}  // namespace emg::tools
