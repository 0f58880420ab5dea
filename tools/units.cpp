// endplate units: how units fire; apply-filters: the same units in another recording; refit: filters from known discharges.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "libemg/decompose/hd/refit.h"
#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/table_file.h"
#include "libemg/measure/units/delta_f.h"
#include "libemg/measure/units/unit_firing.h"
#include "tools/composed.h"
#include "tools/decompose.h"
#include "tools/file_options.h"

namespace emg::tools {
namespace {

namespace fs = std::filesystem;

struct FolderOptions {
  std::string out;
  static constexpr auto fields() {
    using O = FolderOptions;
    return std::tuple{field("out", &O::out, {}, "folder for the tables")};
  }
};

struct ForceOptions {
  std::string force;
  std::string force_channel;
  static constexpr auto fields() {
    using O = ForceOptions;
    return std::tuple{field("force", &O::force, {}, "recording that holds the force; empty: none"),
                      field("force_channel", &O::force_channel, {}, "its channel; empty: the only one")};
  }
};

struct FilterSource {
  std::string filters;
  static constexpr auto fields() {
    using O = FilterSource;
    return std::tuple{field("filters", &O::filters, {}, "result file of decompose or refit that holds the filters")};
  }
};

struct EventsSource {
  std::string events;
  static constexpr auto fields() {
    using O = EventsSource;
    return std::tuple{field("events", &O::events, {}, "table of discharges with the columns sample and unit_id")};
  }
};

fs::path folder_of(const Invocation& invocation) {
  const auto out = invocation.options<FolderOptions>("folder").out;
  if (out.empty()) throw InvalidArgument("--out is missing: the folder for the tables");
  fs::create_directories(out);
  return out;
}

void write_out(Invocation& invocation, const fs::path& target, const Table& table) {
  writing(target, [&] { write_table(target, table); });
  invocation.add_output(target.string(), table.name);
}

std::vector<double> force_of(const Invocation& invocation, double rate_hz, Index sample_count) {
  const auto options = invocation.options<ForceOptions>("force");
  if (options.force.empty()) return {};
  ReadOptions read;
  if (!options.force_channel.empty()) read.channels = {options.force_channel};
  const auto recording = read_recording(options.force, read);
  if (recording.channel_count() != 1) throw InvalidArgument(fmt::format("--force {} gives {} channels; choose one with --force-channel", options.force, recording.channel_count()));
  if (recording.rate_hz != rate_hz || recording.sample_count() != sample_count) {
    throw InvalidArgument(fmt::format("--force {} has {} samples at {} Hz, the units {} at {} Hz; resample it first", options.force,
                                      recording.sample_count(), recording.rate_hz, sample_count, rate_hz));
  }
  const auto trace = recording.view(0);
  return {trace.begin(), trace.end()};
}

int run_units(Invocation& invocation) {
  const fs::path input = invocation.arguments()[0];
  const auto units = read_nwb_contents(input).units;
  if (units.empty()) throw InvalidArgument(fmt::format("{} holds no motor units; decompose a recording first", input.string()));
  const auto file = RecordingFile::open(input);
  const double rate_hz = units.front().discharges.rate_hz;
  Index count = file.streams().empty() ? 0 : file.sample_count();
  for (const auto& unit : units) {
    if (!unit.discharges.sample.empty()) count = std::max<Index>(count, unit.discharges.sample.back() + 1);
  }
  const auto force = force_of(invocation, rate_hz, count);
  const auto firing = unit_firing(units, count, rate_hz, force, invocation.options<UnitFiringOptions>("unit_firing"));
  const auto pairs = delta_f(units, invocation.options<DeltaFOptions>("delta_f"));
  const auto out = folder_of(invocation);
  const std::string stem = input.stem().string();
  write_out(invocation, out / (stem + "_unit_firing.tsv"), to_table("unit_firing", "how each unit fires", firing));
  write_out(invocation, out / (stem + "_delta_f.tsv"), to_table("delta_f", "pairs of units", pairs));
  write_out(invocation, out / (stem + "_delta_f_units.tsv"), to_table("delta_f_units", "mean of each test unit", delta_f_by_unit(pairs)));
  return kDone;
}

Table stored_filters(const std::string& path) {
  if (path.empty()) throw InvalidArgument("--filters is missing: a result file that holds separation filters");
  for (auto& table : RecordingFile::open(path).tables()) {
    if (table.name == "separation_filters") return std::move(table);
  }
  throw InvalidArgument(fmt::format("{} holds no separation filters", path));
}

int run_apply(Invocation& invocation) {
  const fs::path input = invocation.arguments()[0];
  const auto bank = filter_bank_from(stored_filters(invocation.options<FilterSource>("source").filters));
  const auto recording = read_recording(input, invocation.options<ReadOptions>("input"));
  const auto found = apply_filters(recording, bank, invocation.options<ApplyFiltersOptions>("apply_filters"), invocation.run().threads);
  for (const auto& warning : found.warnings) invocation.warn(warning, input.string());
  const auto out = folder_of(invocation);
  const std::string stem = input.stem().string();
  write_out(invocation, out / (stem + "_desc-applied_events.tsv"), unit_events_table(found.units));
  write_out(invocation, out / (stem + "_applied_filters.tsv"), to_table("applied_filters", "units found by stored filters", found.rows));
  return kDone;
}

std::vector<MotorUnit> units_from_events(const std::string& path, double rate_hz) {
  if (path.empty()) throw InvalidArgument("--events is missing: a table of discharges with the columns sample and unit_id");
  const auto table = read_table(path);
  const auto *samples = table.find("sample"), *ids = table.find("unit_id");
  if (!samples || !ids) throw InvalidArgument(fmt::format("{} has no columns sample and unit_id", path));
  std::map<int, std::vector<std::int64_t>> trains;
  const auto integer = [&](const Column& column, std::size_t row) {
    const auto cell = column.cell(row);
    if (const auto* value = std::get_if<std::int64_t>(&cell)) return *value;
    if (const auto* value = std::get_if<double>(&cell)) return static_cast<std::int64_t>(*value);
    throw InvalidArgument(fmt::format("{}: {} of row {} is no number", path, column.name, row));
  };
  for (std::size_t r = 0; r < table.row_count(); ++r) trains[static_cast<int>(integer(*ids, r))].push_back(integer(*samples, r));
  std::vector<MotorUnit> units;
  for (auto& [id, train] : trains) {
    std::sort(train.begin(), train.end());
    MotorUnit unit;
    unit.unit_id = id;
    unit.discharges = {rate_hz, std::move(train), {}};
    units.push_back(std::move(unit));
  }
  return units;
}

int run_refit(Invocation& invocation) {
  const fs::path input = invocation.arguments()[0];
  const auto file = RecordingFile::open(input, invocation.options<ReadOptions>("input"));
  auto recording = file.read();
  const auto units = units_from_events(invocation.options<EventsSource>("source").events, recording.rate_hz);
  auto found = refit(recording, units, invocation.options<DecomposeOptions>("decompose"), invocation.run().threads);
  for (const auto& warning : found.warnings) invocation.warn(warning, input.string());
  const auto out = folder_of(invocation);
  const std::string stem = input.stem().string();
  write_out(invocation, out / (stem + "_desc-refitted_events.tsv"), unit_events_table(found.units));
  write_out(invocation, out / (stem + "_refit.tsv"), to_table("refit", "units found by filters from known discharges", found.rows));
  NwbContents contents;
  contents.signal = false;
  contents.units = found.units;
  contents.tables = {to_table("refit", "units found by filters from known discharges", found.rows)};
  if (!found.filters.units.empty()) contents.tables.push_back(filter_table(found.filters));
  add_input_provenance(recording, 0, file);
  const auto target = out / (stem + "_refit.nwb");
  writing(target, [&] { write_nwb(target, recording, contents, write_options(invocation), result_identifier(recording)); });
  invocation.add_output(target.string(), "recording");
  return kDone;
}

Command around_units(std::string name, std::string summary, std::string example, std::vector<OptionTable> own, int (*run)(Invocation&)) {
  Command command;
  command.name = std::move(name);
  command.group = "Motor units";
  command.summary = std::move(summary);
  command.arguments = "FILE --out DIR";
  command.fewest_arguments = command.most_arguments = 1;
  command.kind = "composed";
  command.tables = {option_table<FolderOptions>("folder", "target")};
  for (auto& table : own) command.tables.push_back(std::move(table));
  command.tables.push_back(option_table<WriteOptions>("output", "how result files are written"));
  command.tables.push_back(option_table<RunOptions>("run", "output and messages"));
  command.example = std::move(example);
  command.run = run;
  return command;
}

}  // namespace

Command units_command() {
  return around_units("units", "how motor units fire: rates, variability, recruitment thresholds, delta-F", "endplate units out/recordings/grid.nwb --out tables",
                      {option_table<UnitFiringOptions>("unit_firing", "rates and thresholds"), option_table<DeltaFOptions>("delta_f", "delta-F"),
                       option_table<ForceOptions>("force", "force")},
                      run_units);
}

Command apply_filters_command() {
  return around_units("apply-filters", "the units of a decomposition in another recording of the same electrodes",
                      "endplate apply-filters second.nwb --filters out/recordings/first.nwb --out second",
                      {option_table<FilterSource>("source", "filters"), option_table<ApplyFiltersOptions>("apply_filters", "options of apply-filters"),
                       option_table<ReadOptions>("input", "what to read")},
                      run_apply);
}

Command refit_command() {
  return around_units("refit", "filters from known discharges, and the discharges that they find",
                      "endplate refit grid.nwb --events other_program_events.tsv --out refit",
                      {option_table<EventsSource>("source", "discharges"), option_table<DecomposeOptions>("decompose", "preparation, as for decompose"),
                       option_table<ReadOptions>("input", "what to read")},
                      run_refit);
}

}  // namespace emg::tools
