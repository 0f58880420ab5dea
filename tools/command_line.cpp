// From the words of a command line to an exit code.

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "libemg/core/version.h"
#include "tools/cli_options.h"
#include "tools/command.h"
#include "tools/composed.h"

namespace emg::tools {
namespace {

// The one line on standard error, or the JSON document, for a line that never became an Invocation.
int refuse_line(const std::vector<std::string>& arguments, const std::string& message) {
  if (std::find(arguments.begin(), arguments.end(), "--json") != arguments.end()) {
    nlohmann::ordered_json document{{"endplate", kVersion}, {"schema", 1}, {"command", arguments.empty() ? "" : arguments.front()}, {"status", "failed"}};
    for (const char* key : {"inputs", "outputs", "warnings"}) document[key] = nlohmann::ordered_json::array();
    for (const char* key : {"options", "tables"}) document[key] = nlohmann::ordered_json::object();
    document["errors"] = {{{"type", "usage"}, {"message", message}, {"path", ""}}};
    fmt::print("{}\n", document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  fmt::print(stderr, "endplate: error: {}\n", message);
  return kUsage;
}

int fail(Invocation& invocation, const char* type, const std::string& message, const std::string& path, int code) {
  invocation.fail(type, message, path);
  try {
    invocation.close("failed");
  } catch (const OutputError&) {
    return kFailed;   // the line on standard error is all that can be said
  }
  return code;
}

int print_help(const std::string& text) {
  try {
    print_stdout(text);
    return kDone;
  } catch (const OutputError& error) {
    fmt::print(stderr, "endplate: error: {}\n", error.what());
    return kFailed;
  }
}

int run_invocation(Invocation& invocation) {
  try {
    const int code = invocation.command().run(invocation);
    invocation.close(code == kDone ? "ok" : code == kPartial ? "partial" : code == kQualityGate ? "quality" : "failed");
    return code;
  } catch (const Interrupted&) {
    return fail(invocation, "interrupted", "interrupted; unfinished files were removed", "", kInterrupted);
  } catch (const FileError& error) {
    return fail(invocation, "file", error.what(), error.path(), kUnreadable);
  } catch (const OutputError& error) {
    return fail(invocation, "output", error.what(), "", kFailed);
  } catch (const InvalidArgument& error) {
    return fail(invocation, "usage", error.what(), "", kUsage);
  } catch (const std::bad_alloc&) {
    return fail(invocation, "memory", "not enough memory", "", kFailed);
  } catch (const std::exception& error) {
    return fail(invocation, "failed", error.what(), "", kFailed);
  }
}

int help(const std::vector<std::string>& words) {
  if (words.empty()) {
    return print_help(overview_text());
  }
  const auto* command = find_command(words.front());
  if (!command) return refuse_line(words, fmt::format("unknown command {}; see endplate help", words.front()));
  return print_help(help_text(*command));
}

std::string nearest_command(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : commands()) names.push_back(command.name);
  return nearest_name(name, names);
}

}  // namespace

const Command* find_command(const std::string& name) {
  std::string dashed = name;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  for (const auto& command : commands()) {
    if (command.name == dashed) return &command;
  }
  return nullptr;
}

int run_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return help({});
  const std::string& first = arguments.front();
  std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (first == "help" || first == "--help" || first == "-h") return help(rest);
  if (first == "--version") {
    return print_help(version_text());
  }
  const auto* command = find_command(first);
  if (!command) {
    const auto nearest = nearest_command(first);
    return refuse_line(arguments, fmt::format("unknown command {}{}", first, nearest.empty() ? "; see endplate help" : "; did you mean " + nearest + "?"));
  }
  ParsedLine line;
  Command special;
  try {
    if (command->specialise && !rest.empty() && rest.front()[0] != '-') {
      special = command->specialise(rest.front());
      command = &special;
      rest.erase(rest.begin());
    }
    line = parse_line(*command, rest);
    if (line.help) return print_help(help_text(*command));
  } catch (const FileError& error) {
    return refuse_line(arguments, error.what()) == kUsage ? kUnreadable : kFailed;
  } catch (const std::exception& error) {
    return refuse_line(arguments, error.what());
  }
  Invocation invocation(*command, std::move(line.arguments), std::move(line.values));
  return run_invocation(invocation);
}

}  // namespace emg::tools
