// One event: its peak, its contrast, its shape and place, and what is kept of it.

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/measure/twitch/event_state_internal.h"
#include "libemg/measure/twitch/spread.h"

namespace emg {
namespace {

constexpr double kContrastS = 0.185, kContrastGapS = 0.015;
constexpr double kLeastPhaseUv = 20, kPhaseNoise = 3;
constexpr std::size_t kWaveformBudget = 96u << 20;   // bytes of waveforms kept for sorting into sources

bool plateau(std::span<const double> x, double value) {
  int run = 0, longest = 0;
  for (const double v : x) longest = std::max(longest, run = v == value ? run + 1 : 0);
  return longest >= 3;
}

}  // namespace

struct TwitchDetector::State::Peak {
  Index top = 0, window = 0;           // sample of the largest height, and its window
  Index lane = 0;                      // lane that made it
  Index channel = 0, at = 0;           // where the event is largest, band-passed, and when
  double noise = 0;                    // there
};

double TwitchDetector::State::lane_noise(Index s, Index lane, Index w) const {
  return level_of(set_state[static_cast<std::size_t>(s)].raw_noise[static_cast<std::size_t>(lane)], w);
}

TwitchDetector::State::Peak TwitchDetector::State::peak_of(Index s, const Span& span) const {
  const auto& state = set_state[static_cast<std::size_t>(s)];
  const auto& set = sets[static_cast<std::size_t>(s)];
  const auto& levels = out.found[static_cast<std::size_t>(s)].levels;
  const Index first = span.first, end = span.first + span.count;
  const auto height = state.height.span(0, first, end);
  Peak peak;
  peak.top = first + (std::max_element(height.begin(), height.end()) - height.begin());
  peak.window = std::min(peak.top / window, static_cast<Index>(levels.noise_uv.size()) - 1);
  double best = -1, best_snr = -1;
  for (Index l = 0; l < state.lane_count; ++l) {
    const double n = lane_noise(s, l, peak.window);
    if (!(n > 0)) continue;
    const double value = std::fabs(lane_value(s, l, peak.top)) / n;
    if (value > best) best = value, peak.lane = l;
  }
  peak.channel = set.channels.front();
  for (std::size_t m = 0; m < set.channels.size(); ++m) {
    const double n = combined(set.signal) ? 1 : lane_noise(s, static_cast<Index>(m) * band_count, peak.window);
    if (!(n > 0)) continue;
    const auto x = bands[0].span(set.channels[m], first, end);
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (std::fabs(x[i]) / n > best_snr) best_snr = std::fabs(x[i]) / n, peak.channel = set.channels[m], peak.noise = n, peak.at = first + static_cast<Index>(i);
    }
  }
  if (combined(set.signal)) peak.noise = levels.noise_uv[static_cast<std::size_t>(peak.window)];
  return peak;
}

void TwitchDetector::State::check_contrast(Index s, const Span& span, const Peak& peak, DetectedEvent& event) const {
  const auto& state = set_state[static_cast<std::size_t>(s)];
  const auto& set = sets[static_cast<std::size_t>(s)];
  const Index first = span.first, end = span.first + span.count;
  const Index near = samples_in_s(kContrastGapS, rate_hz), far = samples_in_s(kContrastS, rate_hz) + near;
  double height = lane_value(s, peak.lane, peak.top);
  if (combined(set.signal)) height -= state.centre[0][static_cast<std::size_t>(peak.window)];
  const double k = threshold_factor(set, options);
  const Index begin = std::max<Index>(first - far, std::max<Index>(0, raw.begin())), stop = std::min(end + far, std::min(pushed, state.height.end()));
  const auto weak = [&](Index from, Index to) { return to - from > near && std::fabs(height) <= k * local_noise(s, peak.lane, from, to); };
  event.weak_before = weak(begin, first - near);
  event.weak_after = weak(end + near, stop);
}

// Unfiltered shape, the mean of the two ends of the window taken away.
void TwitchDetector::State::measure_shape(const Span& span, const Peak& peak, DetectedEvent& event, std::vector<float>& wave) const {
  const Index start = peak.at - out.before, w0 = std::max<Index>(raw.begin(), start), w1 = std::min(pushed, start + out.window);
  const auto x = raw.span(peak.channel, w0, w1);
  const std::size_t edge = std::max<std::size_t>(1, x.size() / 10);
  double base = 0;
  for (std::size_t i = 0; i < edge; ++i) base += (x[i] + x[x.size() - 1 - i]) / (2 * static_cast<double>(edge));
  wave.assign(static_cast<std::size_t>(out.window), std::numeric_limits<float>::quiet_NaN());
  for (Index i = w0; i < w1; ++i) wave[static_cast<std::size_t>(i - start)] = static_cast<float>(x[static_cast<std::size_t>(i - w0)] - base);
  std::vector<double> inside;
  for (Index i = std::max(span.first, w0); i < std::min(span.first + span.count, w1); ++i) inside.push_back(x[static_cast<std::size_t>(i - w0)] - base);
  const auto shape = twitch::shape_of(inside, rate_hz);
  event.row.amplitude_uv = shape.amplitude_uv;
  event.row.area_uvms = shape.area_uvms;
  event.row.rise_ms = shape.rise_ms;
  const auto counts = shape_counts(inside, std::max(kPhaseNoise * peak.noise, kLeastPhaseUv));
  event.row.phases = counts.phases;
  event.row.turns = counts.turns;
  // A flat top: the extreme of the window in at least three samples in a row. Whether it is that of the record is known at the end.
  const auto [low_at, high_at] = std::minmax_element(x.begin(), x.end());
  if (plateau(x, *high_at)) event.flat_top_uv = *high_at;
  if (plateau(x, *low_at)) event.flat_bottom_uv = *low_at;
}

// Centre and spread over the electrodes that stand out of their noise.
void TwitchDetector::State::measure_place(Index s, const Span& span, Index w, TwitchEvent& row) const {
  const auto& set = sets[static_cast<std::size_t>(s)];
  std::vector<double> squares, x_mm, y_mm, noise_uv;
  for (std::size_t m = 0; m < set.channels.size(); ++m) {
    const auto& channel = channels[static_cast<std::size_t>(set.channels[m])];
    if (!channel.x_mm || !channel.y_mm) continue;
    double square = 0;
    for (const double v : bands[0].span(set.channels[m], span.first, span.first + span.count)) square += v * v / static_cast<double>(span.count);
    squares.push_back(square);
    x_mm.push_back(*channel.x_mm);
    y_mm.push_back(*channel.y_mm);
    noise_uv.push_back(combined(set.signal) ? 0 : lane_noise(s, static_cast<Index>(m) * band_count, w));
  }
  const auto place = grid_position(squares, x_mm, y_mm, noise_uv);
  if (place) row.centroid_x_mm = place->x_mm, row.centroid_y_mm = place->y_mm, row.radius_mm = place->radius_mm;
}

// Place of the band-passed window of all channels; -1 if the budget is used up.
Index TwitchDetector::State::keep_waveform(Index s, Index at) {
  const auto& set = sets[static_cast<std::size_t>(s)];
  auto& kept = out.found[static_cast<std::size_t>(s)].waveforms;
  const std::size_t bytes = sizeof(float) * set.channels.size() * static_cast<std::size_t>(out.window);
  if ((kept.size() + 1) * bytes > kWaveformBudget / std::max<std::size_t>(1, sets.size())) return -1;
  std::vector<float> waves;
  waves.reserve(bytes / sizeof(float));
  for (const Index c : set.channels) {
    for (Index i = at - out.before; i < at - out.before + out.window; ++i) {
      waves.push_back(i < bands[0].begin() || i >= bands[0].end() ? 0.0f : static_cast<float>(bands[0].at(c, i)));
    }
  }
  kept.push_back(std::move(waves));
  return static_cast<Index>(kept.size()) - 1;
}

void TwitchDetector::State::keep_event(Index s, DetectedEvent event, std::vector<float> wave) {
  auto& found = out.found[static_cast<std::size_t>(s)];
  const bool weak = event.weak_before || event.weak_after;
  if (!weak && !found.events.empty() && (event.row.time_s - found.events.back().row.time_s) * 1000 < options.dead_ms) {
    if (found.events.back().row.peak_uv >= event.row.peak_uv) return;
    found.raw.pop_back();
    found.events.pop_back();
  }
  event.waveform = keep_waveform(s, event.row.sample);
  (weak ? found.weak_raw : found.raw).push_back(std::move(wave));
  (weak ? found.weak : found.events).push_back(std::move(event));
}

void TwitchDetector::State::finish_event(Index s, const Span& span) {
  const auto& set = sets[static_cast<std::size_t>(s)];
  for (const Index c : set.channels) {
    if (in_gap(c, span.first, span.first + span.count)) return;   // no event may cross a gap
  }
  const auto peak = peak_of(s, span);
  // The filter continues the record beyond its ends: what lies within half a period of its lowest frequency there may be its own making.
  const Index edge = samples_in_s(0.5 / options.low_hz, rate_hz);
  if (peak.at < edge || (ended && peak.at >= pushed - edge)) return;
  DetectedEvent event;
  event.span = span;
  if (options.contrast) check_contrast(s, span, peak, event);
  const Index refine = samples_in_ms(1, rate_hz);
  const Index from = std::max(bands[0].begin(), peak.at - refine), to = std::min(bands[0].end(), peak.at + refine + 1);
  auto& row = event.row;
  row.channel = static_cast<int>(set.channels.front());
  row.peak_channel = static_cast<int>(peak.channel);
  row.sample = peak.at;
  row.time_s = (static_cast<double>(peak.at) + twitch::refined_peak(bands[0].span(peak.channel, from, to), peak.at - from, refine)) / rate_hz;
  row.peak_uv = std::fabs(bands[0].at(peak.channel, peak.at));
  row.duration_ms = 1000 * static_cast<double>(span.count) / rate_hz;
  row.threshold_uv = std::max(threshold_factor(set, options) * peak.noise, options.floor_uv);
  row.snr = peak.noise > 0 ? row.peak_uv / peak.noise : 0;
  std::vector<float> wave;
  measure_shape(span, peak, event, wave);
  if (set.channels.size() > 1) measure_place(s, span, peak.window, row);
  keep_event(s, std::move(event), std::move(wave));
}

}  // namespace emg
