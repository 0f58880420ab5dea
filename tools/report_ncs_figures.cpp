#include "tools/report_ncs_figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kWidth = 620, kLeft = 70, kRight = 600, kTop = 30, kLane = 118;
constexpr std::size_t kMostSweeps = 12, kMostLanes = 8, kMostRaster = 40;
constexpr double kMotorMs = 30, kSensoryMs = 10, kBeforeMs = 2, kBeforeFMs = 5, kMillivoltFrom = 1000;
constexpr Index kMostPoints = 700;
constexpr double kLaneShare = 0.78, kLaneTop = 0.14;  // of a lane: the curves, and room for letters above them

struct Lane {
  const StudySite* site;
  const Sweep* sweep;
};

std::string panel_title(const Sweep& s, const std::string& test) {
  std::string title = s.nerve.empty() ? s.channel : s.nerve;
  if (!s.side.empty()) title += s.side == "L" ? " left" : s.side == "R" ? " right" : " " + s.side;
  if (!s.muscle.empty()) title += " - " + s.muscle;
  return title + (test.empty() ? "" : ", " + words(test));
}

// Level before the stimulus, for drawing.
double level_of(const SweepSet& set, Index row) {
  return set.zero_sample > 0 ? set.samples.row(row).head(set.zero_sample).mean() : 0;
}

std::string curve(const SweepSet& set, Index row, const Scale& x, const Scale& y, double up) {
  const double level = level_of(set, row);
  const Index step = std::max<Index>(1, static_cast<Index>((x.high - x.low) * set.rate_hz / 1000) / kMostPoints);
  std::vector<double> xs, ys;
  for (Index i = 0; i < set.samples.cols(); i += step) {
    const double ms = static_cast<double>(i - set.zero_sample) * 1000 / set.rate_hz;
    if (ms < x.low || ms > x.high) continue;
    xs.push_back(x(ms));
    ys.push_back(std::clamp(y(up * (set.samples(row, i) - level)), std::min(y.from, y.to) - 20, std::max(y.from, y.to) + 20));
  }
  return path_through(xs, ys);
}

void draw_markers(Figure& figure, const NcsStudy& study, const Lane& lane, const Scale& x, const Scale& y) {
  const auto& set = study.averages[lane.site->set];
  const Index row = lane.site->average;
  const double level = level_of(set, row);
  for (const auto& m : study.markers) {
    if (m.set != static_cast<int>(lane.site->set) || m.row != static_cast<int>(row) || m.marker == "f_onset") continue;
    if (m.time_ms < x.low || m.time_ms > x.high) continue;
    const auto at =
        std::clamp<Index>(static_cast<Index>(std::llround(m.time_ms * set.rate_hz / 1000)) + set.zero_sample, 0, set.samples.cols() - 1);
    const double value = y(lane.site->up * (set.samples(row, at) - level));
    const char* letter = m.marker == "onset" ? "O" : m.marker == "peak" ? "P" : m.marker == "end" ? "E" : "+";
    figure.line(m.source == "manual" ? "hand" : "tickmark", x(m.time_ms), value - 9, x(m.time_ms), value + 9);
    figure.text("tick mid", x(m.time_ms), m.marker == "positive_peak" ? value + 20 : value - 12, letter);
  }
}

std::string responses_figure(const NcsStudy& study, const std::string& title, const std::vector<Lane>& lanes) {
  const bool sensory = lanes.front().site->test == "sensory";
  double largest = 0, deepest = 0, end_ms = sensory ? kSensoryMs : kMotorMs, begin_ms = 0;
  for (const auto& lane : lanes) {
    const auto& set = study.averages[lane.site->set];
    begin_ms = std::max(-kBeforeMs, std::min(begin_ms, -static_cast<double>(set.zero_sample) * 1000 / set.rate_hz));
    end_ms = std::min(end_ms, static_cast<double>(set.samples.cols() - 1 - set.zero_sample) * 1000 / set.rate_hz);
    const RowMatrix shown = lane.site->up * (set.samples.row(lane.site->average).array() - level_of(set, lane.site->average));
    largest = std::max(largest, shown.maxCoeff()), deepest = std::max(deepest, -shown.minCoeff());
  }
  if (!(largest > 0) || !(end_ms > begin_ms)) return "";
  const double bottom = kTop + kLane * static_cast<double>(lanes.size());
  Figure figure(kWidth, bottom + 46, fmt::format("{}: averaged response of {} sites, negative up, with markers", title, lanes.size()),
                false);
  const Scale x{begin_ms, end_ms, kLeft, kRight, false};
  figure.x_axis(x, bottom, kTop, "time after the stimulus (ms)");
  // Both phases fit the lane on one scale for all lanes.
  const double pixels_per_uv = kLaneShare * kLane / (largest + deepest), above = kLaneTop * kLane + pixels_per_uv * largest;
  const bool milli = largest >= kMillivoltFrom;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const auto& lane = lanes[i];
    const double base = kTop + kLane * static_cast<double>(i) + above;
    const Scale y{-deepest, largest, base + pixels_per_uv * deepest, base - pixels_per_uv * largest, false};
    figure.line("grid", kLeft, base, kRight, base);
    const auto& rows = lane.site->rows;
    for (std::size_t k = 0; k < std::min(rows.size(), kMostSweeps); ++k)
      figure.path("faint", curve(study.cleaned[lane.site->set], rows[k], x, y, lane.site->up));
    figure.path("bold", curve(study.averages[lane.site->set], lane.site->average, x, y, lane.site->up), lane.sweep->site);
    draw_markers(figure, study, lane, x, y);
    auto name = escaped(lane.sweep->site.empty() ? "site" : lane.sweep->site);
    if (!lane.sweep->annotation.empty()) name += ", " + escaped(lane.sweep->annotation);
    figure.text("channel end", kRight, base - 8, name);
  }
  // One bar for all lanes: the scale is common.
  const double unit = std::pow(10.0, std::floor(std::log10(largest)));
  const double bar = largest >= 5 * unit ? 5 * unit : largest >= 2 * unit ? 2 * unit : unit;
  const double base = kTop + above;
  figure.line("tickmark", kLeft - 12, base, kLeft - 12, base - pixels_per_uv * bar);
  figure.text("tick end", kLeft - 16, base - pixels_per_uv * bar / 2 + 4,
              milli ? number_text(bar / 1000) + " mV" : number_text(bar) + " &#181;V");
  if (lanes.front().site->test == "repetitive")
    return figure.html(escaped(title), "Mean of the train bold, its responses thin; their markers are measured one by one, see the curve.");
  return figure.html(
      escaped(title),
      "Average bold, single sweeps thin; O onset, P negative peak, E end of the negative phase, + positive peak; red: set by hand.");
}

// F waves: the sweeps under each other, enlarged, with the onset of each F wave.
std::string f_figure(const NcsStudy& study, const std::string& title, const Lane& lane) {
  const auto& set = study.cleaned[lane.site->set];
  const auto& rows = lane.site->rows;
  const auto shown = std::min(rows.size(), kMostRaster);
  std::map<int, double> onsets;
  double earliest = INFINITY, size_uv = 0;
  for (const auto& m : study.markers) {
    if (m.marker != "f_onset" || m.set != static_cast<int>(lane.site->set) || m.site != lane.sweep->site || m.nerve != lane.sweep->nerve ||
        m.side != lane.sweep->side)
      continue;
    onsets[m.row] = m.time_ms;
    earliest = std::min(earliest, m.time_ms);
    size_uv = std::max(size_uv, m.value_uv.value_or(0));
  }
  if (onsets.empty()) return "";
  const double end_ms = static_cast<double>(set.samples.cols() - 1 - set.zero_sample) * 1000 / set.rate_hz;
  constexpr double kRasterLane = 17, kHeight = 1.5;
  const double bottom = kTop + kRasterLane * static_cast<double>(shown) + 24;
  const Scale x{std::max(0.0, earliest - kBeforeFMs), end_ms, kLeft, kRight, false};
  Figure figure(kWidth, bottom + 46, fmt::format("{}: F waves of {} sweeps under each other", title, shown), false);
  figure.x_axis(x, bottom, kTop, "time after the stimulus (ms)");
  for (std::size_t k = 0; k < shown; ++k) {
    const double base = kTop + 12 + kRasterLane * (static_cast<double>(k) + 0.5);
    // Drawn from the level just before the F waves, so that the tail of the M wave does not tilt the lanes.
    SweepSet one = set;
    const auto from = std::clamp<Index>(static_cast<Index>(x.low * set.rate_hz / 1000) + set.zero_sample, 0, set.samples.cols() - 1);
    one.samples = set.samples.block(rows[k], from, 1, set.samples.cols() - from);
    one.samples.array() -= one.samples.row(0).mean();
    one.zero_sample = 0;
    const Scale shifted{0, x.high - x.low, x.from, x.to, false};
    const double size = std::max(size_uv, 1.0), height = kHeight * kRasterLane;
    const Scale y{-size, size, base + height, base - height, false};
    figure.path("sweep", curve(one, 0, shifted, y, lane.site->up));
    const int number = set.sweeps[static_cast<std::size_t>(rows[k])].sweep;
    if (const auto at = onsets.find(number); at != onsets.end()) figure.line("event", x(at->second), base - 8, x(at->second), base + 8);
  }
  // A bar as high as the largest F wave, peak-to-peak.
  figure.line("tickmark", kLeft - 12, kTop + 12, kLeft - 12, kTop + 12 + kHeight * kRasterLane);
  figure.text("tick end", kLeft - 16, kTop + 24, fmt::format("{:.0f} &#181;V", size_uv));
  return figure.html(escaped(title + ", F waves"), fmt::format("{} of {} sweeps; tick: onset of the F wave.", shown, rows.size()));
}

std::vector<double> numbers_of(const std::string& text) {
  std::vector<double> values;
  std::istringstream in(text);
  for (double v; in >> v;) values.push_back(v);
  return values;
}

std::string train_figure(const NcsStudy& study) {
  const Table* t = nullptr;
  for (const auto& table : study.tables) {
    if (table.name == "ncs_repetitive") t = &table;
  }
  if (!t) return "";
  std::vector<std::pair<std::string, std::string>> legend;
  std::vector<std::vector<double>> trains;
  double largest = 0;
  std::size_t longest = 0;
  for (std::size_t r = 0; r < std::min<std::size_t>(t->row_count(), 4); ++r) {
    trains.push_back(numbers_of(text_in(*t, "amplitudes_mv", r)));
    for (const double v : trains.back()) largest = std::max(largest, v);
    longest = std::max(longest, trains.back().size());
    const auto remark = text_in(*t, "annotation", r);
    legend.emplace_back(fmt::format("s{}", r + 1), escaped(fmt::format("{} {}{}", text_in(*t, "nerve", r), remark.empty() ? "train " : "",
                                                                       remark.empty() ? fmt::format("{}", r + 1) : remark)));
  }
  if (!(largest > 0) || longest < 2) return "";
  Figure figure(kWidth, 300, fmt::format("amplitude of every response in {} trains", trains.size()), false);
  const Scale x{1, static_cast<double>(longest), kLeft, kRight, false}, y{0, 1.1 * largest, 250, kTop + 20, false};
  figure.x_axis(x, 250, kTop + 20, "stimulus");
  figure.y_axis(y, kLeft, kRight, "mV", 5);
  for (std::size_t k = 0; k < trains.size(); ++k) {
    std::vector<double> xs, ys;
    for (std::size_t i = 0; i < trains[k].size(); ++i) xs.push_back(x(static_cast<double>(i + 1))), ys.push_back(y(trains[k][i]));
    figure.path(legend[k].first, path_through(xs, ys));
  }
  figure.legend(kLeft, 14, legend);
  return figure.html("Repetitive stimulation", "Amplitude of every response, baseline to negative peak.");
}

}  // namespace

std::string ncs_figures(const NcsStudy& study) {
  std::vector<std::pair<std::string, std::vector<Lane>>> panels;
  for (const auto& site : study.sites) {
    const auto& sweep = study.averages[site.set].sweeps[static_cast<std::size_t>(site.average)];
    const auto title = panel_title(sweep, site.test == "f_wave" ? "motor" : site.test);
    const auto found = std::find_if(panels.begin(), panels.end(), [&](const auto& p) { return p.first == title; });
    if (found == panels.end()) {
      panels.push_back({title, {{&site, &sweep}}});
    } else {
      found->second.push_back({&site, &sweep});
    }
  }
  std::string html;
  for (auto& [title, lanes] : panels) {
    const auto distance = [](const Lane& l) { return l.sweep->distance_mm.value_or(0); };
    std::stable_sort(lanes.begin(), lanes.end(), [&](const Lane& a, const Lane& b) { return distance(a) < distance(b); });
    for (std::size_t first = 0; first < lanes.size(); first += kMostLanes) {
      const std::vector<Lane> part(lanes.begin() + static_cast<std::ptrdiff_t>(first),
                                   lanes.begin() + static_cast<std::ptrdiff_t>(std::min(lanes.size(), first + kMostLanes)));
      html += responses_figure(study, title, part);
    }
    for (const auto& lane : lanes) {
      if (lane.site->test == "f_wave") html += f_figure(study, title, lane);
    }
  }
  return html + train_figure(study);
}

}  // namespace emg::tools::report
