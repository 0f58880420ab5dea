#include <algorithm>
#include <cmath>

#include "libemg/detect/burst.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset_internal.h"
#include "libemg/detect/scan_internal.h"
#include "libemg/filter/butterworth.h"

namespace emg::onset_detail {
namespace {

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

double window_freedom(std::span<const double> trace, const std::vector<Span>& spans, double rate_hz) {
  constexpr double kWindowS = 0.25, kLagS = 0.05;
  constexpr Index kMostSamples = 8192;
  const Index lags = std::min<Index>(samples_in_s(kLagS, rate_hz), 500);
  std::vector<double> rho(static_cast<std::size_t>(lags));
  Index seen = 0;
  for (const auto& span : spans) {
    if ((seen += span.count) > kMostSamples + span.count) break;
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

void activity_measure(std::span<const double> trace, OnsetMethod method, Index first, std::span<double> out) {
  const auto n = static_cast<Index>(trace.size()), end = first + static_cast<Index>(out.size());
  if (method == OnsetMethod::hodges_bui) {
    for (Index i = first; i < end; ++i) out[static_cast<std::size_t>(i - first)] = std::fabs(trace[static_cast<std::size_t>(i)]);
    return;
  }
  if (n < 3) {
    std::fill(out.begin(), out.end(), 0.0);
    return;
  }
  // The energy needs both neighbours: the ends of the record repeat what lies beside them.
  const Index from = std::clamp<Index>(first, 1, n - 1), to = std::clamp<Index>(end, from, n - 1);
  scan::teager_energy(trace.data() + from, static_cast<std::size_t>(to - from), out.data() + (from - first));
  const auto energy = [&](Index i) {
    const double* const x = trace.data() + i;
    return std::fabs(x[0] * x[0] - *(x - 1) * x[1]);
  };
  if (first == 0 && end > 0) out.front() = energy(1);
  if (end == n) out.back() = energy(n - 2);
}

bool smooth_by_mean(std::span<const double> trace, OnsetMethod method, Index width, std::span<double> mean) {
  constexpr Index kBlock = 2048;
  const auto n = static_cast<Index>(trace.size());
  if (n < 4 * width || width > static_cast<Index>(scan::kWidest)) {
    std::vector<double> measure(trace.size());
    activity_measure(trace, method, 0, measure);
    moving_mean(measure, width, mean);
    return scan::all_finite(trace);
  }
  // Energy and sums of a block stay in the cache.
  const Index before = width / 2, whole = n - width + 1;
  std::vector<double> measure(static_cast<std::size_t>(kBlock + width));
  bool finite = scan::all_finite(trace.subspan(static_cast<std::size_t>(whole)));
  for (Index i = 0; i < whole; i += kBlock) {
    const Index count = std::min(kBlock, whole - i);
    finite = scan::all_finite(trace.subspan(static_cast<std::size_t>(i), static_cast<std::size_t>(count))) && finite;
    activity_measure(trace, method, i, {measure.data(), static_cast<std::size_t>(count + width - 1)});
    scan::window_sums(measure.data(), static_cast<std::size_t>(count), static_cast<std::size_t>(width), 1 / static_cast<double>(width),
                      mean.data() + before + i);
  }
  std::vector<double> edge(static_cast<std::size_t>(2 * width)), smooth(edge.size());
  activity_measure(trace, method, 0, edge);
  moving_mean(edge, width, smooth);
  std::copy_n(smooth.begin(), before, mean.begin());
  activity_measure(trace, method, n - 2 * width, edge);
  moving_mean(edge, width, smooth);
  const Index after = n - before - whole;
  std::copy_n(smooth.end() - after, after, mean.end() - after);
  return finite;
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
