#include <algorithm>
#include <cmath>
#include <map>

#include "libemg/core/parallel.h"
#include "libemg/measure/ncs/response_internal.h"

namespace emg::ncs_detail {
namespace {

constexpr double kFirstDeflection = 0.5;  // of the largest, for the sign: the first lobe of a triphasic sensory response has 0.45
constexpr double kGuardMs = 0.3, kBeforePositivityMs = 5, kSlopeMs = 0.5;
constexpr double kTailShare = 0.05, kTurnShare = 0.03, kFourSigma = 4;
constexpr double kTopShare = 0.8, kTopPart = 0.6, kLeastTopMs = 0.15;
constexpr double kQuietDb = 50;  // above it nothing has to be smoothed
constexpr double kLowRateHz = 10000, kLowSensoryRateHz = 20000;
constexpr double kNearArtefact = 0.2, kNearArtefactMs = 0.2;

// Least-squares parabola over the top: the stretch around `top` where the smoothed trace is above kTopShare, shortened to kTopPart.
Peak top_of(const Trace& trace, const std::vector<double>& smooth, Index top) {
  const double level = kTopShare * smooth[static_cast<std::size_t>(top)];
  Index left = top, right = top;
  while (left > 0 && smooth[static_cast<std::size_t>(left - 1)] > level) --left;
  while (right + 1 < trace.size() && smooth[static_cast<std::size_t>(right + 1)] > level) ++right;
  const double width_ms = static_cast<double>(std::min(top - left, right - top)) * trace.step_ms();
  const auto half = std::max<Index>(1, static_cast<Index>(std::llround(std::max(kLeastTopMs, kTopPart * width_ms) * trace.rate_hz / 1000)));
  if (top - half < 0 || top + half >= trace.size()) return {static_cast<double>(top), trace.at(top)};
  double s0 = 0, s2 = 0, s4 = 0, t0 = 0, t1 = 0, t2 = 0;
  for (Index k = -half; k <= half; ++k) {
    const double x = static_cast<double>(k), y = trace.at(top + k);
    s0 += 1, s2 += x * x, s4 += x * x * x * x;
    t0 += y, t1 += x * y, t2 += x * x * y;
  }
  const double c = (s0 * t2 - s2 * t0) / (s0 * s4 - s2 * s2), b = t1 / s2, a = (t0 - c * s2) / s0;
  if (!(c < 0)) return {static_cast<double>(top), trace.at(top)};
  const double x = std::clamp(-b / (2 * c), -static_cast<double>(half), static_cast<double>(half));
  return {static_cast<double>(top) + x, a + b * x + c * x * x};
}

// Trapezoid of y from onset to end, both between samples.
double area_uvms(const Trace& y, double from, double to) {
  const auto value = [&](double s) {
    const auto i = std::clamp<Index>(static_cast<Index>(std::floor(s)), 0, y.size() - 1);
    const Index j = std::min(i + 1, y.size() - 1);
    return y.at(i) + (s - static_cast<double>(i)) * (y.at(j) - y.at(i));
  };
  double sum = 0, last = from;
  for (double s = std::floor(from) + 1; s < to; s += 1) {
    sum += (value(last) + value(s)) / 2 * (s - last);
    last = s;
  }
  sum += (value(last) + value(to)) / 2 * (to - last);
  return sum * y.step_ms();
}

// Reversals of at least `least`, and sign changes that both sides of exceed `least`.
void count_shape(const Trace& y, Index first, Index last, double least, Response& r) {
  int turns = 0, phases = 1;
  double extreme = y.at(first), sign = 0;
  int direction = 0;
  for (Index i = first; i <= last; ++i) {
    const double v = y.at(i);
    if (direction >= 0 && v > extreme) extreme = v, direction = direction == 0 && v - y.at(first) >= least ? 1 : direction;
    if (direction <= 0 && v < extreme) extreme = v, direction = direction == 0 && y.at(first) - v >= least ? -1 : direction;
    if (direction > 0 && extreme - v >= least) ++turns, direction = -1, extreme = v;
    if (direction < 0 && v - extreme >= least) ++turns, direction = 1, extreme = v;
    if (std::abs(v) < least) continue;
    const double now = v > 0 ? 1 : -1;
    if (sign != 0 && now != sign) ++phases;
    sign = now;
  }
  r.turns = turns;
  r.phases = phases;
}

void measure_end(const Trace& y, const Trace& quiet, double onset, const Peak& top, Index last, const ResponseOptions& o, Response& r) {
  const auto end = falls_to(quiet, top.sample, last, 0);
  if (end) {
    r.negative_duration_ms = y.ms(*end) - y.ms(onset);
    r.negative_area_uvms = area_uvms(y, onset, *end);
  } else {
    add_flag(r.flags, "no_return");
  }
  const double tail = std::max(kFourSigma * r.noise_uv, kTailShare * top.value);
  Index over = static_cast<Index>(top.sample);
  for (Index i = over; i <= last; ++i) {
    if (quiet.at(i) > tail) over = i;
  }
  if (const auto back = falls_to(quiet, static_cast<double>(over), last, 0)) r.total_duration_ms = y.ms(*back) - y.ms(onset);
  const Index until = std::min(last, static_cast<Index>(top.sample + o.scale.positive_ms * y.rate_hz / 1000));
  if (until > static_cast<Index>(top.sample) + 1) {
    const auto low = peak_in(quiet, static_cast<Index>(top.sample) + 1, until, -1);
    r.peak_to_peak_uv = top.value - low.value;
    r.positive_peak_ms = y.ms(low.sample);
  }
  count_shape(quiet, static_cast<Index>(std::max(0.0, onset)), std::max(over, until),
              std::max(kFourSigma * r.noise_uv, kTurnShare * top.value), r);
}

void measure_start(const Trace& y, const Trace& quiet, Index first, double onset, const Peak& top, const ResponseOptions& o, Response& r) {
  // 10 to 90 %: walked back from the peak.
  const auto before = [&](double level) -> std::optional<double> {
    for (Index i = static_cast<Index>(top.sample); i > first; --i) {
      if (quiet.at(i - 1) < level && quiet.at(i) >= level)
        return static_cast<double>(i) - (quiet.at(i) - level) / (quiet.at(i) - quiet.at(i - 1));
    }
    return std::nullopt;
  };
  const auto ten = before(0.1 * top.value), ninety = before(0.9 * top.value);
  if (ten && ninety) r.rise_ms = y.ms(*ninety) - y.ms(*ten);
  const Index from = std::max(first, static_cast<Index>(onset - kBeforePositivityMs * y.rate_hz / 1000));
  double lowest = 0;
  for (Index i = from; i < static_cast<Index>(onset); ++i) lowest = std::min(lowest, quiet.at(i));
  r.positivity_pct = -100 * lowest / top.value;
  r.initial_positivity = *r.positivity_pct > o.positivity_pct && -lowest > kFourSigma * r.noise_uv;
  const auto slope_samples = std::max<Index>(1, static_cast<Index>(std::llround(kSlopeMs * y.rate_hz / 1000)));
  const auto i = static_cast<Index>(std::max(0.0, onset));
  const Index j = std::min(i + slope_samples, static_cast<Index>(top.sample));
  if (j > i && quiet.at(j) > quiet.at(i))
    r.onset_sd_ms = r.noise_uv / (quiet.at(j) - quiet.at(i)) * static_cast<double>(j - i) * y.step_ms();
}

// Correlation of neighbouring samples before the stimulus: how much of the noise is new from sample to sample.
double lag_one(const Trace& y) {
  double squares = 0, products = 0;
  for (Index i = 1; i < y.zero; ++i) squares += y.at(i) * y.at(i), products += y.at(i) * y.at(i - 1);
  return squares > 0 ? std::clamp(products / squares, 0.0, 0.98) : 0;
}

// Slope over peak common to `rows`, least squares; empty if one slope for all explains them worse than their noise allows.
std::optional<double> common_slope(const std::vector<Response>& found, const std::vector<Index>& rows) {
  double low = INFINITY, high = 0;
  for (const Index r : rows) {
    const auto& f = found[static_cast<std::size_t>(r)];
    if (!f.grid || !(f.top_uv > 0)) return std::nullopt;
    const double slope = f.grid->best().slope / f.top_uv;
    if (!(slope > 0)) return std::nullopt;
    low = std::min(low, slope), high = std::max(high, slope);
  }
  constexpr int kSteps = 60;
  constexpr double kMargin = 1.3;
  double best = 0, smallest = INFINITY;
  for (int k = 0; k <= kSteps; ++k) {
    const double slope = low / kMargin * std::pow(high / low * kMargin * kMargin, static_cast<double>(k) / kSteps);
    double sum = 0;
    for (const Index r : rows) {
      const auto& f = found[static_cast<std::size_t>(r)];
      sum += f.grid->best_with(slope * f.top_uv).error / (f.top_uv * f.top_uv);
    }
    if (sum < smallest) smallest = sum, best = slope;
  }
  // What one slope costs, in variances of independent noise, against a generous quantile of chance.
  double excess = 0;
  for (const Index r : rows) {
    const auto& f = found[static_cast<std::size_t>(r)];
    const double free = f.grid->best().error, n = static_cast<double>(f.grid->count);
    const double variance = std::max({f.noise_uv * f.noise_uv, free / std::max(1.0, n - 4), 1e-12 * f.top_uv * f.top_uv});
    const double dependent = (1 + f.noise_correlation) / (1 - f.noise_correlation);
    excess += std::max(0.0, f.grid->best_with(best * f.top_uv).error - free) / (variance * dependent);
  }
  constexpr double kPerSite = 8;
  return excess <= kPerSite * static_cast<double>(rows.size() - 1) ? std::optional(best) : std::nullopt;
}

}  // namespace

double negativity_sign(const Trace& trace, Index first, Index last, Negativity negativity, const ResponseScale& scale, bool& assumed) {
  assumed = negativity == Negativity::automatic;
  if (!assumed) return negativity == Negativity::negative_values ? -1 : 1;
  const auto y = smoothed(trace.y, scale.smoothing_ms, trace.rate_hz);
  double largest = 0;
  for (Index i = first; i <= last; ++i) largest = std::max(largest, std::abs(y[static_cast<std::size_t>(i)]));
  for (Index i = first; i <= last; ++i) {
    const double v = y[static_cast<std::size_t>(i)];
    if (largest > 0 && std::abs(v) >= kFirstDeflection * largest) return v > 0 ? 1 : -1;
  }
  return -1;
}

Response measure_response(const Trace& trace, const ResponseOptions& o) {
  Response r;
  const Index first = trace.sample(o.window_low_ms), last = trace.sample(o.window_high_ms);
  auto baseline = baseline_of(trace, o.window_low_ms, o.window_low_ms + 1);
  if (!baseline.before_stimulus) add_flag(r.flags, "baseline_post");
  if (trace.rate_hz < (o.sensory ? kLowSensoryRateHz : kLowRateHz)) add_flag(r.flags, "sampling_low");
  r.noise_uv = o.sigma_uv.value_or(baseline.sigma_uv);
  r.smallest_uv = std::max(o.noise_factor * r.noise_uv, o.floor_uv);
  r.threshold_uv = r.smallest_uv;
  bool assumed = false;
  const double sign = negativity_sign(corrected(trace, baseline, 1), first, last, o.negativity, o.scale, assumed);
  r.negativity_used = sign < 0 ? Negativity::negative_values : Negativity::positive_values;
  if (assumed) add_flag(r.flags, "polarity_assumed");

  for (int pass = 0; pass < (baseline.before_stimulus ? 1 : 2); ++pass) {
    const Trace y = corrected(trace, baseline, sign);
    const auto smooth = smoothed(y.y, o.scale.smoothing_ms, y.rate_hz);
    Index top_sample = first;
    for (Index i = first; i <= last; ++i) {
      if (smooth[static_cast<std::size_t>(i)] > smooth[static_cast<std::size_t>(top_sample)]) top_sample = i;
    }
    if (o.peak_ms) top_sample = y.sample(*o.peak_ms);
    const Peak top = top_of(y, smooth, top_sample);
    r.present = top.value >= r.smallest_uv && top.value > 0;
    if (!r.present) {
      r.reason = "no response above the smallest detectable";
      return r;
    }
    const OnsetSearch search{o.onset_method, first, r.noise_uv, r.threshold_uv, o.scale, o.exponent};
    const Index summit = std::min(static_cast<Index>(std::llround(top.sample)), last);
    if (o.onset_method == LatencyMethod::rise && !o.exponent && !o.onset_ms) {
      r.rise_errors = rise_errors(y, summit, top.value, search);
      for (double& e : r.rise_errors) e /= top.value * top.value;
    }
    if (o.onset_method == LatencyMethod::rise && o.exponent && !o.onset_ms) {
      r.grid = rise_grid(y, summit, top.value, search, *o.exponent);
      r.noise_correlation = lag_one(y);
    }
    r.top_uv = top.value;
    auto onset = find_onset(y, summit, top.value, search);
    if (o.onset_ms) onset = *o.onset_ms * y.rate_hz / 1000 + static_cast<double>(y.zero);
    if (!baseline.before_stimulus && pass == 0) {
      const double until = onset ? y.ms(*onset) - kGuardMs : o.window_low_ms + kGuardMs;
      baseline = baseline_of(trace, std::min(o.window_low_ms, until - kGuardMs), until);
      continue;
    }
    r.peak_ms = o.peak_ms ? *o.peak_ms : y.ms(top.sample);
    r.amplitude_uv = top.value;
    if (r.noise_uv > 0) r.snr_db = 20 * std::log10(top.value / r.noise_uv);
    if (!onset) {
      r.reason = "the rise begins before window_low_ms";
      add_flag(r.flags, "onset_before_window");
      return r;
    }
    r.onset_ms = y.ms(*onset);
    const bool quiet = !r.snr_db || *r.snr_db > kQuietDb;
    const Trace shape{quiet ? y.y : smooth, y.rate_hz, y.zero};
    measure_end(y, shape, *onset, top, last, o, r);
    measure_start(y, shape, first, *onset, top, o, r);
    const Index near = y.sample(*r.onset_ms - kNearArtefactMs);
    if (o.sensory && std::abs(shape.at(near)) > kNearArtefact * top.value) add_flag(r.flags, "near_artefact");
  }
  return r;
}

std::vector<Response> measure_all(const SweepSet& set, const ResponseOptions& options, int threads) {
  std::vector<Response> found(set.sweeps.size());
  const auto row = [](Index r) { return static_cast<std::size_t>(r); };
  parallel_for(set.samples.rows(), threads, [&](Index r) { found[row(r)] = measure_response(trace_of(set, r), options); });
  if (options.onset_method != LatencyMethod::rise) return found;
  std::map<std::string, std::vector<Index>> nerves;
  for (Index r = 0; r < set.samples.rows(); ++r) {
    const auto& s = set.sweeps[row(r)];
    if (!found[row(r)].rise_errors.empty()) nerves[s.channel + "\n" + s.nerve + "\n" + s.side + "\n" + s.muscle].push_back(r);
  }
  const auto exponents = rise_exponents();
  for (const auto& [name, rows] : nerves) {
    if (rows.size() < 2) continue;
    std::vector<double> sums(exponents.size(), 0.0);
    for (const Index r : rows) {
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += found[row(r)].rise_errors[k];
    }
    auto common = options;
    common.exponent = exponents[static_cast<std::size_t>(std::min_element(sums.begin(), sums.end()) - sums.begin())];
    const auto again = [&](Index r, const ResponseOptions& o) { found[row(r)] = measure_response(trace_of(set, r), o); };
    parallel_for(static_cast<Index>(rows.size()), threads, [&](Index k) { again(rows[row(k)], common); });
    const auto slope = common_slope(found, rows);
    if (!slope) continue;
    parallel_for(static_cast<Index>(rows.size()), threads, [&](Index k) {
      const auto& f = found[row(rows[row(k)])];
      auto placed = common;
      placed.onset_ms = (f.grid->best_with(*slope * f.top_uv).place - static_cast<double>(set.zero_sample)) * 1000 / set.rate_hz;
      again(rows[row(k)], placed);
    });
  }
  return found;
}

}  // namespace emg::ncs_detail
