#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/detect/burst.h"
#include "libemg/detect/onset_internal.h"

namespace emg::onset_detail {
namespace {

constexpr double kBinS = 0.002;
constexpr double kLongestS = 4;  // without a change, segments this long follow each other: no burst begins or ends by that
constexpr double kActive = 1.35;

// Twice the negative log likelihood of `count` samples with the sum of squares `sum`.
double segment_cost(double sum, double count) {
  constexpr double kLeast = 1e-12;  // of the baseline: a silent stretch is no infinite gain
  return count * std::log(std::max(sum / count, kLeast));
}

// First bins of the segments of the cheapest segmentation (Killick et al. 2012), each at least `shortest` bins long.
std::vector<Index> cheapest_segments(const std::vector<double>& prefix, Index samples_in_bin, Index shortest, Index longest, double penalty) {
  const auto n = static_cast<Index>(prefix.size()) - 1;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  std::vector<double> best(static_cast<std::size_t>(n) + 1, kNone);
  std::vector<Index> from(static_cast<std::size_t>(n) + 1, 0);
  struct Candidate {
    Index first, beaten;  // `beaten`: from where on a change there was better than one at `first`
  };
  std::vector<Candidate> candidates;
  best[0] = -penalty;
  const auto cost = [&](Index a, Index b) {
    return segment_cost(prefix[static_cast<std::size_t>(b)] - prefix[static_cast<std::size_t>(a)], static_cast<double>((b - a) * samples_in_bin));
  };
  std::vector<double> without_penalty;
  for (Index t = shortest; t <= n; ++t) {
    if (best[static_cast<std::size_t>(t - shortest)] < kNone) candidates.push_back({t - shortest, n + 1});
    without_penalty.clear();
    auto& lowest = best[static_cast<std::size_t>(t)];
    for (const auto& c : candidates) {
      const double total = best[static_cast<std::size_t>(c.first)] + cost(c.first, t);
      without_penalty.push_back(total);
      if (total + penalty < lowest) {
        lowest = total + penalty;
        from[static_cast<std::size_t>(t)] = c.first;
      }
    }
    // What cannot become the last change any more, and what lies too far back. A change at t is open only to segments that end at
    // t + shortest or later: until then what it beats is still needed.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      auto c = candidates[i];
      if (without_penalty[i] >= lowest) c.beaten = std::min(c.beaten, t);
      if (t + 1 < c.beaten + shortest && t - c.first < longest) candidates[kept++] = c;
    }
    candidates.resize(kept);
  }
  std::vector<Index> starts;
  for (Index t = n; t > 0; t = from[static_cast<std::size_t>(t)]) starts.push_back(from[static_cast<std::size_t>(t)]);
  std::reverse(starts.begin(), starts.end());
  return starts;
}

// The change in [from, to] that splits [first, end) of `q` into two variances best.
Index best_split(std::span<const double> q, Index first, Index from, Index to, Index end) {
  const auto sum = [&](Index a, Index b) {
    double s = 0;
    for (Index i = a; i < b; ++i) s += q[static_cast<std::size_t>(i)];
    return s;
  };
  double left = sum(first, from), right = sum(from, end), least = std::numeric_limits<double>::infinity();
  Index split = from;
  for (Index k = from; k <= to; ++k) {
    if (k > first && k < end) {
      const double total = segment_cost(left, static_cast<double>(k - first)) + segment_cost(right, static_cast<double>(end - k));
      if (total < least) {
        least = total;
        split = k;
      }
    }
    if (k == to) break;
    left += q[static_cast<std::size_t>(k)];
    right -= q[static_cast<std::size_t>(k)];
  }
  return split;
}

}  // namespace

Found change_bursts(std::span<const double> forward, std::span<const double> backward, double independence, double rate_hz,
                   const OnsetOptions& o) {
  constexpr double kQuietS = 0.2, kActiveS = 0.1;
  constexpr Index kReachBins = 2;
  const auto n = static_cast<Index>(forward.size());
  const Index bin = samples_in_s(kBinS, rate_hz), bins = n / bin;
  Found found;
  found.threshold = kActive;
  if (bins < 2) return found;
  // The segments are those of both directions together, so that time reversed has the same ones.
  std::vector<double> prefix(static_cast<std::size_t>(bins) + 1);
  for (Index b = 0; b < bins; ++b) {
    double sum = 0;
    for (Index i = b * bin; i < (b + 1) * bin; ++i) sum += (forward[static_cast<std::size_t>(i)] + backward[static_cast<std::size_t>(i)]) / 2;
    prefix[static_cast<std::size_t>(b) + 1] = prefix[static_cast<std::size_t>(b)] + sum;
  }
  const Index hold = o.hold_ms > 0 ? samples_in_ms(o.hold_ms, rate_hz) : 1, gap = o.gap_ms > 0 ? samples_in_ms(o.gap_ms, rate_hz) : 1;
  const Index shortest = std::clamp<Index>(hold / bin, 1, bins), longest = std::max(shortest, samples_in_s(kLongestS, rate_hz) / bin);
  const auto starts = cheapest_segments(prefix, bin, shortest, longest, 3 * std::log(static_cast<double>(n)) / independence);
  std::vector<Span> active;
  for (std::size_t k = 0; k < starts.size(); ++k) {
    const Index a = starts[k], b = k + 1 < starts.size() ? starts[k + 1] : bins;
    const double variance = (prefix[static_cast<std::size_t>(b)] - prefix[static_cast<std::size_t>(a)]) / static_cast<double>((b - a) * bin);
    if (variance > kActive) active.push_back({a * bin, (b == bins ? n : b * bin) - a * bin});
  }
  found.bursts = joined_spans(active, gap, hold);
  const Index reach = kReachBins * bin, quiet = samples_in_s(kQuietS, rate_hz), loud = samples_in_s(kActiveS, rate_hz);
  const auto coarse = found.bursts;
  for (std::size_t k = 0; k < coarse.size(); ++k) {
    const Index start = coarse[k].first, end = start + coarse[k].count;
    const Index before = k > 0 ? coarse[k - 1].first + coarse[k - 1].count : 0, after = k + 1 < coarse.size() ? coarse[k + 1].first : n;
    // A burst at the edge of the record did not start or end there.
    const Index first = start == 0 ? 0 : best_split(forward, std::max(before, start - quiet), std::max(before, start - reach),
                                                    std::min(start + reach, end - 1), std::min(end, start + loud));
    const Index last = end == n ? n : best_split(backward, std::max(start, end - loud), std::max(start + 1, end - reach), std::min(end + reach, after),
                                                 std::min(after, end + quiet));
    found.bursts[k] = {first, std::max<Index>(last - first, 1)};
  }
  found.bursts = joined_spans(found.bursts, 1, 1);
  return found;
}

}  // namespace emg::onset_detail
