// Power spectra of all channels; mean and median frequency over time.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kWidth = 620, kHeight = 330, kLeft = 64, kRight = 596, kTop = 30, kBottom = 284;
constexpr std::size_t kMostLines = 64;
constexpr double kLinearUpTo = 2500;  // Hz; wider spectra need a logarithmic frequency axis to show where EMG is

using Numbers = std::vector<double>;

const Numbers* numbers_of(const Table& table, const char* column) {
  const auto* found = table.find(column);
  return found ? std::get_if<Numbers>(&found->values) : nullptr;
}

double median_of(Numbers values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const auto half = values.size() / 2;
  return values.size() % 2 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

// Values [row, channel] as lines for each channel, with the median over channels as the last.
std::vector<Numbers> lines_of(const Numbers& values, std::size_t rows, std::size_t width) {
  std::vector<Numbers> lines(width + 1, Numbers(rows));
  for (std::size_t r = 0; r < rows; ++r) {
    Numbers row(values.begin() + static_cast<long>(r * width), values.begin() + static_cast<long>((r + 1) * width));
    for (std::size_t c = 0; c < width; ++c) lines[c][r] = row[c];
    lines[width][r] = median_of(std::move(row));
  }
  return lines;
}

std::string line_style(std::size_t channel, std::size_t channels) {
  return channels > 16 ? "fainter" : channels > 4 ? "faint" : fmt::format("s{}", channel + 1);
}

// The largest value of each of `points` stretches of the axis, at the place of that value, so that no line (hum, harmonic) is lost.
std::string spectrum_path(const Numbers& frequency, const Numbers& density, const Scale& x, const Scale& y, int points) {
  Numbers xs, ys;
  int last = -1;
  for (std::size_t i = 0; i < frequency.size(); ++i) {
    if (frequency[i] < x.low || frequency[i] > x.high || !(density[i] > 0)) continue;
    const double at = x(frequency[i]), level = std::min(y.from, y(density[i]));
    const int column = static_cast<int>((at - x.from) / (x.to - x.from) * points);
    if (column != last) {
      xs.push_back(at);
      ys.push_back(level);
      last = column;
    } else if (level < ys.back()) {
      xs.back() = at;
      ys.back() = level;
    }
  }
  return path_through(xs, ys);
}

using Legend = std::vector<std::pair<std::string, std::string>>;

void frequency_marks(Figure& figure, const ReportRecording& recording, const Scale& x, Legend& legend) {
  const auto* measures = find_table(recording, "frequency_measures");
  if (!measures) return;
  for (const auto& [column, word, style] : {std::tuple{"mnf_hz", "MNF", "mark-mnf"}, std::tuple{"mdf_hz", "MDF", "mark-mdf"}}) {
    Numbers values;
    for (std::size_t r = 0; r < measures->row_count(); ++r) values.push_back(number_in(*measures, column, r).value_or(std::nan("")));
    const double middle = median_of(values);
    if (!(middle > x.low && middle < x.high)) continue;
    figure.line(style, x(middle), kTop, x(middle), kBottom);
    legend.emplace_back(style, fmt::format("{} {} Hz", word, number_text(middle)));
  }
}

Legend channel_legend(const ReportRecording& recording, std::size_t channels) {
  Legend entries;
  if (channels > 4) return {{"faint", fmt::format("{} channels", channels)}, {"median", "median of the channels"}};
  for (std::size_t c = 0; c < channels; ++c)
    entries.emplace_back(line_style(c, channels), shortened(channel_name(recording, static_cast<Index>(c)), 18));
  return entries;
}

// Names of columns differ between operations and versions.
const Column* density_column(const Table& table) {
  for (const char* name : {"density_uv2_per_hz", "psd_uv2_per_hz"}) {
    if (const auto* found = table.find(name)) return found;
  }
  return nullptr;
}

}  // namespace

std::string spectra_figure(const ReportRecording& recording) {
  const Table* table = nullptr;
  for (const char* name : {"welch", "multitaper", "periodogram"}) {
    if (!table) table = find_table(recording, name);
  }
  const auto* frequency = table ? numbers_of(*table, "frequency_hz") : nullptr;
  const auto* column = table ? density_column(*table) : nullptr;
  const auto* density = column ? std::get_if<Numbers>(&column->values) : nullptr;
  if (!frequency || !density || frequency->size() < 3) return "";
  const auto channels = static_cast<std::size_t>(column->width);
  const auto lines = lines_of(*density, frequency->size(), channels);
  const double top_hz = frequency->back();
  Scale x{0, top_hz, kLeft, kRight, false};
  if (top_hz > kLinearUpTo) x = {std::max((*frequency)[1], 1.0), top_hz, kLeft, kRight, true};
  double low = INFINITY, high = 0;
  for (std::size_t i = 1; i < frequency->size(); ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double value = lines[c][i];
      if (!(value > 0) || (*frequency)[i] < x.low) continue;
      high = std::max(high, value);
      low = std::min(low, value);
    }
  }
  if (!(high > 0)) return "";
  // Seven decades hold every EMG amplifier; what lies deeper (filtered or empty bands) is drawn at the bottom.
  low = std::max(low, high * 1e-7);
  const Scale y{low / 1.3, high * 1.6, kBottom, kTop, true};
  Figure figure(kWidth, kHeight,
                fmt::format("power spectra of {}: density in microvolts squared per hertz against frequency in hertz", recording.id),
                false);
  figure.x_axis(x, kBottom, kTop, "frequency (Hz)");
  figure.y_axis(y, kLeft, kRight, unit_html("uV2/Hz"), 5);
  const int points = channels <= 4 ? 540 : channels <= 16 ? 270 : 150;
  for (std::size_t c = 0; c < std::min(channels, kMostLines); ++c) {
    figure.path(line_style(c, channels), spectrum_path(*frequency, lines[c], x, y, points), channel_name(recording, static_cast<Index>(c)));
  }
  if (channels > 4) figure.path("median", spectrum_path(*frequency, lines[channels], x, y, 270), "median");
  auto legend = channel_legend(recording, channels);
  frequency_marks(figure, recording, x, legend);
  const double legend_y = x.logarithmic ? kBottom + 8 - 17 * static_cast<double>(legend.size()) : kTop + 16;
  figure.legend(x.logarithmic ? kLeft + 14 : kRight - 180, legend_y, legend);
  return figure.html("Power spectrum", fmt::format("{}{}.", escaped(table->name), x.logarithmic ? ", logarithmic frequency axis" : ""));
}

std::string track_figure(const ReportRecording& recording) {
  const auto* table = find_table(recording, "frequency_track");
  const auto* time = table ? numbers_of(*table, "time_s") : nullptr;
  if (!time || time->size() < 2) return "";
  std::vector<std::vector<Numbers>> tracks;
  double low = INFINITY, high = 0;
  for (const char* name : {"mnf_hz", "mdf_hz"}) {
    const auto* values = numbers_of(*table, name);
    if (!values) return "";
    tracks.push_back(lines_of(*values, time->size(), static_cast<std::size_t>(table->find(name)->width)));
    for (const auto& line : tracks.back()) {
      for (const double v : line) {
        if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
      }
    }
  }
  if (!(high > 0)) return "";
  const double margin = std::max(1.0, 0.06 * (high - low));
  const Scale x{
      0, std::max(time->back(), recording.header.rate_hz > 0 ? static_cast<double>(recording.sample_count) / recording.header.rate_hz : 0),
      kLeft, kRight, false};
  const Scale y{std::max(0.0, low - margin), high + margin, kBottom, kTop, false};
  Figure figure(kWidth, kHeight, fmt::format("mean and median frequency of {} in hertz against time in seconds", recording.id), false);
  figure.x_axis(x, kBottom, kTop, "time (s)");
  figure.y_axis(y, kLeft, kRight, "Hz", 5);
  // One point for each unit of width is all that can be seen.
  const std::size_t step = std::max<std::size_t>(1, time->size() / (tracks[0].size() > 5 ? 120 : 500));
  const auto draw = [&](std::string_view style, const Numbers& values, const std::string& title) {
    Numbers xs, ys;
    for (std::size_t i = 0; i < values.size(); i += step) {
      xs.push_back(x((*time)[i]));
      ys.push_back(y(values[i]));
    }
    figure.path(style, path_through(xs, ys), title);
  };
  const auto channels = tracks[0].size() - 1;
  if (channels > 1) {
    for (std::size_t c = 0; c < std::min(channels, kMostLines); ++c)
      draw(channels > 16 ? "fainter" : "faint", tracks[0][c], "MNF " + channel_name(recording, static_cast<Index>(c)));
  }
  draw("mnf", tracks[0][channels], "MNF");
  draw("mdf", tracks[1][channels], "MDF");
  Legend entries{{"mnf", "MNF, mean frequency"}, {"mdf", "MDF, median frequency"}};
  if (channels > 1) entries.emplace_back("faint", "MNF of each channel");
  figure.legend(kRight - 170, kTop - 12, {entries[1]});
  figure.legend(kRight - 345, kTop - 12, {entries[0]});
  if (channels > 1) figure.legend(kRight - 510, kTop - 12, {entries[2]});
  return figure.html("Frequency over time", channels > 1 ? fmt::format("Median of {} channels.", channels) : "");
}

}  // namespace emg::tools::report
