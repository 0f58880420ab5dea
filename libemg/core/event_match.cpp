#include "libemg/core/event_match.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "libemg/core/error.h"

namespace emg {
namespace {

// Instants computed from times carry rounding errors; a millionth of the unit is no difference.
constexpr double kRounding = 1e-6;

template <class Visit>
void visit_matches(std::span<const double> a, std::span<const double> b, double lag, double tolerance, MatchWindow window, Visit&& visit) {
  const double low = -tolerance - kRounding;
  const double high = window == MatchWindow::closed ? tolerance + kRounding : tolerance - kRounding;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const double difference = b[j] - a[i] - lag;
    if (difference < low) {
      ++j;
    } else if (difference > high) {
      ++i;
    } else {
      visit(i++, j++);
    }
  }
}

class Differences {
 public:
  Differences(std::span<const double> a, std::span<const double> b, double tolerance, double max_lag, double bin)
      : bin_(bin), half_(static_cast<long>(std::floor(max_lag / bin + kRounding))), counts_(static_cast<std::size_t>(2 * half_ + 1), 0) {
    const double reach = (static_cast<double>(half_) + 0.5) * bin;
    std::size_t first = 0;
    for (const double t : a) {
      while (first < b.size() && b[first] < t - reach) ++first;
      for (std::size_t j = first; j < b.size() && b[j] <= t + reach; ++j) {
        const long k = std::lround((b[j] - t) / bin);
        if (std::abs(k) <= half_) ++counts_[static_cast<std::size_t>(k + half_)];
      }
    }
    smooth(std::lround(tolerance / bin));
  }

  // Bins of the highest smoothed count, then of the highest own count, then nearest to 0: one, or two of opposite sign.
  std::vector<long> best() const {
    std::vector<long> found;
    for (long k = -half_; k <= half_; ++k) {
      const bool better = found.empty() || rank(k) > rank(found.front());
      if (better) found.clear();
      if (better || rank(k) == rank(found.front())) found.push_back(k);
    }
    return found;
  }

  std::size_t smoothed(long k) const { return smoothed_[static_cast<std::size_t>(k + half_)]; }

  std::size_t largest_beyond(long k, long distance) const {
    std::size_t most = 0;
    for (long l = -half_; l <= half_; ++l) {
      if (std::abs(l - k) > distance) most = std::max(most, smoothed(l));
    }
    return most;
  }

 private:
  void smooth(long width) {
    smoothed_.resize(counts_.size());
    const long size = static_cast<long>(counts_.size());
    std::size_t sum = 0;
    for (long k = -width; k < size; ++k) {
      if (k + width < size) sum += counts_[static_cast<std::size_t>(k + width)];
      if (k - width - 1 >= 0) sum -= counts_[static_cast<std::size_t>(k - width - 1)];
      if (k >= 0) smoothed_[static_cast<std::size_t>(k)] = sum;
    }
  }
  std::array<long, 3> rank(long k) const {
    return {static_cast<long>(smoothed(k)), static_cast<long>(counts_[static_cast<std::size_t>(k + half_)]), -std::abs(k)};
  }

  double bin_;
  long half_;
  std::vector<std::size_t> counts_, smoothed_;
};

bool on_grid(std::span<const double> instants, double bin) {
  return std::all_of(instants.begin(), instants.end(), [bin](double t) { return std::abs(t / bin - std::round(t / bin)) < kRounding; });
}

// Median of the differences of the pairs matched at `lag`: chance pairs move the top of the histogram, not the median.
double refined(std::span<const double> a, std::span<const double> b, double lag, double tolerance) {
  for (int round = 0; round < 2; ++round) {
    std::vector<double> differences;
    visit_matches(a, b, lag, tolerance, MatchWindow::closed, [&](std::size_t i, std::size_t j) { differences.push_back(b[j] - a[i]); });
    if (differences.empty()) return lag;
    std::sort(differences.begin(), differences.end());
    const std::size_t n = differences.size();
    lag = (differences[(n - 1) / 2] + differences[n / 2]) / 2;
  }
  return lag;
}

}  // namespace

std::vector<std::pair<std::size_t, std::size_t>> match_events(std::span<const double> a, std::span<const double> b, double lag, double tolerance,
                                                              MatchWindow window) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  visit_matches(a, b, lag, tolerance, window, [&](std::size_t i, std::size_t j) { pairs.emplace_back(i, j); });
  return pairs;
}

std::size_t match_count(std::span<const double> a, std::span<const double> b, double lag, double tolerance, MatchWindow window) {
  std::size_t count = 0;
  visit_matches(a, b, lag, tolerance, window, [&](std::size_t, std::size_t) { ++count; });
  return count;
}

CommonLag common_lag(std::span<const double> a, std::span<const double> b, double tolerance, double max_lag, double bin, MatchWindow window) {
  if (!(bin > 0)) throw InvalidArgument("bin of a lag histogram must be above 0");
  CommonLag best;
  if (a.empty() || b.empty()) return best;
  const Differences differences(a, b, tolerance, max_lag, bin);
  const bool integers = on_grid(a, bin) && on_grid(b, bin);
  bool found = false;
  const auto consider = [&](double lag) {
    const auto count = match_count(a, b, lag, tolerance, window);
    if (found && count <= best.count) return;
    best.lag = lag;
    best.count = count;
    found = true;
  };
  for (const long k : differences.best()) {
    double lag = refined(a, b, static_cast<double>(k) * bin, tolerance);
    if (integers) lag = std::round(lag / bin) * bin;
    for (const double step : {0.0, -bin, bin}) {
      if (std::abs(lag + step) <= max_lag + kRounding) consider(lag + step);
    }
  }
  best.runner_up = differences.largest_beyond(std::lround(best.lag / bin), 2 * std::lround(tolerance / bin) + 1);
  return best;
}

}  // namespace emg
