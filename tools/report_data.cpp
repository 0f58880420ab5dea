// Looking into the tables of a result, tolerant of what is not there.

#include <algorithm>
#include <cctype>
#include <cmath>

#include "libemg/io/text.h"
#include "tools/report_parts.h"

namespace emg::tools::report {

const Table* find_table(const ReportRecording& recording, std::string_view name) {
  for (const auto& table : recording.tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

std::optional<double> number_in(const Table& table, std::string_view column, std::size_t row) {
  const auto* found = table.find(std::string(column));
  if (!found || found->width != 1 || row >= found->row_count()) return std::nullopt;
  double value = std::nan("");
  if (const auto* numbers = std::get_if<std::vector<double>>(&found->values)) value = (*numbers)[row];
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&found->values)) value = static_cast<double>((*integers)[row]);
  if (const auto* bytes = std::get_if<std::vector<std::uint8_t>>(&found->values)) value = (*bytes)[row];
  if (const auto* texts = std::get_if<std::vector<std::string>>(&found->values)) value = number_of((*texts)[row]).value_or(value);
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string text_in(const Table& table, std::string_view column, std::size_t row) {
  const auto* found = table.find(std::string(column));
  if (!found || row >= found->row_count()) return "";
  const auto* texts = std::get_if<std::vector<std::string>>(&found->values);
  if (texts) return (*texts)[row];
  const auto value = number_in(table, column, row);
  return value ? shortest(*value) : "";
}

Index channel_in(const ReportRecording& recording, const Table& table, std::size_t row) {
  const auto* found = table.find("channel");
  if (!found || row >= found->row_count()) return -1;
  const auto count = static_cast<Index>(recording.header.channels.size());
  if (const auto* texts = std::get_if<std::vector<std::string>>(&found->values)) {
    for (Index c = 0; c < count; ++c) {
      if (recording.header.channels[static_cast<std::size_t>(c)].name == (*texts)[row]) return c;
    }
    return -1;
  }
  const auto value = number_in(table, "channel", row);
  return value && *value >= 0 && *value < static_cast<double>(count) ? static_cast<Index>(*value) : -1;
}

std::string channel_name(const ReportRecording& recording, Index channel) {
  const auto at = static_cast<std::size_t>(channel);
  if (channel < 0 || at >= recording.header.channels.size()) return "";
  const auto& name = recording.header.channels[at].name;
  return name.empty() ? "channel " + std::to_string(channel + 1) : name;
}

std::vector<std::string> flag_codes(std::string_view text) {
  std::vector<std::string> codes;
  std::string word;
  for (const char c : std::string(text) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else if (!word.empty()) {
      if (std::find(codes.begin(), codes.end(), word) == codes.end()) codes.push_back(word);
      word.clear();
    }
  }
  return codes;
}

std::vector<Warning> warnings_of(const ReportRecording& recording) {
  auto warnings = recording.header.warnings;
  for (const auto& entry : recording.header.provenance) {
    if (entry.key != "warning") continue;
    const auto colon = entry.value.find(": ");
    Warning warning{entry.value.substr(0, colon), colon == std::string::npos ? "" : entry.value.substr(colon + 2), ""};
    const bool known = std::any_of(warnings.begin(), warnings.end(),
                                   [&](const Warning& other) { return other.code == warning.code && other.message == warning.message; });
    if (!known) warnings.push_back(std::move(warning));
  }
  return warnings;
}

std::string provenance_of(const ReportRecording& recording, std::string_view key) {
  std::string value;
  for (const auto& entry : recording.header.provenance) {
    if (entry.key == key) value = entry.value;
  }
  return value;
}

SummaryRow summary_of(const ReportRecording& recording) {
  SummaryRow row;
  row.id = recording.id;
  row.link = recording.page.empty() ? "#" + recording.anchor : recording.page;
  row.input = recording.input;
  row.digest = provenance_of(recording, "input_sha256");
  row.format = provenance_of(recording, "input_format");
  row.version = provenance_of(recording, "endplate_version");
  row.rate_hz = recording.header.rate_hz;
  row.channel_count = static_cast<Index>(recording.header.channels.size());
  row.duration_s = row.rate_hz > 0 ? static_cast<double>(recording.sample_count) / row.rate_hz : 0;
  const auto* table = find_table(recording, "recordings");
  if (!table || table->row_count() == 0) return row;
  row.kind = text_in(*table, "kind", 0);
  row.flags = flag_codes(text_in(*table, "flags", 0));
  row.duration_s = number_in(*table, "duration_s", 0).value_or(row.duration_s);
  row.rate_hz = number_in(*table, "rate_hz", 0).value_or(row.rate_hz);
  row.channel_count = static_cast<Index>(number_in(*table, "channel_count", 0).value_or(static_cast<double>(row.channel_count)));
  row.rms_uv = number_in(*table, "rms_uv", 0);
  row.noise_uv = number_in(*table, "noise_uv", 0);
  row.mnf_hz = number_in(*table, "mnf_hz", 0);
  row.mdf_hz = number_in(*table, "mdf_hz", 0);
  const std::pair<const char*, const char*> counted[] = {{"spike_count", "spikes"}, {"burst_count", "bursts"}, {"twitch_count", "twitches"},
                                                         {"unit_count", "units"},   {"sweep_count", "sweeps"}, {"event_count", "events"}};
  for (const auto& [column, word] : counted) {
    if (const auto count = number_in(*table, column, 0)) row.counts.emplace_back(word, *count);
  }
  return row;
}

std::vector<EventLanes> event_lanes(const ReportRecording& recording) {
  std::vector<EventLanes> all;
  for (const auto& table : recording.tables) {
    const bool events = table.find("channel") && table.find("sample") && table.row_count() > 0;
    if (!events) continue;
    const char* start = table.find("start_s") ? "start_s" : table.find("time_s") ? "time_s" : "timestamp";
    EventLanes lanes{table.name, false, 0, {}};
    lanes.lanes.resize(recording.header.channels.size());
    for (std::size_t r = 0; r < table.row_count(); ++r) {
      const Index channel = channel_in(recording, table, r);
      const auto from = number_in(table, start, r);
      if (channel < 0 || !from) continue;
      double to = *from;
      if (const auto length = number_in(table, "duration_s", r)) to += *length;
      to = number_in(table, "end_s", r).value_or(to);
      lanes.spans = lanes.spans || to > *from;
      lanes.lanes[static_cast<std::size_t>(channel)].emplace_back(*from, to);
      ++lanes.count;
    }
    for (auto& lane : lanes.lanes) std::sort(lane.begin(), lane.end());
    if (lanes.count > 0) all.push_back(std::move(lanes));
  }
  return all;
}

}  // namespace emg::tools::report
