#pragma once
// Drawing: scales with round ticks, and a figure that is written from front to back.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace emg::tools::report {

/// Maps [low, high] to [from, to] in figure units, linearly or by logarithm.
struct Scale {
  double low = 0, high = 1, from = 0, to = 1;
  bool logarithmic = false;

  double operator()(double value) const;
};

/// Round values inside [low, high], about `wanted` of them.
std::vector<double> round_ticks(double low, double high, int wanted);
/// Powers of ten (and 2 and 5 times those, if few) inside [low, high].
std::vector<double> decade_ticks(double low, double high);

/// One `figure > svg`. Coordinates are those of a page 1000 units wide.
class Figure {
 public:
  Figure(double width, double height, std::string_view label, bool wide);

  void raw(std::string_view svg) { body_ += svg; }
  void line(std::string_view style, double x1, double y1, double x2, double y2);
  void box(std::string_view style, double x, double y, double width, double height, std::string_view title = {});
  /// `html` is escaped already.
  void text(std::string_view style, double x, double y, std::string_view html);
  void path(std::string_view style, std::string_view d, std::string_view title = {});
  /// Bottom axis with ticks, grid lines up to `top` and a label with its unit.
  void x_axis(const Scale& scale, double y, double top, std::string_view label_html);
  /// Left axis with ticks and grid lines to `right`; label above the axis.
  void y_axis(const Scale& scale, double x, double right, std::string_view label_html, int wanted);
  void legend(double x, double y, const std::vector<std::pair<std::string, std::string>>& style_and_text);

  /// The whole figure; title and note are HTML.
  std::string html(std::string_view title_html, std::string_view note_html) const;

 private:
  double width_, height_;
  std::string label_, body_;
  bool wide_;
};

/// Path through points, one decimal; a NaN breaks it.
std::string path_through(const std::vector<double>& x, const std::vector<double>& y);

/// Ticks at the columns (of `columns` over the scale) that hold an event, each column once. Ascending pairs of start and end.
std::string tick_path(const std::vector<std::pair<double, double>>& events, const Scale& time, double top, double height, int columns);

/// Bars from start to end; bars closer than a unit become one.
std::string bar_path(const std::vector<std::pair<double, double>>& events, const Scale& time, double top, double height);

}  // namespace emg::tools::report
