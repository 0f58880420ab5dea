#include "tools/report_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/report_parts.h"

namespace emg::tools::report {

double Scale::operator()(double value) const {
  if (logarithmic) return from + (to - from) * std::log(value / low) / std::log(high / low);
  return from + (to - from) * (value - low) / (high - low);
}

std::vector<double> round_ticks(double low, double high, int wanted) {
  std::vector<double> ticks;
  if (!(high > low)) return ticks;
  const double rough = (high - low) / wanted;
  const double decade = std::pow(10.0, std::floor(std::log10(rough)));
  const double ratio = rough / decade;
  const double step = decade * (ratio <= 1 ? 1 : ratio <= 2 ? 2 : ratio <= 5 ? 5 : 10);
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) ticks.push_back(k == 0 ? 0 : k * step);
  return ticks;
}

std::vector<double> decade_ticks(double low, double high) {
  std::vector<double> ticks;
  const double decades = std::log10(high / low);
  const double skip = std::max(1.0, std::ceil(decades / 8));
  for (double e = std::floor(std::log10(low)); e <= std::log10(high) + 1e-9; ++e) {
    for (const double m : {1.0, 2.0, 5.0}) {
      const double value = m * std::pow(10.0, e);
      if (m > 1 && decades > 2.5) continue;
      if (m == 1 && std::fmod(std::abs(e), skip) != 0) continue;
      if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) ticks.push_back(value);
    }
  }
  return ticks;
}

Figure::Figure(double width, double height, std::string_view label, bool wide)
    : width_(width), height_(height), label_(label), wide_(wide) {}

void Figure::line(std::string_view style, double x1, double y1, double x2, double y2) {
  body_ += fmt::format("<path class=\"{}\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\"/>", style, x1, y1, x2, y2);
}

void Figure::box(std::string_view style, double x, double y, double width, double height, std::string_view title) {
  body_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"", style, x, y, width, height);
  body_ += title.empty() ? "/>" : fmt::format("><title>{}</title></rect>", escaped(title));
}

void Figure::text(std::string_view style, double x, double y, std::string_view html) {
  body_ += fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", style, x, y, html);
}

void Figure::path(std::string_view style, std::string_view d, std::string_view title) {
  body_ += fmt::format("<path class=\"{}\" d=\"{}\"", style, d);
  body_ += title.empty() ? "/>" : fmt::format("><title>{}</title></path>", escaped(title));
}

void Figure::x_axis(const Scale& scale, double y, double top, std::string_view label_html) {
  line("axis", scale.from, y, scale.to, y);
  const int wanted = scale.to - scale.from > 500 ? 10 : 5;
  for (const double tick : scale.logarithmic ? decade_ticks(scale.low, scale.high) : round_ticks(scale.low, scale.high, wanted)) {
    const double x = scale(tick);
    line("grid", x, top, x, y);
    line("axis", x, y, x, y + 4);
    text("tick mid", x, y + 17, number_text(tick));
  }
  text("label mid", (scale.from + scale.to) / 2, y + 34, label_html);
}

void Figure::y_axis(const Scale& scale, double x, double right, std::string_view label_html, int wanted) {
  for (const double tick : scale.logarithmic ? decade_ticks(scale.low, scale.high) : round_ticks(scale.low, scale.high, wanted)) {
    const double y = scale(tick);
    line("grid", x, y, right, y);
    text("tick end", x - 6, y + 4, number_text(tick));
  }
  line("axis", x, scale.from, x, scale.to);
  if (!label_html.empty()) text("label", 2, std::min(scale.from, scale.to) - 9, label_html);
}

void Figure::legend(double x, double y, const std::vector<std::pair<std::string, std::string>>& style_and_text) {
  for (const auto& [style, label] : style_and_text) {
    line(style, x, y - 4, x + 24, y - 4);
    text("tick", x + 30, y, label);
    y += 17;
  }
}

std::string Figure::html(std::string_view title_html, std::string_view note_html) const {
  return fmt::format(
      "<figure class=\"{}\"><figcaption><b>{}</b> {}</figcaption>\n<svg role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {:.0f} "
      "{:.0f}\">{}</svg></figure>\n",
      wide_ ? "wide" : "half", title_html, note_html, escaped(label_), width_, height_, body_);
}

std::string path_through(const std::vector<double>& x, const std::vector<double>& y) {
  std::string d;
  bool open = false;
  long long last_x = 0, last_y = 0;
  // Relative steps in tenths, each coordinate rounded once, so that errors do not add up.
  const auto tenths = [](long long value) {
    return value % 10 == 0 ? fmt::format("{}", value / 10) : fmt::format("{:.1f}", static_cast<double>(value) / 10);
  };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i]) || !std::isfinite(y[i])) {
      open = false;
      continue;
    }
    const auto now_x = std::llround(x[i] * 10), now_y = std::llround(y[i] * 10);
    const auto step_x = open ? now_x - last_x : now_x, step_y = open ? now_y - last_y : now_y;
    const auto text_y = tenths(step_y);
    d += open ? "l" : "M";
    d += tenths(step_x);
    if (text_y.front() != '-') d += ' ';
    d += text_y;
    last_x = now_x;
    last_y = now_y;
    open = true;
  }
  return d;
}

std::string tick_path(const std::vector<std::pair<double, double>>& events, const Scale& time, double top, double height, int columns) {
  std::string d;
  long last = -1;
  double at = 0;
  for (const auto& [from, to] : events) {
    const long column = std::lround((time(from) - time.from) / (time.to - time.from) * columns);
    if (column == last || column < 0 || column > columns) continue;
    const double x = std::round((time.from + static_cast<double>(column) * (time.to - time.from) / columns) * 10) / 10;
    d += last < 0 ? fmt::format("M{:.1f} {:.1f}v{:g}", x, top, height) : fmt::format("m{:.4g}-{:g}v{:g}", x - at, height, height);
    at = x;
    last = column;
  }
  return d;
}

std::string bar_path(const std::vector<std::pair<double, double>>& events, const Scale& time, double top, double height) {
  std::string d;
  for (std::size_t i = 0; i < events.size();) {
    const double from = time(events[i].first);
    double to = std::max(time(events[i].second), from + 1.5);
    for (++i; i < events.size() && time(events[i].first) < to + 1; ++i) to = std::max(to, time(events[i].second));
    d += fmt::format("M{:.1f} {:.1f}h{:.1f}v{:g}h-{:.1f}z", from, top, to - from, height, to - from);
  }
  return d;
}

}  // namespace emg::tools::report
