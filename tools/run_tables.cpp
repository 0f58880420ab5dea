// What stands at the end of a run: tables over all recordings, run.json, the report; and `collect`, which joins runs.

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "libemg/core/version.h"
#include "libemg/io/atomic_file.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/sha256.h"
#include "libemg/io/table_file.h"
#include "libemg/operations.h"
#include "tools/analyze.h"
#include "tools/batch_engine.h"
#include "tools/composed.h"
#include "tools/file_options.h"
#include "tools/report.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Columns that a table of this name always has: a native file leaves out a column without any value.
std::vector<FieldInfo> described_columns(const std::string& name) {
  if (const auto* entry = find_operation(name)) return entry->results;
  return analysis_columns(name);
}

// Spectra, tracks, sources and filters stay in the native files: their rows make no sense without the arrays beside them.
bool belongs_to_arrays(const Table& table) {
  constexpr std::string_view kFacts = "_facts";
  const auto& name = table.name;
  if (const auto* entry = find_operation(name.ends_with(kFacts) ? name.substr(0, name.size() - kFacts.size()) : name)) {
    return entry->kind == OperationKind::arrays;
  }
  return std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) { return column.width != 1; });
}

Column empty_column(const FieldInfo& info, std::size_t row_count) {
  FieldInfo optional = info;
  optional.optional = true;
  Column column = column_for(optional);
  for (std::size_t r = 0; r < row_count; ++r) append_value(column, std::monostate{});
  return column;
}

// All described columns in their order, then any others; waveforms stay in the native file.
void complete(Table& table) {
  std::vector<Column> columns;
  const std::size_t row_count = table.row_count();
  const auto described = described_columns(table.name);
  for (const auto& info : described) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const Column& c) { return c.name == info.name; });
    if (found == table.columns.end()) {
      columns.push_back(empty_column(info, row_count));
    } else {
      columns.push_back(std::move(*found));
      table.columns.erase(found);
    }
  }
  for (auto& column : table.columns) columns.push_back(std::move(column));
  std::erase_if(columns, [](const Column& column) { return column.width != 1; });
  table.columns = std::move(columns);
}

// Whole numbers and yes/no as numbers, which can be missing; text and numbers stay.
void allow_missing(Column& column) {
  std::visit(
      [&](auto& values) {
        using Number = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_integral_v<Number>) column.values = std::vector<double>(values.begin(), values.end());
      },
      column.values);
}

// Gives `table` every column of `like` that it lacks, without values, behind the column that stands before it there.
void add_missing_columns(Table& table, Table& like) {
  std::size_t place = 0;
  for (auto& column : like.columns) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(), [&](const Column& c) { return c.name == column.name; });
    if (found != table.columns.end()) {
      place = static_cast<std::size_t>(found - table.columns.begin()) + 1;
      continue;
    }
    allow_missing(column);
    Column added{column.name, column.unit, column.text, column.values, column.width};
    std::visit([](auto& values) { values.clear(); }, added.values);
    for (std::size_t r = 0; r < table.row_count(); ++r) append_value(added, std::monostate{});
    table.columns.insert(table.columns.begin() + static_cast<std::ptrdiff_t>(place++), std::move(added));
  }
}

// Both tables with the columns of either, in one order.
void unite_columns(Table& all, Table& more) {
  add_missing_columns(all, more);
  add_missing_columns(more, all);
  std::vector<Column> ordered;
  for (auto& column : all.columns) {
    auto& other = *std::find_if(more.columns.begin(), more.columns.end(), [&](const Column& c) { return c.name == column.name; });
    if (other.values.index() != column.values.index()) allow_missing(column), allow_missing(other);
    ordered.push_back(std::move(other));
  }
  more.columns = std::move(ordered);
}

void append_or_refuse(Table& all, const Table& more, const std::string& origin) {
  try {
    append_rows(all, more);
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("{}: {}", origin, error.what()));
  }
}

Table failed_rows(const std::map<std::string, Json>& entries) {
  Table table{"not_analysed", "inputs that gave no result, with the reason", {}};
  for (const char* name : {"recording_id", "input", "status", "reason"}) table.columns.push_back({name, "", "", std::vector<std::string>{}, 1});
  for (const auto& [id, entry] : entries) {
    if (entry.value("status", "") == "done") continue;
    const std::string cells[] = {id, entry.value("input", ""), entry.value("status", ""), entry.value("reason", "")};
    for (std::size_t i = 0; i < 4; ++i) append_value(table.columns[i], cells[i]);
  }
  return table;
}

std::string description_text(const Table& table) {
  Json json{{"name", table.name}, {"description", table.text}, {"columns", Json::object()}};
  for (const auto& column : table.columns) json["columns"][column.name] = {{"unit", column.unit}, {"description", column.text}};
  return json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

bool write_if_changed(const fs::path& path, const std::string& text) {
  std::error_code error;
  if (fs::file_size(path, error) == text.size() && !error && read_file(path) == text) return false;
  write_file(path, text);
  return true;
}

std::string results_key(const std::map<std::string, Json>& entries) {
  std::string lines;
  for (const auto& [id, entry] : entries) {
    lines += fmt::format("{} {} {} {} {}\n", id, entry.value("status", ""), entry.value("key", ""), entry.value("sha256", ""), entry.value("reason", ""));
  }
  return sha256_hex(lines);
}

Json run_json(const Invocation& invocation, const std::map<std::string, Json>& entries, const std::string& key) {
  Json totals{{"done", 0}, {"failed", 0}, {"skipped", 0}};
  for (const auto& [id, entry] : entries) {
    const auto status = entry.value("status", "failed");
    totals[status] = totals[status].get<int>() + 1;
  }
  Json run{{"endplate", kVersion}, {"command", invocation.command().name}, {"options", Json::object()}};
  for (const auto& table : invocation.command().tables) {
    if (table.name == "run" || table.name == "batch") continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) run["options"][table.fields[i].name] = to_json(values[i]);
  }
  run["inputs"] = invocation.arguments();
  run["totals"] = totals;
  run["key"] = key;
  run["results"] = results_key(entries);
  return run;
}

std::vector<Table> stored_tables(const fs::path& file, std::vector<Warning>& warnings) {
  try {
    return RecordingFile::open(file).tables();
  } catch (const FileError& error) {
    warnings.push_back({"result_unreadable", fmt::format("{}; run the analysis of its input again", error.what()), ""});
    return {};
  }
}

}  // namespace

std::string key_of_run(const fs::path& out) {
  if (!fs::exists(out / "run.json")) return {};
  const auto run = Json::parse(read_file(out / "run.json"), nullptr, false);
  return run.is_object() ? run.value("key", "") : "";
}

bool write_run_tables(const fs::path& out, const std::string& key, std::vector<Warning>& warnings) {
  const auto entries = read_manifests(out, key);
  std::map<std::string, Table> tables;
  for (const auto& [id, entry] : entries) {
    for (const auto& output : entry.value("outputs", Json::array())) {
      const fs::path file = out / output.get<std::string>();
      if (file.extension() != ".nwb") continue;
      for (const auto& stored : stored_tables(file, warnings)) {
        if (stored.name == "provenance" || stored.row_count() == 0 || belongs_to_arrays(stored)) continue;
        Table table = stored;
        complete(table);
        prepend_constant(table, "recording_id", "recording of this run", file.stem().string());
        auto& all = tables[table.name];
        if (!all.columns.empty()) unite_columns(all, table);
        append_or_refuse(all, table, file.string());
      }
    }
  }
  tables["not_analysed"] = failed_rows(entries);
  fs::create_directories(out / "tables");
  for (const auto& file : fs::directory_iterator(out / "tables")) {
    if (tables.count(file.path().stem().string()) == 0) fs::remove(file.path());
  }
  bool changed = false;
  for (const auto& [name, table] : tables) {
    changed = write_if_changed(out / "tables" / (name + ".tsv"), tsv_text(table)) || changed;
    changed = write_if_changed(out / "tables" / (name + ".json"), description_text(table)) || changed;
  }
  return changed;
}

void finish_run(Invocation& invocation, const fs::path& out, const std::string& key, int report_details) {
  std::vector<Warning> warnings;
  bool changed = write_run_tables(out, key, warnings);
  for (const auto& warning : warnings) invocation.warn(warning, out.string());
  check_interrupt();
  const auto text = run_json(invocation, read_manifests(out, key), key).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  changed = write_if_changed(out / "run.json", text) || changed;
  if (changed || !fs::exists(out / "report.html")) write_report(out, report_details);
}

namespace {

struct CollectOptions {
  std::string table;
  bool union_columns = false;
  static constexpr auto fields() {
    using O = CollectOptions;
    return std::tuple{field("table", &O::table, {}, "table to join, e.g. recordings, detect_spikes, onsets"),
                      field("union_columns", &O::union_columns, {}, "join also tables with different columns; missing cells are empty")};
  }
};

int run_collect(Invocation& invocation) {
  const auto options = invocation.options<CollectOptions>("collect");
  if (options.table.empty()) throw InvalidArgument("--table is missing: which table to join, e.g. recordings");
  Table all;
  for (const auto& folder : invocation.arguments()) {
    const fs::path path = fs::path(folder) / "tables" / (options.table + ".tsv");
    auto table = read_table(path);
    table.name = options.table;
    if (options.union_columns && !all.columns.empty()) {
      unite_columns(all, table);
    }
    append_or_refuse(all, table, path.string());
  }
  if (invocation.run().output.empty() || invocation.run().output == "-" || invocation.run().json) {
    invocation.add_table(all);
  }
  if (!invocation.run().output.empty() && invocation.run().output != "-") {
    writing(invocation.run().output, [&] { write_table(invocation.run().output, all); });
    invocation.add_output(invocation.run().output, "table");
  }
  return kDone;
}

struct ReportOptions {
  int report_details = 50;
  static constexpr auto fields() {
    return std::tuple{field("report_details", &ReportOptions::report_details, {0, 100000},
                            "recordings shown in report.html itself; the others get a page each")};
  }
};

}  // namespace

Command collect_command() {
  Command command;
  command.name = "collect";
  command.group = "Whole job";
  command.summary = "joins one table of several runs or shards";
  command.arguments = "DIR...";
  command.fewest_arguments = 1;
  command.most_arguments = 100000;
  command.kind = "composed";
  command.tables = {option_table<CollectOptions>("collect", "what to join"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate collect out --table recordings -o recordings.csv";
  command.run = run_collect;
  return command;
}

Command report_command() {
  Command command;
  command.name = "report";
  command.group = "Whole job";
  command.summary = "rebuilds report.html of a run from its results, without computing";
  command.arguments = "DIR";
  command.fewest_arguments = command.most_arguments = 1;
  command.kind = "composed";
  command.tables = {option_table<ReportOptions>("report", "report"), option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate report out";
  command.run = [](Invocation& invocation) {
    const fs::path out = invocation.arguments().front();
    if (read_manifests(out).empty()) throw FileError(out.string(), "holds no results: no manifest.jsonl");
    std::vector<Warning> warnings;
    write_run_tables(out, key_of_run(out), warnings);
    for (const auto& warning : warnings) invocation.warn(warning, out.string());
    write_report(out, invocation.options<ReportOptions>("report").report_details);
    invocation.add_output((out / "report.html").string(), "report");
    return int{kDone};
  };
  return command;
}

}  // namespace emg::tools
