#include "libemg/measure/ncs/mep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/version.h"
#include "libemg/filter/butterworth.h"
#include "libemg/measure/ncs/onset_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kLowestRateHz = 1000, kTurnShare = 0.05, kQuietMs = 20, kHighestEdge = 0.45;
// Garvey et al. 2001: limit in mean consecutive differences below the mean.
constexpr double kControlFactor = 2.66;
constexpr int kFewestForControl = 10;

// A sweep on its spline points, baseline removed.
struct Fine {
  std::vector<double> y;
  double first_ms = 0, step_ms = 0;
  double deviation = 0, baseline_rms = 0;

  double ms(std::size_t i) const { return first_ms + static_cast<double>(i) * step_ms; }
  std::size_t at(double time_ms) const {
    const double i = std::round((time_ms - first_ms) / step_ms);
    return static_cast<std::size_t>(std::clamp(i, 0.0, static_cast<double>(y.size() - 1)));
  }
};

Fine fine_sweep(const SweepSet& set, Index row, const MepOptions& o) {
  const Trace t = trace_of(set, row);
  Fine f;
  f.y = spline_points(t.y, t.y.size() * static_cast<std::size_t>(o.upsample));
  f.first_ms = t.ms(0);
  f.step_ms = (t.ms(static_cast<double>(t.size() - 1)) - t.ms(0)) / static_cast<double>(f.y.size() - 1);
  std::vector<double> base;
  for (std::size_t i = 0; i < f.y.size(); ++i) {
    if (f.ms(i) > o.baseline_low_ms && f.ms(i) < o.baseline_high_ms) base.push_back(f.y[i]);
  }
  if (base.empty())
    throw InvalidArgument(
        fmt::format("baseline_low_ms {} to baseline_high_ms {} hold no sample: the sweep begins {:.6g} ms before the stimulus",
                    o.baseline_low_ms, o.baseline_high_ms, -f.first_ms));
  const double level = mean_of(base);
  for (double& v : f.y) v -= level;
  for (const double v : base)
    f.deviation += std::abs(v - level) / static_cast<double>(base.size()),
        f.baseline_rms += (v - level) * (v - level) / static_cast<double>(base.size());
  f.baseline_rms = std::sqrt(f.baseline_rms);
  return f;
}

double rectified_area(const Fine& f, std::size_t first, std::size_t end) {
  double sum = 0;
  for (std::size_t i = first; i + 1 < end; ++i) sum += (std::abs(f.y[i]) + std::abs(f.y[i + 1])) / 2;
  return sum * f.step_ms;
}

void count_shape(const Fine& f, std::size_t first, std::size_t last, double least, MepRow& row) {
  int turns = 0, phases = 1, direction = 0;
  double extreme = f.y[first], sign = 0;
  for (std::size_t i = first; i <= last; ++i) {
    const double v = f.y[i];
    if (direction >= 0 && v > extreme) extreme = v;
    if (direction <= 0 && v < extreme) extreme = v;
    if (direction == 0 && std::abs(v - f.y[first]) >= least) direction = v > f.y[first] ? 1 : -1, extreme = v;
    if (direction > 0 && extreme - v >= least) ++turns, direction = -1, extreme = v;
    if (direction < 0 && v - extreme >= least) ++turns, direction = 1, extreme = v;
    if (std::abs(v) < least) continue;
    const double now = v > 0 ? 1 : -1;
    if (sign != 0 && now != sign) ++phases;
    sign = now;
  }
  row.turns = turns, row.phases = phases;
}

std::optional<double> latency_of(const Fine& f, std::size_t first_peak, const MepOptions& o) {
  if (o.latency_method == MepLatency::deviation) {
    const double limit = o.latency_factor * f.deviation;
    for (std::size_t i = first_peak + 1; i-- > 0;) {
      if (std::abs(f.y[i]) < limit) return f.ms(i);
    }
    return std::nullopt;
  }
  const double sign = f.y[first_peak] > 0 ? 1 : -1;
  Trace t{f.y, 1000 / f.step_ms, 0};
  for (double& v : t.y) v *= sign;
  OnsetSearch search{o.latency_method == MepLatency::tangent ? LatencyMethod::tangent : LatencyMethod::hinge,
                     static_cast<Index>(f.at(0)),
                     f.baseline_rms,
                     4 * f.baseline_rms,
                     kMotorScale,
                     {}};
  const auto onset = find_onset(t, static_cast<Index>(first_peak), t.y[first_peak], search);
  return onset ? std::optional(f.first_ms + *onset * f.step_ms) : std::nullopt;
}

void require_onsets(const SweepSet& set, const std::optional<double>& low, const std::optional<double>& high) {
  require_sweeps(set, kLowestRateHz);
  if (!low) throw InvalidArgument("onset_low_ms is missing: the earliest onset after the stimulus, e.g. 18 for a hand muscle");
  if (!high) throw InvalidArgument("onset_high_ms is missing: the latest onset after the stimulus, e.g. 28 for a hand muscle");
  require_window(set, "onset_low_ms", *low, "onset_high_ms", *high);
}

MepRow measure(const SweepSet& set, Index r, const MepOptions& o) {
  const auto& s = set.sweeps[static_cast<std::size_t>(r)];
  MepRow row;
  row.sweep = s.sweep, row.channel = s.channel, row.side = s.side, row.muscle = s.muscle, row.annotation = s.annotation,
  row.intensity_ma = s.intensity_ma;
  row.method = "mep", row.version = kVersion, row.quality = "ok", row.latency_method = o.latency_method;
  const Fine f = fine_sweep(set, r, o);
  row.prestimulus_rms_uv = f.baseline_rms;
  if (o.prestimulus_limit_uv && f.baseline_rms > *o.prestimulus_limit_uv) row.quality = "active";
  std::size_t top = f.y.size(), bottom = f.y.size(), last = 0;
  for (std::size_t i = 0; i < f.y.size(); ++i) {
    if (!(f.ms(i) > *o.onset_low_ms && f.ms(i) < *o.onset_high_ms + o.window_ms)) continue;
    if (top == f.y.size() || f.y[i] > f.y[top]) top = i;
    if (bottom == f.y.size() || f.y[i] < f.y[bottom]) bottom = i;
    last = i;
  }
  if (top == f.y.size())
    throw InvalidArgument(fmt::format("onset_low_ms {} to onset_high_ms {} hold no sample", *o.onset_low_ms, *o.onset_high_ms));
  row.amplitude_uv = std::abs(f.y[top]) + std::abs(f.y[bottom]);
  row.response = row.amplitude_uv >= o.floor_uv;
  if (!row.response) {
    row.reason = fmt::format("no response: amplitude below floor_uv {}", o.floor_uv);
    return row;
  }
  const auto first = std::min(top, bottom), second = std::max(top, bottom);
  const double sign = f.y[first] > 0 ? 1 : -1;
  row.first_peak_ms = f.ms(first), row.first_peak_uv = sign * f.y[first], row.second_peak_ms = f.ms(second),
  row.second_peak_uv = sign * f.y[second];
  row.first_peak_sign = sign > 0 ? "+" : "-";
  row.latency_ms = latency_of(f, first, o);
  if (!row.latency_ms) {
    row.reason = "no onset: the trace does not come back to the baseline before the response";
    return row;
  }
  std::size_t end = second;
  while (end < last && std::abs(f.y[end]) >= o.latency_factor * f.deviation) ++end;
  const auto start = f.at(*row.latency_ms);
  row.end_ms = f.ms(end), row.duration_ms = *row.end_ms - *row.latency_ms;
  row.area_uvms = rectified_area(f, start, end);
  row.thickness_ms = *row.area_uvms / row.amplitude_uv;
  count_shape(f, start, end, kTurnShare * row.amplitude_uv, row);
  return row;
}

// Place that splits a stretch into a quiet and a loud part best.
std::optional<Index> change_point(const std::vector<double>& y, Index first, Index last) {
  const Index n = last - first;
  double total = 0;
  for (Index i = first; i < last; ++i) total += y[static_cast<std::size_t>(i)] * y[static_cast<std::size_t>(i)];
  double before = 0, lowest = static_cast<double>(n) * std::log(total / static_cast<double>(n));
  std::optional<Index> best;
  constexpr Index kLeast = 3;
  for (Index b = 1; b < n; ++b) {
    before += y[static_cast<std::size_t>(first + b - 1)] * y[static_cast<std::size_t>(first + b - 1)];
    if (b < kLeast || n - b < kLeast) continue;
    const double v1 = before / static_cast<double>(b), v2 = (total - before) / static_cast<double>(n - b);
    if (!(v1 < v2) || !(v1 > 0)) continue;
    const double value = static_cast<double>(b) * std::log(v1) + static_cast<double>(n - b) * std::log(v2);
    if (value < lowest) lowest = value, best = first + b;
  }
  return best;
}

double rms(const std::vector<double>& y, Index first, Index last) {
  double sum = 0;
  for (Index i = first; i < last; ++i) sum += y[static_cast<std::size_t>(i)] * y[static_cast<std::size_t>(i)];
  return std::sqrt(sum / static_cast<double>(std::max<Index>(1, last - first)));
}

void close_period(const Trace& t, const std::optional<Index>& end, SilentPeriodRow& row) {
  row.start_ms = row.start == SilentStart::stimulus ? 0 : row.start == SilentStart::mep_onset ? *row.mep_onset_ms : *row.mep_end_ms;
  if (!end) {
    row.censored = true;
    row.reason = "censored: activity does not return before the search ends";
    return;
  }
  row.end_ms = t.ms(static_cast<double>(*end));
  row.duration_ms = *row.end_ms - *row.start_ms;
}

SilentPeriodRow one_period(const SweepSet& set, Index r, const MepRow& potential, const SilentPeriodOptions& o) {
  const auto& s = set.sweeps[static_cast<std::size_t>(r)];
  SilentPeriodRow row;
  row.sweep = s.sweep, row.channel = s.channel, row.side = s.side, row.muscle = s.muscle, row.start = o.start, row.end = o.end;
  row.method = "silent-period", row.version = kVersion, row.quality = "ok";
  row.mep_onset_ms = potential.latency_ms, row.mep_end_ms = potential.end_ms;
  Trace t = trace_of(set, r);
  if (potential.latency_ms && potential.end_ms) {
    // The evoked potential would ring into the silence: a straight line takes its place before the filter.
    const Index from = t.sample(*potential.latency_ms), to = t.sample(*potential.end_ms);
    const double a = t.at(from), b = t.at(to);
    for (Index i = from; i < to; ++i)
      t.y[static_cast<std::size_t>(i)] = a + (b - a) * static_cast<double>(i - from) / static_cast<double>(to - from);
  }
  BandpassOptions band;
  band.low_hz = o.low_hz, band.high_hz = std::min(o.high_hz, kHighestEdge * t.rate_hz), band.order = 2, band.zero_phase = true;
  const RowMatrix filtered = bandpass(one_channel(t.y), t.rate_hz, band);
  t.y.assign(filtered.data(), filtered.data() + filtered.size());
  const Index guard = samples_in_ms(5, t.rate_hz);
  if (t.zero > 2 * guard) row.background_rms_uv = rms(t.y, 0, t.zero - guard);
  if (!potential.response || !potential.latency_ms) {
    row.reason = "not_assessable (no evoked potential)";
    return row;
  }
  const Index first = t.sample(*potential.end_ms), last = t.sample(*potential.end_ms + o.search_ms);
  const Index window = samples_in_ms(kQuietMs, t.rate_hz);
  double quietest = INFINITY;
  for (Index i = first; i + window <= last; i += std::max<Index>(1, window / 4)) quietest = std::min(quietest, rms(t.y, i, i + window));
  const double rest = o.rest_rms_uv.value_or(quietest);
  if (!(row.background_rms_uv >= o.background_factor * rest)) {
    row.reason =
        fmt::format("not_assessable (background): activity before the stimulus {:.3g} uV, rest {:.3g} uV", row.background_rms_uv, rest);
    return row;
  }
  auto end = change_point(t.y, first, last);
  // What follows must look like the activity before, not like a small ripple of noise.
  if (end && rms(t.y, *end, last) < row.background_rms_uv / o.background_factor) end.reset();
  close_period(t, end, row);
  return row;
}

SilentPeriodRow control_limit(const SweepSet& set, const std::vector<MepRow>& potentials, const SilentPeriodOptions& o) {
  if (set.samples.rows() < kFewestForControl)
    throw InvalidArgument(
        fmt::format("end control_limit needs the mean of at least {} sweeps, there are {}: on single sweeps the limit is negative",
                    kFewestForControl, set.samples.rows()));
  const auto& s = set.sweeps.front();
  SilentPeriodRow row;
  row.sweep = -1, row.channel = s.channel, row.side = s.side, row.muscle = s.muscle, row.start = o.start, row.end = o.end;
  row.method = "silent-period", row.version = kVersion, row.quality = "ok";
  std::vector<double> onsets, ends;
  for (const auto& p : potentials) {
    if (p.latency_ms && p.end_ms) onsets.push_back(*p.latency_ms), ends.push_back(*p.end_ms);
  }
  Trace t = trace_of(set, 0);
  std::fill(t.y.begin(), t.y.end(), 0.0);
  for (Index r = 0; r < set.samples.rows(); ++r) {
    Trace one = trace_of(set, r);
    const double level = baseline_of(one, 0, 1).level_uv;
    for (std::size_t i = 0; i < t.y.size(); ++i) t.y[i] += std::abs(one.y[i] - level) / static_cast<double>(set.samples.rows());
  }
  const Index before = t.zero - samples_in_ms(5, t.rate_hz);
  if (before < 10 || onsets.empty()) {
    row.reason = onsets.empty() ? "not_assessable (no evoked potential)" : "not_assessable (background): too little before the stimulus";
    return row;
  }
  row.mep_onset_ms = median_of(onsets), row.mep_end_ms = median_of(ends);
  double mean = 0, difference = 0;
  for (Index i = 0; i < before; ++i) mean += t.at(i) / static_cast<double>(before);
  for (Index i = 1; i < before; ++i) difference += std::abs(t.at(i) - t.at(i - 1)) / static_cast<double>(before - 1);
  row.background_rms_uv = mean;
  const double limit = mean - kControlFactor * difference;
  const Index first = t.sample(*row.mep_end_ms), last = t.sample(*row.mep_end_ms + o.search_ms), hold = samples_in_ms(o.hold_ms, t.rate_hz);
  std::optional<Index> end;
  bool silent = false;
  for (Index i = first, above = 0; i <= last; ++i) {
    silent = silent || t.at(i) < limit;
    above = t.at(i) > limit ? above + 1 : 0;
    if (silent && above >= hold) {
      end = i - hold + 1;
      break;
    }
  }
  if (!silent) {
    row.reason = "not_assessable (no silence below the control limit)";
    return row;
  }
  close_period(t, end, row);
  return row;
}

}  // namespace

std::vector<double> spline_points(const std::vector<double>& y, std::size_t count) {
  const std::size_t n = y.size();
  if (n < 4 || count < 2) throw InvalidArgument(fmt::format("a spline through {} samples needs at least 4", n));
  // Second derivatives m on an even grid of step 1: m[i-1] + 4 m[i] + m[i+1] = 6 second differences; not-a-knot: the third derivative is
  // continuous at the second and last but one sample, m[0] = 2 m[1] - m[2].
  std::vector<double> diagonal(n, 4.0), upper(n, 1.0), lower(n, 1.0), m(n, 0.0);
  for (std::size_t i = 1; i + 1 < n; ++i) m[i] = 6 * (y[i - 1] - 2 * y[i] + y[i + 1]);
  diagonal[1] = 6, upper[1] = 0, diagonal[n - 2] = 6, lower[n - 2] = 0;
  for (std::size_t i = 2; i + 1 < n; ++i) {
    const double factor = lower[i] / diagonal[i - 1];
    diagonal[i] -= factor * upper[i - 1];
    m[i] -= factor * m[i - 1];
  }
  m[n - 2] /= diagonal[n - 2];
  for (std::size_t i = n - 2; i-- > 1;) m[i] = (m[i] - upper[i] * m[i + 1]) / diagonal[i];
  m[0] = 2 * m[1] - m[2], m[n - 1] = 2 * m[n - 2] - m[n - 3];
  std::vector<double> points(count);
  for (std::size_t k = 0; k < count; ++k) {
    const double x = static_cast<double>(k) * static_cast<double>(n - 1) / static_cast<double>(count - 1);
    const auto i = std::min(static_cast<std::size_t>(x), n - 2);
    const double b = x - static_cast<double>(i), a = 1 - b;
    points[k] = a * y[i] + b * y[i + 1] + ((a * a * a - a) * m[i] + (b * b * b - b) * m[i + 1]) / 6;
  }
  return points;
}

double mep_area_uvms(const SweepSet& set, Index row, double latency_ms, double end_ms, const MepOptions& o) {
  require_sweeps(set, kLowestRateHz);
  const auto f = fine_sweep(set, row, o);
  return rectified_area(f, f.at(latency_ms), f.at(end_ms));
}

std::vector<MepRow> mep(const SweepSet& set, const MepOptions& o, int threads) {
  validate_options(o);
  require_onsets(set, o.onset_low_ms, o.onset_high_ms);
  if (!(o.baseline_low_ms < o.baseline_high_ms))
    throw InvalidArgument(fmt::format("baseline_low_ms {} is not below baseline_high_ms {}", o.baseline_low_ms, o.baseline_high_ms));
  std::vector<MepRow> rows(set.sweeps.size());
  parallel_for(set.samples.rows(), threads, [&](Index r) { rows[static_cast<std::size_t>(r)] = measure(set, r, o); });
  return rows;
}

std::vector<SilentPeriodRow> silent_period(const SweepSet& set, const SilentPeriodOptions& o, int threads) {
  validate_options(o);
  require_onsets(set, o.onset_low_ms, o.onset_high_ms);
  if (o.low_hz >= kHighestEdge * set.rate_hz)
    throw InvalidArgument(fmt::format("low_hz {} is not below 0.45 of the rate {}", o.low_hz, set.rate_hz));
  MepOptions m;
  m.onset_low_ms = o.onset_low_ms, m.onset_high_ms = o.onset_high_ms, m.floor_uv = o.floor_uv;
  const double before_ms = static_cast<double>(set.zero_sample) * 1000 / set.rate_hz;
  m.baseline_low_ms = -before_ms, m.baseline_high_ms = std::min(-5.0, -before_ms / 8);
  const auto potentials = mep(set, m, threads);
  if (o.end == SilentEnd::control_limit) return {control_limit(set, potentials, o)};
  std::vector<SilentPeriodRow> rows(set.sweeps.size());
  parallel_for(set.samples.rows(), threads,
               [&](Index r) { rows[static_cast<std::size_t>(r)] = one_period(set, r, potentials[static_cast<std::size_t>(r)], o); });
  return rows;
}

}  // namespace emg
