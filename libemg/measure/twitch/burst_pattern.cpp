#include "libemg/measure/twitch/burst_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/probability.h"
#include "libemg/core/validate.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"
#include "libemg/measure/twitch/rate.h"

namespace emg {
namespace {

constexpr int kSufficient = 10;
constexpr int kOrder = 2;   // of the band-pass: a steeper one rings over the edges of a loud burst
constexpr Index kMostSteps = 1000;
constexpr double kNearMs = 10, kLeastLlr = 12, kJoinMs = 30;   // candidates closer than this are looked at as one
constexpr double kPartnerS = 0.25, kTriphasicS = 0.5, kRhythmLowHz = 0.5, kRhythmHighHz = 30;
const double kPi = std::acos(-1.0);

// n_in ln v_in + n_out ln v_out of a split; infinity if the inside is not louder.
class SplitCost {
 public:
  explicit SplitCost(std::span<const double> x) : sums_(x.size() + 1, 0.0) {
    for (std::size_t i = 0; i < x.size(); ++i) sums_[i + 1] = sums_[i] + x[i] * x[i];
  }
  double operator()(Index first, Index end) const {
    const double n = static_cast<double>(sums_.size() - 1), in = static_cast<double>(end - first), out = n - in;
    const double inside = mean_inside(first, end), outside = mean_outside(first, end);
    if (!(out > 0) || !(outside > 0) || inside <= outside) return std::numeric_limits<double>::infinity();
    return in * std::log(inside) + out * std::log(outside);
  }
  double mean_inside(Index first, Index end) const { return (at(end) - at(first)) / static_cast<double>(end - first); }
  double mean_outside(Index first, Index end) const {
    const double out = static_cast<double>(sums_.size() - 1) - static_cast<double>(end - first);
    return (sums_.back() - at(end) + at(first)) / out;
  }

 private:
  double at(Index i) const { return sums_[static_cast<std::size_t>(i)]; }
  std::vector<double> sums_;
};

// How far a limit may move until the cost has risen by 1: the likelihood has then fallen by 1/2.
template <class Cost>
double half_width(Cost&& cost, Index best, Index low, Index high) {
  const double limit = cost(best) + 1;
  Index a = best, b = best;
  while (a > low && cost(a - 1) < limit) --a;
  while (b < high && cost(b + 1) < limit) ++b;
  return static_cast<double>(b - a + 1) / 2;
}

std::vector<Span> candidates(std::span<const double> x, double rate_hz, const BurstOptions& o) {
  std::vector<double> square(x.size());
  std::transform(x.begin(), x.end(), square.begin(), [](double v) { return v * v; });
  const auto smooth = moving_mean(square, samples_in_ms(o.smooth_ms, rate_hz));
  // Rest: the quieter half of the record. A quarter's quantile is its median.
  const double rest = quantile_of(smooth, 0.25);
  if (!(rest > 0)) return {};
  const auto above = spans_above(smooth, o.factor * o.factor * rest);
  return joined_spans(above, samples_in_ms(std::max(o.merge_ms, kJoinMs), rate_hz), 1);
}

BurstRow measured(std::span<const double> x, double rate_hz, int channel, Index first, const VarianceSplit& split) {
  BurstRow row;
  row.channel = channel;
  row.sample = first + split.first;
  row.end_sample = first + split.end;
  row.onset_s = static_cast<double>(row.sample) / rate_hz;
  row.offset_s = static_cast<double>(row.end_sample) / rate_hz;
  row.duration_ms = 1000 * static_cast<double>(split.end - split.first) / rate_hz;
  row.duration_sd_ms = 1000 * std::hypot(split.first_sd, split.end_sd) / rate_hz;
  const auto size = burst_size(x, {static_cast<Index>(row.sample), split.end - split.first});
  row.peak_uv = size.peak_uv;
  row.rms_uv = size.rms_uv;
  if (split.outside > 0) row.rms_ratio_db = 10 * std::log10(split.inside / split.outside);
  return row;
}

std::vector<BurstRow> channel_bursts(std::span<const double> x, double rate_hz, int channel, const BurstOptions& o) {
  std::vector<BurstRow> rows;
  const auto found = candidates(x, rate_hz, o);
  const Index reach = samples_in_ms(o.reach_ms, rate_hz), coarse = samples_in_ms(1, rate_hz), shortest = samples_in_ms(o.shortest_ms, rate_hz);
  const Index merge = samples_in_ms(o.merge_ms, rate_hz), near = samples_in_ms(kNearMs + o.smooth_ms, rate_hz);
  const double freedom = std::min(1.0, 2 * (std::min(o.high_hz, 0.45 * rate_hz) - o.low_hz) / rate_hz);
  const std::string method = fmt::format("two_variance {:g}-{:g} Hz", o.low_hz, std::min(o.high_hz, 0.45 * rate_hz));
  for (std::size_t i = 0; i < found.size(); ++i) {
    // Neighbours stay outside the window: the split knows one burst.
    Index first = std::max<Index>(0, found[i].first - reach), end = std::min(static_cast<Index>(x.size()), found[i].first + found[i].count + reach);
    if (i > 0) first = std::max(first, (found[i - 1].first + found[i - 1].count + found[i].first) / 2);
    if (i + 1 < found.size()) end = std::min(end, (found[i].first + found[i].count + found[i + 1].first) / 2);
    if (end - first < 2 * shortest) continue;
    // The limits lie near the candidate; what is farther only tells the background.
    const Span within{found[i].first - near - first, found[i].count + 2 * near};
    const auto split = variance_split(x.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(end - first)), coarse, shortest, within);
    if (!split || split->llr * freedom < kLeastLlr) continue;
    auto row = measured(x, rate_hz, channel, first, *split);
    row.method = method;
    if (!rows.empty() && row.sample - rows.back().end_sample < merge) {
      const auto sd = rows.back().duration_sd_ms;
      VarianceSplit both = *split;
      both.first = static_cast<Index>(rows.back().sample), both.end = static_cast<Index>(row.end_sample);
      rows.back() = measured(x, rate_hz, channel, 0, both);
      rows.back().duration_sd_ms = sd;
      rows.back().method = method;
    } else {
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

// Largest peak of |sum exp(2 pi i f t)|^2 / n, and the p of it among independent frequencies (Rayleigh, exponential law).
void fill_rhythm(const std::vector<double>& onsets, BurstPatternRow& row) {
  const double span = onsets.back() - onsets.front(), n = static_cast<double>(onsets.size());
  if (!(span > 0)) return;
  const double low = std::max(kRhythmLowHz, 2 / span), step = 0.25 / span;
  double best = -1, at = 0;
  for (double f = low; f <= kRhythmHighHz; f += step) {
    std::complex<double> sum = 0;
    for (const double t : onsets) sum += std::polar(1.0, 2 * kPi * f * (t - onsets.front()));
    if (std::norm(sum) / n > best) best = std::norm(sum) / n, at = f;
  }
  if (best < 0) return;
  const double independent = std::max(1.0, (kRhythmHighHz - low) * span);
  row.rhythm_hz = at;
  row.rhythm_p = std::min(1.0, -std::expm1(independent * std::log1p(-std::min(std::exp(-best), 1 - 1e-15))));
}

BurstPatternRow single(int channel, const std::vector<BurstRow>& rows, double duration_s) {
  BurstPatternRow out;
  out.channel = channel;
  out.bursts = static_cast<int>(rows.size());
  out.n_sufficient = out.bursts >= kSufficient;
  if (const auto rate = poisson_rate(out.bursts, duration_s)) {
    out.rate_per_min = rate->per_min;
    out.rate_low_per_min = rate->low_per_min;
    out.rate_high_per_min = rate->high_per_min;
  }
  if (rows.empty()) return out;
  out.method = rows.front().method;
  std::vector<double> durations, onsets, intervals;
  for (const auto& r : rows) {
    durations.push_back(r.duration_ms);
    if (!onsets.empty()) intervals.push_back(r.onset_s - onsets.back());
    onsets.push_back(r.onset_s);
  }
  out.duration_median_ms = median_of(durations);
  out.duration_iqr_ms = quantile_of(durations, 0.75) - quantile_of(durations, 0.25);
  if (intervals.empty()) return out;
  out.interval_median_s = median_of(intervals);
  if (intervals.size() < static_cast<std::size_t>(kSufficient)) return out;
  double mean = 0, square = 0, jump = 0;
  const double n = static_cast<double>(intervals.size());
  for (const double d : intervals) mean += d / n;
  for (const double d : intervals) square += (d - mean) * (d - mean);
  for (std::size_t i = 1; i < intervals.size(); ++i) jump += std::fabs(std::log(intervals[i] / intervals[i - 1]));
  out.interval_cv = std::sqrt(square / (n - 1)) / mean;
  out.cv_local = std::sqrt(kPi) / 2 * jump / (n - 1);
  fill_rhythm(onsets, out);
  return out;
}

BurstPatternRow pair(int first, int second, const std::vector<BurstRow>& a, const std::vector<BurstRow>& b) {
  BurstPatternRow out;
  out.channel = first;
  out.other_channel = second;
  if (a.empty() || b.empty()) return out;
  out.method = a.front().method;
  double overlap = 0, time_a = 0, time_b = 0;
  for (const auto& x : a) {
    time_a += x.offset_s - x.onset_s;
    for (const auto& y : b) overlap += std::max(0.0, std::min(x.offset_s, y.offset_s) - std::max(x.onset_s, y.onset_s));
  }
  for (const auto& y : b) time_b += y.offset_s - y.onset_s;
  out.co_contraction = 2 * overlap / (time_a + time_b);
  out.overlap_share = overlap / time_a;
  std::vector<double> lags;
  int leads = 0, follows = 0;
  for (const auto& x : a) {
    double best = std::numeric_limits<double>::infinity();
    for (const auto& y : b) {
      if (std::fabs(y.onset_s - x.onset_s) < std::fabs(best)) best = y.onset_s - x.onset_s;
    }
    if (std::fabs(best) > kPartnerS) continue;
    lags.push_back(1000 * best);
    leads += best > 0;
    follows += best < 0;
  }
  out.bursts = static_cast<int>(lags.size());
  out.n_sufficient = out.bursts >= kSufficient;
  out.first_leads = leads;
  out.second_leads = follows;
  if (!lags.empty()) {
    out.lag_median_ms = median_of(lags);
    out.lag_iqr_ms = quantile_of(lags, 0.75) - quantile_of(lags, 0.25);
  }
  int triphasic = 0;
  for (std::size_t i = 0; i + 1 < a.size(); ++i) {
    if (a[i + 1].onset_s - a[i].onset_s > kTriphasicS) continue;
    triphasic += std::any_of(b.begin(), b.end(), [&](const BurstRow& y) { return y.onset_s > a[i].onset_s && y.onset_s < a[i + 1].onset_s; });
  }
  out.triphasic = triphasic;
  return out;
}

}  // namespace

std::optional<VarianceSplit> variance_split(std::span<const double> x, Index coarse, Index shortest, Span within) {
  const auto n = static_cast<Index>(x.size());
  const Index low = std::max<Index>(0, within.first), high = within.count > 0 ? std::min(n, within.first + within.count) : n;
  const SplitCost cost(x);
  coarse = std::max(coarse, (high - low) / kMostSteps);   // minutes of activity are not split to the millisecond at first
  double best = std::numeric_limits<double>::infinity();
  VarianceSplit split;
  for (Index a = low; a + shortest <= high; a += coarse) {
    for (Index b = a + shortest; b <= high; b += coarse) {
      const double c = cost(a, b);
      if (c < best) best = c, split.first = a, split.end = b;
    }
  }
  if (!std::isfinite(best)) return std::nullopt;
  const Index a0 = split.first, b0 = split.end;
  for (Index a = std::max<Index>(0, a0 - coarse); a <= a0 + coarse; ++a) {
    for (Index b = std::max(a + shortest, b0 - coarse); b <= std::min(n, b0 + coarse); ++b) {
      const double c = cost(a, b);
      if (c < best) best = c, split.first = a, split.end = b;
    }
  }
  split.llr = (static_cast<double>(n) * std::log(cost.mean_inside(0, n)) - best) / 2;
  split.inside = cost.mean_inside(split.first, split.end);
  split.outside = cost.mean_outside(split.first, split.end);
  split.first_sd = half_width([&](Index a) { return cost(a, split.end); }, split.first, 0, split.end - 1);
  split.end_sd = half_width([&](Index b) { return cost(split.first, b); }, split.end, split.first + 1, n);
  return split;
}

std::vector<BurstRow> bursts(const ChannelsView& signal, double rate_hz, const BurstOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const double high_hz = std::min(options.high_hz, 0.45 * rate_hz);
  require_ascending("low_hz", options.low_hz, "high_hz", high_hz);
  std::vector<std::vector<BurstRow>> parts(static_cast<std::size_t>(signal.rows()));
  const RowMatrix filtered = bandpass(signal, rate_hz, {.low_hz = options.low_hz, .high_hz = high_hz, .order = kOrder}, threads);
  parallel_for(signal.rows(), threads, [&](Index c) { parts[static_cast<std::size_t>(c)] = channel_bursts(channel_span(filtered, c), rate_hz, static_cast<int>(c), options); });
  std::vector<BurstRow> rows;
  for (auto& part : parts) rows.insert(rows.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  return rows;
}

std::vector<BurstPatternRow> burst_pattern(const std::vector<BurstRow>& rows, double duration_s) {
  int channels = 0;
  for (const auto& row : rows) {
    if (row.method != rows.front().method) {
      throw InvalidArgument(fmt::format("bursts of the methods {} and {} must not be pooled: their durations differ", rows.front().method, row.method));
    }
    channels = std::max(channels, row.channel + 1);
  }
  std::vector<std::vector<BurstRow>> of(static_cast<std::size_t>(channels));
  for (const auto& row : rows) of[static_cast<std::size_t>(row.channel)].push_back(row);
  std::vector<BurstPatternRow> out;
  for (int c = 0; c < channels; ++c) out.push_back(single(c, of[static_cast<std::size_t>(c)], duration_s));
  for (int a = 0; a < channels; ++a) {
    for (int b = a + 1; b < channels; ++b) out.push_back(pair(a, b, of[static_cast<std::size_t>(a)], of[static_cast<std::size_t>(b)]));
  }
  return out;
}

std::vector<BurstPatternRow> burst_pattern_of(const ChannelsView& signal, double rate_hz, const BurstOptions& options, int threads) {
  return burst_pattern(bursts(signal, rate_hz, options, threads), static_cast<double>(signal.cols()) / rate_hz);
}

}  // namespace emg
