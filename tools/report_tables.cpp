// Tables: one of all channels, then each table of the result, folded.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "libemg/core/options.h"
#include "tools/report_parts.h"

namespace emg::tools::report {
namespace {

constexpr std::size_t kMostRows = 12, kMostChannels = 128, kOpenChannels = 16;

struct FlagText {
  std::string_view code, label, text;
};

constexpr std::array kFlags{
    FlagText{"clipped", "clipped", "samples pile up at an extreme: the amplifier was too small for the signal"},
    FlagText{"flat", "flat", "stretches without any change"},
    FlagText{"missing", "missing samples", "more than 5 % of the samples do not exist"},
    FlagText{"no_signal", "no signal", "nothing but quantisation"},
    FlagText{"line", "power line", "hum of the mains and its harmonics"},
    FlagText{"motion", "motion", "much power below 20 Hz: movement of electrodes or cables"},
    FlagText{"rate_low", "low rate", "sampled more slowly than this kind of recording needs"},
    FlagText{"duplicate", "duplicate", "equal to another channel"},
    FlagText{"duplicate_of", "duplicate", "equal to another channel"},
    FlagText{"outlier", "outlier", "amplitude unlike the other channels of its group"},
    FlagText{"no_quiet_time", "no quiet time", "hardly a window without activity: the noise level is an upper bound"},
};

std::string heading(const Column& column) {
  std::string name = column.name;
  const auto unit = column.unit.empty() ? std::string(unit_of_name(column.name)) : column.unit;
  if (!unit.empty()) {
    const auto cut = name.rfind('_');
    if (cut != std::string::npos && unit_of_name(column.name) == unit) name.resize(cut);
  }
  if (unit == "1" || unit == "sample" || unit.empty()) return escaped(words(name));
  return fmt::format("{} <small>{}</small>", escaped(words(name)), unit_html(unit));
}

bool is_text(const Column& column) {
  return std::holds_alternative<std::vector<std::string>>(column.values);
}

bool is_empty(const Column& column, const Table& table) {
  for (std::size_t r = 0; r < column.row_count(); ++r) {
    if (!text_in(table, column.name, r).empty()) return false;
  }
  return true;
}

std::string cell_html(const ReportRecording& recording, const Table& table, const Column& column, std::size_t row) {
  if (column.name == "channel") {
    const auto name = channel_name(recording, channel_in(recording, table, row));
    return "<td>" + (name.empty() ? escaped(text_in(table, column.name, row)) : escaped(name)) + "</td>";
  }
  if (is_text(column)) {
    if (column.name != "flags") return "<td>" + escaped(text_in(table, column.name, row)) + "</td>";
    std::string flags;
    for (const auto& code : flag_codes(text_in(table, column.name, row))) flags += flag_html(code);
    return "<td>" + flags + "</td>";
  }
  const auto value = number_in(table, column.name, row);
  return "<td class=\"n\">" + (value ? number_text(*value) : "") + "</td>";
}

std::string rows_html(const ReportRecording& recording, const Table& table) {
  std::vector<const Column*> shown;
  for (const auto& column : table.columns) {
    if (column.width == 1 && column.name != "run" && column.name != "recording_id" && !is_empty(column, table)) shown.push_back(&column);
  }
  std::string html = "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>";
  for (const auto* column : shown) {
    html += fmt::format("<th scope=\"col\"{} title=\"{}\">{}</th>", is_text(*column) || column->name == "channel" ? "" : " class=\"n\"",
                        escaped(column->text), heading(*column));
  }
  html += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < std::min(table.row_count(), kMostRows); ++r) {
    html += "<tr>";
    for (const auto* column : shown) html += cell_html(recording, table, *column, r);
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>";
}

// Row of `table` for a channel; row_count() if there is none.
std::size_t row_for(const ReportRecording& recording, const Table& table, Index channel) {
  std::size_t row = 0;
  while (row < table.row_count() && channel_in(recording, table, row) != channel) ++row;
  return row;
}

struct Measure {
  std::string_view table, column, heading;
  double factor = 1;
};

// What a reader asks of a channel first, whichever operation gave it.
constexpr std::array kMeasures{
    Measure{"quality", "rms_uv", "RMS <small>&#181;V</small>"},
    Measure{"noise_level", "noise_uv", "Noise <small>&#181;V</small>"},
    Measure{"quality", "snr_db", "SNR <small>dB</small>"},
    Measure{"frequency_measures", "mnf_hz", "MNF <small>Hz</small>"},
    Measure{"frequency_measures", "mdf_hz", "MDF <small>Hz</small>"},
    Measure{"quality", "line_ratio_db", "Power line <small>dB</small>"},
    Measure{"quality", "clipped_fraction", "Clipped <small>%</small>", 100},
    Measure{"quality", "missing_fraction", "Missing <small>%</small>", 100},
};

}  // namespace

std::string flag_html(std::string_view code) {
  for (const auto& flag : kFlags) {
    if (flag.code == code)
      return fmt::format("<span class=\"flag\" data-code=\"{}\" title=\"{}\">{}</span> ", escaped(code), flag.text, flag.label);
  }
  return fmt::format("<span class=\"flag\" data-code=\"{}\">{}</span> ", escaped(code), escaped(words(std::string(code))));
}

std::string channel_table(const ReportRecording& recording) {
  const auto& channels = recording.header.channels;
  if (channels.empty()) return "";
  std::vector<const Measure*> shown;
  for (const auto& measure : kMeasures) {
    const auto* table = find_table(recording, measure.table);
    if (table && table->find(std::string(measure.column)) && !is_empty(*table->find(std::string(measure.column)), *table))
      shown.push_back(&measure);
  }
  const bool muscles = std::any_of(channels.begin(), channels.end(), [](const Channel& c) { return !c.muscle.empty(); });
  const auto* quality = find_table(recording, "quality");
  std::string html = "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable channels\"><thead><tr><th scope=\"col\">Channel</th>";
  if (muscles) html += "<th scope=\"col\">Muscle</th>";
  for (const auto* measure : shown) html += fmt::format("<th scope=\"col\" class=\"n\">{}</th>", measure->heading);
  html += "<th scope=\"col\">Quality flags</th></tr></thead><tbody>\n";
  const auto rows = std::min(channels.size(), kMostChannels);
  for (std::size_t c = 0; c < rows; ++c) {
    const auto index = static_cast<Index>(c);
    html += fmt::format("<tr><th scope=\"row\">{}</th>", escaped(channel_name(recording, index)));
    if (muscles)
      html += fmt::format("<td>{}{}{}</td>", escaped(channels[c].muscle), channels[c].side.empty() ? "" : " ", escaped(channels[c].side));
    for (const auto* measure : shown) {
      const auto* table = find_table(recording, measure->table);
      const auto value = number_in(*table, measure->column, row_for(recording, *table, index));
      html += "<td class=\"n\">" + (value ? number_text(*value * measure->factor) : "") + "</td>";
    }
    std::string flags;
    if (quality) {
      for (const auto& code : flag_codes(text_in(*quality, "flags", row_for(recording, *quality, index)))) flags += flag_html(code);
    }
    html += "<td>" + (flags.empty() ? (quality ? "none" : "") : flags) + "</td></tr>\n";
  }
  html += "</tbody></table></div>";
  if (rows < channels.size()) html += fmt::format("<p class=\"muted\">The first {} of {} channels.</p>", rows, channels.size());
  return fmt::format("<details class=\"block\"{}><summary>Channels <small>{}</small></summary>{}</details>\n",
                     rows <= kOpenChannels ? " open" : "", channels.size(), html);
}

std::string result_tables(const ReportRecording& recording) {
  // Shown in other places, or of no use as numbers.
  const std::set<std::string_view> elsewhere{"recordings", "steps", "provenance", "gaps", "annotations", "electrodes", "sweeps", "pulse_trains", "separation_filters",
                                              "residual_trace"};
  // What the examination is about: seen without a click.
  const std::set<std::string_view> first{"ncs_motor", "ncs_sensory", "ncs_velocity", "ncs_f_waves", "ncs_repetitive", "unit_quality"};
  std::string html;
  for (const auto& table : recording.tables) {
    const bool waveforms = std::any_of(table.columns.begin(), table.columns.end(), [](const Column& c) { return c.width > 1; });
    const bool spectra = table.find("frequency_hz") != nullptr || (table.find("time_s") != nullptr && waveforms);
    if (table.row_count() == 0 || elsewhere.count(table.name) > 0 || spectra) continue;
    const bool conduction = table.name.starts_with("ncs_");
    html += fmt::format("<details class=\"block\"{}><summary>{}{} <small>{} {}</small></summary>", first.count(table.name) > 0 ? " open" : "",
                        conduction ? "NCS: " : "", escaped(words(table.name.substr(conduction ? 4 : 0))), table.row_count(), table.row_count() == 1 ? "row" : "rows");
    if (!table.text.empty()) html += fmt::format("<p class=\"muted\">{}</p>", escaped(table.text));
    html += rows_html(recording, table);
    if (table.row_count() > kMostRows) {
      html += fmt::format("<p class=\"muted\">The first {} of {} rows. All of them: <code>tables/{}.tsv</code></p>", kMostRows,
                          table.row_count(), escaped(table.name));
    }
    html += "</details>\n";
  }
  return html;
}

}  // namespace emg::tools::report
