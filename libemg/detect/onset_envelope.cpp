#include <algorithm>
#include <cmath>

#include "libemg/detect/burst.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset_internal.h"
#include "libemg/filter/butterworth.h"

namespace emg::onset_detail {
namespace {

// Degrees of freedom of a window of 250 ms of the noise in `spans`.
double window_freedom(std::span<const double> trace, const std::vector<Span>& spans, double rate_hz) {
  constexpr double kWindowS = 0.25, kLagS = 0.05;
  const Index lags = std::min<Index>(samples_in_s(kLagS, rate_hz), 500);
  std::vector<double> rho(static_cast<std::size_t>(lags));
  for (const auto& span : spans) {
    const auto x = trace.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count));
    for (std::size_t k = 0; k < rho.size() && k < x.size(); ++k) {
      for (std::size_t i = k; i < x.size(); ++i) rho[k] += x[i] * x[i - k];
    }
  }
  const double power = rho.front();
  if (!(power > 0)) return 1;
  for (auto& r : rho) r /= power;
  return std::max(4.0, window_degrees_of_freedom(rho, samples_in_s(kWindowS, rate_hz)));
}

// Samples from the middle of `step` to where it reaches `share`.
double step_delay(const std::vector<double>& step, double share) {
  const auto at = std::find_if(step.begin() + 1, step.end(), [&](double v) { return v >= share; });
  if (at == step.end()) return 0;
  const double before = *(at - 1);
  const double place = static_cast<double>(at - step.begin()) - (*at > before ? (*at - share) / (*at - before) : 0);
  return place - static_cast<double>(step.size() / 2);
}

double crossing_delay(std::span<const double> envelope, Index from, Index to, double base, double threshold,
                      const std::vector<double>& step) {
  constexpr double kLeast = 0.02, kMost = 0.98;
  double level = 0;
  for (Index i = from; i < to; ++i) level += envelope[static_cast<std::size_t>(i)] / static_cast<double>(to - from);
  if (!(level > base)) return 0;
  return step_delay(step, std::clamp((threshold - base) / (level - base), kLeast, kMost));
}

void correct_delays(std::vector<Span>& bursts, std::span<const double> envelope, double rate_hz, double base, double threshold,
                    const std::vector<double>& step) {
  constexpr double kLocalS = 0.1;
  const Index local = samples_in_s(kLocalS, rate_hz), n = static_cast<Index>(envelope.size());
  for (auto& burst : bursts) {
    const Index first = burst.first, end = burst.first + burst.count;
    const Index head = std::min(local, burst.count);
    const Index start = first - static_cast<Index>(std::lround(crossing_delay(envelope, first, first + head, base, threshold, step)));
    const Index stop = end + static_cast<Index>(std::lround(crossing_delay(envelope, end - head, end, base, threshold, step)));
    // A burst at the edge of the record did not start or end there.
    burst.first = first == 0 ? 0 : std::clamp<Index>(start, 0, n - 1);
    burst.count = (end == n ? n : std::clamp<Index>(stop, burst.first + 1, n)) - burst.first;
  }
  bursts = joined_spans(bursts, 1, 1);
}

}  // namespace

Level level_over(std::span<const double> envelope, const std::vector<Span>& spans) {
  Level level;
  double count = 0, square = 0;
  for (const auto& span : spans) {
    count += static_cast<double>(span.count);
    for (Index i = span.first; i < span.first + span.count; ++i) level.mean += envelope[static_cast<std::size_t>(i)];
  }
  if (count == 0) return level;
  level.mean /= count;
  for (const auto& span : spans) {
    for (Index i = span.first; i < span.first + span.count; ++i) square += std::pow(envelope[static_cast<std::size_t>(i)] - level.mean, 2);
  }
  level.sd = std::sqrt(square / count);
  return level;
}

void activity_measure(std::span<const double> trace, OnsetMethod method, std::span<double> out) {
  const std::size_t n = trace.size();
  const double* const x = trace.data();
  double* const y = out.data();
  if (method == OnsetMethod::hodges_bui) {
    for (std::size_t i = 0; i < n; ++i) y[i] = std::fabs(x[i]);
    return;
  }
  if (n < 3) {
    std::fill(out.begin(), out.end(), 0.0);
    return;
  }
  for (std::size_t i = 1; i + 1 < n; ++i) y[i] = std::fabs(x[i] * x[i] - x[i - 1] * x[i + 1]);
  y[0] = y[1];
  y[n - 1] = y[n - 2];
}

Found level_bursts(std::span<const double> envelope, const Level& base, const LevelRule& rule, Index gap, Index hold,
                   const std::optional<double>& factor) {
  constexpr int kRounds = 3;
  constexpr double kHighShare = 0.9;
  Found found;
  const auto find = [&](double threshold) {
    found.threshold = threshold;
    found.bursts = joined_spans(spans_above(envelope, threshold), gap, hold);
  };
  if (factor) {
    find(base.mean + *factor * base.sd);
    return found;
  }
  const auto threshold_for = [&](double inside) {
    return base.mean + std::max(rule.least_factor * base.sd, rule.share * (inside - base.mean));
  };
  find(threshold_for(quantile_of({envelope.begin(), envelope.end()}, kHighShare)));
  for (int round = 0; round < kRounds && !found.bursts.empty(); ++round) find(threshold_for(level_over(envelope, found.bursts).mean));
  return found;
}

std::vector<double> smoother_step(double rate_hz, const OnsetOptions& o) {
  const double reach_s = o.smoothing == OnsetSmoothing::mean ? o.smooth_ms / 1000 : 3 / o.smooth_hz;
  const Index half = samples_in_s(reach_s, rate_hz) + 2;
  std::vector<double> step(static_cast<std::size_t>(2 * half));
  // The step lies between two samples: the first sample of the burst is the middle one.
  std::fill(step.begin() + half, step.end(), 1.0);
  if (o.smoothing == OnsetSmoothing::mean) return moving_mean(step, samples_in_ms(o.smooth_ms, rate_hz));
  const RowMatrix smooth = lowpass(one_channel(step), rate_hz, {.cut_hz = o.smooth_hz, .order = 2});
  return {smooth.data(), smooth.data() + smooth.size()};
}

Found envelope_bursts(std::span<const double> envelope, std::span<const double> trace, double rate_hz, const Baseline& baseline,
                      const std::vector<double>& step, const OnsetOptions& o) {
  const bool squared = o.method == OnsetMethod::teager;
  auto base = level_over(envelope, baseline.spans);
  if (baseline.selected) {
    const double f = quiet_selection_factor(window_freedom(trace, baseline.spans, rate_hz));
    const double scale = squared ? f * f : f;
    base.mean /= scale;
    base.sd /= scale;
  }
  const Index gap = o.gap_ms > 0 ? samples_in_ms(o.gap_ms, rate_hz) : 0, hold = o.hold_ms > 0 ? samples_in_ms(o.hold_ms, rate_hz) : 0;
  auto found = level_bursts(envelope, base, squared ? LevelRule{3.5, 0.25} : LevelRule{3, 0.5}, gap, hold, o.factor);
  if (o.correct_delay) correct_delays(found.bursts, envelope, rate_hz, base.mean, found.threshold, step);
  return found;
}

}  // namespace emg::onset_detail
