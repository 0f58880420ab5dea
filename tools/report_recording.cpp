// The section of one recording: facts, warnings, figures, tables, what was not assessable, provenance.

#include <fmt/format.h>

#include <set>

#include "tools/report_parts.h"

namespace emg::tools::report {
namespace {

std::string fact(std::string_view name, const std::string& html) {
  return html.empty() ? "" : fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, html);
}

std::string number_fact(std::string_view name, const std::optional<double>& value, std::string_view unit_html) {
  return value ? fact(name, fmt::format("{} {}", number_text(*value), unit_html)) : "";
}

std::string facts(const ReportRecording& recording, const SummaryRow& row) {
  const auto& header = recording.header;
  std::string html = "<dl class=\"facts\">";
  html += fact("Duration", row.duration_s > 0 ? duration_text(row.duration_s) : "");
  html += fact("Channels", row.channel_count > 0 ? fmt::format("{}", row.channel_count) : "");
  html += fact("Rate", row.rate_hz > 0 ? number_text(row.rate_hz) + " Hz" : "");
  html += fact("Start", escaped(header.start_time));
  html += number_fact("RMS", row.rms_uv, "&#181;V");
  html += number_fact("Noise", row.noise_uv, "&#181;V");
  html += number_fact("Mean frequency", row.mnf_hz, "Hz");
  html += number_fact("Median frequency", row.mdf_hz, "Hz");
  for (const auto& [word, count] : row.counts) html += fact(word, number_text(count));
  html += fact("Gaps", header.gaps.empty() ? "" : fmt::format("{}", header.gaps.size()));
  html += "</dl>\n";
  return html;
}

std::string notes(const ReportRecording& recording) {
  std::string html;
  const auto warnings = warnings_of(recording);
  if (!warnings.empty()) {
    html += "<ul class=\"notes warnings\" aria-label=\"warnings of the reader\">";
    for (const auto& warning : warnings) {
      html += fmt::format("<li><b>Warning</b> <code>{}</code> {}{}</li>", escaped(warning.code), escaped(warning.message),
                          warning.channel.empty() ? "" : " (" + escaped(warning.channel) + ")");
    }
    html += "</ul>\n";
  }
  const auto* steps = find_table(recording, "steps");
  std::string list;
  for (std::size_t r = 0; steps && r < steps->row_count(); ++r) {
    const auto status = text_in(*steps, "status", r);
    if (status == "done" || status.empty()) continue;
    list += fmt::format("<li><b>{}</b> {}: {}</li>", escaped(words(status)), escaped(text_in(*steps, "step", r)),
                        escaped(text_in(*steps, "reason", r)));
  }
  if (!list.empty()) html += "<ul class=\"notes steps\" aria-label=\"what this recording does not allow\">" + list + "</ul>\n";
  return html;
}

std::string provenance(const ReportRecording& recording) {
  if (recording.header.provenance.empty()) return "";
  std::string html =
      "<details class=\"block\"><summary>Provenance</summary><div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\" "
      "class=\"n\">"
      "Run</th><th scope=\"col\">Key</th><th scope=\"col\">Value</th></tr></thead><tbody>\n";
  constexpr std::size_t kMost = 200, kLongest = 300;
  for (std::size_t i = 0; i < std::min(kMost, recording.header.provenance.size()); ++i) {
    const auto& entry = recording.header.provenance[i];
    html += fmt::format("<tr><td class=\"n\">{}</td><td>{}</td><td class=\"wrap\">{}</td></tr>\n", entry.run, escaped(entry.key),
                        shortened(entry.value, kLongest));
  }
  return html + "</tbody></table></div></details>\n";
}

}  // namespace

std::string recording_section(const ReportRecording& recording) {
  const auto row = summary_of(recording);
  std::string html = fmt::format("<section class=\"recording\" id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n",
                                 recording.anchor, escaped(recording.id));
  if (!recording.problem.empty()) {
    return html + fmt::format("<p class=\"notes\"><b>The result file cannot be read:</b> {}</p></section>\n", escaped(recording.problem));
  }
  const auto* table = find_table(recording, "recordings");
  const auto reason = table && table->row_count() > 0 ? text_in(*table, "kind_reason", 0) : "";
  html += "<p class=\"lead\">";
  if (!row.kind.empty())
    html += fmt::format("<b>{}</b>{} ", escaped(row.kind), reason.empty() ? "" : " <span class=\"muted\">(" + escaped(reason) + ")</span>");
  for (const auto& code : row.flags) html += flag_html(code);
  if (table && row.flags.empty()) html += "<span class=\"muted\">no quality flag</span>";
  html += "</p>\n" + facts(recording, row) + notes(recording);
  html += "<div class=\"figures\">\n" + traces_figure(recording);
  for (const auto& events : event_lanes(recording)) html += raster_figure(recording, events);
  html += spectra_figure(recording) + track_figure(recording) + sweep_figures(recording) + unit_figures(recording) +
          needle_figures(recording) + template_figure(recording) + "</div>\n";
  if (recording.sample_count == 0 && !recording.sweeps)
    html += "<p class=\"muted\">The signal is not stored in the result file, so no traces are drawn.</p>\n";
  return html + channel_table(recording) + result_tables(recording) + provenance(recording) + "</section>\n";
}

}  // namespace emg::tools::report
