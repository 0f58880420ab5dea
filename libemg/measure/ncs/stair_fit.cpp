#include "libemg/measure/ncs/stair_fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr double kSaturatedShare = 6;

// Sum of distances of sorted values [i, j) to their lower median.
class Segments {
 public:
  explicit Segments(const std::vector<double>& sorted) : v_(sorted), sums_(sorted.size() + 1, 0.0) {
    for (std::size_t i = 0; i < sorted.size(); ++i) sums_[i + 1] = sums_[i] + sorted[i];
  }
  std::size_t median_at(std::size_t i, std::size_t j) const { return i + (j - i - 1) / 2; }
  double cost(std::size_t i, std::size_t j) const {
    const auto m = median_at(i, j);
    const double middle = v_[m];
    return middle * static_cast<double>(m - i) - (sums_[m] - sums_[i]) + (sums_[j] - sums_[m]) - middle * static_cast<double>(j - m);
  }

 private:
  const std::vector<double>& v_;
  std::vector<double> sums_;
};

// best[j] = min over i of previous[i] + cost(i, j); the best i does not fall with j.
void next_row(const Segments& s, const std::vector<double>& previous, std::size_t low, std::size_t high, std::size_t from, std::size_t to,
              std::vector<double>& best, std::vector<std::uint32_t>& split) {
  if (low > high) return;
  const std::size_t j = low + (high - low) / 2;
  double smallest = INFINITY;
  std::size_t at = from;
  for (std::size_t i = from; i <= std::min(to, j - 1); ++i) {
    const double value = previous[i] + s.cost(i, j);
    if (value < smallest) smallest = value, at = i;
  }
  best[j] = smallest, split[j] = static_cast<std::uint32_t>(at);
  if (j > low) next_row(s, previous, low, j - 1, from, at, best, split);
  next_row(s, previous, j + 1, high, at, to, best, split);
}

}  // namespace

StairFit stair_fit(const std::vector<double>& amplitudes_mv, double threshold_mv, std::optional<double> noise_mv, int most_levels) {
  if (amplitudes_mv.empty()) throw InvalidArgument("stair fit: no amplitudes");
  for (std::size_t i = 0; i < amplitudes_mv.size(); ++i) {
    if (!std::isfinite(amplitudes_mv[i])) throw InvalidArgument(fmt::format("stair fit: amplitude {} is not finite", i));
  }
  auto sorted = amplitudes_mv;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  const Segments segments(sorted);
  StairFit fit;
  std::vector<std::vector<std::uint32_t>> splits;
  std::vector<double> row(n + 1, INFINITY);
  row[0] = INFINITY;
  for (std::size_t j = 1; j <= n; ++j) row[j] = segments.cost(0, j);
  double lowest_criterion = INFINITY;
  const auto limit = most_levels > 0 ? static_cast<std::size_t>(most_levels) : n;
  for (std::size_t d = 1; d <= std::min(limit, n); ++d) {
    if (d > 1) {
      std::vector<double> best(n + 1, INFINITY);
      std::vector<std::uint32_t> split(n + 1, 0);
      next_row(segments, row, d, n, d - 1, n - 1, best, split);
      row = std::move(best);
      splits.push_back(std::move(split));
    }
    const double mean = row[n] / static_cast<double>(n);
    fit.distance_mv.push_back(mean);
    if (!fit.level_count && mean < threshold_mv) fit.level_count = static_cast<int>(d);
    bool settled = !noise_mv;
    if (noise_mv && *noise_mv > 0) {
      // Laplace errors of the scale that the noise has: -2 ln L = 2 sum |e| / b, b = noise / sqrt 2. Each response also says which of the d
      // levels it belongs to (2 ln d), and a level costs ln n.
      const double count = static_cast<double>(n), levels = static_cast<double>(d);
      const double cost = 2 * count * std::log(levels) + levels * std::log(count);
      const double criterion = 2 * row[n] * std::sqrt(2.0) / *noise_mv + cost;
      if (criterion < lowest_criterion) lowest_criterion = criterion, fit.bic_levels = static_cast<int>(d);
      settled = cost > lowest_criterion;
    } else {
      settled = true;
    }
    if (most_levels == 0 && fit.level_count && settled) break;
  }
  if (fit.level_count) {
    fit.saturated = *fit.level_count > static_cast<double>(n) / kSaturatedShare;
    std::size_t end = n;
    for (int d = *fit.level_count; d >= 1; --d) {
      const std::size_t begin = d == 1 ? 0 : splits[static_cast<std::size_t>(d - 2)][end];
      fit.levels_mv.push_back(sorted[segments.median_at(begin, end)]);
      end = begin;
    }
    std::reverse(fit.levels_mv.begin(), fit.levels_mv.end());
  }
  return fit;
}

}  // namespace emg
