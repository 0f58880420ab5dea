#include "libemg/detect/burst.h"

#include <algorithm>
#include <cmath>

#include "libemg/detect/noise.h"
#include "libemg/detect/scan_internal.h"

namespace emg {
namespace {

constexpr double kWindowS = 0.25, kHopS = 0.125, kQuietShare = 0.2, kLeastS = 0.5;
constexpr std::size_t kFewestWindows = 4;
constexpr Index kLanes = 4;

// Sums of the windows that start in each of `Lanes` adjacent blocks of `width` samples, the first `windows` of each: the tail of a block
// and the head of the next. Several blocks at once, because one chain of additions waits for itself.
template <Index Lanes>
void block_sums(const double* x, double* out, Index width, Index windows) {
  double tail[Lanes] = {}, head[Lanes] = {};
  for (Index k = width - 1; k >= windows; --k) {
    for (Index b = 0; b < Lanes; ++b) tail[b] += x[b * width + k];
  }
  for (Index k = windows - 1; k >= 0; --k) {
    for (Index b = 0; b < Lanes; ++b) {
      tail[b] += x[b * width + k];
      out[b * width + k] = tail[b];
    }
  }
  for (Index k = 1; k < windows; ++k) {
    for (Index b = 0; b < Lanes; ++b) {
      head[b] += x[b * width + width + k - 1];
      out[b * width + k] += head[b];
    }
  }
}

// All sums of `width` neighbours of the trace times `scale`, as many as `sums` holds.
void all_block_sums(std::span<const double> trace, Index width, double scale, std::span<double> sums) {
  const auto count = static_cast<Index>(sums.size());
  if (width <= static_cast<Index>(scan::kWidest)) {
    return scan::window_sums(trace.data(), sums.size(), static_cast<std::size_t>(width), scale, sums.data());
  }
  Index block = 0;
  for (; block + kLanes * width <= count; block += kLanes * width)
    block_sums<kLanes>(trace.data() + block, sums.data() + block, width, width);
  for (; block < count; block += width) block_sums<1>(trace.data() + block, sums.data() + block, width, std::min(width, count - block));
  for (auto& v : sums) v *= scale;
}

}  // namespace

std::vector<Span> spans_above(std::span<const double> trace, double level) {
  constexpr std::size_t kChunk = 256;
  std::vector<Span> spans;
  const std::size_t n = trace.size();
  std::size_t i = 0;
  // First sample from `i` on the given side of the level; whole chunks without one are passed by a count.
  const auto next = [&](bool above) {
    for (; i + kChunk <= n; i += kChunk) {
      const std::size_t count = scan::count_above(trace.subspan(i, kChunk), level);
      if (above ? count > 0 : count < kChunk) break;
    }
    while (i < n && (trace[i] > level) != above) ++i;
    return i;
  };
  while (next(true) < n) {
    const std::size_t first = i;
    next(false);
    spans.push_back({static_cast<Index>(first), static_cast<Index>(i - first)});
  }
  return spans;
}

std::vector<Span> joined_spans(const std::vector<Span>& spans, Index shortest_gap, Index shortest_span) {
  std::vector<Span> joined;
  for (const auto& span : spans) {
    if (!joined.empty() && span.first - (joined.back().first + joined.back().count) < std::max<Index>(shortest_gap, 1)) {
      joined.back().count = std::max(joined.back().count, span.first + span.count - joined.back().first);
    } else {
      joined.push_back(span);
    }
  }
  std::erase_if(joined, [&](const Span& s) { return s.count < shortest_span || s.count <= 0; });
  return joined;
}

std::vector<double> window_sums(std::span<const double> trace, Index width) {
  const auto n = static_cast<Index>(trace.size());
  if (width < 1 || n < width) return {};
  std::vector<double> sums(static_cast<std::size_t>(n - width + 1));
  all_block_sums(trace, width, 1, sums);
  return sums;
}

void moving_mean(std::span<const double> trace, Index width, std::span<double> mean) {
  const auto n = static_cast<Index>(trace.size());
  const Index before = width / 2, after = width - before;  // covers [i - before, i + after)
  const Index whole = std::max<Index>(0, n - width + 1);
  const auto middle = mean.subspan(static_cast<std::size_t>(whole > 0 ? before : 0), static_cast<std::size_t>(whole));
  all_block_sums(trace, width, 1 / static_cast<double>(width), middle);
  const auto edge = [&](Index i) {
    const Index from = std::max<Index>(0, i - before), to = std::min(n, i + after);
    double sum = 0;
    for (Index k = from; k < to; ++k) sum += trace[static_cast<std::size_t>(k)];
    mean[static_cast<std::size_t>(i)] = sum / static_cast<double>(to - from);
  };
  const Index first = whole > 0 ? before : n;
  for (Index i = 0; i < first; ++i) edge(i);
  for (Index i = whole > 0 ? before + whole : n; i < n; ++i) edge(i);
}

std::vector<double> moving_mean(std::span<const double> trace, Index width) {
  std::vector<double> mean(trace.size());
  moving_mean(trace, width, mean);
  return mean;
}

BurstSize burst_size(std::span<const double> trace, const Span& span) {
  const auto x = trace.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
  double peak[kLanes] = {}, square[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double a = std::fabs(x[i + k]);
      peak[k] = a > peak[k] ? a : peak[k];
      square[k] += a * a;
    }
  }
  for (; i < x.size(); ++i) {
    peak[0] = std::max(peak[0], std::fabs(x[i]));
    square[0] += x[i] * x[i];
  }
  BurstSize size;
  size.peak_uv = std::max(std::max(peak[0], peak[1]), std::max(peak[2], peak[3]));
  if (!x.empty()) size.rms_uv = std::sqrt(((square[0] + square[1]) + (square[2] + square[3])) / static_cast<double>(x.size()));
  return size;
}

double rms_over(std::span<const double> trace, const std::vector<Span>& spans) {
  double square = 0, count = 0;
  for (const auto& span : spans) {
    const double rms = burst_size(trace, span).rms_uv;
    square += rms * rms * static_cast<double>(span.count);
    count += static_cast<double>(span.count);
  }
  return count > 0 ? std::sqrt(square / count) : 0;
}

std::vector<Span> quiet_spans(std::span<const double> trace, double rate_hz) {
  const Index window = samples_in_s(kWindowS, rate_hz), hop = samples_in_s(kHopS, rate_hz);
  std::vector<double> level;
  for (Index first = 0; first + window <= static_cast<Index>(trace.size()); first += hop)
    level.push_back(rms_over(trace, {{first, window}}));
  if (level.empty()) return {};
  const double limit = quantile_of(level, kQuietShare);
  std::vector<Span> spans;
  for (std::size_t k = 0; k < level.size(); ++k) {
    if (level[k] <= limit) spans.push_back({static_cast<Index>(k) * hop, window});
  }
  const bool enough = spans.size() >= kFewestWindows;
  spans = joined_spans(spans, 1, 1);
  Index covered = 0;
  for (const auto& span : spans) covered += span.count;
  if (!enough || static_cast<double>(covered) < kLeastS * rate_hz) return {};
  return spans;
}

double quiet_selection_factor(double degrees_of_freedom) {
  // Mean of the lowest fifth of a normal law: -phi(z) / 0.2 at its 20 % point; a mean square has the relative SD sqrt(2 / nu).
  constexpr double kLowestFifth = 1.3998096;
  const double square = 1 - kLowestFifth * std::sqrt(2 / degrees_of_freedom);
  return std::sqrt(std::max(0.25, square));
}

}  // namespace emg
