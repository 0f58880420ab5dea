// Noise of each second, and heights over the threshold.

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/detect/noise.h"
#include "libemg/measure/twitch/event_state_internal.h"

namespace emg {
namespace {

constexpr double kMadOfNormal = 0.6744897501960817;
constexpr int kReach = 2;             // windows to each side of the running median
constexpr double kFlatShare = 0.9;    // of samples that equal the one before

}  // namespace

bool TwitchDetector::State::in_gap(Index channel, Index first, Index end) const {
  const auto& spans = gap_spans[static_cast<std::size_t>(channel)];
  return std::any_of(spans.begin(), spans.end(), [&](const Span& s) { return twitch::overlaps(s, first, end); });
}

// Samples of one channel in [first, end), those of gaps left out.
std::vector<double> TwitchDetector::State::window_samples(Index channel, int band, Index first, Index end) const {
  const auto all = bands[band].span(channel, first, end);
  if (!in_gap(channel, first, end)) return {all.begin(), all.end()};
  std::vector<double> kept;
  for (Index i = first; i < end; ++i) {
    if (!in_gap(channel, i, i + 1)) kept.push_back(all[static_cast<std::size_t>(i - first)]);
  }
  return kept;
}

// Nine of ten unfiltered samples equal the one before: a filter rings into such a stretch, so its output does not tell.
bool TwitchDetector::State::is_flat(Index channel, Index first, Index end) const {
  const auto x = raw.span(channel, first, end);
  std::size_t same = 0;
  for (std::size_t i = 1; i < x.size(); ++i) same += x[i] == x[i - 1];
  return static_cast<double>(same) >= kFlatShare * static_cast<double>(x.size() - 1);
}

// Median of the levels around window w, flat ones left out; 0 if it is flat itself.
double TwitchDetector::State::level_of(const std::vector<float>& levels, Index w) const {
  if (!(levels[static_cast<std::size_t>(w)] > 0)) return 0;
  const Index reach = std::min<Index>({kReach, w, static_cast<Index>(levels.size()) - 1 - w});
  std::vector<double> around;
  for (Index i = w - reach; i <= w + reach; ++i) {
    if (levels[static_cast<std::size_t>(i)] > 0) around.push_back(levels[static_cast<std::size_t>(i)]);
  }
  return median_of(std::move(around));
}

void TwitchDetector::State::combined_samples(Index set, Index first, Index end, std::vector<double>& g) const {
  const auto& members = sets[static_cast<std::size_t>(set)].channels;
  const auto& near = set_state[static_cast<std::size_t>(set)].neighbours;
  g.assign(static_cast<std::size_t>(end - first), 0);
  for (Index i = first; i < end; ++i) {
    double lowest = std::numeric_limits<double>::infinity(), highest = -lowest, strongest = 0;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const double x = bands[0].at(members[m], i);
      lowest = std::min(lowest, x);
      highest = std::max(highest, x);
      if (!near.empty() && !near[m].empty()) {
        double sum = 0;
        for (const Index n : near[m]) sum += bands[0].at(n, i);
        strongest = std::max(strongest, std::fabs(x - sum / static_cast<double>(near[m].size())));
      }
    }
    g[static_cast<std::size_t>(i - first)] = near.empty() ? highest - lowest : strongest;
  }
}

// Noise of every lane of every set in window w.
void TwitchDetector::State::measure_window(Index w) {
  const Index first = w * window, end = window_end(w);
  parallel_for(static_cast<Index>(sets.size()), threads, [&](Index s) {
    auto& state = set_state[static_cast<std::size_t>(s)];
    const auto& set = sets[static_cast<std::size_t>(s)];
    // A rest shorter than a window, or a window that is mostly gap, has the level of the one before.
    const auto few = static_cast<std::size_t>(window / 4);
    if (combined(set.signal)) {
      std::vector<double> g;
      combined_samples(s, first, end, g);
      state.lanes.append(one_channel(g));
      const double centre = median_of(g);
      for (auto& v : g) v -= centre;
      state.centre[0].push_back(static_cast<float>(centre));
      const bool flat = std::all_of(set.channels.begin(), set.channels.end(), [&](Index c) { return is_flat(c, first, end); });
      state.raw_noise[0].push_back(flat ? 0 : static_cast<float>(median_abs(g) / kMadOfNormal));
      return;
    }
    for (std::size_t m = 0; m < set.channels.size(); ++m) {
      for (int b = 0; b < static_cast<int>(band_count); ++b) {
        auto& noise = state.raw_noise[m * static_cast<std::size_t>(band_count) + static_cast<std::size_t>(b)];
        const auto x = window_samples(set.channels[m], b, first, end);
        if (x.size() < few && !noise.empty()) {
          noise.push_back(noise.back());
          continue;
        }
        noise.push_back(x.empty() || is_flat(set.channels[m], first, end) ? 0 : static_cast<float>(median_abs(x) / kMadOfNormal));
        if (set.channels.size() > 1) continue;
        for (std::size_t i = 1; i < x.size(); ++i) state.crossings[b] += x[i - 1] < 0 && x[i] >= 0;
        if (b == 0) state.crossing_s += static_cast<double>(x.size()) / rate_hz;
      }
    }
  });
}

// The level of window w from the windows around it.
void TwitchDetector::State::smooth_level(Index s, Index w) {
  auto& state = set_state[static_cast<std::size_t>(s)];
  const auto& set = sets[static_cast<std::size_t>(s)];
  auto& levels = out.found[static_cast<std::size_t>(s)].levels;
  state.noise.resize(static_cast<std::size_t>(state.lane_count));
  for (Index lane = 0; lane < state.lane_count; ++lane) state.noise[static_cast<std::size_t>(lane)] = level_of(state.raw_noise[static_cast<std::size_t>(lane)], w);
  std::vector<double> wide;
  const Index step = combined(set.signal) ? 1 : band_count;
  for (Index lane = 0; lane < state.lane_count; lane += step) {
    if (state.noise[static_cast<std::size_t>(lane)] > 0) wide.push_back(state.noise[static_cast<std::size_t>(lane)]);
  }
  const double noise = median_of(wide), threshold = std::max(threshold_factor(set, options) * noise, options.floor_uv);
  levels.noise_uv.push_back(static_cast<float>(noise));
  levels.threshold_uv.push_back(static_cast<float>(threshold));
  levels.state.push_back(wide.empty() ? 1 : threshold > options.exclude_above_uv ? 2 : 0);
}

// Heights over the threshold in window w, and the runs they make.
void TwitchDetector::State::scan_window(Index w) {
  const Index first = w * window, end = window_end(w);
  parallel_for(static_cast<Index>(sets.size()), threads, [&](Index s) {
    auto& state = set_state[static_cast<std::size_t>(s)];
    const auto& set = sets[static_cast<std::size_t>(s)];
    smooth_level(s, w);
    const double k = threshold_factor(set, options);
    std::vector<double> height(static_cast<std::size_t>(end - first), 0.0);
    if (combined(set.signal)) {
      const double scale = std::max(k * state.noise[0], options.floor_uv), centre = state.centre[0][static_cast<std::size_t>(w)];
      for (Index i = first; i < end && scale > 0; ++i) height[static_cast<std::size_t>(i - first)] = (state.lanes.at(0, i) - centre) / scale;
    } else {
      for (Index lane = 0; lane < state.lane_count; ++lane) {
        const double scale = std::max(k * state.noise[static_cast<std::size_t>(lane)], options.floor_uv);
        if (!(state.noise[static_cast<std::size_t>(lane)] > 0)) continue;
        const auto x = bands[lane % band_count].span(set.channels[static_cast<std::size_t>(lane / band_count)], first, end);
        const double inverse = 1 / scale;
        for (std::size_t i = 0; i < x.size(); ++i) height[i] = std::max(height[i], std::fabs(x[i]) * inverse);
      }
    }
    state.height.append(one_channel(height));
    state.runs.push(height, state.waiting);
  });
}

double TwitchDetector::State::lane_value(Index s, Index lane, Index position) const {
  const auto& set = sets[static_cast<std::size_t>(s)];
  if (combined(set.signal)) return set_state[static_cast<std::size_t>(s)].lanes.at(0, position);
  return bands[lane % band_count].at(set.channels[static_cast<std::size_t>(lane / band_count)], position);
}

double TwitchDetector::State::local_noise(Index s, Index lane, Index first, Index end) const {
  const auto& set = sets[static_cast<std::size_t>(s)];
  std::vector<double> x;
  for (Index i = first; i < end; ++i) x.push_back(lane_value(s, lane, i));
  if (combined(set.signal)) {
    const double centre = median_of(x);
    for (auto& v : x) v -= centre;
  }
  return median_abs(x) / kMadOfNormal;
}

}  // namespace emg
