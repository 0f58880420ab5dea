// Sweeps superimposed by channel and site; templates of motor units.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kWidth = 620, kHeight = 300, kLeft = 64, kRight = 596, kTop = 30, kBottom = 254;
constexpr std::size_t kMostPanels = 12, kMostSweeps = 40;
constexpr Index kMostPoints = 12000;
constexpr double kMillivoltFrom = 2000;  // uV

struct Panel {
  std::string title;
  std::vector<Index> rows;
};

std::string joined(std::initializer_list<std::string> parts) {
  std::string text;
  for (const auto& part : parts) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

std::vector<Panel> panels_of(const SweepSet& set) {
  std::vector<Panel> panels;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < set.sweeps.size() && static_cast<Index>(i) < set.samples.rows(); ++i) {
    const auto& sweep = set.sweeps[i];
    auto title = joined({sweep.nerve, sweep.side, sweep.site, sweep.muscle.empty() ? sweep.channel : sweep.muscle});
    if (title.empty()) title = "sweeps";
    const auto [at, fresh] = known.emplace(title, panels.size());
    if (fresh) panels.push_back({title, {}});
    panels[at->second].rows.push_back(static_cast<Index>(i));
  }
  return panels;
}

// Negative up: the level of a value falls with it.
std::string sweep_panel(const ReportRecording& recording, const Panel& panel) {
  const auto& set = *recording.sweeps;
  const auto shown = std::min(panel.rows.size(), kMostSweeps);
  double low = 0, high = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    const auto row = set.samples.row(panel.rows[i]);
    low = std::min(low, row.minCoeff());
    high = std::max(high, row.maxCoeff());
  }
  const bool milli = std::max(high, -low) >= kMillivoltFrom;
  const double factor = milli ? 1e-3 : 1, margin = std::max(0.05 * (high - low), 1.0);
  const Index columns = set.samples.cols();
  const auto time_ms = [&](Index sample) { return static_cast<double>(sample - set.zero_sample) * 1000 / set.rate_hz; };
  const Scale x{time_ms(0), time_ms(columns - 1), kLeft, kRight, false};
  const Scale y{(low - margin) * factor, (high + margin) * factor, kTop, kBottom, false};
  Figure figure(kWidth, kHeight,
                fmt::format("{} sweeps, {}: amplitude, negative up, against time after the stimulus in milliseconds", shown, panel.title),
                false);
  figure.x_axis(x, kBottom, kTop, "time after the stimulus (ms)");
  figure.y_axis(y, kLeft, kRight, milli ? "mV, negative up" : "&#181;V, negative up", 5);
  if (x.low <= 0 && x.high >= 0) figure.line("mark", x(0), kTop, x(0), kBottom);
  const Index step = std::max<Index>(1, columns * static_cast<Index>(shown) / kMostPoints);
  for (std::size_t i = 0; i < shown; ++i) {
    std::vector<double> xs, ys;
    for (Index s = 0; s < columns; s += step) {
      xs.push_back(x(time_ms(s)));
      ys.push_back(y(set.samples(panel.rows[i], s) * factor));
    }
    const auto& sweep = set.sweeps[static_cast<std::size_t>(panel.rows[i])];
    const auto current = sweep.intensity_ma ? fmt::format(", {} mA", number_text(*sweep.intensity_ma)) : "";
    figure.path("sweep", path_through(xs, ys), fmt::format("sweep {}{}", sweep.sweep, current));
  }
  auto note = fmt::format("{} sweeps superimposed; stimulus at 0 (dotted).", shown);
  if (shown < panel.rows.size())
    note = fmt::format("First {} of {} sweeps superimposed; stimulus at 0 (dotted).", shown, panel.rows.size());
  return figure.html(escaped(panel.title), note);
}

}  // namespace

std::string sweep_figures(const ReportRecording& recording) {
  if (!recording.sweeps || recording.sweeps->samples.cols() < 2 || recording.sweeps->rate_hz <= 0) return "";
  const auto panels = panels_of(*recording.sweeps);
  std::string html;
  for (std::size_t i = 0; i < std::min(panels.size(), kMostPanels); ++i) html += sweep_panel(recording, panels[i]);
  if (panels.size() > kMostPanels)
    html += fmt::format("<p class=\"muted\">The first {} of {} sites and channels are drawn.</p>", kMostPanels, panels.size());
  return html;
}

std::string template_figure(const ReportRecording& recording) {
  const auto* units = find_table(recording, "units");
  const Column* waveform = nullptr;
  if (units) {
    for (const auto& column : units->columns) {
      if (column.width > 1 && column.name.starts_with("waveform")) waveform = &column;
    }
  }
  const auto* values = waveform ? std::get_if<std::vector<double>>(&waveform->values) : nullptr;
  if (!values || values->empty()) return "";
  const auto channels = std::max<std::size_t>(1, recording.header.channels.size());
  const auto width = static_cast<std::size_t>(waveform->width);
  if (width % channels != 0) return "";
  const auto samples = width / channels, shown = std::min<std::size_t>(units->row_count(), 24);
  constexpr double kCell = 120;
  const double rows = std::ceil(static_cast<double>(shown) / 8);
  Figure figure(1000, rows * kCell + 10, fmt::format("templates of {} motor units of {} on their largest channel", shown, recording.id),
                true);
  for (std::size_t u = 0; u < shown; ++u) {
    // Stored [sample, channel]; the channel with the largest range stands for the unit.
    std::size_t best = 0;
    double best_low = 0, best_high = 0;
    for (std::size_t c = 0; c < channels; ++c) {
      double low = INFINITY, high = -INFINITY;
      for (std::size_t s = 0; s < samples; ++s) {
        low = std::fmin(low, (*values)[u * width + s * channels + c]);
        high = std::fmax(high, (*values)[u * width + s * channels + c]);
      }
      if (high - low > best_high - best_low) best = c, best_low = low, best_high = high;
    }
    if (!(best_high > best_low)) continue;
    const double left = 125 * static_cast<double>(u % 8), top = kCell * static_cast<double>(u / 8);
    const Scale x{0, static_cast<double>(samples - 1), left + 4, left + 118, false}, y{best_low, best_high, top + 98, top + 34, false};
    std::vector<double> xs, ys;
    for (std::size_t s = 0; s < samples; ++s) {
      xs.push_back(x(static_cast<double>(s)));
      ys.push_back(y((*values)[u * width + s * channels + best]));
    }
    const auto id = number_in(*units, "unit_id", u);
    figure.text("channel", left + 4, top + 14, fmt::format("unit {}", id ? number_text(*id) : number_text(static_cast<double>(u + 1))));
    figure.text("tick", left + 4, top + 28, fmt::format("{} &#181;V", number_text(best_high - best_low)));
    figure.path("median", path_through(xs, ys), channel_name(recording, static_cast<Index>(best)));
  }
  const double length_ms = recording.header.rate_hz > 0 ? static_cast<double>(samples) * 1000 / recording.header.rate_hz : 0;
  return figure.html("Templates", fmt::format("Each {} wide, on the channel where it is largest; peak to peak in &#181;V.",
                                              duration_text(length_ms / 1000)));
}

}  // namespace emg::tools::report
