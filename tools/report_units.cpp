// Motor units of a decomposition: discharges, smoothed rates, sources, maps of the waveforms.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kLeft = 128, kRight = 958, kLane = 16;
constexpr std::size_t kMostUnits = 60, kMostSources = 16;
constexpr int kColumns = 860;
constexpr double kSmoothing_s = 1;

struct UnitLane {
  int id = 0;
  std::string status;
  std::vector<std::pair<double, double>> discharges;
};

std::vector<UnitLane> lanes_of(const ReportRecording& recording) {
  std::vector<UnitLane> lanes;
  const auto* quality = find_table(recording, "unit_quality");
  const auto* discharges = find_table(recording, "unit_discharges");
  if (!quality || !discharges) return lanes;
  std::map<int, std::size_t> place;
  for (std::size_t r = 0; r < std::min(quality->row_count(), kMostUnits); ++r) {
    const int id = static_cast<int>(number_in(*quality, "unit_id", r).value_or(static_cast<double>(r)));
    place[id] = lanes.size();
    lanes.push_back({id, text_in(*quality, "status", r), {}});
  }
  for (std::size_t r = 0; r < discharges->row_count(); ++r) {
    const auto id = number_in(*discharges, "unit_id", r), time = number_in(*discharges, "time_s", r);
    const auto found = id ? place.find(static_cast<int>(*id)) : place.end();
    if (found != place.end() && time) lanes[found->second].discharges.emplace_back(*time, *time);
  }
  return lanes;
}

std::string raster(const ReportRecording& recording, const std::vector<UnitLane>& lanes, double duration_s) {
  const double top = 12, bottom = top + kLane * static_cast<double>(lanes.size());
  Figure figure(1000, bottom + 42, fmt::format("discharges of {} motor units of {} against time in seconds", lanes.size(), recording.id), true);
  const Scale time{0, duration_s, kLeft, kRight, false};
  figure.x_axis(time, bottom, top, "time (s)");
  for (std::size_t u = 0; u < lanes.size(); ++u) {
    const double y = top + kLane * static_cast<double>(u);
    figure.text("tick", 2, y + kLane - 4, fmt::format("unit {}{}", lanes[u].id, lanes[u].status == "accepted" ? "" : " (" + escaped(lanes[u].status) + ")"));
    figure.path("event", tick_path(lanes[u].discharges, time, y + 2, kLane - 4, kColumns), fmt::format("unit {}", lanes[u].id));
  }
  return figure.html("Discharges of motor units", "Each tick is a discharge; units in order of their first.");
}

// Rate of a train at `time_s`: instantaneous rates under a Hann window; NaN where there are none.
double smoothed_rate(const std::vector<std::pair<double, double>>& train, double time_s) {
  double sum = 0, weight = 0;
  auto from = std::lower_bound(train.begin(), train.end(), std::pair{time_s - 0.5 * kSmoothing_s, 0.0});
  for (auto t = from == train.begin() ? from + 1 : from; t < train.end() && t->first < time_s + 0.5 * kSmoothing_s; ++t) {
    const double interval = t->first - (t - 1)->first, distance = 2 * std::abs(t->first - time_s) / kSmoothing_s;
    if (interval <= 0 || distance >= 1) continue;
    const double w = 0.5 * (1 + std::cos(std::numbers::pi * distance));
    sum += w / interval;
    weight += w;
  }
  return weight > 0 ? sum / weight : std::numeric_limits<double>::quiet_NaN();
}

std::string rates(const ReportRecording& recording, const std::vector<UnitLane>& lanes, double duration_s) {
  const double top = 26, bottom = 246;
  std::vector<std::vector<double>> all;
  double most = 1;
  constexpr int kPoints = 300;
  for (const auto& lane : lanes) {
    std::vector<double> values;
    for (int i = 0; i <= kPoints && lane.discharges.size() > 1; ++i) values.push_back(smoothed_rate(lane.discharges, duration_s * i / kPoints));
    for (const double v : values) most = std::fmax(most, v);
    all.push_back(std::move(values));
  }
  Figure figure(1000, bottom + 42, fmt::format("smoothed discharge rates of {} motor units of {} against time in seconds", lanes.size(), recording.id), true);
  const Scale time{0, duration_s, kLeft, kRight, false}, level{0, 1.05 * most, bottom, top, false};
  figure.x_axis(time, bottom, top, "time (s)");
  figure.y_axis(level, kLeft, kRight, "discharges per s", 5);
  for (std::size_t u = 0; u < all.size(); ++u) {
    std::vector<double> xs, ys;
    for (std::size_t i = 0; i < all[u].size(); ++i) {
      xs.push_back(time(duration_s * static_cast<double>(i) / kPoints));
      ys.push_back(std::isnan(all[u][i]) ? all[u][i] : level(all[u][i]));
    }
    if (!xs.empty()) figure.path("median", path_through(xs, ys), fmt::format("unit {}", lanes[u].id));
  }
  return figure.html("Smoothed discharge rates", fmt::format("Instantaneous rates under a Hann window of {}.", duration_text(kSmoothing_s)));
}

std::string source_figure(const ReportRecording& recording, double duration_s) {
  const auto* table = find_table(recording, "pulse_trains");
  const auto* column = table ? table->find("source") : nullptr;
  const auto* values = column ? std::get_if<std::vector<double>>(&column->values) : nullptr;
  if (!values || values->empty() || column->width < 2) return "";
  const auto frames = static_cast<std::size_t>(column->width), shown = std::min(table->row_count(), kMostSources);
  constexpr double kHeight = 34;
  const double top = 10, bottom = top + kHeight * static_cast<double>(shown);
  Figure figure(1000, bottom + 42, fmt::format("sources of {} motor units of {} against time in seconds", shown, recording.id), true);
  const Scale time{0, duration_s, kLeft, kRight, false};
  figure.x_axis(time, bottom, top, "time (s)");
  const auto columns = std::min<std::size_t>(kColumns, frames);
  for (std::size_t u = 0; u < shown; ++u) {
    std::vector<double> xs, ys(columns, 0);
    for (std::size_t i = 0; i < frames; ++i) {
      const double s = (*values)[u * frames + i];
      auto& kept = ys[i * columns / frames];
      kept = std::max(kept, s > 0 ? s * s : 0.0);
    }
    const double y = top + kHeight * static_cast<double>(u), most = *std::max_element(ys.begin(), ys.end());
    const Scale level{0, most > 0 ? most : 1, y + kHeight - 3, y + 3, false};
    for (std::size_t i = 0; i < columns; ++i) {
      xs.push_back(time(duration_s * (static_cast<double>(i) + 0.5) / static_cast<double>(columns)));
      ys[i] = level(ys[i]);
    }
    const auto id = number_in(*table, "unit_id", u);
    figure.text("tick", 2, y + kHeight - 8, fmt::format("unit {}", id ? number_text(*id) : number_text(static_cast<double>(u))));
    figure.path("median", path_through(xs, ys));
  }
  return figure.html("Sources of motor units", "Squared source of each unit, largest value of every stretch; its discharges stand out of the others.");
}

}  // namespace

std::string unit_figures(const ReportRecording& recording) {
  const auto lanes = lanes_of(recording);
  const double duration_s = recording.header.rate_hz > 0 ? static_cast<double>(recording.sample_count) / recording.header.rate_hz : 0;
  if (lanes.empty() || duration_s <= 0) return "";
  return raster(recording, lanes, duration_s) + rates(recording, lanes, duration_s) + source_figure(recording, duration_s);
}

}  // namespace emg::tools::report
