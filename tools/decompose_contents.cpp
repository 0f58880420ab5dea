#include "tools/decompose_contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace emg::tools {
namespace {

constexpr std::size_t kFewestGroupChannels = 8;

struct DecompositionRow {
  std::int64_t unit_count = 0, accepted_count = 0;
  int channel_count = 0, rounds = 0, starts = 0, whitening_rank = 0;
  double explained_variance = 0, whitening_floor_uv2 = 0;
  bool complete = true;
  static constexpr auto fields() {
    using R = DecompositionRow;
    return std::tuple{field("unit_count", &R::unit_count, {}, "units reported"),
                      field("accepted_count", &R::accepted_count, {}, "accepted ones among them"),
                      field("channel_count", &R::channel_count, {}, "channels used"),
                      field("rounds", &R::rounds, {}, "rounds of search and peel-off"),
                      field("starts", &R::starts, {}, "starts of the fixed point"),
                      field("whitening_rank", &R::whitening_rank, {}, "directions above the floor"),
                      field("explained_variance", &R::explained_variance, {}, "share of the variance that the units explain"),
                      field("whitening_floor_uv2", &R::whitening_floor_uv2, {}, "variance below which directions were left out"),
                      field("complete", &R::complete, {}, "false: stopped early")};
  }
};

struct ChannelUseRow {
  std::string channel_name, status, reason;
  static constexpr auto fields() {
    using R = ChannelUseRow;
    return std::tuple{field("channel_name", &R::channel_name, {}, "channel"), field("status", &R::status, {}, "used or masked"),
                      field("reason", &R::reason, {}, "why it was masked")};
  }
};

Table channel_table(const Recording& recording, const Decomposition& found) {
  std::vector<ChannelUseRow> rows;
  for (std::size_t c = 0; c < found.channel_reasons.size(); ++c) {
    const auto& reason = found.channel_reasons[c];
    rows.push_back({recording.channels[c].name, reason.empty() ? "used" : "masked", reason});
  }
  return to_table("decomposition_channels", "which channels the decomposition used", rows);
}

Table facts_table(const Decomposition& found) {
  DecompositionRow row;
  row.unit_count = static_cast<std::int64_t>(found.units.size());
  row.accepted_count = std::count_if(found.rows.begin(), found.rows.end(), [](const UnitRow& r) { return r.status == "accepted"; });
  row.channel_count = static_cast<int>(found.filters.channels.size());
  row.rounds = found.rounds;
  row.starts = found.starts;
  row.whitening_rank = found.whitening_rank;
  row.explained_variance = found.explained_variance;
  row.whitening_floor_uv2 = found.whitening_floor_uv2;
  row.complete = found.complete;
  return to_table("decomposition", "the run as a whole", std::vector{row});
}

Table unit_discharge_table(const Decomposition& found) {
  Table table{"unit_discharges", "every discharge of every unit", {}};
  Column ids{"unit_id", "", "number of the unit", std::vector<std::int64_t>{}, 1}, samples{"sample", "sample", "0-based", std::vector<std::int64_t>{}, 1},
      times{"time_s", "s", "from sample 0", std::vector<double>{}, 1};
  for (const auto& unit : found.units) {
    for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) {
      append_value(ids, static_cast<std::int64_t>(unit.unit_id));
      append_value(samples, unit.discharges.sample[i]);
      append_value(times, unit.discharges.time_s(i));
    }
  }
  table.columns = {std::move(ids), std::move(samples), std::move(times)};
  return table;
}

// One row for each frame would be long; one for each unit is what plots and tests ask for.
Table pulse_train_table(const Decomposition& found, double rate_hz) {
  Table table{"pulse_trains", fmt::format("source of each unit on the residual plus the unit, {} Hz, standard deviations", rate_hz / found.filters.step), {}};
  Column ids{"unit_id", "", "number of the unit", std::vector<std::int64_t>{}, 1};
  Column values{"source", "", "source value of every frame", std::vector<double>{}, found.pulse_trains.cols()};
  for (const auto& unit : found.units) append_value(ids, static_cast<std::int64_t>(unit.unit_id));
  std::get<std::vector<double>>(values.values).assign(found.pulse_trains.data(), found.pulse_trains.data() + found.pulse_trains.size());
  table.columns = {std::move(ids), std::move(values)};
  return table;
}

}  // namespace

std::vector<std::pair<std::string, Recording>> grids_of(const Recording& recording) {
  std::map<std::string, std::vector<Index>> groups;
  for (std::size_t c = 0; c < recording.channels.size(); ++c) {
    if (recording.channels[c].kind == ChannelKind::emg) groups[recording.channels[c].group].push_back(static_cast<Index>(c));
  }
  const bool several = groups.size() > 1 && std::all_of(groups.begin(), groups.end(), [](const auto& g) { return g.second.size() >= kFewestGroupChannels; });
  std::vector<std::pair<std::string, Recording>> parts;
  if (several) {
    for (const auto& [name, channels] : groups) parts.emplace_back(name, select_channels(recording, channels));
  } else {
    parts.emplace_back("", recording);
  }
  return parts;
}

NwbContents source_contents(const Decomposition& found, const Recording& recording, bool pulse_trains) {
  NwbContents contents;
  contents.units = found.units;
  contents.tables = {facts_table(found), to_table("unit_quality", "how far each unit can be trusted", found.rows), channel_table(recording, found),
                     unit_discharge_table(found)};
  if (!found.units.empty()) contents.tables.push_back(filter_table(found.filters));
  if (pulse_trains && !found.units.empty()) contents.tables.push_back(pulse_train_table(found, recording.rate_hz));
  return contents;
}

}  // namespace emg::tools
