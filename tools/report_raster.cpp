// Rasters of events with their rate.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kLeft = 128, kRight = 958;

// Rounded up to 1, 2 or 5 times a power of ten.
double round_up(double value) {
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  for (const double m : {1.0, 2.0, 5.0}) {
    if (value <= m * decade * (1 + 1e-9)) return m * decade;
  }
  return 10 * decade;
}

void rate_strip(Figure& figure, const EventLanes& events, const Scale& time, double top, double height) {
  const double bin = round_up(std::max(1.0, time.high / 60));
  const auto bins = static_cast<std::size_t>(std::ceil(time.high / bin - 1e-9));
  std::vector<double> rate(std::max<std::size_t>(1, bins), 0.0);
  for (const auto& lane : events.lanes) {
    for (const auto& [from, to] : lane) {
      if (from >= 0 && from < time.high) rate[static_cast<std::size_t>(from / bin)] += 1;
    }
  }
  double most = 0;
  for (std::size_t i = 0; i < rate.size(); ++i) {
    // The last stretch may be shorter than the others.
    rate[i] /= std::min(bin, time.high - static_cast<double>(i) * bin);
    most = std::max(most, rate[i]);
  }
  const Scale level{0, most > 0 ? most * 1.08 : 1, top + height, top, false};
  figure.y_axis(level, time.from, time.to, "", 3);
  figure.text("label", 2, top + 12, events.spans ? "starts per s" : "events per s");
  figure.text("tick", 2, top + 28, fmt::format("in {}", duration_text(bin)));
  std::string d = fmt::format("M{:.1f} {:.1f}", time.from, level(0));
  for (std::size_t i = 0; i < rate.size(); ++i) {
    d += fmt::format("V{:.1f}H{:.1f}", level(rate[i]), time(std::min(time.high, static_cast<double>(i + 1) * bin)));
  }
  figure.path("bars", d + fmt::format("V{:.1f}z", level(0)));
}

}  // namespace

std::string raster_figure(const ReportRecording& recording, const EventLanes& events) {
  double duration = recording.header.rate_hz > 0 ? static_cast<double>(recording.sample_count) / recording.header.rate_hz : 0;
  if (const auto* table = find_table(recording, "recordings")) duration = number_in(*table, "duration_s", 0).value_or(duration);
  std::vector<std::size_t> shown;
  for (std::size_t c = 0; c < events.lanes.size(); ++c) {
    if (!events.lanes[c].empty()) shown.push_back(c);
  }
  const auto active = shown.size();
  if (active == 0 || duration <= 0) return "";
  if (active > kTraceChannels) {
    for (std::size_t i = 0; i < kTraceChannels; ++i) shown[i] = shown[i * active / kTraceChannels];
    shown.resize(kTraceChannels);
  }
  const double lane = shown.size() > 8 ? 15 : 20, top = 12, rates = top + lane * static_cast<double>(shown.size()) + 14;
  Figure figure(1000, rates + 70 + 42, fmt::format("{} of {} against time in seconds, with their rate", words(events.name), recording.id),
                true);
  const Scale time{0, duration, kLeft, kRight, false};
  figure.x_axis(time, rates + 70, top, "time (s)");
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const double y = top + lane * static_cast<double>(i);
    const auto& found = events.lanes[shown[i]];
    const auto name = channel_name(recording, static_cast<Index>(shown[i]));
    figure.text("tick", 2, y + lane - 5, shortened(name, 15));
    figure.path(events.spans ? "burst" : "event",
                events.spans ? bar_path(found, time, y + 4, lane - 7) : tick_path(found, time, y + 2, lane - 4, active > 4 ? 430 : 860),
                name);
  }
  rate_strip(figure, events, time, rates, 70);
  std::string note = fmt::format("{} on {} of {} channels", events.count, active, events.lanes.size());
  if (active > shown.size()) note += fmt::format("; {} of them shown, evenly spread", shown.size());
  return figure.html(escaped(words(events.name)), note + ".");
}

}  // namespace emg::tools::report
