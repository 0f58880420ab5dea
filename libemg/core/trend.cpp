#include "libemg/core/trend.h"

namespace emg {
namespace {

// Sum of value(i) for i in [first, first + count).
template <class Value>
double pairwise(Index first, Index count, const Value& value) {
  constexpr Index kLanes = 16, kShort = 256;
  if (count > kShort) {
    const Index half = count / 2 / kLanes * kLanes;
    return pairwise(first, half, value) + pairwise(first + half, count - half, value);
  }
  double lanes[kLanes] = {};
  Index i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (Index k = 0; k < kLanes; ++k) lanes[k] += value(first + i + k);
  }
  double rest = 0;
  for (; i < count; ++i) rest += value(first + i);
  for (Index half = kLanes / 2; half > 0; half /= 2) {
    for (Index k = 0; k < half; ++k) lanes[k] += lanes[k + half];
  }
  return lanes[0] + rest;
}

}  // namespace

double pairwise_sum(std::span<const double> x) {
  return pairwise(0, static_cast<Index>(x.size()), [p = x.data()](Index i) { return p[i]; });
}

double mean_of(std::span<const double> x) {
  return x.empty() ? 0 : pairwise_sum(x) / static_cast<double>(x.size());
}

StraightLine fit_trend(std::span<const double> x, Trend kind) {
  StraightLine line;
  const auto n = static_cast<double>(x.size());
  line.centre = (n - 1) / 2;
  if (kind == Trend::none) return line;
  line.level = mean_of(x);
  if (kind == Trend::line && x.size() > 1) {
    // Sum of (i - centre)^2 is n (n^2 - 1) / 12.
    const double moment = pairwise(0, static_cast<Index>(x.size()), [&](Index i) {
      return (static_cast<double>(i) - line.centre) * (x[static_cast<std::size_t>(i)] - line.level);
    });
    line.slope = moment / (n * (n * n - 1) / 12);
  }
  return line;
}

}  // namespace emg
