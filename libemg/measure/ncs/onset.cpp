#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/measure/ncs/onset_internal.h"

namespace emg::ncs_detail {
namespace {

constexpr double kHalf = 0.5, kTenth = 0.1, kSustainMs = 0.3;
constexpr Index kFewestSamples = 6;
// Exponents of the rise: a sharp edge (1), a soft one (2), one blurred by dispersion (3).
constexpr double kExponents[] = {1, 1.25, 1.5, 1.75, 2, 2.5, 3};

// Last sample before `from` that lies below `level`.
std::optional<Index> last_below(const Trace& trace, Index from, Index first, double level) {
  for (Index i = from; i >= first; --i) {
    if (trace.at(i) < level) return i;
  }
  return std::nullopt;
}

std::optional<double> by_threshold(const Trace& trace, Index peak, const OnsetSearch& s) {
  const auto high = last_below(trace, peak, s.first, std::max(s.threshold_uv, std::numeric_limits<double>::min()));
  if (!high) return std::nullopt;
  const auto low = last_below(trace, *high, s.first, std::max(s.sigma_uv, std::numeric_limits<double>::min()));
  if (!low) return std::nullopt;
  return static_cast<double>(*low);
}

std::optional<double> by_tangent(const Trace& trace, Index peak, const OnsetSearch& s) {
  const auto y = smoothed(trace.y, s.scale.smoothing_ms, trace.rate_hz);
  Index best = -1;
  double steepest = 0;
  // The rise: from the last place below a tenth of the peak.
  const auto start = last_below(trace, peak, s.first, kTenth * trace.at(peak)).value_or(s.first);
  for (Index i = std::max<Index>(start - 1, 1); i < peak; ++i) {
    const double slope = (y[static_cast<std::size_t>(i + 1)] - y[static_cast<std::size_t>(i - 1)]) / 2;
    if (slope > steepest) steepest = slope, best = i;
  }
  if (best < 0) return std::nullopt;
  return static_cast<double>(best) - y[static_cast<std::size_t>(best)] / steepest;
}

std::optional<double> by_curvature(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& s) {
  auto y = smoothed(smoothed(trace.y, s.scale.smoothing_ms, trace.rate_hz), s.scale.smoothing_ms, trace.rate_hz);
  const auto tenth = last_below(trace, peak, s.first, kTenth * peak_uv);
  if (!tenth) return std::nullopt;
  const auto half_width = std::max<Index>(1, static_cast<Index>(std::llround(s.scale.smoothing_ms * trace.rate_hz / 2000)));
  const Index from = std::max(s.first, *tenth - static_cast<Index>(s.scale.before_ms * trace.rate_hz / 1000));
  Index best = -1;
  double largest = 0;
  for (Index i = std::max(from, half_width); i <= std::min(*tenth + half_width, trace.size() - 1 - half_width); ++i) {
    const auto at = [&](Index k) { return y[static_cast<std::size_t>(k)]; };
    const double bend = at(i + half_width) - 2 * at(i) + at(i - half_width);
    if (bend > largest) largest = bend, best = i;
  }
  if (best < 0) return std::nullopt;
  return static_cast<double>(best);
}

// The stretch that break points are fitted over.
struct Stretch {
  Index first = 0, count = 0;
};
std::optional<Stretch> rising_stretch(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& s) {
  const auto half = last_below(trace, peak, s.first, kHalf * peak_uv);
  if (!half) return std::nullopt;
  const Index first = std::max(s.first, *half - static_cast<Index>(std::llround(s.scale.before_ms * trace.rate_hz / 1000)));
  const Index count = *half + 1 - first;
  if (count < kFewestSamples) return std::nullopt;
  return Stretch{first, count};
}

// Smallest of a curve of errors on an even grid, refined by a parabola.
double refined_minimum(const std::vector<double>& errors, std::size_t best) {
  if (best == 0 || best + 1 >= errors.size()) return static_cast<double>(best);
  const double l = errors[best - 1], m = errors[best], r = errors[best + 1], bend = l - 2 * m + r;
  return static_cast<double>(best) + (bend > 0 ? std::clamp((l - r) / (2 * bend), -0.5, 0.5) : 0);
}

// Places of the break point for each sample.
constexpr int kPlaces = 2;

}  // namespace

std::optional<RiseGrid> rise_grid(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search, double exponent) {
  const auto stretch = rising_stretch(trace, peak, peak_uv, search);
  if (!stretch) return std::nullopt;
  const auto n = static_cast<std::size_t>(stretch->count);
  std::vector<double> shape(n * kPlaces + 1);
  for (std::size_t k = 0; k < shape.size(); ++k) shape[k] = std::pow(static_cast<double>(k) / kPlaces, exponent);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = trace.at(stretch->first + static_cast<Index>(i));
    sum += v, squares += v * v;
  }
  const double count = static_cast<double>(n);
  RiseGrid grid;
  grid.first = static_cast<double>(stretch->first), grid.total = squares - sum * sum / count, grid.count = stretch->count;
  for (std::size_t j = 0; j + 3 * kPlaces < n * kPlaces; ++j) {
    double b = 0, bb = 0, by = 0;
    for (std::size_t i = j / kPlaces + 1; i < n; ++i) {
      const double value = shape[i * kPlaces - j];
      b += value, bb += value * value, by += value * trace.at(stretch->first + static_cast<Index>(i));
    }
    grid.sxx.push_back(bb - b * b / count), grid.sxy.push_back(by - b * sum / count);
  }
  if (grid.sxx.empty()) return std::nullopt;
  return grid;
}

RiseGrid::Best RiseGrid::best() const {
  std::vector<double> errors(sxx.size());
  for (std::size_t j = 0; j < sxx.size(); ++j) errors[j] = sxx[j] > 0 && sxy[j] > 0 ? total - sxy[j] * sxy[j] / sxx[j] : total;
  const auto at = static_cast<std::size_t>(std::min_element(errors.begin(), errors.end()) - errors.begin());
  return {errors[at], first + refined_minimum(errors, at) / kPlaces, sxx[at] > 0 ? sxy[at] / sxx[at] : 0};
}

RiseGrid::Best RiseGrid::best_with(double slope) const {
  std::vector<double> errors(sxx.size());
  for (std::size_t j = 0; j < sxx.size(); ++j) errors[j] = total - 2 * slope * sxy[j] + slope * slope * sxx[j];
  const auto at = static_cast<std::size_t>(std::min_element(errors.begin(), errors.end()) - errors.begin());
  return {errors[at], first + refined_minimum(errors, at) / kPlaces, slope};
}

std::optional<Rise> fit_rise(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search) {
  std::optional<Rise> best;
  for (const double p : search.exponent ? std::vector<double>{*search.exponent} : rise_exponents()) {
    const auto grid = rise_grid(trace, peak, peak_uv, search, p);
    if (!grid) return std::nullopt;
    const auto found = grid->best();
    if (best && !(found.error < best->squared_error)) continue;
    best = Rise{found.place, p, found.error};
  }
  return best;
}

std::vector<double> rise_errors(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search) {
  std::vector<double> all;
  for (const double p : kExponents) {
    const auto grid = rise_grid(trace, peak, peak_uv, search, p);
    if (!grid) return {};
    all.push_back(grid->best().error);
  }
  return all;
}

std::vector<double> rise_exponents() {
  return {std::begin(kExponents), std::end(kExponents)};
}

std::optional<double> find_onset(const Trace& trace, Index peak, double peak_uv, const OnsetSearch& search) {
  switch (search.method) {
    case LatencyMethod::threshold:
      return by_threshold(trace, peak, search);
    case LatencyMethod::tangent:
      return by_tangent(trace, peak, search);
    case LatencyMethod::curvature:
      return by_curvature(trace, peak, peak_uv, search);
    case LatencyMethod::hinge:
    case LatencyMethod::rise: {
      auto fit = search;
      if (search.method == LatencyMethod::hinge) fit.exponent = 1;
      const auto rise = fit_rise(trace, peak, peak_uv, fit);
      return rise ? std::optional(rise->sample) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace emg::ncs_detail
