// Figures of the page about resting muscles.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/report_parts.h"
#include "tools/report_svg.h"
#include "tools/report_twitch.h"

namespace emg::tools::report {
namespace {

constexpr double kLeft = 190, kRight = 985, kTop = 26, kLane = 34;
constexpr std::size_t kMostLanes = 60, kMostSources = 6, kMostOverlaid = 40;
constexpr double kMinutesFrom = 180;   // seconds; longer records are shown in minutes
constexpr double kMostBins = 60, kShortestBinS = 10;

struct TimeAxis {
  Scale scale;
  double per_unit = 1;
  std::string label;
};

TimeAxis time_axis(double duration_s) {
  TimeAxis axis;
  if (duration_s >= kMinutesFrom) axis.per_unit = 60;
  axis.label = axis.per_unit > 1 ? "min" : "s";
  axis.scale = {0, duration_s / axis.per_unit, kLeft, kRight, false};
  return axis;
}

struct Lane {
  const SessionRecording* recording;
  const SetAnalysis* set;
};

std::vector<Lane> lanes_of(const std::vector<SessionRecording>& recordings) {
  std::vector<Lane> lanes;
  for (const auto& recording : recordings) {
    if (!recording.analysis) continue;
    for (const auto& set : recording.analysis->sets) lanes.push_back({&recording, &set});
  }
  return lanes;
}

std::string lane_note(const SetAnalysis& set) {
  if (!set.rate.rate_per_min) return escaped(set.rate.reason);
  if (set.rate.events == 0) return fmt::format("none; &lt; {:.2g}/min", *set.rate.detectable_rate_per_min);
  return fmt::format("{}; {:.3g}/min", set.rate.events, *set.rate.rate_per_min);
}

struct Binned {
  std::vector<double> centre, per_min;   ///< NaN where nothing is usable
};

Binned binned_rate(const SetAnalysis& set, double duration_s, double bin_s) {
  Binned result;
  for (double first = 0; first < duration_s - 1e-9; first += bin_s) {
    const double end = std::min(first + bin_s, duration_s);
    double usable = 0;
    for (const auto& u : set.usable) usable += std::max(0.0, std::min(end, u.end_s) - std::max(first, u.first_s));
    double count = 0;
    for (const auto& e : set.events) count += e.excluded.empty() && e.time_s >= first && e.time_s < end;
    result.centre.push_back((first + end) / 2);
    result.per_min.push_back(usable >= 0.2 * bin_s ? 60 * count / usable : std::nan(""));
  }
  return result;
}

double bin_length(double duration_s) {
  for (const double b : {10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0}) {
    if (duration_s / b <= kMostBins) return std::max(b, kShortestBinS);
  }
  return duration_s / kMostBins;
}

std::string source_figure(const SessionRecording& recording, const SetAnalysis& set, const SourceRow& source) {
  std::vector<std::size_t> members;
  for (std::size_t i = 0; i < set.events.size(); ++i) {
    if (set.events[i].excluded.empty() && set.events[i].source_id == source.source_id) members.push_back(i);
  }
  if (members.empty()) return "";
  const std::size_t step = (members.size() + kMostOverlaid - 1) / kMostOverlaid;
  double low = 0, high = 0;
  for (std::size_t k = 0; k < members.size(); k += step) {
    for (const float v : set.waveforms[members[k]]) {
      if (std::isfinite(v)) low = std::min(low, static_cast<double>(v)), high = std::max(high, static_cast<double>(v));
    }
  }
  if (!(high > low)) return "";
  const double rate = recording.analysis->rate_hz, pad = 0.06 * (high - low);
  const auto width = static_cast<double>(set.waveforms[members.front()].size());
  const double from_ms = -1000 * static_cast<double>(recording.analysis->before) / rate, to_ms = from_ms + 1000 * width / rate;
  Figure figure(560, 260, fmt::format("waveforms of source {}", source.source_id), false);
  const Scale time{from_ms, to_ms, 60, 545, false}, level{low - pad, high + pad, 215, 22, false};
  figure.x_axis(time, 215, 22, "ms");
  figure.y_axis(level, 60, 545, "&#181;V", 5);
  std::vector<double> x, y;
  for (double i = 0; i < width; ++i) x.push_back(time(from_ms + 1000 * i / rate));
  std::vector<std::vector<double>> columns(static_cast<std::size_t>(width));
  for (std::size_t k = 0; k < members.size(); k += step) {
    y.clear();
    const auto& wave = set.waveforms[members[k]];
    for (std::size_t i = 0; i < wave.size(); ++i) {
      y.push_back(std::isfinite(wave[i]) ? level(wave[i]) : std::nan(""));
      if (std::isfinite(wave[i])) columns[i].push_back(wave[i]);
    }
    figure.path("faint", path_through(x, y));
  }
  y.clear();
  for (auto& column : columns) {
    std::sort(column.begin(), column.end());
    y.push_back(column.empty() ? std::nan("") : level(column[column.size() / 2]));
  }
  figure.path("median", path_through(x, y));
  return figure.html(fmt::format("{}, source {}", escaped(lane_name(recording, set)), source.source_id),
                     fmt::format("{} event{}, {}/min, {} &#177; {} &#181;V; thick: median. {}", source.events, source.events == 1 ? "" : "s", number_text(source.rate_per_min),
                                 number_text(source.amplitude_uv), number_text(source.amplitude_sd_uv), escaped(words(source.descriptor))));
}

}  // namespace

std::string twitch_timeline(const std::vector<SessionRecording>& recordings) {
  auto lanes = lanes_of(recordings);
  if (lanes.empty()) return "";
  const auto all = lanes.size();
  if (lanes.size() > kMostLanes) lanes.resize(kMostLanes);
  double longest = 0;
  for (const auto& lane : lanes) longest = std::max(longest, lane.recording->analysis->duration_s);
  const auto axis = time_axis(longest);
  const double bottom = kTop + kLane * static_cast<double>(lanes.size());
  Figure figure(1000, bottom + 44, "twitches in time", true);
  figure.x_axis(axis.scale, bottom, kTop, axis.label + " from the start of each recording");
  bool beats = false;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto& set = *lanes[i].set;
    const double top = kTop + kLane * static_cast<double>(i), end = axis.scale(lanes[i].recording->analysis->duration_s / axis.per_unit);
    figure.line("grid", kLeft, top + kLane - 3, end, top + kLane - 3);
    beats = beats || set.beats.has_value();
    for (const auto& e : set.excluded) {
      const double from = axis.scale(e.start_s / axis.per_unit), to = axis.scale(e.end_s / axis.per_unit);
      // Heart beats are many and short: drawn as they are they would shade everything.
      if (e.reason == "ecg") continue;
      figure.box("gap", from, top + 3, std::max(0.7, to - from), kLane - 6, e.rule.empty() ? e.reason : e.reason + ", rule " + e.rule);
    }
    std::vector<std::pair<double, double>> ticks;
    for (const auto& e : set.events) {
      if (e.excluded.empty()) ticks.emplace_back(e.time_s / axis.per_unit, e.time_s / axis.per_unit);
    }
    figure.path("event", tick_path(ticks, axis.scale, top + 6, kLane - 12, 860));
    const auto name = lane_name(*lanes[i].recording, set);
    figure.raw(fmt::format("<g><title>{}, {}</title>", escaped(name), escaped(lanes[i].recording->recording_id)));
    figure.text("channel", 2, top + 15, shortened(name, 24));
    const auto date = lanes[i].recording->facts.date.substr(0, 10);
    figure.text("tick", 2, top + 29, lane_note(set) + (date.empty() ? "" : "; " + escaped(date)));
    figure.raw("</g>");
  }
  std::string note = "Ticks: twitches that count. Grey: excluded time (hover for the reason).";
  if (beats) note += " Heart beats, 0.12 s each, are excluded too and not drawn.";
  if (all > lanes.size()) note += fmt::format(" The first {} of {} lanes; all of them in <code>tables/twitch_events.tsv</code>.", lanes.size(), all);
  return figure.html("Twitches in time", note);
}

std::string twitch_rate_course(const SessionRecording& recording) {
  if (!recording.analysis) return "";
  const double duration_s = recording.analysis->duration_s, bin_s = bin_length(duration_s);
  std::vector<const SetAnalysis*> sets;
  for (const auto& set : recording.analysis->sets) {
    if (set.rate.events > 0) sets.push_back(&set);
  }
  if (sets.empty() || duration_s < 3 * bin_s) return "";
  std::stable_sort(sets.begin(), sets.end(), [](const auto* a, const auto* b) { return a->rate.events > b->rate.events; });
  if (sets.size() > 4) sets.resize(4);
  auto axis = time_axis(duration_s);
  constexpr double kFrom = 60, kTo = 545;
  axis.scale.from = kFrom;
  axis.scale.to = kTo;
  double most = 0;
  std::vector<Binned> rates;
  for (const auto* set : sets) {
    rates.push_back(binned_rate(*set, duration_s, bin_s));
    for (const double v : rates.back().per_min) most = std::isfinite(v) ? std::max(most, v) : most;
  }
  const Scale level{0, std::max(most, 1.0) * 1.05, 190, 26, false};
  Figure figure(560, 234 + 17 * static_cast<double>(sets.size()), "rate over time", false);
  figure.x_axis(axis.scale, 190, 26, axis.label);
  figure.y_axis(level, kFrom, kTo, "", 4);
  figure.text("label", 2, 17, "twitches/min");
  std::vector<std::pair<std::string, std::string>> legend;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    std::vector<double> x, y;
    for (std::size_t b = 0; b < rates[s].centre.size(); ++b) {
      x.push_back(axis.scale(rates[s].centre[b] / axis.per_unit));
      y.push_back(std::isfinite(rates[s].per_min[b]) ? level(rates[s].per_min[b]) : std::nan(""));
    }
    const auto style = fmt::format("s{}", s + 1);
    figure.path(style, path_through(x, y), lane_name(recording, *sets[s]));
    legend.emplace_back(style, shortened(lane_name(recording, *sets[s]), 60));
  }
  figure.legend(kFrom, 242, legend);
  return figure.html(fmt::format("Rate over time, {}", escaped(recording.recording_id)),
                     fmt::format("Per usable minute in bins of {}; broken where less than a fifth of a bin is usable.", duration_text(bin_s)));
}

std::string twitch_waveforms(const SessionRecording& recording) {
  if (!recording.analysis) return "";
  std::vector<std::pair<const SetAnalysis*, const SourceRow*>> sources;
  for (const auto& set : recording.analysis->sets) {
    for (const auto& source : set.sources) sources.emplace_back(&set, &source);
  }
  std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) { return a.second->events > b.second->events; });
  if (sources.size() > kMostSources) sources.resize(kMostSources);
  std::string html;
  for (const auto& [set, source] : sources) html += source_figure(recording, *set, *source);
  return html.empty() ? "" : "<div class=\"figures\">" + html + "</div>\n";
}

std::string twitch_trend_figure(const TwitchPage& page) {
  struct Point {
    double day, rate, low, high;
  };
  std::map<std::string, std::vector<Point>> series;
  for (const auto& row : page.session.report) {
    const auto day = day_of(row.date);
    if (!day || !row.rate_per_min || row.muscle.empty()) continue;
    series[row.muscle + (row.side.empty() ? "" : " " + row.side)].push_back({*day, *row.rate_per_min, *row.rate_low, *row.rate_high});
  }
  double first = 1e300, last = -1e300, most = 1;
  std::erase_if(series, [](const auto& s) { return s.second.size() < 2; });
  for (auto& [name, points] : series) {
    std::stable_sort(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.day < b.day; });
    for (const auto& p : points) first = std::min(first, p.day), last = std::max(last, p.day), most = std::max(most, p.high);
  }
  if (series.empty() || !(last > first)) return "";
  const Scale time{0, last - first, kLeft, kRight, false}, level{0, most * 1.05, 250, 26, false};
  Figure figure(1000, 294, "rate over recordings", true);
  figure.x_axis(time, 250, 26, "days since the first recording");
  figure.y_axis(level, kLeft, kRight, "", 5);
  figure.text("label", 2, 17, "twitches/min");
  std::vector<std::pair<std::string, std::string>> legend;
  int number = 0;
  for (const auto& [name, points] : series) {
    if (++number > 4) break;
    const auto style = fmt::format("s{}", number);
    std::vector<double> x, y;
    for (const auto& p : points) {
      x.push_back(time(p.day - first));
      y.push_back(level(p.rate));
      figure.line("faint", x.back(), level(p.low), x.back(), level(p.high));
    }
    figure.path(style, path_through(x, y), name);
    legend.emplace_back(style, shortened(name, 17));
  }
  figure.legend(2, 60, legend);
  return figure.html("Rate over recordings", "Bars: exact 95 % intervals, which assume independence.");
}

}  // namespace emg::tools::report
