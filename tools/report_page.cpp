// The page around the recordings: head, summary, what failed, provenance, what was not looked at.

#include <fmt/format.h>

#include <algorithm>

#include "tools/report_parts.h"

namespace emg::tools::report {
namespace {

constexpr std::size_t kMostInputs = 20;

std::string card(std::string_view value, std::string_view word, std::string_view style = "") {
  return fmt::format("<div class=\"card {}\"><b>{}</b><span>{}</span></div>", style, value, word);
}

std::string cell(const std::optional<double>& value) {
  return value ? fmt::format("<td class=\"n\" data-v=\"{:.6g}\">{}</td>", *value, number_text(*value)) : "<td class=\"n\"></td>";
}

std::string overview_row(const SummaryRow& row) {
  std::string html =
      fmt::format("<tr><th scope=\"row\"><a href=\"{}\">{}</a></th><td>{}</td>", row.link, escaped(row.id), escaped(row.kind));
  html += fmt::format("<td class=\"n\" data-v=\"{:.6g}\">{}</td>", row.duration_s, row.duration_s > 0 ? duration_text(row.duration_s) : "");
  html +=
      fmt::format("<td class=\"n\">{}</td><td class=\"n\">{}</td><td>", row.channel_count, row.rate_hz > 0 ? number_text(row.rate_hz) : "");
  for (const auto& code : row.flags) html += flag_html(code);
  if (row.flags.empty() && !row.kind.empty()) html += "none";
  html += "</td>" + cell(row.rms_uv) + cell(row.noise_uv) + cell(row.mnf_hz) + cell(row.mdf_hz) + "<td>";
  std::string counts;
  for (const auto& [word, count] : row.counts) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", number_text(count), word);
  return html + counts + "</td></tr>\n";
}

std::string overview_table(const std::vector<SummaryRow>& rows) {
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\"><table id=\"recordings\" class=\"sortable\"><caption>Recordings</caption><thead><tr><th "
      "scope=\"col\">Recording</th>"
      "<th scope=\"col\">Kind</th><th scope=\"col\" class=\"n\">Duration</th><th scope=\"col\" class=\"n\">Channels</th>"
      "<th scope=\"col\" class=\"n\">Rate <small>Hz</small></th><th scope=\"col\">Quality flags</th><th scope=\"col\" class=\"n\">RMS "
      "<small>&#181;V</small></th>"
      "<th scope=\"col\" class=\"n\">Noise <small>&#181;V</small></th><th scope=\"col\" class=\"n\" title=\"mean frequency\">MNF "
      "<small>Hz</small></th>"
      "<th scope=\"col\" class=\"n\" title=\"median frequency\">MDF <small>Hz</small></th><th "
      "scope=\"col\">Found</th></tr></thead><tbody>\n";
  for (const auto& row : rows) html += overview_row(row);
  return html + "</tbody></table></div>\n<p class=\"muted\">RMS, noise, MNF and MDF are medians over the channels of a recording.</p>\n";
}

std::string input_list(const ReportRun& run) {
  std::string html;
  for (std::size_t i = 0; i < std::min(run.inputs.size(), kMostInputs); ++i)
    html += fmt::format("{}<code>{}</code>", i ? ", " : "", escaped(run.inputs[i]));
  if (run.inputs.size() > kMostInputs) html += fmt::format(" and {} more", run.inputs.size() - kMostInputs);
  return html;
}

std::string option_table(const ReportRun& run) {
  if (run.options.empty()) return "";
  std::string html = fmt::format(
      "<details class=\"block\"><summary>Options of this run <small>{}</small></summary><div class=\"scroll\" tabindex=\"0\"><table>"
      "<thead><tr><th scope=\"col\">Option</th><th scope=\"col\">Value</th></tr></thead><tbody>\n",
      run.options.size());
  for (const auto& [name, value] : run.options)
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"wrap\">{}</td></tr>\n", escaped(name), escaped(value));
  return html + "</tbody></table></div></details>\n";
}

std::string not_analysed_section(const ReportRun& run) {
  std::string html = "<section id=\"failed\" aria-labelledby=\"failed-title\">\n<h2 id=\"failed-title\">Failed and skipped inputs</h2>\n";
  if (run.not_analysed.empty()) return html + "<p>None: every input gave a result.</p></section>\n";
  html +=
      "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr><th scope=\"col\">Input</th><th scope=\"col\">Status</th>"
      "<th scope=\"col\">Reason</th></tr></thead><tbody>\n";
  auto sorted = run.not_analysed;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const NotAnalysed& a, const NotAnalysed& b) { return a.status == "failed" && b.status != "failed"; });
  for (const auto& entry : sorted) {
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td><span class=\"status {}\">{}</span></td><td class=\"wrap\">{}{}</td></tr>\n", escaped(entry.id),
        entry.status == "failed" ? "bad" : "", escaped(entry.status), escaped(entry.reason.empty() ? "no reason given" : entry.reason),
        entry.where.empty() || entry.reason.find(entry.where) != std::string::npos ? "" : " (at " + escaped(entry.where) + ")");
  }
  return html + "</tbody></table></div></section>\n";
}

std::string provenance_section(const ReportRun& run, const std::vector<SummaryRow>& rows) {
  std::string html = fmt::format(
      "<section id=\"provenance\" aria-labelledby=\"provenance-title\">\n<h2 id=\"provenance-title\">Provenance</h2>\n"
      "<p>Made by <code>endplate {}</code>, version {}. Everything shown is read from the result files of this run; nothing was computed "
      "for this page.</p>\n",
      escaped(run.command), escaped(run.version.empty() ? "unknown" : run.version));
  html +=
      "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr><th scope=\"col\">Recording</th><th "
      "scope=\"col\">Input</th>"
      "<th scope=\"col\">Format</th><th scope=\"col\">SHA-256 of the input</th><th scope=\"col\">Version</th></tr></thead><tbody>\n";
  for (const auto& row : rows) {
    html += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"wrap\">{}</td><td>{}</td><td><code title=\"{}\">{}</code></td><td>{}</td></tr>\n",
        escaped(row.id), escaped(row.input), escaped(row.format), escaped(row.digest), escaped(row.digest.substr(0, 16)),
        escaped(row.version));
  }
  return html + "</tbody></table></div>\n" + option_table(run) + "</section>\n";
}

constexpr std::string_view kLimits =
    "<section id=\"limits\" aria-labelledby=\"limits-title\">\n<h2 id=\"limits-title\">What was not looked at</h2>\n"
    "<ul><li>This report measures. It makes no diagnosis, and it holds no normal values: compare with the limits of your own "
    "laboratory.</li>\n"
    "<li>Channels that are not EMG (force, triggers, ECG), other streams, and inputs listed as failed or skipped were not analysed.</li>\n"
    "<li>Steps that a recording does not allow stand in its section as <b>not assessable</b> with the reason.</li>\n"
    "<li>Electrode placement, cross-talk and the identity of muscles cannot be told from the signal and were taken as the files state "
    "them.</li>\n"
    "<li>Figures are thinned for display to the extremes of each stretch; tables and result files hold every value.</li></ul></section>\n";

}  // namespace

std::string page_head(std::string_view title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
      "content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      escaped(title), style_text());
}

std::string page_end() {
  return fmt::format("</main>\n<script>{}</script>\n</body>\n</html>\n", script_text());
}

std::string summary_section(const ReportRun& run, const std::vector<SummaryRow>& rows) {
  std::size_t failed = 0, flagged = 0;
  double seconds = 0;
  for (const auto& entry : run.not_analysed) failed += entry.status == "failed" ? 1 : 0;
  for (const auto& row : rows) {
    seconds += row.duration_s;
    flagged += row.flags.empty() ? 0 : 1;
  }
  const auto skipped = run.not_analysed.size() - failed;
  std::string html =
      fmt::format("<header><h1>EMG report</h1>\n<p class=\"lead\">endplate {} {}", escaped(run.command), escaped(run.version));
  if (!run.inputs.empty()) html += " of " + input_list(run);
  html += "</p></header>\n<section id=\"summary\" aria-label=\"summary\">\n<div class=\"cards\">";
  html += card(fmt::format("{}", rows.size()), rows.size() == 1 ? "recording analysed" : "recordings analysed");
  html += card(duration_text(seconds), "of signal in all");
  html += card(fmt::format("{}", flagged), "with quality flags", flagged ? "warn" : "");
  html += card(fmt::format("{}", failed), failed == 1 ? "<a href=\"#failed\">input failed</a>" : "<a href=\"#failed\">inputs failed</a>",
               failed ? "bad" : "");
  html += card(fmt::format("{}", skipped), "<a href=\"#failed\">skipped</a>");
  return html + "</div>\n" + overview_table(rows) + "</section>\n";
}

std::string closing_sections(const ReportRun& run, const std::vector<SummaryRow>& rows) {
  return not_analysed_section(run) + provenance_section(run, rows) + std::string(kLimits);
}

}  // namespace emg::tools::report
