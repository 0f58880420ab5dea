// Tables and page of a nerve conduction study.

#include "tools/report_ncs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/version.h"
#include "libemg/io/atomic_file.h"
#include "tools/report_ncs_figures.h"
#include "tools/report_parts.h"

namespace emg::tools {
namespace {

using report::escaped;
using report::flag_html;
using report::number_in;
using report::text_in;

// A column of a laboratory's table: heading, source column, decimals.
struct Print {
  const char* heading;
  const char* unit;
  const char* column;
  int decimals;
};

const Table* find(const NcsStudy& study, std::string_view name) {
  for (const auto& table : study.tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

std::string nerve_title(const Table& t, std::size_t r) {
  std::string title = text_in(t, "nerve", r);
  if (title.empty()) title = text_in(t, "channel", r);
  if (title.empty()) title = "nerve not named";
  const auto side = text_in(t, "side", r), muscle = text_in(t, "muscle", r);
  if (!side.empty()) title += side == "L" ? " left" : side == "R" ? " right" : " " + side;
  return title + (muscle.empty() ? "" : " - " + muscle);
}

std::string number_cell(const std::optional<double>& value, int decimals) {
  return fmt::format("<td class=\"n\">{}</td>", value ? fmt::format("{:.{}f}", *value, decimals) : "");
}

std::string head_cells(const std::vector<Print>& columns, const char* first) {
  std::string html = fmt::format("<thead><tr><th scope=\"col\">{}</th>", first);
  for (const auto& c : columns)
    html += fmt::format("<th scope=\"col\" class=\"n\">{}{}</th>", c.heading, *c.unit ? fmt::format(" <small>{}</small>", c.unit) : "");
  return html + "<th scope=\"col\">Remarks</th></tr></thead>";
}

std::string remarks(const Table& t, std::size_t r) {
  std::string html = "<td class=\"wrap\">";
  for (const auto& code : report::flag_codes(text_in(t, "quality", r))) {
    if (code != "ok" && code != "polarity_assumed") html += flag_html(code);
  }
  return html + escaped(text_in(t, "reason", r)) + "</td>";
}

// One block for each nerve, a row for each line of `t`, named by `name`.
std::string nerve_table(const Table* t, const char* caption, const char* first, std::vector<Print> columns,
                        std::string (*name)(const Table&, std::size_t)) {
  if (!t || t->row_count() == 0) return "";
  // Columns that nothing fills are left out.
  std::erase_if(columns, [&](const Print& c) {
    for (std::size_t r = 0; r < t->row_count(); ++r) {
      if (number_in(*t, c.column, r)) return false;
    }
    return true;
  });
  std::string html = fmt::format("<div class=\"scroll\" tabindex=\"0\"><table class=\"lab\"><caption>{}</caption>{}<tbody>\n", caption,
                                 head_cells(columns, first));
  // Nerves in the order of their first row: what several files say of one stands together.
  std::vector<std::string> nerves;
  std::vector<std::size_t> order(t->row_count()), place(t->row_count());
  for (std::size_t r = 0; r < t->row_count(); ++r) {
    const auto at = std::find(nerves.begin(), nerves.end(), nerve_title(*t, r));
    order[r] = r, place[r] = static_cast<std::size_t>(at - nerves.begin());
    if (at == nerves.end()) nerves.push_back(nerve_title(*t, r));
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place[a] < place[b]; });
  std::string nerve;
  for (const std::size_t r : order) {
    if (const auto now = nerve_title(*t, r); now != nerve) {
      nerve = now;
      html += fmt::format("<tr class=\"nerve\"><th scope=\"rowgroup\" colspan=\"{}\">{}</th></tr>\n", columns.size() + 2, escaped(nerve));
    }
    html += fmt::format("<tr><th scope=\"row\">{}</th>", name(*t, r));
    for (const auto& c : columns) html += number_cell(number_in(*t, c.column, r), c.decimals);
    html += remarks(*t, r) + "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string site_name(const Table& t, std::size_t r) {
  auto name = escaped(text_in(t, "site", r));
  if (name.empty()) name = "site not named";
  const auto remark = escaped(text_in(t, "annotation", r));
  return remark.empty() ? name : name + " <small>" + remark + "</small>";
}

std::string segment_name(const Table& t, std::size_t r) {
  const auto far = escaped(text_in(t, "proximal_site", r)), near = escaped(text_in(t, "distal_site", r));
  if (near.empty()) return far.empty() ? "electrode" : far + " &#8211; electrode";
  return far.empty() && near.empty() ? "segment" : near + " &#8211; " + far;
}

std::string train_name(const Table& t, std::size_t r) {
  const auto remark = escaped(text_in(t, "annotation", r));
  return fmt::format("train {}{}", report::number_text(number_in(t, "train", r).value_or(0)), remark.empty() ? "" : ", " + remark);
}

std::string motor_tables(const NcsStudy& study) {
  const std::vector<Print> motor{{"Latency", "ms", "onset_ms", 2},           {"Peak", "ms", "peak_ms", 2},
                                 {"Amplitude", "mV", "amplitude_mv", 2},     {"P-P", "mV", "peak_to_peak_mv", 2},
                                 {"Area", "mV ms", "negative_area_mvms", 2}, {"Neg. duration", "ms", "negative_duration_ms", 2},
                                 {"Distance", "mm", "distance_mm", 0},       {"Temp.", "&#176;C", "temperature_c", 1},
                                 {"Stimulus", "mA", "intensity_ma", 1}};
  const std::vector<Print> change{{"Distance", "mm", "segment_mm", 0},       {"Amplitude", "%", "amplitude_change_pct", 1},
                                  {"SE", "%", "amplitude_change_se_pct", 1}, {"Area", "%", "area_change_pct", 1},
                                  {"SE", "%", "area_change_se_pct", 1},      {"Neg. duration", "%", "duration_change_pct", 1},
                                  {"SE", "%", "duration_change_se_pct", 1}};
  return nerve_table(find(study, "ncs_motor"), "Motor nerve conduction", "Site", motor, site_name) +
         nerve_table(find(study, "ncs_segments"), "Change from distal to proximal", "Segment", change, segment_name);
}

std::string other_tables(const NcsStudy& study) {
  const std::vector<Print> sensory{{"Onset", "ms", "onset_ms", 2},
                                   {"Peak", "ms", "peak_ms", 2},
                                   {"Amplitude", "&#181;V", "amplitude_uv", 1},
                                   {"P-P", "&#181;V", "peak_to_peak_uv", 1},
                                   {"Neg. duration", "ms", "negative_duration_ms", 2},
                                   {"Distance", "mm", "distance_mm", 0},
                                   {"Temp.", "&#176;C", "temperature_c", 1}};
  const std::vector<Print> speed{{"Distance", "mm", "segment_mm", 0},
                                 {"Velocity", "m/s", "velocity_mps", 1},
                                 {"SD", "m/s", "velocity_sd_mps", 1},
                                 {"Residual latency", "ms", "residual_latency_ms", 2},
                                 {"Term. lat. index", "", "terminal_latency_index", 2},
                                 {"At reference temp.", "m/s", "velocity_adjusted_mps", 1}};
  const std::vector<Print> f{{"Stimuli", "", "sweep_count", 0},
                             {"Persistence", "%", "persistence_pct", 0},
                             {"F min", "ms", "f_min_ms", 2},
                             {"F mean", "ms", "f_mean_ms", 2},
                             {"F max", "ms", "f_max_ms", 2},
                             {"Chronodisp.", "ms", "chronodispersion_ms", 2},
                             {"Amplitude", "&#181;V", "f_amplitude_uv", 0},
                             {"F/M", "%", "fm_mean_pct", 1},
                             {"M latency", "ms", "m_latency_ms", 2},
                             {"F velocity", "m/s", "velocity_max_mps", 1}};
  const std::vector<Print> a{{"Sweeps", "", "a_count", 0},
                             {"Latency", "ms", "latency_ms", 2},
                             {"SD", "ms", "latency_sd_ms", 3},
                             {"Amplitude", "&#181;V", "amplitude_uv", 0}};
  const std::vector<Print> train{{"Stimuli", "", "stimulus_count", 0},
                                 {"Rate", "Hz", "stimulus_rate_hz", 1},
                                 {"First", "mV", "amplitude_1_mv", 2},
                                 {"Decr. 4", "%", "amplitude_decrement_4_pct", 1},
                                 {"Decr. 5", "%", "amplitude_decrement_5_pct", 1},
                                 {"Largest 2-5", "%", "amplitude_decrement_largest_pct", 1},
                                 {"Last", "%", "amplitude_decrement_last_pct", 1},
                                 {"Area 4", "%", "area_decrement_4_pct", 1},
                                 {"SE", "%", "decrement_se_pct", 1},
                                 {"Increment", "%", "increment_pct", 0},
                                 {"Facilitation", "%", "facilitation_pct", 0}};
  const std::vector<Print> h{{"H latency", "ms", "h_onset_ms", 2},
                             {"H max", "mV", "h_max_mv", 2},
                             {"M max", "mV", "m_max_mv", 2},
                             {"H/M", "", "h_over_m", 2},
                             {"H threshold", "mA", "h_threshold_ma", 1},
                             {"M threshold", "mA", "m_threshold_ma", 1},
                             {"Slope ratio", "", "slope_ratio", 2}};
  const std::vector<Print> blink{{"Sweeps", "", "response_count", 0},      {"Shortest", "ms", "latency_min_ms", 1},
                                 {"Median", "ms", "latency_median_ms", 1}, {"Amplitude", "&#181;V", "amplitude_uv", 0},
                                 {"Area", "&#181;V ms", "area_uvms", 0},   {"To R2", "ms", "difference_ms", 1}};
  const auto muscle = [](const Table& t, std::size_t r) { return escaped(text_in(t, "muscle", r)); };
  const auto response = [](const Table& t, std::size_t r) { return escaped(text_in(t, "response", r)); };
  return nerve_table(find(study, "ncs_h_reflex"), "H reflex", "Muscle", h, muscle) +
         nerve_table(find(study, "ncs_blink"), "Blink reflex", "Response", blink, response) +
         nerve_table(find(study, "ncs_sensory"), "Sensory nerve conduction", "Site", sensory, site_name) +
         nerve_table(find(study, "ncs_velocity"), "Conduction velocity", "Segment", speed, segment_name) +
         nerve_table(find(study, "ncs_f_waves"), "F waves", "Site", f, site_name) +
         nerve_table(find(study, "ncs_a_waves"), "A waves", "Site", a, site_name) +
         nerve_table(find(study, "ncs_repetitive"), "Repetitive stimulation (decrement positive: smaller)", "Train", train, train_name);
}

std::string verdict_table(const NcsStudy& study, const char* table, const char* caption,
                          const std::vector<std::pair<const char*, const char*>>& columns) {
  const auto* t = find(study, table);
  if (!t || t->row_count() == 0) return "";
  std::string html = fmt::format("<div class=\"scroll\" tabindex=\"0\"><table class=\"lab\"><caption>{}</caption><thead><tr>", caption);
  for (const auto& [heading, column] : columns) html += fmt::format("<th scope=\"col\">{}</th>", heading);
  html += "</tr></thead><tbody>\n";
  for (std::size_t r = 0; r < t->row_count(); ++r) {
    html += "<tr>";
    for (const auto& [heading, column] : columns) {
      const auto* cells = t->find(column);
      const auto number =
          cells && !std::holds_alternative<std::vector<std::string>>(cells->values) ? number_in(*t, column, r) : std::nullopt;
      html += number ? fmt::format("<td class=\"n\">{}</td>", report::number_text(*number))
                     : fmt::format("<td class=\"wrap\">{}</td>", escaped(text_in(*t, column, r)));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string limits_tables(const NcsStudy& study) {
  return verdict_table(study, "ncs_limits", "Comparison with the limits supplied",
                       {{"Nerve", "nerve"},
                        {"Side", "side"},
                        {"Site", "site"},
                        {"Measure", "measure"},
                        {"Value", "value"},
                        {"Lower", "lower"},
                        {"Upper", "upper"},
                        {"Result", "result"},
                        {"Source", "source"}}) +
         verdict_table(study, "ncs_criteria", "Criteria supplied",
                       {{"Set", "set"},
                        {"Rule", "rule"},
                        {"Nerve", "nerve"},
                        {"Side", "side"},
                        {"Measure", "measure"},
                        {"Value", "value"},
                        {"Threshold", "threshold"},
                        {"Result", "result"},
                        {"Reason", "reason"}}) +
         verdict_table(study, "ncs_sides", "Side comparison",
                       {{"Nerve", "nerve"},
                        {"Site", "site"},
                        {"Measure", "measure"},
                        {"Left", "left"},
                        {"Right", "right"},
                        {"Ratio", "ratio"},
                        {"Difference", "difference"},
                        {"SD", "difference_sd"},
                        {"Reason", "reason"}}) +
         verdict_table(study, "ncs_serial", "Against the earlier study",
                       {{"Nerve", "nerve"},
                        {"Side", "side"},
                        {"Site", "site"},
                        {"Measure", "measure"},
                        {"Before", "before"},
                        {"Now", "now"},
                        {"Change %", "change_pct"},
                        {"Reason", "reason"}});
}

std::string steps_list(const NcsStudy& study) {
  const auto* t = find(study, "ncs_steps");
  std::string html = "<section id=\"failed\" aria-labelledby=\"steps-title\"><h2 id=\"steps-title\">Not assessable, and notes</h2>\n";
  if (!t || t->row_count() == 0) return html + "<p>Nothing: every measure that the sweeps ask for was made.</p></section>\n";
  html += "<ul class=\"notes steps\">";
  for (std::size_t r = 0; r < t->row_count(); ++r) {
    const auto place = text_in(*t, "nerve", r) + " " + text_in(*t, "side", r) + " " + text_in(*t, "site", r);
    html += fmt::format("<li><b>{}</b> {} ({}): {}</li>", escaped(report::words(text_in(*t, "status", r))), escaped(text_in(*t, "step", r)),
                        escaped(place), escaped(text_in(*t, "reason", r)));
  }
  return html + "</ul></section>\n";
}

std::string marker_table(const NcsStudy& study) {
  std::string html = fmt::format(
      "<details class=\"block\"><summary>Markers: method, version, automatic or manual <small>{}</small></summary>"
      "<div class=\"scroll\" tabindex=\"0\"><table class=\"sortable\"><thead><tr>",
      study.markers.size());
  for (const char* h : {"Nerve", "Side", "Site", "Test", "Marker"}) html += fmt::format("<th scope=\"col\">{}</th>", h);
  html += "<th scope=\"col\" class=\"n\">Time <small>ms</small></th><th scope=\"col\" class=\"n\">Value <small>&#181;V</small></th>";
  for (const char* h : {"Method", "Version", "Source", "Set by"}) html += fmt::format("<th scope=\"col\">{}</th>", h);
  html += "</tr></thead><tbody>\n";
  for (const auto& m : study.markers) {
    html += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.3f}</td><td "
        "class=\"n\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(m.nerve), escaped(m.side), escaped(m.site + (m.marker == "f_onset" ? fmt::format(" sweep {}", m.row) : "")),
        escaped(m.test), escaped(report::words(m.marker)), m.time_ms, m.value_uv ? report::number_text(*m.value_uv) : "", escaped(m.method),
        escaped(m.version), escaped(m.source), escaped(m.edited_by));
  }
  return html + "</tbody></table></div></details>\n";
}

std::string facts(const NcsReport& r) {
  std::string html = "<dl class=\"facts\">";
  const auto fact = [&](const char* name, const std::string& value) {
    if (!value.empty()) html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, value);
  };
  const auto& s = r.facts.subject;
  fact("Subject", escaped(s.subject_id));
  fact("Age", s.age_years ? report::number_text(*s.age_years) + " years" : "");
  fact("Sex", escaped(s.sex));
  fact("Recorded", escaped(r.facts.start_time));
  Index sweeps = 0;
  double coldest = INFINITY, warmest = -INFINITY;
  std::string bands, rates;
  for (const auto& set : r.study.cleaned) {
    sweeps += set.samples.rows();
    for (const auto& sweep : set.sweeps) {
      if (sweep.temperature_c) coldest = std::min(coldest, *sweep.temperature_c), warmest = std::max(warmest, *sweep.temperature_c);
    }
    if (set.band_low_hz && set.band_high_hz && bands.empty())
      bands = fmt::format("{} &#8211; {} Hz", report::number_text(*set.band_low_hz), report::number_text(*set.band_high_hz));
    const auto rate = report::number_text(set.rate_hz / 1000) + " kHz";
    if (rates.find(rate) == std::string::npos) rates += (rates.empty() ? "" : ", ") + rate;
  }
  fact("Sweeps", fmt::format("{}", sweeps));
  fact("Rate", rates);
  fact("Hardware filter", bands.empty() ? "not stated" : bands);
  fact("Skin temperature", coldest > warmest ? "not stated"
                           : coldest == warmest
                               ? report::number_text(coldest) + " &#176;C"
                               : fmt::format("{} &#8211; {} &#176;C", report::number_text(coldest), report::number_text(warmest)));
  return html + "</dl>\n";
}

std::string provenance(const NcsReport& r) {
  std::string html = fmt::format(
      "<section id=\"provenance\" aria-labelledby=\"provenance-title\"><h2 id=\"provenance-title\">Provenance</h2>\n<p>Made by "
      "<code>endplate ncs</code>, version {}.</p>\n"
      "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">Input</th><th "
      "scope=\"col\">SHA-256</th></tr></thead><tbody>\n",
      kVersion);
  for (const auto& [name, digest] : r.inputs)
    html += fmt::format("<tr><td class=\"wrap\">{}</td><td><code title=\"{}\">{}</code></td></tr>\n", escaped(name), escaped(digest),
                        escaped(digest.substr(0, 16)));
  html +=
      "</tbody></table></div>\n<details class=\"block\"><summary>Options</summary><div class=\"scroll\" tabindex=\"0\"><table><tbody>\n";
  for (const auto& [name, value] : r.options)
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"wrap\">{}</td></tr>\n", escaped(name), escaped(value));
  return html + "</tbody></table></div></details></section>\n";
}

constexpr std::string_view kClosing =
    "<section id=\"limits\" aria-labelledby=\"limits-title\">\n<h2 id=\"limits-title\">How to read this</h2>\n<ul>"
    "<li>This report measures. It makes no diagnosis and holds no normal values: only limits and criteria that were supplied are "
    "compared.</li>\n"
    "<li>Latency is the onset of the negative phase by the method named in the marker table; latencies of different methods are not "
    "comparable.</li>\n"
    "<li>A change of amplitude between sites is read together with area and duration: dispersion alone can cost a third of the "
    "amplitude.</li>\n"
    "<li>Curves show E1-negative upwards; single sweeps are thin, the average that was measured is bold.</li></ul></section>\n";

}  // namespace

void write_ncs_report(const std::filesystem::path& path, const NcsReport& r) {
  std::string html = report::page_head("Nerve conduction study");
  html +=
      "<style>.lab{margin:6px 0 22px;width:100%} .lab tr.nerve th{padding-top:12px;font-weight:600;color:var(--text);border-bottom:1px "
      "solid var(--line)} "
      ".lab tbody tr:not(.nerve) th{padding-left:14px} .bold{stroke:var(--s2);stroke-width:1.8;stroke-linejoin:round} "
      ".tickmark{stroke:var(--text);stroke-width:1.4} "
      ".lab td.wrap{min-width:150px;font-size:13px} .lab td.wrap .flag{white-space:normal} "
      ".hand{stroke:var(--bad);stroke-width:1.8}</style>\n";
  html += fmt::format("<header><h1>Nerve conduction study</h1>\n<p class=\"lead\">{}</p></header>\n", escaped(r.title));
  html += "<section id=\"summary\" aria-label=\"summary\">\n" + facts(r) + "</section>\n";
  html += "<section id=\"tables\" aria-label=\"measurements\">\n" + motor_tables(r.study) + other_tables(r.study) + limits_tables(r.study) +
          "</section>\n";
  html +=
      "<section id=\"sweeps\" aria-labelledby=\"sweeps-title\"><h2 id=\"sweeps-title\">Sweeps and markers</h2>\n<div class=\"figures\">\n" +
      report::ncs_figures(r.study) + "</div></section>\n";
  html += steps_list(r.study) + marker_table(r.study) + provenance(r) + std::string(kClosing) + report::page_end();
  write_file(path, html);
}

}  // namespace emg::tools
