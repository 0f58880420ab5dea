#include "libemg/io/unit_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/error.h"
#include "libemg/io/nwb.h"
#include "libemg/io/recording_file.h"
#include "libemg/io/table_file.h"

namespace emg {
namespace {

constexpr const char* kTimeColumns[] = {"onset", "time_s", "timestamp", "start_s"};

const Column* time_column(const Table& table) {
  for (const char* name : kTimeColumns) {
    if (const auto* column = table.find(name)) return column;
  }
  return nullptr;
}

std::vector<double> numbers(const Column& column) {
  std::vector<double> values(column.row_count(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t r = 0; r < values.size(); ++r) {
    const auto cell = column.cell(r);
    if (const auto* number = std::get_if<double>(&cell)) values[r] = *number;
    if (const auto* integer = std::get_if<std::int64_t>(&cell)) values[r] = static_cast<double>(*integer);
  }
  return values;
}

bool is_native(const std::filesystem::path& path) { return path.extension() == ".nwb"; }

Table table_of(const std::filesystem::path& path) {
  const auto extension = path.extension();
  if (extension != ".tsv" && extension != ".csv") {
    throw InvalidArgument(fmt::format("{}: units and events are read from .nwb, .tsv and .csv", path.string()));
  }
  return read_table(path);
}

// The number in [low, high] with the fewest digits.
double simplest(double low, double high) {
  for (double step = 1e6; step > 1e-9; step /= 10) {
    const double candidate = std::round((low + high) / 2 / step) * step;
    if (candidate > 0 && candidate >= low && candidate <= high) return candidate;
  }
  return (low + high) / 2;
}

// Onsets are sample / rate, exactly or with a sub-sample offset of up to half a sample, written with finite digits.
std::optional<double> rate_of(const std::vector<double>& sample, const std::vector<double>& onset_s) {
  for (const double slack : {2e-3, 0.51}) {
    double low = 0, high = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < sample.size(); ++i) {
      if (!(onset_s[i] > 0) || !(sample[i] > 0)) continue;
      low = std::max(low, (sample[i] - slack) / onset_s[i]);
      high = std::min(high, (sample[i] + slack) / onset_s[i]);
    }
    if (low <= high && std::isfinite(high)) return simplest(low, high);
  }
  return std::nullopt;
}

std::vector<MotorUnit> units_of_table(const std::filesystem::path& path, const Table& table, std::optional<double> rate_hz) {
  const auto* ids = table.find("unit_id");
  const auto* samples = table.find("sample");
  const auto* times = time_column(table);
  if (!ids) throw FileError(path.string(), "no column unit_id; a table of discharges has onset, sample and unit_id");
  if (!samples && !times) throw FileError(path.string(), "no column sample, onset or time_s");
  const auto id = numbers(*ids);
  auto sample = samples ? numbers(*samples) : std::vector<double>{};
  const auto time_s = times ? numbers(*times) : std::vector<double>{};
  if (!rate_hz && samples && times) rate_hz = rate_of(sample, time_s);
  if (!rate_hz && table.row_count() > 0 && times) {
    throw FileError(path.string(), "sampling rate is not known from sample and onset; give --rate-hz");
  }
  std::map<int, MotorUnit> units;
  for (std::size_t r = 0; r < id.size(); ++r) {
    if (std::isnan(id[r])) continue;  // an event of no unit
    const double at = samples ? sample[r] : std::round(time_s[r] * *rate_hz);
    if (!(std::abs(at) < 9e15) || id[r] != std::round(id[r])) throw FileError(path.string(), "no number of a sample or unit", fmt::format("row {}", r + 2));
    auto& unit = units[static_cast<int>(id[r])];
    unit.unit_id = static_cast<int>(id[r]);
    unit.discharges.rate_hz = rate_hz.value_or(0);
    unit.discharges.sample.push_back(static_cast<std::int64_t>(at));
    const double offset = times && rate_hz ? time_s[r] * *rate_hz - at : 0;
    unit.discharges.offset_samples.push_back(std::abs(offset) <= 0.5 ? offset : 0);
  }
  std::vector<MotorUnit> list;
  for (auto& [key, unit] : units) list.push_back(std::move(unit));
  return list;
}

const Table* event_table(const NwbContents& contents, UnitSide side) {
  const auto named = [&](const std::string& name) -> const Table* {
    for (const auto& table : contents.tables) {
      if (table.name == name) return &table;
    }
    return nullptr;
  };
  if (side == UnitSide::truth) {
    if (const auto* table = named("truth_events")) return table;
  }
  for (const auto& table : contents.tables) {
    if (!table.name.starts_with("truth_") && time_column(table)) return &table;
  }
  return named("truth_events");
}

void add_times(EventTimes& events, const Table& table) {
  const auto* times = time_column(table);
  for (const double t : numbers(*times)) {
    if (std::isfinite(t)) events.time_s.push_back(t);
  }
}

}  // namespace

std::vector<MotorUnit> read_units(const std::filesystem::path& path, UnitSide side, std::optional<double> rate_hz) {
  if (!is_native(path)) return units_of_table(path, table_of(path), rate_hz);
  auto contents = read_nwb_contents(path);
  auto& first = side == UnitSide::truth ? contents.truth_units : contents.units;
  auto& second = side == UnitSide::truth ? contents.units : contents.truth_units;
  return first.empty() ? std::move(second) : std::move(first);
}

EventTimes read_event_times(const std::filesystem::path& path, UnitSide side) {
  EventTimes events;
  if (!is_native(path)) {
    const auto table = table_of(path);
    if (!time_column(table)) throw FileError(path.string(), "no column onset, time_s or timestamp");
    add_times(events, table);
    if (const auto* ids = table.find("unit_id")) {
      const auto id = numbers(*ids);
      events.with_units = std::none_of(id.begin(), id.end(), [](double v) { return std::isnan(v); });
    }
    return events;
  }
  const auto file = RecordingFile::open(path);
  if (!file.streams().empty()) {
    const auto& stream = file.streams()[file.selected_stream()];
    events.duration_s = static_cast<double>(stream.sample_count) / stream.rate_hz;
  }
  const auto contents = read_nwb_contents(path);
  const auto* table = event_table(contents, side);
  // Units are the answer of a decomposition, also if there are none; its other tables are no events. A truth may hold both: then events.
  const bool decomposed = !contents.units.empty() || std::any_of(contents.tables.begin(), contents.tables.end(), [](const Table& t) { return t.name == "decomposition"; });
  const bool only_units = decomposed || (!contents.truth_units.empty() && !(table && table->name == "truth_events"));
  events.with_units = only_units || !table;
  if (table && !only_units) {
    add_times(events, *table);
  } else {
    for (const auto& unit : read_units(path, side)) {
      for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) events.time_s.push_back(unit.discharges.time_s(i));
    }
  }
  std::sort(events.time_s.begin(), events.time_s.end());
  return events;
}

}  // namespace emg
