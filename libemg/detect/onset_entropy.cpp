#include <algorithm>
#include <cmath>

#include "libemg/core/trend.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/onset_internal.h"

namespace emg::onset_detail {
namespace {

constexpr double kWindowS = 0.032, kHopS = 0.004, kTolerance = 0.25;  // Zhang & Zhou 2012

// Sample entropy of m = 2: -ln of the share of pairs of neighbours within r whose next samples are within r too. No pair at all: as if
// half of one was found, so that strong activity has a high value, not none.
double sample_entropy(std::span<const double> x, double r) {
  constexpr std::size_t kPattern = 2;
  std::size_t pairs = 0, longer = 0;
  for (std::size_t lag = 1; lag + kPattern < x.size(); ++lag) {
    bool first = std::fabs(x[0] - x[lag]) <= r, second = std::fabs(x[1] - x[lag + 1]) <= r;
    for (std::size_t i = 0; i + lag + kPattern < x.size(); ++i) {
      const bool third = std::fabs(x[i + 2] - x[i + lag + 2]) <= r;
      pairs += first & second;
      longer += first & second & third;
      first = second;
      second = third;
    }
  }
  return -std::log(std::max(static_cast<double>(longer), 0.5) / std::max(static_cast<double>(pairs), 1.0));
}

}  // namespace

Found entropy_bursts(std::span<const double> trace, double rate_hz, const Baseline& baseline, const OnsetOptions& o) {
  const auto n = static_cast<Index>(trace.size());
  const Index window = std::min(std::max<Index>(samples_in_s(kWindowS, rate_hz), 8), n), hop = samples_in_s(kHopS, rate_hz);
  const double mean = mean_of(trace);
  double square = 0;
  for (const double v : trace) square += (v - mean) * (v - mean);
  const double r = kTolerance * std::sqrt(square / static_cast<double>(n));
  std::vector<double> entropy(static_cast<std::size_t>((n - window) / hop + 1));
  for (std::size_t k = 0; k < entropy.size(); ++k) {
    entropy[k] = sample_entropy(trace.subspan(k * static_cast<std::size_t>(hop), static_cast<std::size_t>(window)), r);
  }
  // Windows that lie in the baseline.
  std::vector<Span> quiet;
  for (const auto& span : baseline.spans) {
    const Index first = (span.first + hop - 1) / hop, end = (span.first + span.count - window) / hop + 1;
    if (end > first) quiet.push_back({first, end - first});
  }
  Found found;
  if (quiet.empty()) return found;
  const double window_rate_hz = rate_hz / static_cast<double>(hop);
  const auto in_windows = [&](double ms) { return ms > 0 ? samples_in_ms(ms, window_rate_hz) : 0; };
  found = level_bursts(entropy, level_over(entropy, quiet), {3, 0.5}, in_windows(o.gap_ms), in_windows(o.hold_ms), o.factor);
  // A window passes the level when half of it is active: the middle of the first is the start.
  for (auto& burst : found.bursts) {
    const Index first = burst.first == 0 ? 0 : burst.first * hop + window / 2 - hop / 2;
    const Index last = burst.first + burst.count;
    const Index end = last == static_cast<Index>(entropy.size()) ? n : (last - 1) * hop + window / 2 + hop / 2;
    burst = {first, std::max<Index>(1, end - first)};
  }
  return found;
}

}  // namespace emg::onset_detail
