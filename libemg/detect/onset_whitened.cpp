#include <algorithm>
#include <array>
#include <cmath>

#include "libemg/detect/burst.h"
#include "libemg/detect/onset_internal.h"
#include "libemg/filter/whiten.h"

namespace emg::onset_detail {
namespace {

constexpr int kOrder = 10;              // of the whitening model
constexpr double kWindowS = 0.25;       // of quiet_spans
constexpr int kPairs = 5, kNeeded = 2;  // Bonato et al. 1998

// Power of the whitened trace, 1 in the baseline. Whitening smears what is strong over the samples that follow: so ends are looked for in
// the trace that was whitened backwards.
struct RelativePower {
  std::vector<double> forward, backward;
  double independence = 1;  // what a sample counts for, see below
};

// Share of the samples of whitened noise that are independent, by the correlation that is left: 1 if it is white. Ten coefficients do not
// whiten a band with steep edges; the likelihood of a sum of squares of n samples is then that of fewer (degrees of freedom as in noise.h).
double independence(std::span<const double> white, const std::vector<Span>& spans, double rate_hz) {
  constexpr double kLagS = 0.05;
  constexpr Index kMostSamples = 8192;
  std::vector<double> rho(static_cast<std::size_t>(samples_in_s(kLagS, rate_hz)) + 1);
  Index seen = 0;
  for (const auto& span : spans) {
    if (seen >= kMostSamples) break;
    const auto x = white.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(std::min(span.count, kMostSamples)));
    seen += static_cast<Index>(x.size());
    for (std::size_t k = 0; k < std::min(rho.size(), x.size() / 4); ++k) {
      for (std::size_t i = k; i < x.size(); ++i) rho[k] += x[i] * x[i - k];
    }
  }
  if (!(rho.front() > 0)) return 1;
  double sum = 0;
  // Chance alone makes the square of a correlation 1 / seen.
  for (std::size_t k = 1; k < rho.size(); ++k) sum += rho[k] * rho[k] / (rho[0] * rho[0]) - 1 / static_cast<double>(seen);
  return 1 / (1 + 2 * std::max(0.0, sum));
}

RelativePower relative_power(std::span<const double> trace, double rate_hz, const Baseline& baseline, bool with_backward) {
  const auto coefficients = burg_coefficients(trace, baseline.spans, kOrder);
  RelativePower power{inverse_filtered(trace, coefficients), {}};
  if (with_backward) power.independence = independence(power.forward, baseline.spans, rate_hz);
  double sd = rms_over(power.forward, baseline.spans);
  if (baseline.selected) sd /= quiet_selection_factor(kWindowS * rate_hz);
  const double scale = sd > 0 ? 1 / (sd * sd) : 0;
  if (with_backward) {
    power.backward = inverse_filtered(std::vector<double>(trace.rbegin(), trace.rend()), coefficients);
    std::reverse(power.backward.begin(), power.backward.end());
  }
  for (auto* q : {&power.forward, &power.backward}) {
    for (auto& v : *q) v *= v * scale;
  }
  return power;
}

double log_likelihood(double mean, double count) {
  return mean > 1 ? count / 2 * (mean - 1 - std::log(mean)) : 0;
}

// Value at a place counted from the start or, mirrored, from the end.
struct Directed {
  std::span<const double> values;
  bool mirrored;
  Index size() const { return static_cast<Index>(values.size()); }
  double operator()(Index i) const { return values[static_cast<std::size_t>(mirrored ? size() - 1 - i : i)]; }
};

// First sample of the activity that raised an alarm at `alarm`: largest likelihood of a change at j.
Index change_before(const Directed& q, Index alarm, Index window, double rate_hz) {
  constexpr double kBackS = 0.05, kAheadS = 0.095, kEndS = 0.1;
  const Index from = std::max<Index>(0, alarm - window - samples_in_s(kBackS, rate_hz));
  const Index end = std::min(q.size(), alarm + samples_in_s(kEndS, rate_hz));
  const Index to = std::min(end - 1, alarm + samples_in_s(kAheadS, rate_hz));
  double sum = 0, best = -1;
  Index change = std::min(alarm, end - 1);
  for (Index j = end - 1; j >= from; --j) {
    sum += q(j);
    if (j > to) continue;
    const auto count = static_cast<double>(end - j);
    const double g = log_likelihood(sum / count, count);
    if (g > best) {
      best = g;
      change = j;
    }
  }
  return change;
}

std::vector<Span> aglr_bursts(const RelativePower& power, double rate_hz, const OnsetOptions& o) {
  const auto& q = power.forward;
  const auto n = static_cast<Index>(q.size());
  const Index window = std::min(samples_in_ms(o.window_ms, rate_hz), n);
  auto g = window_sums(q, window);
  const auto length = static_cast<double>(window);
  for (auto& v : g) v = v > length ? log_likelihood(v / length, power.independence * length) : 0;
  const Index gap = o.gap_ms > 0 ? samples_in_ms(o.gap_ms, rate_hz) : 0;
  std::vector<Span> bursts;
  for (const auto& alarm : joined_spans(spans_above(g, o.llr), gap, 1)) {
    // Window k covers [k, k + window): forward the alarm comes at its last sample, backward at its first.
    const Index start = change_before({q, false}, alarm.first + window - 1, window, rate_hz);
    const Index last_window = alarm.first + alarm.count - 1;
    const Index end = n - change_before({power.backward, true}, n - 1 - last_window, window, rate_hz);
    if (end > start) bursts.push_back({start, end - start});
  }
  return bursts;
}

// Probability of a point above the threshold that gives kNeeded or more of kPairs with probability alpha.
double point_probability(double alpha) {
  const auto tail = [](double p) {
    double sum = 0, choose = 1;
    for (int k = 0; k <= kPairs; ++k) {
      if (k >= kNeeded) sum += choose * std::pow(p, k) * std::pow(1 - p, kPairs - k);
      choose = choose * (kPairs - k) / (k + 1);
    }
    return sum;
  };
  double low = 0, high = 1;
  for (int i = 0; i < 100; ++i) (tail((low + high) / 2) < alpha ? low : high) = (low + high) / 2;
  return (low + high) / 2;
}

// Runs in which at least kNeeded of the last kPairs pairs exceed: from the first to the last of them, in samples.
class ExceedanceRuns {
 public:
  void next(bool exceeds) {
    const Index oldest = pair_ - kPairs;
    while (recent_.size() > 0 && recent_.front() <= oldest) recent_.erase(recent_.begin());
    if (exceeds) recent_.push_back(pair_);
    if (static_cast<int>(recent_.size()) >= kNeeded) {
      if (!active_) first_ = recent_.front();
      active_ = true;
      last_ = recent_.back();
    } else if (active_) {
      close();
    }
    ++pair_;
  }
  std::vector<Span> finish() {
    if (active_) close();
    return std::move(spans_);
  }

 private:
  void close() {
    spans_.push_back({2 * first_, 2 * (last_ - first_ + 1)});
    active_ = false;
  }

  Index pair_ = 0, first_ = 0, last_ = 0;
  bool active_ = false;
  std::vector<Index> recent_;
  std::vector<Span> spans_;
};

Found bonato_bursts(const std::vector<double>& q, const OnsetOptions& o) {
  Found found;
  found.threshold = -2 * std::log(point_probability(o.alpha));
  ExceedanceRuns runs;
  for (std::size_t i = 0; i + 1 < q.size(); i += 2) runs.next(q[i] + q[i + 1] > found.threshold);
  found.bursts = runs.finish();
  return found;
}

Found cfar_bursts(const std::vector<double>& q, const OnsetOptions& o) {
  constexpr std::size_t kCells = 100, kAge = 20;
  const double factor = kCells * (std::pow(point_probability(o.alpha), -1.0 / kCells) - 1);
  std::vector<double> cells(kCells, 2.0);  // two squares of the baseline each
  double sum = 2.0 * kCells;
  std::size_t oldest = 0;
  std::array<double, kAge> waiting{};
  std::array<bool, kAge> exceeded{};
  int exceedances = 0;
  Found found;
  ExceedanceRuns runs;
  for (std::size_t i = 0, pair = 0; i + 1 < q.size(); i += 2, ++pair) {
    const double z = q[i] + q[i + 1];
    const bool exceeds = z > sum / kCells * factor;
    runs.next(exceeds);
    const std::size_t slot = pair % kAge;
    const double aged = waiting[slot];
    exceedances += exceeds - exceeded[slot];
    waiting[slot] = z;
    exceeded[slot] = exceeds;
    if (pair < kAge || exceedances >= kNeeded) continue;
    sum += aged - cells[oldest];
    cells[oldest] = aged;
    oldest = (oldest + 1) % kCells;
    if (oldest == 0) {
      // Fresh sum once around: differences do not pile up.
      sum = 0;
      for (const double c : cells) sum += c;
    }
  }
  found.threshold = factor * 2;
  found.bursts = runs.finish();
  return found;
}

}  // namespace

Found whitened_bursts(std::span<const double> trace, double rate_hz, const Baseline& baseline, const OnsetOptions& o) {
  const bool with_backward = o.method == OnsetMethod::aglr || o.method == OnsetMethod::change;
  const auto power = relative_power(trace, rate_hz, baseline, with_backward);
  const auto& q = power.forward;
  const Index gap = o.gap_ms > 0 ? samples_in_ms(o.gap_ms, rate_hz) : 0, hold = o.hold_ms > 0 ? samples_in_ms(o.hold_ms, rate_hz) : 0;
  if (o.method == OnsetMethod::change) return change_bursts(q, power.backward, power.independence, rate_hz, o);
  Found found;
  if (o.method == OnsetMethod::aglr) {
    found.threshold = o.llr;
    found.bursts = joined_spans(aglr_bursts(power, rate_hz, o), 1, hold);
    return found;
  }
  found = o.method == OnsetMethod::bonato ? bonato_bursts(q, o) : cfar_bursts(q, o);
  found.bursts = joined_spans(found.bursts, gap, hold);
  return found;
}

}  // namespace emg::onset_detail
