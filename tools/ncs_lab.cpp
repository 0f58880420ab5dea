// endplate cmap-scan FILE... and endplate excitability FILE...: numbers of threshold-tracking files.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "libemg/io/atomic_file.h"
#include "libemg/io/mem.h"
#include "libemg/io/sha256.h"
#include "libemg/io/table_file.h"
#include "libemg/measure/ncs/cmap_scan.h"
#include "libemg/measure/ncs/excitability.h"
#include "tools/composed.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

struct NoOptions {
  bool keep_identity = false;
  static constexpr auto fields() {
    return std::tuple{field("keep_identity", &NoOptions::keep_identity, {}, "add the name that the file gives its subject to the table")};
  }
};
static_assert(fully_described<NoOptions>());

// Facts of the file before its numbers; a file that cannot be read is a row with its error.
struct FileRow {
  std::string recording_id, name, muscle, sex, error;
  std::optional<double> age_years, temperature_c;
  static constexpr auto fields() {
    using R = FileRow;
    return std::tuple{field("recording_id", &R::recording_id, {}, "file name without extension"),
                      field("name", &R::name, {}, "of the subject; only with keep_identity"),
                      field("muscle", &R::muscle, {}, "recorded muscle"),
                      field("sex", &R::sex, {}, "as the file states it"),
                      field("error", &R::error, {}, "why the file gave no numbers"),
                      field("age_years", &R::age_years, {}, "age"),
                      field("temperature_c", &R::temperature_c, {}, "skin temperature")};
  }
};
static_assert(fully_described<FileRow>());

FileRow facts_of(const fs::path& path, const MemFile& m) {
  return {path.stem().string(), m.name, m.muscle, m.sex, "", m.age_years, m.temperature_c};
}

template <class Row>
Table joined(const std::string& name, const std::string& text, const std::vector<FileRow>& files, const std::vector<Row>& rows) {
  auto table = to_table(name, text, files);
  for (auto& column : to_table(name, text, rows).columns) table.columns.push_back(std::move(column));
  return table;
}

// Lists name files without folder and extension.
std::vector<fs::path> files_of(const std::vector<std::string>& arguments) {
  std::vector<fs::path> files;
  for (const fs::path argument : arguments) {
    const auto extension = argument.extension().string();
    if (fs::is_directory(argument)) {
      for (const auto& entry : fs::directory_iterator(argument)) {
        if (entry.path().extension() == ".MEM" || entry.path().extension() == ".mem") files.push_back(entry.path());
      }
    } else if (extension == ".MEF" || extension == ".mef") {
      for (const auto& name : read_mef(argument)) {
        auto path = argument.parent_path() / (name + ".MEM");
        if (!fs::exists(path) && fs::exists(argument.parent_path().parent_path() / "scans" / (name + ".MEM")))
          path = argument.parent_path().parent_path() / "scans" / (name + ".MEM");
        files.push_back(std::move(path));
      }
    } else {
      files.push_back(argument);
    }
  }
  std::stable_sort(files.begin(), files.end());
  return files;
}

ExcitabilityData excitability_of(const MemFile& m) {
  ExcitabilityData d;
  d.duration_ms = m.duration_ms, d.charge_ma_ms = m.charge_ma_ms, d.interval_ms = m.interval_ms, d.recovery_pct = m.recovery_pct;
  d.iv_current_pct = m.iv_current_pct, d.iv_reduction_pct = m.iv_reduction_pct, d.response_pct = m.response_pct;
  // The last column of currents is the 1 ms pulse.
  if (!m.response_ma.empty()) d.response_ma = m.response_ma.back();
  for (const auto& curve : m.electrotonus) {
    ElectrotonusCurve c;
    for (const auto& p : curve) {
      c.delay_ms.push_back(p.delay_ms), c.reduction_pct.push_back(p.reduction_pct);
      if (std::abs(p.current_pct) > std::abs(c.current_pct)) c.current_pct = p.current_pct;
    }
    d.electrotonus.push_back(std::move(c));
  }
  return d;
}

// Pairs of a section; a third number that is not 0 says that the point was imputed.
void take(const nlohmann::json& sections, const char* section, std::vector<double>& x, std::vector<double>& y) {
  if (!sections.contains(section) || !sections[section].contains("data")) return;
  for (const auto& r : sections[section]["data"]) {
    if (!r.is_array() || r.size() < 2 || !r[0].is_number() || !r[1].is_number()) continue;
    if (r.size() > 2 && r[2].is_number() && r[2].get<double>() != 0) continue;
    x.push_back(r[0].get<double>()), y.push_back(r[1].get<double>());
  }
}

// Records of the JSON form: an object of subjects, each with header and sections.
void add_json(const fs::path& path, bool keep, std::vector<FileRow>& files, std::vector<ExcitabilityRow>& rows) {
  const auto json = nlohmann::json::parse(read_file(path), nullptr, false);
  if (!json.is_object()) throw FileError(path.string(), "is no JSON object of records");
  int number = 0;
  for (const auto& [id, record] : json.items()) {
    ++number;
    FileRow file{fmt::format("{}_{}", path.stem().string(), number), keep ? id : "", "", "", "", {}, {}};
    if (!record.is_object() || !record.contains("sections")) {
      file.error = "has no sections";
      files.push_back(file), rows.push_back({});
      continue;
    }
    if (record.contains("header") && record["header"].is_object()) {
      const auto& h = record["header"];
      if (h.contains("age") && h["age"].is_number()) file.age_years = h["age"].get<double>();
      if (h.contains("temperature") && h["temperature"].is_number()) file.temperature_c = h["temperature"].get<double>();
      const auto sites = h.contains("srSites") && h["srSites"].is_string() ? h["srSites"].get<std::string>() : "";
      const auto last = sites.find_last_of(" -");
      file.muscle = last == std::string::npos ? sites : sites.substr(last + 1);
    }
    ExcitabilityData d;
    const auto& s = record["sections"];
    take(s, "CD", d.duration_ms, d.charge_ma_ms);
    take(s, "RC", d.interval_ms, d.recovery_pct);
    take(s, "IV", d.iv_current_pct, d.iv_reduction_pct);
    take(s, "SR", d.response_pct, d.response_ma);
    if (s.contains("TE") && s["TE"].contains("data") && s["TE"]["data"].is_object()) {
      for (const auto& [name, curve] : s["TE"]["data"].items()) {
        // "h40": hyperpolarising, 40 % of the threshold.
        ElectrotonusCurve c;
        nlohmann::json wrapped{{"TE", {{"data", curve}}}};
        take(wrapped, "TE", c.delay_ms, c.reduction_pct);
        const double size = name.size() > 1 ? std::atof(name.c_str() + 1) : 0;
        c.current_pct = name.starts_with("h") ? size : -size;
        // The sign of the record is what it does to the threshold: depolarising reduces it.
        double during = 0;
        for (std::size_t i = 0; i < c.delay_ms.size(); ++i) during += c.delay_ms[i] > 10 && c.delay_ms[i] < 110 ? c.reduction_pct[i] : 0;
        c.current_pct = during >= 0 ? size : -size;
        d.electrotonus.push_back(std::move(c));
      }
    }
    try {
      rows.push_back(excitability(d));
    } catch (const Error& error) {
      file.error = error.what();
      rows.push_back({});
    }
    files.push_back(std::move(file));
  }
}

int write_result(Invocation& invocation, const Table& table, std::size_t failed, std::size_t total) {
  const fs::path target = invocation.run().output == "-" ? "" : invocation.run().output;
  if (target.empty() || invocation.run().json) invocation.add_table(table);
  if (!target.empty()) {
    writing(target, [&] { write_table(target, table); });
    invocation.add_output(target.string(), "table");
  }
  return failed == 0 ? kDone : failed == total ? kUnreadable : kPartial;
}

template <class Row, class Compute>
int run_files(Invocation& invocation, const std::string& name, const std::string& text, Compute&& compute) {
  const bool keep = invocation.options<NoOptions>("identity").keep_identity;
  std::vector<FileRow> files;
  std::vector<Row> rows;
  const auto paths = files_of(invocation.arguments());
  for (const auto& path : paths) {
    invocation.add_input({{"path", path.string()}});
    try {
      compute(path, keep, files, rows);
    } catch (const Error& error) {
      if (paths.size() == 1) throw;
      files.push_back({path.stem().string(), "", "", "", error.what(), {}, {}});
      rows.push_back({});
      invocation.warn({"failed", error.what(), ""}, path.string());
    }
  }
  if (files.empty()) throw FileError(invocation.arguments().front(), "holds no threshold-tracking file (.MEM)");
  const auto failed =
      static_cast<std::size_t>(std::count_if(files.begin(), files.end(), [](const FileRow& f) { return !f.error.empty(); }));
  return write_result(invocation, joined(name, text, files, rows), failed, files.size());
}

int run_scan(Invocation& invocation) {
  const auto options = invocation.options<CmapScanOptions>("cmap_scan");
  return run_files<CmapScanRow>(
      invocation, "cmap_scan", "numbers of CMAP scans; none is a count of motor units",
      [&](const fs::path& path, bool keep, std::vector<FileRow>& files, std::vector<CmapScanRow>& rows) {
        const auto m = read_mem(path, keep);
        if (!m.scan) throw FileError(path.string(), "holds no CMAP scan");
        auto row =
            cmap_scan({m.scan->stimulus_ma, m.scan->amplitude_mv, m.scan->plateau_end, m.scan->scan_end, m.scan->after_end}, options);
        files.push_back(facts_of(path, m)), rows.push_back(std::move(row));
      });
}

int run_excitability(Invocation& invocation) {
  return run_files<ExcitabilityRow>(invocation, "excitability", "derived numbers of nerve excitability",
                                    [](const fs::path& path, bool keep, std::vector<FileRow>& files, std::vector<ExcitabilityRow>& rows) {
                                      if (path.extension() == ".json") return add_json(path, keep, files, rows);
                                      const auto m = read_mem(path, keep);
                                      auto row = excitability(excitability_of(m));
                                      files.push_back(facts_of(path, m)), rows.push_back(std::move(row));
                                    });
}

Command lab_command(const std::string& name, const std::string& summary, std::vector<OptionTable> tables, std::vector<FieldInfo> results,
                    int (*run)(Invocation&)) {
  Command command;
  command.name = name;
  command.group = "Examinations";
  command.summary = summary;
  command.arguments = "FILE...";
  command.fewest_arguments = 1;
  command.most_arguments = 100000;
  command.kind = "composed";
  command.tables = std::move(tables);
  command.tables.push_back(option_table<NoOptions>("identity", "identity"));
  command.tables.push_back(option_table<RunOptions>("run", "output and messages"));
  command.results = std::move(results);
  command.example = fmt::format("endplate {} scans/ > {}.tsv", name, name);
  command.run = run;
  return command;
}

}  // namespace

Command cmap_scan_command() {
  return lab_command("cmap-scan", "numbers of CMAP scans (.MEM files, lists .MEF, folders): steps, STEPIX, D50, CDIX, stair fit",
                     {option_table<CmapScanOptions>("cmap_scan", "options of cmap-scan")}, describe<CmapScanRow>(), run_scan);
}

Command excitability_command() {
  return lab_command("excitability", "derived numbers of nerve excitability (.MEM files or records as .json)", {},
                     describe<ExcitabilityRow>(), run_excitability);
}

}  // namespace emg::tools
