#pragma once
// A sub-command of `endplate`: everything that parsing, help, configuration and `list` need to know of it stands in one description.

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/core/table.h"

namespace emg::tools {

/// Exit codes of the program.
enum ExitCode : int { kDone = 0, kFailed = 1, kUsage = 2, kPartial = 3, kUnreadable = 4, kQualityGate = 5, kInterrupted = 130 };

/// A described option struct as it appears on a command line and in a configuration file.
struct OptionTable {
  std::string name;                    ///< of the configuration table: "input", "output", "run", or the operation with underscores
  std::string title;                   ///< heading in the help
  std::vector<FieldInfo> fields;
};

template <Described T>
OptionTable option_table(std::string name, std::string title) {
  return {std::move(name), std::move(title), describe<T>()};
}

class Invocation;

struct Command {
  std::string name;
  std::string group;                   ///< heading in the overview
  std::string summary;
  std::string arguments;               ///< "FILE", "PATH...", "IN OUT"
  std::size_t fewest_arguments = 0;
  std::size_t most_arguments = 0;
  std::vector<OptionTable> tables;
  std::vector<FieldInfo> results;      ///< columns of what an operation returns
  std::string kind;                    ///< of an operation: channels, arrays, events, rows; "composed" else
  std::string example;
  std::function<int(Invocation&)> run;
  /// For a command whose options depend on its first argument (`batch OPERATION`): the command with those options, first argument taken.
  std::function<Command(const std::string& first_argument)> specialise;
};

/// All commands, in the order of the overview.
const std::vector<Command>& commands();
const Command* find_command(const std::string& name);

/// Options that every command has.
struct RunOptions {
  std::string output;
  std::string format;
  int threads = 1;
  std::string config;
  bool json = false;
  std::string progress = "auto";
  bool quiet = false;
  bool verbose = false;
  bool log_json = false;
  bool dry_run = false;

  static constexpr auto fields() {
    using O = RunOptions;
    return std::tuple{
        field("output", &O::output, {}, "file to write; its extension picks the format (.nwb .edf .bdf .csv .tsv .json .jsonl)"),
        field("format", &O::format, {}, "format of tables on standard output: tsv, csv or jsonl; empty: tsv"),
        field("threads", &O::threads, {0, 1024}, "threads over channels; 0: all processors"),
        field("config", &O::config, {}, "TOML file with option values; flags win"),
        field("json", &O::json, {}, "one JSON document on standard output instead of tables"),
        field("progress", &O::progress, {}, "auto, bar, json or never"),
        field("quiet", &O::quiet, {}, "no warnings on standard error"),
        field("verbose", &O::verbose, {}, "say what is done on standard error"),
        field("log_json", &O::log_json, {}, "messages on standard error as JSON lines"),
        field("dry_run", &O::dry_run, {}, "check everything and say what would be written, without computing"),
    };
  }
};
static_assert(fully_described<RunOptions>());

/// One run of a command: its arguments and option values, and where results and messages go.
class Invocation {
 public:
  Invocation(const Command& command, std::vector<std::string> arguments, std::map<std::string, std::vector<Value>> values);

  const Command& command() const { return command_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  const std::vector<Value>& values(const std::string& table) const { return values_.at(table); }
  template <Described T>
  T options(const std::string& table) const {
    return from_values<T>(values(table));
  }
  const RunOptions& run() const { return run_; }

  /// Results: into the JSON document, or a table to standard output or `--output`.
  void add_input(nlohmann::ordered_json input) { document_["inputs"].push_back(std::move(input)); }
  void add_output(const std::string& path, const std::string& kind);
  void add_table(const Table& table);
  /// Text for a person; left out with --json.
  void print(const std::string& text);
  nlohmann::ordered_json& document() { return document_; }

  /// Messages on standard error.
  void warn(const Warning& warning, const std::string& path);
  void info(const std::string& text);

  /// Writes the JSON document, if asked for, with this status.
  void close(const std::string& status);
  void fail(const std::string& type, const std::string& message, const std::string& path);

 private:
  const Command& command_;
  std::vector<std::string> arguments_;
  std::map<std::string, std::vector<Value>> values_;
  RunOptions run_;
  nlohmann::ordered_json document_;
};

/// `value` as JSON; missing and not finite = null.
nlohmann::ordered_json to_json(const Value& value);
/// {"columns": [...], "rows": [[...]]}; waveform columns are arrays.
nlohmann::ordered_json to_json(const Table& table);
nlohmann::ordered_json to_json(const FieldInfo& info);

/// Throws Interrupted if Ctrl-C was pressed.
void check_interrupt();

/// While one lives, Ctrl-C ends the process at once: for computations that nothing interrupts and that write nothing.
class EndAtOnce {
 public:
  EndAtOnce();
  ~EndAtOnce();
  EndAtOnce(const EndAtOnce&) = delete;
  EndAtOnce& operator=(const EndAtOnce&) = delete;
};

/// Writes to standard output; throws OutputError if that is not possible, ends quietly if nobody reads any more.
void print_stdout(const std::string& text);
void install_interrupt_handler();

/// A crash of a library on a damaged file ends in one line and an exit code; worker processes let it kill them, so that their parent learns of it.
void install_crash_handler();
void remove_crash_handler();

/// A file that could not be written: a failure of the run, not of its input.
class OutputError : public Error {
 public:
  using Error::Error;
};

/// Runs the command line `arguments` (without the program name) and returns the exit code.
int run_command_line(const std::vector<std::string>& arguments);

/// `--low-hz` for "low_hz".
std::string flag_of(const std::string& field_name);

}  // namespace emg::tools
