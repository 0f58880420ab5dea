// Traces with events, gaps, rails and annotations.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/report_parts.h"
#include "tools/report_svg.h"

namespace emg::tools::report {
namespace {

constexpr double kLeft = 128, kRight = 958, kWidth = kRight - kLeft;
constexpr double kSameScale = 6;  // channels share one scale if their ranges differ by less
constexpr std::size_t kMostLabels = 14;

struct Extent {
  double low = 0, high = 0;
  double span() const { return high - low; }
};

Extent extent_of(const Trace& trace) {
  Extent extent{std::nan(""), std::nan("")};
  for (const double v : trace.low) extent.low = std::fmin(extent.low, v);
  for (const double v : trace.high) extent.high = std::fmax(extent.high, v);
  return std::isfinite(extent.low) ? extent : Extent{};
}

// One range for each lane, centred on its trace; equal spans if the traces allow it.
std::vector<Extent> lane_ranges(const std::vector<Trace>& traces, bool& shared) {
  std::vector<Extent> ranges;
  double widest = 0, narrowest = INFINITY;
  for (const auto& trace : traces) {
    ranges.push_back(extent_of(trace));
    widest = std::max(widest, ranges.back().span());
    if (ranges.back().span() > 0) narrowest = std::min(narrowest, ranges.back().span());
  }
  shared = widest < kSameScale * narrowest;
  for (auto& range : ranges) {
    const double middle = 0.5 * (range.low + range.high);
    double span = shared && widest > 0 ? widest : range.span();
    if (span <= 0) span = std::max(1.0, std::abs(middle) * 0.1);
    range = {middle - 0.54 * span, middle + 0.54 * span};
  }
  return ranges;
}

// Steps of one column and quarter units of height; drawn inside a group that scales them.
std::string trace_path(const Trace& trace, const Extent& range, double height) {
  const auto level = [&](double value) { return static_cast<long>(std::lround((range.high - value) / range.span() * height * 4)); };
  std::string d;
  bool open = false;
  long last = 0;
  for (std::size_t i = 0; i < trace.low.size(); ++i) {
    if (std::isnan(trace.low[i])) {
      open = false;
      continue;
    }
    long first = level(trace.high[i]), second = level(trace.low[i]);
    if (open && std::abs(second - last) < std::abs(first - last)) std::swap(first, second);
    if (!open) {
      d += fmt::format("M{} {}", i, first);
    } else {
      d += first < last ? fmt::format("l1{}", first - last) : fmt::format("l1 {}", first - last);
    }
    if (second != first) d += fmt::format("v{}", second - first);
    last = second;
    open = true;
  }
  return d;
}

class TracesDrawing {
 public:
  explicit TracesDrawing(const ReportRecording& recording)
      : recording_(recording),
        events_(event_lanes(recording)),
        ranges_(lane_ranges(recording.traces, shared_)),
        lane_(recording.traces.size() == 1   ? 190
              : recording.traces.size() <= 4 ? 104
              : recording.traces.size() <= 8 ? 72
                                             : 48),
        bottom_(kTop + lane_ * static_cast<double>(recording.traces.size())),
        figure_(1000, bottom_ + 42, fmt::format("{} traces of {} against time in seconds", recording.traces.size(), recording.id), true) {
    const double duration = static_cast<double>(recording.sample_count) / recording.header.rate_hz;
    time_ = {0, duration, kLeft, kRight, false};
  }

  std::string html() {
    gaps(-1, kTop, bottom_ - kTop);
    figure_.x_axis(time_, bottom_, kTop, "time (s)");
    for (std::size_t i = 0; i < recording_.traces.size(); ++i) lane(i);
    annotations();
    return figure_.html("Signal", note());
  }

 private:
  static constexpr double kTop = 24;

  void gaps(Index channel, double top, double height) {
    for (const auto& gap : recording_.header.gaps) {
      if (gap.channel != channel) continue;
      const double from = time_(static_cast<double>(gap.first_sample) / recording_.header.rate_hz);
      const double to = time_(static_cast<double>(gap.first_sample + gap.sample_count) / recording_.header.rate_hz);
      figure_.box("gap", from, top, std::max(1.0, to - from), height, "gap: " + gap.reason);
      if (to - from > 30) figure_.text("tick mid", (from + to) / 2, top + 14, "gap");
      any_gap_ = true;
    }
  }

  void lane(std::size_t i) {
    const auto& trace = recording_.traces[i];
    const double top = kTop + lane_ * static_cast<double>(i), inner = lane_ - 8;
    const auto& range = ranges_[i];
    const auto& channel = recording_.header.channels[static_cast<std::size_t>(trace.channel)];
    gaps(trace.channel, top, lane_);
    for (const auto& events : events_) {
      const auto& found = events.lanes[static_cast<std::size_t>(trace.channel)];
      if (found.empty()) continue;
      if (events.spans) {
        figure_.path("burst-area", bar_path(found, time_, top + 2, lane_ - 4));
        figure_.path("burst", bar_path(found, time_, top + lane_ - 6, 4));
      }
    }
    const bool milli = channel.unit == "uV" && range.span() >= 10000;
    const double factor = milli ? 1e-3 : 1;
    const Scale level{range.low * factor, range.high * factor, top + 4 + inner, top + 4, false};
    figure_.y_axis(level, kLeft, kRight, "", lane_ > 150 ? 6 : lane_ > 80 ? 4 : 3);
    rails(trace.channel, level, factor);
    const double sx = kWidth / static_cast<double>(trace.low.size());
    figure_.raw(fmt::format("<g transform=\"translate({:g} {:g}) scale({:.5g} .25)\">", kLeft, top + 4, sx));
    figure_.path("trace", trace_path(trace, range, inner), channel_name(recording_, trace.channel));
    figure_.raw("</g>");
    for (const auto& events : events_) {
      if (!events.spans) {
        const int columns = recording_.traces.size() > 4 ? 290 : 860;
        figure_.path("event", tick_path(events.lanes[static_cast<std::size_t>(trace.channel)], time_, top + 1, 7, columns));
      }
    }
    name(trace.channel, top, milli ? "mV" : channel.unit);
  }

  void name(Index channel, double top, const std::string& unit) {
    const auto full = channel_name(recording_, channel);
    const double middle = top + lane_ / 2;
    figure_.raw(fmt::format("<g><title>{}</title>", escaped(full)));
    figure_.text("channel", 2, middle, shortened(full, 10));
    figure_.text("tick", 2, middle + 15, unit_html(unit));
    figure_.raw("</g>");
  }

  // The rails that samples pile up at, if the channel is clipped.
  void rails(Index channel, const Scale& level, double factor) {
    const auto* quality = find_table(recording_, "quality");
    if (!quality) return;
    for (std::size_t r = 0; r < quality->row_count(); ++r) {
      if (channel_in(recording_, *quality, r) != channel || number_in(*quality, "clipped_fraction", r).value_or(0) <= 0) continue;
      for (const bool high : {false, true}) {
        const auto value = number_in(*quality, high ? "clip_high_uv" : "clip_low_uv", r);
        if (!value || *value * factor < level.low || *value * factor > level.high) continue;
        figure_.line("rail", kLeft, level(*value * factor), kRight, level(*value * factor));
        figure_.text("rail-text", kRight + 5, level(*value * factor) + 4, "rail");
        any_rail_ = true;
      }
    }
  }

  void annotations() {
    std::size_t shown = 0;
    double last = -100;
    std::vector<std::pair<double, std::string>> marks;
    for (const auto& mark : recording_.header.annotations) marks.emplace_back(mark.onset_s, mark.label);
    for (const auto& stimulus : recording_.header.stimuli) marks.emplace_back(stimulus.onset_s, "stimulus");
    std::stable_sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [onset, label] : marks) {
      const double x = time_(onset);
      if (x < kLeft || x > kRight || shown >= 200) continue;
      figure_.raw("<g><title>" + escaped(label) + "</title>");
      figure_.line("mark", x, kTop - 4, x, bottom_);
      if (x - last > 60 && labels_ < kMostLabels) {
        figure_.text("tick", x + 3, kTop - 8, shortened(label, 24));
        last = x;
        ++labels_;
      }
      figure_.raw("</g>");
      ++shown;
    }
  }

  std::string note() const {
    const auto all = recording_.header.channels.size();
    std::string text =
        all > recording_.traces.size() ? fmt::format("{} of {} channels, evenly spread. ", recording_.traces.size(), all) : "";
    if (recording_.traces.size() > 1) text += shared_ ? "One amplitude scale for all. " : "Each channel has its own amplitude scale. ";
    for (const auto& events : events_) {
      text += events.spans ? fmt::format("Bars and tint: {}. ", escaped(words(events.name)))
                           : fmt::format("Ticks above a trace: {}. ", escaped(words(events.name)));
    }
    if (any_gap_) text += "Grey: no samples. ";
    if (any_rail_) text += "Dashed: rail at which samples pile up. ";
    if (labels_ > 0) text += "Dotted: annotations. ";
    return text;
  }

  const ReportRecording& recording_;
  std::vector<EventLanes> events_;
  bool shared_ = false, any_gap_ = false, any_rail_ = false;
  std::size_t labels_ = 0;
  std::vector<Extent> ranges_;
  double lane_, bottom_;
  Figure figure_;
  Scale time_;
};

}  // namespace

std::string traces_figure(const ReportRecording& recording) {
  if (recording.traces.empty() || recording.sample_count == 0 || recording.header.rate_hz <= 0) return "";
  return TracesDrawing(recording).html();
}

}  // namespace emg::tools::report
