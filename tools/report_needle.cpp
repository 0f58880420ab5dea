// Motor units of needles and wires: single potentials over each other, intervals with the fitted density, what the units leave.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/decompose/needle/interval_mixture.h"
#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr std::size_t kMostUnits = 24, kPerRow = 4;
constexpr double kCellWidth = 250, kLeft = 128, kRight = 958;

struct Cell {
  double left, top;
};

Cell cell(std::size_t place, double height) {
  return {kCellWidth * static_cast<double>(place % kPerRow), height * static_cast<double>(place / kPerRow)};
}

double rows_of(std::size_t count) { return std::ceil(static_cast<double>(count) / kPerRow); }

std::string heading(const Table& quality, std::size_t row) {
  const auto id = number_in(quality, "unit_id", row);
  return fmt::format("unit {} ({})", number_text(id.value_or(static_cast<double>(row))), escaped(text_in(quality, "status", row)));
}

double median_of(std::vector<double> v) {
  const auto middle = v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2);
  std::nth_element(v.begin(), middle, v.end());
  return *middle;
}

// The rows of `table` that are about a unit.
std::vector<std::size_t> rows_of_unit(const Table& table, double id) {
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    if (number_in(table, "unit_id", r) == id) rows.push_back(r);
  }
  return rows;
}

std::string potentials(const ReportRecording& recording, const Table& quality) {
  const auto* table = find_table(recording, "unit_potentials");
  const auto* column = table ? table->find("potential") : nullptr;
  const auto* values = column ? std::get_if<std::vector<double>>(&column->values) : nullptr;
  if (!values || values->empty()) return "";
  constexpr double kHeight = 170;
  const auto shown = std::min(kMostUnits, quality.row_count()), width = static_cast<std::size_t>(column->width);
  Figure figure(1000, rows_of(shown) * kHeight + 6, fmt::format("single potentials of {} motor units of {}, over each other", shown, recording.id), true);
  for (std::size_t u = 0; u < shown; ++u) {
    const auto rows = rows_of_unit(*table, number_in(quality, "unit_id", u).value_or(-1));
    if (rows.empty()) continue;
    // The scale is that of the usual potential; others that coincide may reach beyond it.
    std::vector<double> median(width), xs(width), ys(width);
    for (std::size_t i = 0; i < width; ++i) {
      std::vector<double> at;
      for (const auto r : rows) at.push_back((*values)[r * width + i]);
      median[i] = median_of(std::move(at));
    }
    const auto [lowest, highest] = std::minmax_element(median.begin(), median.end());
    const double reach = std::max({-*lowest, *highest, 1e-9});
    const auto [left, top] = cell(u, kHeight);
    const Scale x{0, static_cast<double>(width - 1), left + 8, left + kCellWidth - 12, false}, y{-1.4 * reach, 1.4 * reach, top + kHeight - 8, top + 36, false};
    const auto draw = [&](const char* style, const auto& value) {
      for (std::size_t i = 0; i < width; ++i) {
        xs[i] = x(static_cast<double>(i));
        ys[i] = value(i) < y.low || value(i) > y.high ? std::numeric_limits<double>::quiet_NaN() : y(value(i));
      }
      figure.path(style, path_through(xs, ys));
    };
    for (const auto r : rows) draw("faint", [&](std::size_t i) { return (*values)[r * width + i]; });
    draw("median", [&](std::size_t i) { return median[i]; });
    figure.text("channel", left + 8, top + 14, heading(quality, u));
    figure.text("tick", left + 8, top + 29, fmt::format("{} &#181;V, {} of {}", number_text(*highest - *lowest), rows.size(),
                                                       number_text(number_in(quality, "discharge_count", u).value_or(0))));
  }
  const double length_s = recording.header.rate_hz > 0 ? static_cast<double>(width) / recording.header.rate_hz : 0.015;
  return figure.html("Potentials of every unit",
                     fmt::format("Single discharges over each other and their median, detection band, {} wide; peak to peak of the median. Other units that "
                                 "discharge nearby are in it.",
                                 duration_text(length_s)));
}

std::string intervals(const ReportRecording& recording, const Table& quality) {
  const auto* discharges = find_table(recording, "unit_discharges");
  if (!discharges) return "";
  constexpr double kHeight = 160;
  constexpr std::size_t kBins = 40;
  const auto shown = std::min(kMostUnits, quality.row_count());
  Figure figure(1000, rows_of(shown) * kHeight + 6, fmt::format("intervals between discharges of {} motor units of {}", shown, recording.id), true);
  for (std::size_t u = 0; u < shown; ++u) {
    std::vector<double> times, intervals_s;
    for (const auto r : rows_of_unit(*discharges, number_in(quality, "unit_id", u).value_or(-1))) times.push_back(number_in(*discharges, "time_s", r).value_or(0));
    for (std::size_t i = 1; i < times.size(); ++i) intervals_s.push_back(times[i] - times[i - 1]);
    if (intervals_s.size() < 2) continue;
    const double longest = 4 * median_of(intervals_s), bin = longest / kBins;
    std::vector<double> counts(kBins, 0);
    for (const double v : intervals_s) {
      if (v < longest) counts[static_cast<std::size_t>(v / bin)] += 1;
    }
    const auto mean_ms = number_in(quality, "true_interval_ms", u), cv = number_in(quality, "true_cov_isi", u), miss = number_in(quality, "miss_probability", u),
               lambda = number_in(quality, "false_rate_hz", u);
    std::vector<double> xs, curve;
    double most = *std::max_element(counts.begin(), counts.end());
    if (mean_ms && cv && miss && lambda) {
      for (std::size_t i = 0; i < 4 * kBins; ++i) {
        const double t = (static_cast<double>(i) + 0.5) * bin / 4;
        xs.push_back(t);
        curve.push_back(static_cast<double>(intervals_s.size()) * bin * needle::mixture_density(t, *mean_ms / 1000, *cv, *miss, *lambda));
        most = std::max(most, curve.back());
      }
    }
    const auto [left, top] = cell(u, kHeight);
    const Scale x{0, 1000 * longest, left + 8, left + kCellWidth - 12, false}, y{0, 1.05 * most, top + kHeight - 26, top + 36, false};
    std::string bars = fmt::format("M{:.1f} {:.1f}", x.from, y(0));
    for (std::size_t i = 0; i < kBins; ++i) bars += fmt::format("V{:.1f}H{:.1f}", y(counts[i]), x(1000 * static_cast<double>(i + 1) * bin));
    figure.path("bars", bars + fmt::format("V{:.1f}z", y(0)));
    for (auto& t : xs) t = x(1000 * t);
    for (auto& v : curve) v = y(v);
    if (!curve.empty()) figure.path("median", path_through(xs, curve));
    for (const double tick : round_ticks(x.low, x.high, 4)) figure.text("tick mid", x(tick), top + kHeight - 10, number_text(tick));
    const auto seen_cv = number_in(quality, "cov_isi", u);
    figure.text("channel", left + 8, top + 14, heading(quality, u));
    figure.text("tick", left + 8, top + 29, fmt::format("{} per s{}{}", number_text(number_in(quality, "rate_hz", u).value_or(0)),
                                                       seen_cv ? fmt::format(", CV {:.2f}", *seen_cv) : "", miss ? fmt::format(", missed {:.0f} %", 100 * *miss) : ""));
  }
  return figure.html("Intervals of every unit",
                     "In ms, to four times the median. The line is the fitted density of a regular train with missed and false discharges; it follows the slow "
                     "changes of rate, which the bars do not.");
}

std::string residual(const ReportRecording& recording) {
  const auto* table = find_table(recording, "residual_trace");
  if (!table || table->row_count() == 0 || recording.header.rate_hz <= 0) return "";
  constexpr double kLane = 130;
  const double duration_s = static_cast<double>(recording.sample_count) / recording.header.rate_hz;
  double reach = 1;
  for (std::size_t r = 0; r < table->row_count(); ++r)
    reach = std::max({reach, -number_in(*table, "low", r).value_or(0), number_in(*table, "high", r).value_or(0)});
  Figure figure(1000, 2 * kLane + 60, fmt::format("detection band of {} and what its motor units leave, against time in seconds", recording.id), true);
  const Scale time{0, duration_s, kLeft, kRight, false};
  figure.x_axis(time, 2 * kLane + 18, 12, "time (s)");
  const auto lane = [&](const char* low, const char* high, const char* name, double top) {
    const Scale level{-reach, reach, top + kLane - 8, top, false};
    figure.y_axis(level, kLeft, kRight, "", 3);
    figure.text("channel", 2, top + kLane / 2, name);
    std::vector<double> xs, ys;
    for (std::size_t r = 0; r < table->row_count(); ++r) {
      for (const char* edge : {low, high}) {
        xs.push_back(time(number_in(*table, "start_s", r).value_or(0)));
        ys.push_back(level(number_in(*table, edge, r).value_or(0)));
      }
    }
    figure.path("trace", path_through(xs, ys), name);
  };
  lane("low", "high", "signal", 14);
  lane("residual_low", "residual_high", "left over", 14 + kLane);
  const auto* summary = find_table(recording, "decomposition");
  const auto explained = summary ? number_in(*summary, "explained_energy", 0) : std::nullopt;
  return figure.html("Residual", fmt::format("Whitened detection band and what the units leave of it, in noise SD.{}",
                                             explained ? fmt::format(" The units explain {:.1f} % of the energy of the events.", 100 * *explained) : ""));
}

}  // namespace

std::string needle_figures(const ReportRecording& recording) {
  const auto* quality = find_table(recording, "unit_quality");
  const std::string units = quality && quality->row_count() > 0 && find_table(recording, "unit_potentials")
                                ? potentials(recording, *quality) + intervals(recording, *quality)
                                : "";
  return units + residual(recording);
}

}  // namespace emg::tools::report
