// Where results and messages of a command go.

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstring>
#include <cstdio>
#include <utility>

#include "libemg/core/version.h"
#include "libemg/io/table_file.h"
#include "tools/command.h"

namespace emg::tools {
namespace {

constexpr int kSchema = 1;

std::atomic<int> interrupts{0};

std::atomic<int> ends_at_once{0};

void on_interrupt(int) {
  if (++interrupts > 1 || ends_at_once > 0) _exit(kInterrupted);
}

// HDF5 itself crashes on some damaged files: even then one line and an exit code. Only calls that are safe in a signal handler.
void on_crash(int) {
  constexpr char kText[] = "endplate: error: crashed while reading or computing; the input file is probably damaged\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText, sizeof kText - 1);
  _exit(kUnreadable);
}

void message(const RunOptions& run, const char* level, const std::string& code, const std::string& text, const std::string& path) {
  if (run.log_json) {
    const nlohmann::ordered_json line{{"level", level}, {"code", code}, {"message", text}, {"path", path}};
    fmt::print(stderr, "{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print(stderr, "endplate: {}: {}{}\n", level, code.empty() ? "" : "[" + code + "] ", text);
  }
}

}  // namespace

void print_stdout(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    if (errno == EPIPE) std::_Exit(kDone);
    throw OutputError(std::string("standard output cannot be written: ") + std::strerror(errno));
  }
}

EndAtOnce::EndAtOnce() {
  check_interrupt();
  ++ends_at_once;
}

EndAtOnce::~EndAtOnce() { --ends_at_once; }

Invocation::Invocation(const Command& command, std::vector<std::string> arguments, std::map<std::string, std::vector<Value>> values)
    : command_(command), arguments_(std::move(arguments)), values_(std::move(values)), run_(from_values<RunOptions>(values_.at("run"))) {
  document_ = {{"endplate", kVersion}, {"schema", kSchema}, {"command", command.name}, {"status", "ok"}};
  document_["inputs"] = nlohmann::ordered_json::array();
  document_["options"] = nlohmann::ordered_json::object();
  for (const auto& table : command.tables) {
    if (table.name == "run") continue;
    const auto& table_values = values_.at(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) document_["options"][table.fields[i].name] = to_json(table_values[i]);
  }
  document_["outputs"] = nlohmann::ordered_json::array();
  document_["tables"] = nlohmann::ordered_json::object();
  document_["warnings"] = nlohmann::ordered_json::array();
  document_["errors"] = nlohmann::ordered_json::array();
}

void Invocation::add_output(const std::string& path, const std::string& kind) {
  document_["outputs"].push_back({{"path", path}, {"kind", kind}});
}

void Invocation::add_table(const Table& table) {
  if (run_.json) {
    document_["tables"][table.name] = to_json(table);
    return;
  }
  if (run_.format == "jsonl") {
    print_stdout(jsonl_text(table));
  } else if (run_.format == "csv") {
    print_stdout(tsv_text(table, ','));
  } else if (run_.format.empty() || run_.format == "tsv") {
    print_stdout(tsv_text(table));
  } else {
    throw InvalidArgument(fmt::format("format is \"{}\", expected tsv, csv or jsonl", run_.format));
  }
}

void Invocation::print(const std::string& text) {
  if (!run_.json) print_stdout(text);
}

void Invocation::warn(const Warning& warning, const std::string& path) {
  nlohmann::ordered_json entry{{"code", warning.code}, {"message", warning.message}, {"path", path}};
  entry["channel"] = warning.channel.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(warning.channel);
  document_["warnings"].push_back(std::move(entry));
  if (run_.quiet) return;
  const std::string channel = warning.channel.empty() ? "" : fmt::format(" (channel {})", warning.channel);
  message(run_, "warning", warning.code, fmt::format("{}: {}{}", path, warning.message, channel), path);
}

void Invocation::info(const std::string& text) {
  if (run_.verbose) message(run_, "info", "", text, "");
}

void Invocation::close(const std::string& status) {
  document_["status"] = status;
  if (run_.json) print_stdout(document_.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void Invocation::fail(const std::string& type, const std::string& text, const std::string& path) {
  document_["errors"].push_back({{"type", type}, {"message", text}, {"path", path}});
  message(run_, "error", "", text, path);
}

nlohmann::ordered_json to_json(const Value& value) {
  struct Converter {
    nlohmann::ordered_json operator()(std::monostate) const { return nullptr; }
    nlohmann::ordered_json operator()(double v) const { return std::isfinite(v) ? nlohmann::ordered_json(v) : nlohmann::ordered_json(); }
    nlohmann::ordered_json operator()(const std::vector<double>& v) const {
      auto array = nlohmann::ordered_json::array();
      for (const double x : v) array.push_back((*this)(x));
      return array;
    }
    nlohmann::ordered_json operator()(bool v) const { return v; }
    nlohmann::ordered_json operator()(std::int64_t v) const { return v; }
    nlohmann::ordered_json operator()(const std::string& v) const { return v; }
    nlohmann::ordered_json operator()(const std::vector<std::string>& v) const { return v; }
  };
  return std::visit(Converter{}, value);
}

nlohmann::ordered_json to_json(const Table& table) {
  constexpr const char* kTypes[] = {"float64", "int64", "boolean", "text"};
  nlohmann::ordered_json columns = nlohmann::ordered_json::array();
  for (const auto& column : table.columns) {
    columns.push_back({{"name", column.name}, {"type", kTypes[column.values.index()]}, {"unit", column.unit}, {"description", column.text}});
  }
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    nlohmann::ordered_json row = nlohmann::ordered_json::array();
    for (const auto& column : table.columns) row.push_back(to_json(column.cell(r)));
    rows.push_back(std::move(row));
  }
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}};
}

nlohmann::ordered_json to_json(const FieldInfo& info) {
  nlohmann::ordered_json out{{"name", info.name}, {"type", name_of(info.type)}, {"unit", info.unit}, {"description", info.text}};
  out["optional"] = info.optional;
  out["default"] = to_json(info.default_value);
  const auto bound = [](double v) { return std::isfinite(v) ? nlohmann::ordered_json(v) : nlohmann::ordered_json(); };
  out["range"] = {bound(info.range.min), bound(info.range.max)};
  out["choices"] = info.choices;
  return out;
}

void install_crash_handler() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_crash);
}

void remove_crash_handler() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, SIG_DFL);
}

void install_interrupt_handler() {
  // No SA_RESTART: a system call that waits ends with the signal.
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void check_interrupt() {
  if (interrupts > 0) throw Interrupted();
}

}  // namespace emg::tools
