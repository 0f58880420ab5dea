#pragma once
// Mean and straight line of a trace, and taking them away.

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "libemg/core/signal.h"

namespace emg {

/// What is subtracted from a segment before it is transformed.
enum class Trend { mean, line, none };
constexpr auto enum_names(Trend) {
  using T = Trend;
  return std::array<std::pair<T, std::string_view>, 3>{{{T::mean, "mean"}, {T::line, "line"}, {T::none, "none"}}};
}

/// Sum by halves, down to short stretches in sixteen fixed lanes: the error grows with the logarithm of the length.
double pairwise_sum(std::span<const double> x);

/// Mean of `x`; empty: 0.
double mean_of(std::span<const double> x);

/// level + slope (i - centre) at sample i.
struct StraightLine {
  double level = 0, slope = 0, centre = 0;
  double at(Index i) const { return level + slope * (static_cast<double>(i) - centre); }
};

/// Mean, or least-squares line, of `x`; a single sample has slope 0; `none`: zero.
StraightLine fit_trend(std::span<const double> x, Trend kind);

}  // namespace emg
