#include "libemg/measure/ncs/mep.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/version.h"
#include "libemg/measure/ncs/onset_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr double kLowestRateHz = 1000, kTurnShare = 0.05, kQuietMs = 15;
constexpr double kTailMs = 10, kTailStepMs = 0.3, kLeastSilenceMs = 3;  // what the evoked potential may leave after its end
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

// Sample at which a quiet stretch ends, given that the evoked potential may reach into its start: the split into loud, quiet and loud, each
// Gaussian, of the largest likelihood. A loud start of no length is the plain change point.
std::optional<Index> change_point(const Trace& t, Index first, Index last) {
  const Index n = last - first;
  std::vector<double> sums(static_cast<std::size_t>(n) + 1, 0.0);
  for (Index i = 0; i < n; ++i)
    sums[static_cast<std::size_t>(i + 1)] = sums[static_cast<std::size_t>(i)] + t.at(first + i) * t.at(first + i);
  const auto power = [&](Index from, Index to) {
    return (sums[static_cast<std::size_t>(to)] - sums[static_cast<std::size_t>(from)]) / static_cast<double>(to - from);
  };
  const double least_power = 1e-12 * power(0, n);
  const auto cost = [&](double v, Index count) { return static_cast<double>(count) * std::log(std::max(v, least_power)); };
  const Index least = std::max<Index>(3, samples_in_ms(kLeastSilenceMs, t.rate_hz)), step = samples_in_ms(kTailStepMs, t.rate_hz),
              tail = samples_in_ms(kTailMs, t.rate_hz);
  double lowest = n > 0 ? cost(power(0, n), n) : 0;
  std::optional<Index> best;
  for (Index a = 0; a <= tail; a += step) {
    for (Index b = a + least; b + 3 <= n; ++b) {
      const double quiet = power(a, b), loud = power(b, n);
      if (!(quiet < loud) || (a > 0 && power(0, a) < quiet)) continue;
      const double value = (a > 0 ? cost(power(0, a), a) : 0) + cost(quiet, b - a) + cost(loud, n - b);
      if (value < lowest) lowest = value, best = first + b;
    }
  }
  return best;
}

// Drift of the search: its least-squares line. A high-pass would carry activity of 20 Hz far into the silence.
void remove_line(Trace& t, Index first, Index last) {
  const double n = static_cast<double>(last - first), middle = static_cast<double>(first + last - 1) / 2;
  double sum = 0, product = 0, squares = 0;
  for (Index i = first; i < last; ++i) {
    const double x = static_cast<double>(i) - middle;
    sum += t.at(i), product += x * t.at(i), squares += x * x;
  }
  const double slope = squares > 0 ? product / squares : 0;
  for (Index i = first; i < last; ++i) t.y[static_cast<std::size_t>(i)] -= sum / n + slope * (static_cast<double>(i) - middle);
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
  const double level = baseline_of(t, 0, 1).level_uv;
  for (double& v : t.y) v -= level;
  const Index guard = samples_in_ms(5, t.rate_hz);
  if (t.zero > 2 * guard) row.background_rms_uv = rms(t.y, 0, t.zero - guard);
  if (!potential.response || !potential.latency_ms) {
    row.reason = "not_assessable (no evoked potential)";
    return row;
  }
  const Index first = t.sample(*potential.end_ms), last = t.sample(*potential.end_ms + o.search_ms);
  if (last - first < samples_in_ms(kTailMs + kQuietMs, t.rate_hz)) {
    row.reason = "not_assessable (the sweep ends with the evoked potential)";
    return row;
  }
  remove_line(t, first, last);
  const Index window = samples_in_ms(kQuietMs, t.rate_hz);
  double quietest = INFINITY;
  for (Index i = first; i + window <= last; i += std::max<Index>(1, window / 4)) quietest = std::min(quietest, rms(t.y, i, i + window));
  const double rest = o.rest_rms_uv.value_or(quietest);
  if (!(row.background_rms_uv >= o.background_factor * rest)) {
    row.reason =
        fmt::format("not_assessable (background): activity before the stimulus {:.3g} uV, rest {:.3g} uV", row.background_rms_uv, rest);
    return row;
  }
  auto end = change_point(t, first, last);
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
