#include "libemg/decompose/duplicates.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace emg {
namespace {

// Pairs of spikes that fall on each other if `b` is moved back by `lag`; each spike counts once.
std::int64_t common_at(std::span<const std::int64_t> a, std::span<const std::int64_t> b, std::int64_t lag, std::int64_t tolerance) {
  std::int64_t common = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const auto difference = b[j] - lag - a[i];
    if (difference < -tolerance) {
      ++j;
    } else if (difference > tolerance) {
      ++i;
    } else {
      ++common;
      ++i;
      ++j;
    }
  }
  return common;
}

std::int64_t likely_lag(std::span<const std::int64_t> a, std::span<const std::int64_t> b, std::int64_t max_lag, std::int64_t tolerance) {
  std::vector<std::int32_t> histogram(static_cast<std::size_t>(2 * max_lag + 1), 0);
  std::size_t first = 0;
  for (const auto t : a) {
    while (first < b.size() && b[first] < t - max_lag) ++first;
    for (auto j = first; j < b.size() && b[j] <= t + max_lag; ++j) ++histogram[static_cast<std::size_t>(b[j] - t + max_lag)];
  }
  // Equal sums go to the lag with the larger count of its own.
  std::int64_t best = 0;
  std::pair<std::int64_t, std::int32_t> most{-1, 0};
  for (std::int64_t lag = -max_lag; lag <= max_lag; ++lag) {
    std::int64_t sum = 0;
    for (auto k = std::max(-max_lag, lag - tolerance); k <= std::min(max_lag, lag + tolerance); ++k) sum += histogram[static_cast<std::size_t>(k + max_lag)];
    const std::pair here{sum, histogram[static_cast<std::size_t>(lag + max_lag)]};
    if (here > most) {
      most = here;
      best = lag;
    }
  }
  return best;
}

}  // namespace

PairAgreement pair_agreement(std::span<const std::int64_t> a, std::span<const std::int64_t> b, std::int64_t max_lag, std::int64_t tolerance) {
  PairAgreement result;
  if (a.empty() || b.empty()) return result;
  const auto centre = max_lag > 0 ? likely_lag(a, b, max_lag, tolerance) : 0;
  result.lag_samples = centre;
  result.common = common_at(a, b, centre, tolerance);
  for (const std::int64_t lag : {centre - 1, centre + 1}) {
    if (max_lag == 0) break;
    const auto common = common_at(a, b, lag, tolerance);
    if (common > result.common) {
      result.common = common;
      result.lag_samples = lag;
    }
  }
  const auto n1 = static_cast<double>(a.size()), n2 = static_cast<double>(b.size()), both = static_cast<double>(result.common);
  result.roa = both / (n1 + n2 - both);
  result.of_larger = both / std::max(n1, n2);
  result.of_smaller = both / std::min(n1, n2);
  return result;
}

bool same_unit(const PairAgreement& pair, const DuplicateRule& rule) { return pair.of_larger >= rule.of_larger || pair.of_smaller >= rule.of_smaller; }

std::vector<std::size_t> without_duplicates(const std::vector<std::vector<std::int64_t>>& trains, const std::vector<TrainRank>& ranks,
                                            const DuplicateRule& rule, std::size_t fixed) {
  std::vector<std::size_t> sizes;
  for (const auto& train : trains) sizes.push_back(train.size());
  std::sort(sizes.begin(), sizes.end());
  const double half_median = sizes.empty() ? 0 : 0.5 * static_cast<double>(sizes[sizes.size() / 2]);
  std::vector<std::size_t> order(trains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto place = [&](std::size_t i) { return i < fixed ? 0 : static_cast<double>(trains[i].size()) >= half_median ? 1 : 2; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (place(a) != place(b)) return place(a) < place(b);
    if (place(a) == 0) return a < b;
    if (ranks[a].sil != ranks[b].sil) return ranks[a].sil > ranks[b].sil;
    return ranks[a].cov_isi < ranks[b].cov_isi;
  });
  std::vector<std::size_t> kept;
  for (const auto i : order) {
    const bool seen = i >= fixed && std::any_of(kept.begin(), kept.end(), [&](std::size_t k) {
      return same_unit(pair_agreement(trains[k], trains[i], rule.max_lag, rule.tolerance), rule);
    });
    if (!seen && !trains[i].empty()) kept.push_back(i);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace emg
