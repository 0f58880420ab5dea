// endplate ncs STUDY... --out DIR: nerve conduction study of a folder or files.

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/version.h"
#include "libemg/io/nwb.h"
#include "libemg/io/sha256.h"
#include "libemg/io/sweep_table.h"
#include "libemg/io/table_file.h"
#include "libemg/measure/ncs/compare.h"
#include "libemg/measure/ncs/limits.h"
#include "libemg/measure/ncs/study.h"
#include "tools/composed.h"
#include "tools/config_file.h"
#include "tools/file_options.h"
#include "tools/report_ncs.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

struct StudyTarget {
  std::string out;
  std::string markers;
  std::string limits;
  std::string criteria;
  std::string previous;
  std::optional<double> age_years, height_cm;
  std::string sex;
  static constexpr auto fields() {
    using O = StudyTarget;
    return std::tuple{
        field("out", &O::out, {}, "folder for the result file, its tables and report.html"),
        field("markers", &O::markers, {},
              "table of markers set by hand (.tsv .csv: nerve, side, site, marker, time_ms, edited_by); they win over automatic ones"),
        field("limits", &O::limits, {},
              "table of limits of your laboratory (.tsv .csv, .toml with [[limits]]); every measure it names is compared"),
        field("criteria", &O::criteria, {}, "table of criteria (.tsv .csv, .toml with [[criteria]]); every rule is evaluated"),
        field("previous", &O::previous, {}, "result file (.nwb) of an earlier study, for serial comparison"),
        field("age_years", &O::age_years, {0, 130}, "age, for limits that depend on it; auto: as the file states it"),
        field("height_cm", &O::height_cm, {20, 260}, "height, for limits that depend on it"),
        field("sex", &O::sex, {}, "M or F, for limits that depend on it; empty: as the file states it")};
  }
};
static_assert(fully_described<StudyTarget>());

struct Inputs {
  std::vector<SweepSet> sets;
  std::vector<MarkerRow> manual;
  std::vector<std::pair<std::string, std::string>> digests;
  Recording facts;
  bool any = false;
};

void take_manual(const Table& table, Inputs& inputs) {
  for (auto& marker : markers_of(table)) {
    if (marker.source == "manual") inputs.manual.push_back(std::move(marker));
  }
}

void add_file(const fs::path& path, const ReadOptions& options, Inputs& inputs, bool needed) {
  const auto file = RecordingFile::open(path, options);
  auto sweeps = sweeps_of_file(file);
  if (!sweeps) {
    if (needed) throw FileError(path.string(), "holds no sweeps, no stimuli, and has no table of sweeps (<name>_sweeps.tsv) beside it");
    return;
  }
  inputs.sets.push_back(std::move(*sweeps));
  for (const auto& table : file.tables()) {
    if (table.name == "ncs_markers") take_manual(table, inputs);
  }
  inputs.digests.emplace_back(path.filename().string(), sha256_of_files(file.input_files()));
  if (!inputs.any) {
    inputs.facts = file.facts();
    inputs.facts.provenance.clear();
    inputs.any = true;
  }
}

bool inside(const fs::path& path, const fs::path& folder) {
  const auto inner = fs::weakly_canonical(path), outer = fs::weakly_canonical(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// A file that is no recording or has no sweeps is passed by with a warning; one that is named is an error.
void add_path(const fs::path& path, const fs::path& out, Invocation& invocation, Inputs& inputs) {
  const auto options = invocation.options<ReadOptions>("input");
  if (!fs::is_directory(path)) return add_file(path, options, inputs, true);
  for (const auto& found : scan_directory(path, options)) {
    if (found.kind.outcome != FileKind::Outcome::recording || inside(found.path, out) ||
        found.path.filename().string().ends_with("_sweeps.tsv"))
      continue;
    try {
      add_file(found.path, options, inputs, false);
    } catch (const FileError& error) {
      invocation.warn({"file_skipped", error.what(), ""}, found.path.string());
    }
  }
  const auto by_hand = path / "markers.tsv";
  if (fs::exists(by_hand)) {
    for (auto& m : markers_of(read_table(by_hand))) m.source = "manual", inputs.manual.push_back(std::move(m));
  }
}

void take_earlier_markers(const fs::path& result, Inputs& inputs) {
  if (!fs::exists(result)) return;
  for (const auto& table : RecordingFile::open(result).tables()) {
    if (table.name == "ncs_markers") take_manual(table, inputs);
  }
}

std::string stem_of(const std::string& argument) {
  fs::path path = fs::weakly_canonical(argument);
  auto stem = fs::is_directory(path) ? path.filename().string() : path.stem().string();
  return stem.empty() ? "study" : stem;
}

void add_provenance_of_study(Recording& header, const Inputs& inputs, const Invocation& invocation, NcsReport& report) {
  const auto add = [&](std::string key, std::string value) { header.provenance.push_back({0, std::move(key), std::move(value)}); };
  add("operation", "ncs");
  add("endplate_version", kVersion);
  for (const auto& [name, digest] : inputs.digests) add("input_name", name), add("input_sha256", digest);
  std::string lines;
  for (const auto& table : invocation.command().tables) {
    if (table.name != "ncs") continue;
    const auto& values = invocation.values(table.name);
    for (std::size_t i = 0; i < table.fields.size(); ++i) {
      add("option." + table.fields[i].name, json_text(values[i]));
      report.options.emplace_back(table.fields[i].name, json_text(values[i]));
      lines += table.fields[i].name + "=" + json_text(values[i]) + "\n";
    }
  }
  add("options_sha256", sha256_hex(lines));
}

// Limits or criteria: a table, or [[limits]] and [[criteria]] of a TOML file.
Table laboratory_table(const std::string& path, const char* name) {
  return fs::path(path).extension() == ".toml" ? toml_rows(path, name) : read_table(path);
}

// A table of the user: what is wrong in it is told with its name.
template <class Use>
void with_table(const std::string& path, const char* name, Use&& use) {
  const auto table = laboratory_table(path, name);
  try {
    use(table);
  } catch (const InvalidArgument& error) {
    throw FileError(path, error.what());
  }
}

void compare(const StudyTarget& target, const Recording& facts, NcsStudy& study) {
  const auto values = study_values(study.tables);
  const Person person{target.age_years ? target.age_years : facts.subject.age_years, target.height_cm,
                      target.sex.empty() ? facts.subject.sex : target.sex};
  std::vector<StudyValue> previous;
  if (!target.previous.empty()) previous = study_values(RecordingFile::open(target.previous).tables());
  const auto add = [&](const char* name, const char* text, const auto& rows) {
    if (!rows.empty()) study.tables.push_back(to_table(name, text, rows));
  };
  add("ncs_sides", "left against right", compare_sides(values));
  if (!previous.empty()) add("ncs_serial", "this study against the earlier one", compare_serial(previous, values));
  std::optional<Table> limits;
  if (!target.limits.empty()) {
    with_table(target.limits, "limits",
               [&](const Table& table) { add("ncs_limits", "comparison with the limits supplied", apply_limits(values, table, person)); });
    limits = laboratory_table(target.limits, "limits");
  }
  if (!target.criteria.empty()) {
    with_table(target.criteria, "criteria", [&](const Table& table) {
      add("ncs_criteria", "criteria supplied", evaluate_criteria(values, table, limits ? &*limits : nullptr, person, previous));
    });
  }
}

int run_ncs(Invocation& invocation) {
  const auto target = invocation.options<StudyTarget>("study");
  if (target.out.empty()) throw InvalidArgument("--out is missing: the folder for results, tables and report");
  if (!invocation.run().output.empty()) throw InvalidArgument("--output is not used here: results go into the folder --out");
  const fs::path out = target.out;
  Inputs inputs;
  for (const auto& argument : invocation.arguments()) add_path(argument, out, invocation, inputs);
  if (inputs.sets.empty()) throw FileError(invocation.arguments().front(), "holds no file with sweeps");
  const auto stem = stem_of(invocation.arguments().front());
  const auto result_path = out / (stem + ".nwb");
  take_earlier_markers(result_path, inputs);
  if (!target.markers.empty()) {
    for (auto& m : markers_of(read_table(target.markers))) m.source = "manual", inputs.manual.push_back(std::move(m));
  }
  for (const auto& argument : invocation.arguments()) invocation.add_input({{"path", argument}});
  if (invocation.run().dry_run) {
    invocation.print(fmt::format("{} files with sweeps -> {}\n", inputs.sets.size(), result_path.string()));
    return kDone;
  }
  NcsReport report;
  report.study = ncs_study(inputs.sets, invocation.options<NcsOptions>("ncs"), inputs.manual, invocation.run().threads);
  compare(target, inputs.facts, report.study);
  report.title = stem;
  report.inputs = inputs.digests;
  report.facts = inputs.facts;
  Recording header = inputs.facts;
  add_provenance_of_study(header, inputs, invocation, report);
  writing(result_path, [&] {
    fs::create_directories(out);
    // The sweeps as they came, so that the result can be analysed again.
    for (std::size_t k = 0; k < report.study.raw.size(); ++k) {
      NwbContents contents;
      contents.signal = false;
      contents.sweeps = report.study.raw[k];
      if (k == 0) contents.tables = report.study.tables;
      header.rate_hz = contents.sweeps->rate_hz;
      const auto path = k == 0 ? result_path : out / fmt::format("{}_{}.nwb", stem, k + 1);
      write_nwb(path, header, contents, write_options(invocation), result_identifier(header));
      invocation.add_output(path.string(), "study");
    }
    for (const auto& table : report.study.tables) write_table(out / fmt::format("{}_{}.tsv", stem, table.name), table);
    write_ncs_report(out / "report.html", report);
  });
  invocation.add_output((out / "report.html").string(), "report");
  for (const auto& table : report.study.tables) {
    if (invocation.run().json) invocation.add_table(table);
  }
  std::string counts;
  for (const auto& table : report.study.tables)
    counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", table.row_count(), table.name.substr(4));
  invocation.print(fmt::format("{}\nreport: {}\n", counts, (out / "report.html").string()));
  return kDone;
}

}  // namespace

Command ncs_command() {
  Command command;
  command.name = "ncs";
  command.group = "Whole job";
  command.summary =
      "nerve conduction study of a folder or files: markers, velocities, F waves, repetitive stimulation; tables and a report";
  command.arguments = "STUDY...";
  command.fewest_arguments = 1;
  command.most_arguments = 100000;
  command.kind = "composed";
  command.tables = {option_table<StudyTarget>("study", "target"), option_table<NcsOptions>("ncs", "options of ncs"),
                    option_table<ReadOptions>("input", "what to read"),
                    option_table<WriteOptions>("output", "how result files are written"),
                    option_table<RunOptions>("run", "output and messages")};
  command.example = "endplate ncs study/ --out out";
  command.run = run_ncs;
  return command;
}

}  // namespace emg::tools
