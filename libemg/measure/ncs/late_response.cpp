#include "libemg/measure/ncs/late_response.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/late_sweep_internal.h"
#include "libemg/measure/ncs/response_internal.h"
#include "libemg/measure/ncs/velocity.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr int kFewestSweeps = 5, kForLatency = 10, kForMean = 20, kForChronodispersion = 50;
constexpr double kSmoothMs = kLateSmoothMs, kFirstDeflection = 0.25, kEventGapMs = 1, kLongestMs = 20, kTurnaroundMs = 1, kRestShare = 0.01,
                 kBackSigma = 2, kFirstSigma = 6, kAlignMs = 0.3, kResidueShare = 0.12, kLobeMs = 1.2, kLobeSigma = 3.7, kBackShare = 0.04;
constexpr double kSnippetBeforeMs = 2, kSnippetAfterMs = 4, kUvPerMv = 1000;

struct Found {
  bool present = false;
  std::optional<double> latency_ms;
  double amplitude_uv = 0, duration_ms = 0;
};

// Extremes above the noise, the largest of every millisecond.
std::vector<Index> events_of(const LateSweep& s, Index first, Index last, double level) {
  const auto gap = static_cast<Index>(std::llround(kEventGapMs * s.rest.rate_hz / 1000));
  std::vector<Index> events;
  for (Index i = std::max(first, s.from) + 1; i < last; ++i) {
    const double v = std::abs(s.smooth.at(i));
    if (v < level || v < std::abs(s.smooth.at(i - 1)) || v < std::abs(s.smooth.at(i + 1))) continue;
    if (!events.empty() && i - events.back() < gap) {
      if (v > std::abs(s.smooth.at(events.back()))) events.back() = i;
    } else {
      events.push_back(i);
    }
  }
  return events;
}

// Many F waves begin with a lobe of the other sign that is small against the next one; right before it a smaller deflection counts than
// anywhere in the window. Its start, or `start` if there is none above `level`.
Index before_small_lobe(const LateSweep& s, Index first, Index start, double sign, double level, double back) {
  const Index reach = std::max(first, start - static_cast<Index>(std::llround(kLobeMs * s.rest.rate_hz / 1000)));
  Index top = start;
  for (Index i = start; i > reach; --i) {
    if (-sign * s.smooth.at(i) > -sign * s.smooth.at(top)) top = i;
  }
  if (-sign * s.smooth.at(top) < level) return start;
  Index i = top;
  while (i > first && -sign * s.smooth.at(i) >= back) --i;
  return i;
}

Found find_f(const LateSweep& s, Index window_first, Index last, const FWaveOptions& o) {
  Found f;
  const Index first = std::max(window_first, s.from);
  const auto begin = s.smooth.y.begin() + first, end = s.smooth.y.begin() + last + 1;
  const auto [low, high] = std::minmax_element(begin, end);
  if (*high - *low <= std::max(o.floor_uv, o.noise_factor * s.sigma)) return f;
  f.present = true;
  const double largest = std::max(std::abs(*low), std::abs(*high));
  const double level = std::max(kFirstDeflection * largest, kFirstSigma * s.smooth_sigma);
  const double lowest = std::max(level, s.residue_uv);
  Index i = first;
  while (i < last && std::abs(s.smooth.at(i)) < lowest) ++i;
  const double sign = s.smooth.at(i) > 0 ? 1 : -1;
  Index top = i;
  for (; i <= last && sign * s.smooth.at(i) > 0.5 * sign * s.smooth.at(top); ++i) {
    if (sign * s.smooth.at(i) > sign * s.smooth.at(top)) top = i;
  }
  // Back to the last sample below 2 sigma of the smoothed trace and a share of the deflection, which what is left of the tail of the M wave
  // does not reach: what smoothing brings forward, the threshold holds back.
  const double back = std::max(kBackSigma * s.smooth_sigma, kBackShare * sign * s.smooth.at(top));
  Index begin_of_rise = top;
  while (begin_of_rise > first && sign * s.smooth.at(begin_of_rise) >= back) --begin_of_rise;
  begin_of_rise = before_small_lobe(s, first, begin_of_rise, sign, std::max(kLobeSigma * s.smooth_sigma, s.residue_uv), back);
  const Trace& y = s.rest;
  const double start = static_cast<double>(begin_of_rise);
  f.latency_ms = y.ms(start);
  const auto until = std::min<Index>(last, static_cast<Index>(start + kLongestMs * y.rate_hz / 1000));
  const auto from = s.smooth.y.begin() + std::max<Index>(first, static_cast<Index>(start)), to = s.smooth.y.begin() + until + 1;
  const auto [bottom, peak] = std::minmax_element(from, to);
  f.amplitude_uv = *peak - *bottom;
  Index over = top;
  for (Index k = top; k <= until; ++k) {
    if (std::abs(s.smooth.at(k)) > std::max(4 * s.smooth_sigma, 0.05 * largest)) over = k;
  }
  f.duration_ms = y.ms(static_cast<double>(over)) - *f.latency_ms;
  return f;
}

double correlation(const Trace& a, const Trace& b, Index first, Index count, Index lag = 0) {
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (Index i = first; i < first + count; ++i) {
    const Index j = std::clamp<Index>(i + lag, 0, b.size() - 1);
    const double x = a.at(i), y = b.at(j);
    sa += x, sb += y, saa += x * x, sbb += y * y, sab += x * y;
  }
  const double n = static_cast<double>(count), va = saa - sa * sa / n, vb = sbb - sb * sb / n;
  return va > 0 && vb > 0 ? (sab - sa * sb / n) / std::sqrt(va * vb) : 0;
}

struct Member {
  std::size_t sweep;
  Index peak;
};

// The event of each sweep that stands where the seed does and looks like it.
std::vector<Member> like_seed(const std::vector<LateSweep>& sweeps, std::size_t seed, Index peak, Index first, Index last,
                              const FWaveOptions& o) {
  const auto& s = sweeps[seed];
  const auto samples = [&](double ms) { return static_cast<Index>(std::llround(ms * s.rest.rate_hz / 1000)); };
  const Index from = std::max(first, peak - samples(kSnippetBeforeMs)), count = std::min(last, peak + samples(kSnippetAfterMs)) - from + 1;
  std::vector<Member> members;
  for (std::size_t k = 0; k < sweeps.size(); ++k) {
    for (const Index event : sweeps[k].events) {
      if (std::abs(event - peak) > samples(2 * o.a_latency_sd_ms) || s.smooth.at(peak) * sweeps[k].smooth.at(event) < 0) continue;
      // The place of a rounded peak is uncertain: the shape as a whole tells it better.
      Index lag = event - peak;
      double best = -1;
      for (Index d = -samples(kAlignMs); d <= samples(kAlignMs); ++d) {
        const double c = correlation(s.smooth, sweeps[k].smooth, from, count, event - peak + d);
        if (c > best) best = c, lag = event - peak + d;
      }
      if (best < o.a_correlation) continue;
      members.push_back({k, peak + lag});
      break;
    }
  }
  return members;
}

// Finds the A wave in most sweeps, takes its mean out of them and says what it was; empty if there is none.
std::optional<AWaveRow> take_a_wave(std::vector<LateSweep>& sweeps, Index first, Index last, const FWaveOptions& o,
                                    std::vector<bool>& with_a) {
  std::vector<Member> best;
  for (std::size_t k = 0; k < sweeps.size(); ++k) {
    for (const Index event : sweeps[k].events) {
      auto members = like_seed(sweeps, k, event, first, last, o);
      if (members.size() > best.size()) best = std::move(members);
    }
  }
  if (static_cast<double>(best.size()) < o.a_share * static_cast<double>(sweeps.size())) return std::nullopt;
  const auto& clock = sweeps.front().rest;
  const auto samples = [&](double ms) { return static_cast<Index>(std::llround(ms * clock.rate_hz / 1000)); };
  const Index before = samples(kSnippetBeforeMs + 1), after = samples(kSnippetAfterMs + 2);
  // The median keeps F waves, which come here and there, out of the shape.
  std::vector<double> mean, peaks;
  for (const auto& m : best) peaks.push_back(clock.ms(static_cast<double>(m.peak)));
  for (Index i = -before; i <= after; ++i) {
    std::vector<double> values;
    for (const auto& m : best) {
      const Index at = m.peak + i;
      values.push_back(at >= first && at <= last ? sweeps[m.sweep].rest.at(at) : 0);
    }
    mean.push_back(median_of(std::move(values)));
  }
  AWaveRow row;
  row.latency_sd_ms = sd_of(peaks);
  if (row.latency_sd_ms > o.a_latency_sd_ms) return std::nullopt;
  const Trace shape{smoothed(mean, kSmoothMs, clock.rate_hz), clock.rate_hz, before};
  const auto [low, high] = std::minmax_element(shape.y.begin(), shape.y.end());
  row.amplitude_uv = *high - *low;
  const double peak_ms = mean_of(peaks);
  const double sign = shape.at(before) > 0 ? 1 : -1, tenth = 0.1 * sign * shape.at(before);
  Index onset = before;
  while (onset > 0 && sign * shape.at(onset) > tenth) --onset;
  row.latency_ms = peak_ms + shape.ms(static_cast<double>(onset));
  row.a_count = static_cast<int>(best.size());
  double sum = 0;
  for (const auto& m : best) {
    const Index from = std::max(first, m.peak - samples(kSnippetBeforeMs)),
                count = std::min(last, m.peak + samples(kSnippetAfterMs)) - from + 1;
    Trace placed = sweeps[m.sweep].smooth;
    std::fill(placed.y.begin(), placed.y.end(), 0.0);
    for (Index i = -before; i <= after; ++i) {
      if (m.peak + i >= first && m.peak + i <= last) placed.y[static_cast<std::size_t>(m.peak + i)] = shape.at(i + before);
    }
    sum += correlation(sweeps[m.sweep].smooth, placed, from, count);
    auto& rest = sweeps[m.sweep].rest;
    for (Index i = -before; i <= after; ++i) {
      const Index at = m.peak + i;
      if (at >= first && at <= last) rest.y[static_cast<std::size_t>(at)] -= mean[static_cast<std::size_t>(i + before)];
    }
    sweeps[m.sweep].smooth.y = smoothed(rest.y, kSmoothMs, rest.rate_hz);
    with_a[m.sweep] = true;
    sweeps[m.sweep].residue_uv = std::max(sweeps[m.sweep].residue_uv, kResidueShare * row.amplitude_uv);
  }
  row.correlation = sum / static_cast<double>(best.size());
  return row;
}

// Groups of equal F waves: single linkage.
int group_repeaters(const std::vector<LateSweep>& sweeps, std::vector<FWaveSweepRow>& rows, Index last, const FWaveOptions& o) {
  std::vector<std::size_t> present, parent(rows.size());
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].present && rows[i].latency_ms) present.push_back(i);
  }
  const std::function<std::size_t(std::size_t)> root = [&](std::size_t i) { return parent[i] == i ? i : parent[i] = root(parent[i]); };
  for (std::size_t a = 0; a < present.size(); ++a) {
    for (std::size_t b = a + 1; b < present.size(); ++b) {
      auto &x = rows[present[a]], &y = rows[present[b]];
      const auto& t = sweeps[present[a]].smooth;
      const Index from = t.sample(std::min(*x.latency_ms, *y.latency_ms) - 1);
      const Index to =
          std::min(last, t.sample(std::max(*x.latency_ms + x.duration_ms.value_or(0), *y.latency_ms + y.duration_ms.value_or(0)) + 1));
      const double c = correlation(t, sweeps[present[b]].smooth, from, to - from + 1);
      x.correlation = std::max(c, x.correlation.value_or(-1)), y.correlation = std::max(c, y.correlation.value_or(-1));
      const double ratio = *x.amplitude_uv / *y.amplitude_uv;
      if (c >= o.repeater_correlation && ratio <= o.repeater_ratio && ratio >= 1 / o.repeater_ratio)
        parent[root(present[b])] = root(present[a]);
    }
  }
  std::vector<int> size(rows.size(), 0), number(rows.size(), 0);
  for (const auto i : present) ++size[root(i)];
  int groups = 0;
  for (const auto i : present) {
    if (size[root(i)] < 2) continue;
    if (number[root(i)] == 0) number[root(i)] = ++groups;
    rows[i].repeater = number[root(i)];
  }
  return groups;
}

void summarise(FWaveRow& row, const std::vector<FWaveSweepRow>& rows, const FWaveOptions& o) {
  std::vector<double> latency, amplitude, duration;
  int repeated = 0;
  for (const auto& r : rows) {
    if (!r.present) continue;
    latency.push_back(*r.latency_ms), amplitude.push_back(*r.amplitude_uv), duration.push_back(*r.duration_ms);
    repeated += r.repeater > 0 ? 1 : 0;
  }
  row.sweep_count = static_cast<int>(rows.size()), row.f_count = static_cast<int>(latency.size());
  row.persistence_pct = 100.0 * row.f_count / row.sweep_count;
  const auto interval = share_interval(row.f_count, row.sweep_count, o.confidence);
  row.persistence_low_pct = 100 * interval.low, row.persistence_high_pct = 100 * interval.high;
  std::string flags;
  if (row.sweep_count < kForLatency) add_flag(flags, "few_latency");
  if (row.sweep_count < kForMean) add_flag(flags, "few_mean");
  if (row.sweep_count < kForChronodispersion) add_flag(flags, "few_chronodispersion");
  row.quality = flags.empty() ? "ok" : flags;
  if (latency.empty()) {
    row.reason = "no F wave";
    return;
  }
  const auto [low, high] = std::minmax_element(latency.begin(), latency.end());
  row.f_min_ms = *low, row.f_max_ms = *high, row.chronodispersion_ms = *high - *low;
  row.f_mean_ms = mean_of(latency), row.f_median_ms = median_of(latency);
  row.f_amplitude_uv = mean_of(amplitude), row.f_duration_ms = mean_of(duration);
  row.repeater_index = static_cast<double>(repeated) / row.f_count, row.repeater_share = static_cast<double>(repeated) / row.sweep_count;
  if (row.m_amplitude_mv && *row.m_amplitude_mv > 0) {
    row.fm_mean_pct = 100 * *row.f_amplitude_uv / (*row.m_amplitude_mv * kUvPerMv);
    row.fm_max_pct = 100 * *std::max_element(amplitude.begin(), amplitude.end()) / (*row.m_amplitude_mv * kUvPerMv);
  }
  if (!row.m_latency_ms) {
    row.reason = "not_assessable (no M wave): F ratio and velocities";
    return;
  }
  if (*low - *row.m_latency_ms <= kTurnaroundMs) return;
  row.f_ratio = f_indices(*low, *row.m_latency_ms, 1).f_ratio;
  if (!o.spine_mm) {
    row.reason = "not_assessable (spine_mm missing): F-wave velocities";
    return;
  }
  row.velocity_max_mps = f_indices(*low, *row.m_latency_ms, *o.spine_mm).velocity_mps;
  row.velocity_mean_mps = f_indices(*row.f_mean_ms, *row.m_latency_ms, *o.spine_mm).velocity_mps;
  row.velocity_min_mps = f_indices(*high, *row.m_latency_ms, *o.spine_mm).velocity_mps;
}

template <class Row>
Row site_row(const Sweep& s, const char* method) {
  Row row;
  row.channel = s.channel, row.nerve = s.nerve, row.side = s.side, row.muscle = s.muscle, row.site = s.site;
  row.method = method, row.version = kVersion;
  return row;
}

// First sample from `first` on at which the mean sweep has come to rest: no change above kRestShare of its largest deflection in the next
// ms.
Index after_m_wave(const SweepSet& set, const std::vector<Index>& rows, Index first, Index last) {
  const auto mean = smoothed(mean_row(set, rows), kSmoothMs, set.rate_hz);
  const Index step = std::max<Index>(1, static_cast<Index>(std::llround(set.rate_hz / 1000)));
  double largest = 0;
  for (Index i = set.zero_sample + step; i <= last; ++i)
    largest = std::max(largest, std::abs(mean[static_cast<std::size_t>(i)] - mean[static_cast<std::size_t>(last)]));
  Index i = first;
  while (i < first + (last - first) / 2 &&
         std::abs(mean[static_cast<std::size_t>(std::min(i + step, last))] - mean[static_cast<std::size_t>(i)]) > kRestShare * largest)
    ++i;
  return i;
}

void measure_m(const SweepSet& set, const std::vector<Index>& rows, const FWaveOptions& o, FWaveRow& row) {
  ResponseOptions m;
  m.window_low_ms = o.m_window_low_ms, m.window_high_ms = o.window_ms[0], m.floor_uv = o.floor_uv;
  if (!(m.window_low_ms < m.window_high_ms)) return;
  const auto found = measure_response({mean_row(set, rows), set.rate_hz, set.zero_sample}, m);
  row.m_latency_ms = found.onset_ms;
  if (found.peak_to_peak_uv) row.m_amplitude_mv = *found.peak_to_peak_uv / kUvPerMv;
}

void measure_site(const SweepSet& set, const std::vector<Index>& rows, const FWaveOptions& o, int threads, LateResponses& all) {
  const auto& sweep = set.sweeps[static_cast<std::size_t>(rows.front())];
  if (static_cast<int>(rows.size()) < kFewestSweeps) {
    throw InvalidArgument(
        fmt::format("site \"{}\" has {} sweeps: F waves need at least {}, better {}", sweep.site, rows.size(), kFewestSweeps, kForLatency));
  }
  const Trace clock = trace_of(set, rows.front());
  const Index last = clock.sample(o.window_ms[1]), first = after_m_wave(set, rows, clock.sample(o.window_ms[0]), last);
  const auto tail = common_tail(set, rows, first, last);
  std::vector<LateSweep> sweeps(rows.size());
  parallel_for(static_cast<Index>(rows.size()), threads, [&](Index k) {
    auto& s = sweeps[static_cast<std::size_t>(k)];
    s = late_sweep(set, rows[static_cast<std::size_t>(k)], first, last, tail, o.floor_uv);
    s.events = events_of(s, first, last, std::max(o.floor_uv / 2, o.noise_factor * s.sigma / 2));
  });
  std::vector<bool> with_a(rows.size(), false);
  std::vector<AWaveRow> a_rows;
  constexpr int kMostAWaves = 4;
  for (int k = 0; k < kMostAWaves; ++k) {
    auto found = take_a_wave(sweeps, first, last, o, with_a);
    if (!found) break;
    auto row = site_row<AWaveRow>(sweep, "a-waves");
    row.sweep_count = static_cast<int>(rows.size()), row.a_count = found->a_count, row.latency_ms = found->latency_ms;
    row.latency_sd_ms = found->latency_sd_ms, row.amplitude_uv = found->amplitude_uv, row.correlation = found->correlation;
    a_rows.push_back(std::move(row));
    for (auto& s : sweeps) s.events = events_of(s, first, last, std::max(o.floor_uv / 2, o.noise_factor * s.sigma / 2));
  }
  std::vector<FWaveSweepRow> f_rows;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto& info = set.sweeps[static_cast<std::size_t>(rows[k])];
    auto row = site_row<FWaveSweepRow>(info, "f-waves");
    const auto found = find_f(sweeps[k], first, last, o);
    row.sweep = info.sweep, row.present = found.present, row.with_a_wave = with_a[k], row.noise_uv = sweeps[k].sigma, row.quality = "ok";
    if (found.present) row.latency_ms = found.latency_ms, row.amplitude_uv = found.amplitude_uv, row.duration_ms = found.duration_ms;
    if (!found.present) row.reason = "no F wave";
    f_rows.push_back(std::move(row));
  }
  auto row = site_row<FWaveRow>(sweep, "f-waves");
  row.band_low_hz = set.band_low_hz, row.band_high_hz = set.band_high_hz;
  row.repeater_groups = group_repeaters(sweeps, f_rows, last, o);
  row.f_sweeps_with_a = static_cast<int>(std::count(with_a.begin(), with_a.end(), true));
  measure_m(set, rows, o, row);
  summarise(row, f_rows, o);
  for (auto& a : a_rows) {
    if (row.f_min_ms) a.position = a.latency_ms < *row.f_min_ms ? "before_f" : a.latency_ms > *row.f_max_ms ? "after_f" : "between";
  }
  all.f_waves.push_back(std::move(row));
  all.sweeps.insert(all.sweeps.end(), f_rows.begin(), f_rows.end());
  all.a_waves.insert(all.a_waves.end(), a_rows.begin(), a_rows.end());
}

double binomial_tail(int hits, int trials, double p) {  // P(X >= hits)
  double sum = 0;
  for (int k = hits; k <= trials; ++k) {
    const double n = trials, x = k;
    const double ln = std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1) + (k > 0 ? x * std::log(p) : 0) +
                      (k < trials ? (n - x) * std::log1p(-p) : 0);
    sum += std::exp(ln);
  }
  return sum;
}

double bisect(double target, const std::function<double(double)>& rising) {
  double low = 0, high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (rising(middle) < target ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

ShareInterval share_interval(int hits, int trials, double confidence) {
  const double half = (1 - confidence) / 2;
  ShareInterval interval;
  if (hits > 0) interval.low = bisect(half, [&](double p) { return binomial_tail(hits, trials, p); });
  if (hits < trials) interval.high = bisect(1 - half, [&](double p) { return binomial_tail(hits + 1, trials, p); });
  return interval;
}

LateResponses late_responses(const SweepSet& set, const FWaveOptions& options, int threads) {
  validate_options(options);
  require_sweeps(set);
  if (options.window_ms.size() != 2)
    throw InvalidArgument("window_ms is missing: start and end of the search for F waves, e.g. 20,45 for an arm");
  require_window(set, "window_ms", options.window_ms[0], "its end", options.window_ms[1]);
  if (set.averaged)
    throw InvalidArgument("the sweeps are averages: F waves differ from stimulus to stimulus and are measured on single sweeps");
  LateResponses all;
  for (const auto& rows : rows_by_site(set)) measure_site(set, rows, options, threads, all);
  return all;
}

std::vector<FWaveRow> f_waves(const SweepSet& set, const FWaveOptions& options, int threads) {
  return late_responses(set, options, threads).f_waves;
}

std::vector<FWaveSweepRow> f_wave_sweeps(const SweepSet& set, const FWaveOptions& options, int threads) {
  return late_responses(set, options, threads).sweeps;
}

std::vector<AWaveRow> a_waves(const SweepSet& set, const FWaveOptions& options, int threads) {
  return late_responses(set, options, threads).a_waves;
}

}  // namespace emg
