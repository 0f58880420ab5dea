// The page about a person's resting muscles: text and tables.

#include "tools/report_twitch.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/version.h"
#include "tools/report_parts.h"

namespace emg::tools::report {
namespace {

constexpr std::size_t kOpenCourses = 12;   // recordings whose rates over time are open to the eye

std::string number_cell(const std::optional<double>& value) {
  return value ? fmt::format("<td class=\"n\" data-v=\"{:.9g}\">{}</td>", *value, number_text(*value)) : "<td class=\"n\"></td>";
}

std::string head(std::string_view text, bool number = false) { return fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"n\"" : "", text); }

std::string card(const std::string& value, std::string_view text) { return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>", value, text); }

std::string section(std::string_view id, std::string_view title, const std::string& body) {
  return fmt::format("<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n{2}</section>\n", id, title, body);
}

std::string table(const std::string& heads, const std::string& rows, std::string_view style = "sortable") {
  return fmt::format("<div class=\"scroll\" tabindex=\"0\"><table class=\"{}\"><thead><tr>{}</tr></thead><tbody>\n{}</tbody></table></div>\n", style, heads, rows);
}

std::string row_name(const TwitchReportRow& row) {
  if (!row.muscle.empty()) return row.muscle + (row.side.empty() ? "" : " " + row.side);
  return row.channels.empty() ? row.recording_id : row.channels;
}

std::string cards(const PersonRow& person) {
  std::string html = "<div class=\"cards\">";
  html += card(fmt::format("{} of {}", person.active_muscles, person.recorded_muscles), "named muscles twitched");
  html += card(fmt::format("{} of {}", person.active_regions, person.recorded_regions), "body regions");
  html += card(fmt::format("{}", person.distinct_events), "distinct twitches");
  html += card(duration_text(60 * person.usable_min), "usable, over all muscles");
  html += card(duration_text(60 * person.excluded_min), "excluded");
  if (person.failed > 0) html += fmt::format("<div class=\"card bad\"><b>{}</b><span><a href=\"#open\">not analysed</a></span></div>", person.failed);
  return html + "</div>\n";
}

std::string sentences(const TwitchSession& session) {
  std::string html = "<ul>\n";
  for (const auto& row : session.report) html += fmt::format("<li>{}</li>\n", escaped(row.sentence));
  return html + "</ul>\n";
}

std::string rate_cell(const TwitchReportRow& row) {
  if (!row.rate_per_min) return "<td class=\"n\"></td>";
  if (*row.events == 0) return fmt::format("<td class=\"n\" data-v=\"0\">&lt; {} <small>detectable</small></td>", number_text(*row.detectable_rate_per_min));
  return fmt::format("<td class=\"n\" data-v=\"{:.9g}\">{} <small>{} to {}</small></td>", *row.rate_per_min, number_text(*row.rate_per_min), number_text(*row.rate_low), number_text(*row.rate_high));
}

std::string muscle_table(const TwitchSession& session) {
  const bool limits = std::any_of(session.report.begin(), session.report.end(), [](const auto& r) { return !r.outside_limit.empty(); });
  std::string heads = head("Muscle") + head("Recording") + head("Region") + head("Date") + head("Minutes <small>usable of all</small>", true) + head("Twitches", true) +
                      head("Rate <small>/min, 95 %</small>", true) + head("Above <small>&#181;V</small>", true) + head("Size <small>&#181;V, median</small>", true) +
                      head("Length <small>ms</small>", true) + head("Sources", true) + head("Active <small>% of 10 s</small>", true) + head("Pattern of the busiest source") +
                      head("Same source as") + head("Quality");
  if (limits) heads += head("Outside limits");
  std::string rows;
  for (const auto& row : session.report) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td>", escaped(row_name(row)), escaped(row.recording_id), escaped(row.region), escaped(row.date.substr(0, 10)));
    rows += row.minutes ? fmt::format("<td class=\"n\">{} of {}</td>", number_text(*row.minutes - *row.minutes_excluded), number_text(*row.minutes)) : "<td class=\"n\"></td>";
    rows += row.events ? fmt::format("<td class=\"n\">{}</td>", *row.events) : "<td class=\"n\"></td>";
    rows += rate_cell(row) + number_cell(row.detectable_amplitude_uv) + number_cell(row.amplitude_median_uv) + number_cell(row.duration_median_ms);
    rows += row.sources ? fmt::format("<td class=\"n\">{}</td>", *row.sources) : "<td class=\"n\"></td>";
    rows += number_cell(row.active_fraction ? std::optional(100 * *row.active_fraction) : std::nullopt);
    rows += fmt::format("<td class=\"wrap\">{}</td><td>{}</td><td class=\"wrap\">{}</td>", escaped(words(row.descriptor)), escaped(row.same_source_with), escaped(row.reason.empty() ? row.quality : row.reason));
    if (limits) rows += fmt::format("<td class=\"wrap\">{}</td>", escaped(row.outside_limit));
    rows += "</tr>\n";
  }
  return table(heads, rows);
}

std::string body_table(const TwitchSession& session) {
  std::string rows;
  for (const auto& row : session.body) {
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{} of {}</td><td class=\"n\">{}</td>", escaped(row.region.empty() ? "no region" : row.region), escaped(row.side),
                        row.active_muscles, row.recorded_muscles, row.events);
    rows += number_cell(row.usable_min);
    rows += row.rate_per_min ? fmt::format("<td class=\"n\">{} <small>{} to {}</small></td>", number_text(*row.rate_per_min), number_text(*row.rate_low_per_min), number_text(*row.rate_high_per_min))
                             : "<td class=\"n\"></td>";
    rows += number_cell(row.detectable_rate_per_min) + fmt::format("<td class=\"wrap\">{}</td></tr>\n", escaped(row.reason.empty() ? row.muscles : row.muscles + (row.muscles.empty() ? "" : "; ") + row.reason));
  }
  if (rows.empty()) return "<p>No muscle was named.</p>\n";
  const auto& person = session.person;
  std::string html = table(head("Region") + head("Side") + head("Twitching muscles", true) + head("Distinct twitches", true) + head("Usable <small>min</small>", true) +
                               head("Rate <small>/min of a muscle, 95 %</small>", true) + head("Would have shown <small>/min</small>", true) + head("Muscles"),
                           rows);
  if (person.busiest_share) {
    html += fmt::format("<p>{}: {} % of all twitches{}.</p>\n", escaped(person.busiest), number_text(100 * *person.busiest_share),
                        person.evenness ? fmt::format("; evenness over muscles {} (1 = equal)", number_text(*person.evenness)) : "");
  }
  if (person.ecg_suspected) html += "<p><span class=\"flag\">heart suspected</span> A regular source of 40 to 180 a minute stands on three muscles or more.</p>\n";
  return html;
}

std::string coincidence_table(const TwitchSession& session) {
  std::string rows;
  std::size_t silent = 0;
  for (const auto& c : session.coincidences) {
    if (c.finding == Coincidence::none && session.coincidences.size() > 15) {
      ++silent;
      continue;
    }
    rows += fmt::format("<tr><th scope=\"row\">{} and {}</th><td>{}</td><td class=\"n\">{}</td>", escaped(c.first), escaped(c.second), escaped(c.recording_id), c.pairs);
    rows += number_cell(c.expected) + number_cell(c.lag_median_ms) + number_cell(c.lag_sd_ms) + fmt::format("<td>{}</td></tr>\n", escaped(words(name_of(c.finding))));
  }
  std::string html;
  if (!rows.empty()) {
    html = table(head("Muscles") + head("Recording") + head("Pairs within 20 ms", true) + head("By chance", true) + head("Lag <small>ms</small>", true) + head("Its SD <small>ms</small>", true) + head("Finding"), rows);
  }
  if (silent > 0) html += fmt::format("<p class=\"muted\">{} pairs of muscles without more common twitches than chance are left out.</p>\n", silent);
  return html;
}

std::string excluded_table(const TwitchSession& session) {
  std::string rows;
  for (const auto& row : session.report) {
    if (!row.minutes) continue;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td>", escaped(row_name(row)), escaped(row.recording_id));
    for (const auto& value : {row.minutes, row.minutes_excluded, row.excluded_voluntary_min, row.excluded_noise_min, row.excluded_ecg_min, row.excluded_movement_min, row.excluded_other_min}) rows += number_cell(value);
    rows += "</tr>\n";
  }
  return "<details class=\"block\" open><summary>Excluded minutes</summary>" +
         table(head("Muscle") + head("Recording") + head("All", true) + head("Excluded", true) + head("Voluntary", true) + head("Noise", true) + head("Heart beats", true) + head("Movement", true) + head("No signal", true), rows) +
         "</details>\n";
}

std::string trend_section(const TwitchPage& page) {
  std::string rows;
  for (const auto& t : page.session.trends) {
    if (t.recordings < 2) continue;
    rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"n\">{} of {}</td>", escaped(t.muscle + (t.side.empty() ? "" : " " + t.side)), t.present_in, t.assessable);
    rows += number_cell(t.days) + number_cell(t.common_rate_per_min) + number_cell(t.heterogeneity_p);
    rows += t.change_per_month ? fmt::format("<td class=\"n\">{} <small>{} to {}</small></td>", number_text(*t.change_per_month), number_text(*t.change_low), number_text(*t.change_high))
                               : fmt::format("<td>{}</td>", escaped(t.reason));
    rows += number_cell(t.theil_sen_per_min_per_month) + "</tr>\n";
  }
  if (rows.empty()) return "<p>No muscle was recorded on two dates.</p>\n";
  return twitch_trend_figure(page) + table(head("Muscle") + head("Present in", true) + head("Days", true) + head("Common rate <small>/min</small>", true) + head("p of one rate", true) +
                                               head("Change <small>ln/month, 95 %</small>", true) + head("Change <small>/min a month</small>", true),
                                           rows);
}

std::string open_section(const TwitchPage& page) {
  std::string html;
  for (const auto& recording : page.recordings) {
    if (!recording.error.empty()) html += fmt::format("<li><b>{}</b> <span class=\"status bad\">failed</span> {}</li>\n", escaped(recording.recording_id), escaped(recording.error));
  }
  for (const auto& row : page.session.report) {
    if (row.muscle.empty() && row.minutes) html += fmt::format("<li><b>{}</b>: not_assessable (no muscle) for spread and body regions; name it in the session table</li>\n", escaped(row_name(row)));
    if (row.quality.find("short") != std::string::npos && row.minutes) html += fmt::format("<li><b>{}</b>: less than 60 s of usable time, left out of every count of muscles</li>\n", escaped(row_name(row)));
  }
  for (const auto& out : page.left_out) html += fmt::format("<li><b>{}</b>: skipped, {}</li>\n", escaped(out.input), escaped(out.reason));
  for (const auto& recording : page.recordings) {
    if (!recording.analysis) continue;
    for (const auto& warning : recording.analysis->warnings) html += fmt::format("<li><b>{}</b>: {}</li>\n", escaped(recording.recording_id), escaped(warning.message));
  }
  return html.empty() ? "<p>Nothing: every recording and muscle was assessable.</p>\n" : "<ul>\n" + html + "</ul>\n";
}

std::string options_section(const TwitchPage& page) {
  std::string rows;
  for (const auto& [name, value] : page.options) rows += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"wrap\">{}</td></tr>\n", escaped(name), escaped(value));
  return fmt::format("<p>Made by <code>endplate twitch</code>, version {}. This page counts and measures; it makes no diagnosis and holds no normal values. Intervals of rates are exact for "
                     "independent events. A pattern ending in <i>like</i> is a resemblance by stated criteria, which stand in <code>tables/twitch_sources.tsv</code>.</p>\n",
                     escaped(kVersion)) +
         fmt::format("<details class=\"block\"><summary>Options <small>{}</small></summary>{}</details>\n", page.options.size(), table(head("Option") + head("Value"), rows, ""));
}

}  // namespace

std::string lane_name(const SessionRecording& recording, const SetAnalysis& set) {
  if (!set.set.muscle.empty()) return set.set.muscle + (set.set.side.empty() ? "" : " " + set.set.side);
  const auto& name = recording.header.channels[static_cast<std::size_t>(set.set.channels.front())].name;
  return name.empty() ? fmt::format("channel {}", set.set.channels.front() + 1) : name;
}

std::string twitch_page(const TwitchPage& page) {
  const auto& person = page.session.person;
  const std::string title = "Resting muscle report" + (person.subject.empty() ? "" : ", " + person.subject);
  std::string html = page_head(title);
  html += fmt::format("<header><h1>{}</h1>\n<p class=\"lead\"><b>{}</b></p></header>\n", escaped(title), escaped(person.sentence));
  html += "<section id=\"summary\" aria-label=\"summary\">\n" + cards(person) + sentences(page.session) + "</section>\n";
  html += section("muscles", "Muscles", muscle_table(page.session) + excluded_table(page.session));
  html += section("body", "Body regions", body_table(page.session));
  const auto pairs = coincidence_table(page.session);
  if (!pairs.empty()) html += section("pairs", "Twitches of two muscles at once", pairs);
  std::string courses, waves;
  for (const auto& recording : page.recordings) {
    courses += twitch_rate_course(recording);
    waves += twitch_waveforms(recording);
  }
  std::string time = twitch_timeline(page.recordings);
  if (!courses.empty()) time += fmt::format("<details class=\"block\"{}><summary>Rate over time</summary><div class=\"figures\">{}</div></details>\n", page.recordings.size() <= kOpenCourses ? " open" : "", courses);
  html += section("time", "Events in time", time.empty() ? "<p>No recording could be analysed.</p>\n" : time);
  html += section("waveforms", "Waveforms of the busiest sources", waves.empty() ? "<p>No twitch, no waveform.</p>\n" : waves);
  html += section("change", "Change over recordings", trend_section(page));
  html += section("open", "What was not assessable", open_section(page));
  html += section("options", "Method, options, version", options_section(page));
  return html + page_end();
}

}  // namespace emg::tools::report
