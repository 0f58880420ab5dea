#include "libemg/decompose/hd/source_spikes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libemg/decompose/train_quality.h"

namespace emg::hd {
namespace {

struct Peak {
  float height;
  Index sample;
};

// Peaks that stay if the largest of all takes those within `refractory` away, then the largest of the rest, and so on. A peak with no larger
// open one near stays, whatever happens elsewhere; passes in turn from both ends settle rising and falling slopes at once.
std::vector<Index> apart(const std::vector<Peak>& peaks, Index refractory) {
  enum class State : char { open, stays, gone };
  std::vector<State> states(peaks.size(), State::open);
  const auto larger = [&](std::size_t a, std::size_t b) { return peaks[a].height > peaks[b].height || (peaks[a].height == peaks[b].height && a < b); };
  const auto near = [&](std::size_t i, auto&& visit) {
    for (std::size_t k = i; k-- > 0 && peaks[i].sample - peaks[k].sample < refractory;) visit(k);
    for (std::size_t k = i + 1; k < peaks.size() && peaks[k].sample - peaks[i].sample < refractory; ++k) visit(k);
  };
  std::vector<std::size_t> open(peaks.size());
  std::iota(open.begin(), open.end(), std::size_t{0});
  while (!open.empty()) {
    for (const auto i : open) {
      if (states[i] != State::open) continue;
      bool beaten = false;
      near(i, [&](std::size_t k) { beaten = beaten || (states[k] == State::open && larger(k, i)); });
      if (beaten) continue;
      states[i] = State::stays;
      near(i, [&](std::size_t k) { states[k] = State::gone; });
    }
    std::erase_if(open, [&](std::size_t i) { return states[i] != State::open; });
    std::reverse(open.begin(), open.end());
  }
  std::vector<Index> kept;
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    if (states[i] == State::stays) kept.push_back(peaks[i].sample);
  }
  return kept;
}

// 1 or -1: the sign that makes the third moment positive.
float polarity_of(std::span<const float> source, const std::vector<Span>& runs) {
  double sum = 0;
  for (const auto& run : runs) {
    for (Index t = run.first; t < run.first + run.count; ++t) {
      const double s = static_cast<double>(source[static_cast<std::size_t>(t)]);
      sum += s * s * s;
    }
  }
  return sum < 0 ? -1.0f : 1.0f;
}

std::vector<float> signed_square(std::span<const float> source, float sign) {
  std::vector<float> v(source.size());
  for (std::size_t t = 0; t < source.size(); ++t) v[t] = sign * source[t] * std::abs(source[t]);
  return v;
}

SourceSpikes spikes_above(std::span<const float> v, const std::vector<Index>& maxima, double threshold) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  SourceSpikes result;
  result.threshold = threshold;
  std::vector<double> others;
  for (const auto t : maxima) {
    const double height = static_cast<double>(v[static_cast<std::size_t>(t)]);
    if (height > threshold) {
      result.samples.push_back(t);
      result.heights.push_back(height);
    } else {
      others.push_back(height);
    }
  }
  const auto mean = [](const std::vector<double>& x) {
    return x.empty() ? kNone : std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
  };
  result.spike_centroid = mean(result.heights);
  result.noise_centroid = mean(others);
  result.sil_peaks = sil_peaks(result.heights, others);
  return result;
}

}  // namespace

HeightSplit split_heights(std::vector<double> heights) {
  HeightSplit split;
  std::sort(heights.begin(), heights.end());
  const auto n = heights.size();
  if (n < 2 || heights.front() == heights.back()) return split;
  // Heights relative to their mean, so that sums of squares do not cancel.
  const double centre = std::accumulate(heights.begin(), heights.end(), 0.0) / static_cast<double>(n);
  double all = 0, squares = 0;
  for (const double h : heights) {
    all += h - centre;
    squares += (h - centre) * (h - centre);
  }
  double sum = 0, best = std::numeric_limits<double>::infinity();
  for (std::size_t cut = 1; cut < n; ++cut) {
    sum += heights[cut - 1] - centre;
    const auto below = static_cast<double>(cut), above = static_cast<double>(n - cut);
    const double cost = squares - sum * sum / below - (all - sum) * (all - sum) / above;
    if (cost < best && heights[cut] > heights[cut - 1]) {
      best = cost;
      split = {0.5 * (heights[cut - 1] + heights[cut]), sum / below + centre, (all - sum) / above + centre, cost, static_cast<Index>(n - cut)};
    }
  }
  return split;
}

std::vector<Index> separated_maxima(std::span<const float> v, const std::vector<Span>& runs, Index refractory) {
  std::vector<Peak> peaks;
  for (const auto& run : runs) {
    Index flat = -1;
    for (Index t = run.first + 1; t < run.first + run.count - 1; ++t) {
      const float here = v[static_cast<std::size_t>(t)], before = v[static_cast<std::size_t>(t - 1)], after = v[static_cast<std::size_t>(t + 1)];
      if (here > before) flat = t;
      if (here < before) flat = -1;
      if (flat >= 0 && here > after && here > 0) peaks.push_back({here, (flat + t) / 2});
    }
  }
  return apart(peaks, refractory);
}

SourceSpikes source_spikes(std::span<const float> source, const std::vector<Span>& runs, const SpikeSettings& settings) {
  const auto v = signed_square(source, settings.polarity ? polarity_of(source, runs) : 1.0f);
  const auto maxima = separated_maxima(v, runs, settings.refractory);
  std::vector<double> heights;
  for (const auto t : maxima) heights.push_back(static_cast<double>(v[static_cast<std::size_t>(t)]));
  const auto split = split_heights(heights);
  return spikes_above(v, maxima, split.upper_count > 0 ? split.threshold : std::numeric_limits<double>::infinity());
}

SourceSpikes source_spikes(std::span<const float> source, const std::vector<Span>& runs, const SpikeSettings& settings, double threshold) {
  const auto v = signed_square(source, settings.polarity ? polarity_of(source, runs) : 1.0f);
  return spikes_above(v, separated_maxima(v, runs, settings.refractory), threshold);
}

}  // namespace emg::hd
