#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg::ncs_detail {
namespace {

constexpr double kShortestBaselineMs = 2, kPeakHalfMs = 0.15;
constexpr double kMadToSd = 1.482602218505602;  // 1 / Phi^-1(3/4)
constexpr std::size_t kTheilSenPoints = 60;     // pairs grow with the square

// Noise of white noise under a smooth curve: the second difference has variance 6 sigma^2.
double difference_noise(const Trace& trace) {
  std::vector<double> d;
  for (std::size_t i = 2; i < trace.y.size(); ++i) d.push_back(trace.y[i] - 2 * trace.y[i - 1] + trace.y[i - 2]);
  return d.empty() ? 0 : robust_sd(d) / std::sqrt(6.0);
}

}  // namespace

Index Trace::sample(double time_ms) const {
  const auto i = static_cast<Index>(std::llround(time_ms * rate_hz / 1000)) + zero;
  return std::clamp<Index>(i, 0, size() - 1);
}

void require_sweeps(const SweepSet& set, double lowest_rate_hz) {
  if (set.samples.size() == 0) throw InvalidArgument("sweeps are empty");
  if (static_cast<Index>(set.sweeps.size()) != set.samples.rows())
    throw InvalidArgument(fmt::format("{} sweeps have {} rows of metadata", set.samples.rows(), set.sweeps.size()));
  if (!(set.rate_hz > 0) || !std::isfinite(set.rate_hz))
    throw InvalidArgument(fmt::format("rate_hz {} of the sweeps is no rate", set.rate_hz));
  if (set.rate_hz < lowest_rate_hz)
    throw InvalidArgument(
        fmt::format("rate_hz {} of the sweeps is below {} Hz: too low for this measurement", set.rate_hz, lowest_rate_hz));
  if (set.zero_sample < 0 || set.zero_sample >= set.samples.cols())
    throw InvalidArgument(fmt::format("zero_sample {} lies outside the sweep of {} samples", set.zero_sample, set.samples.cols()));
  for (Index r = 0; r < set.samples.rows(); ++r) {
    for (Index i = 0; i < set.samples.cols(); ++i) {
      if (!std::isfinite(set.samples(r, i))) throw InvalidArgument(fmt::format("sweep {}, sample {} is not finite", r, i));
    }
  }
}

void require_window(const SweepSet& set, const char* low_name, double low_ms, const char* high_name, double high_ms) {
  if (!(low_ms < high_ms)) throw InvalidArgument(fmt::format("{} {} is not below {} {} ms", low_name, low_ms, high_name, high_ms));
  const double last_ms = static_cast<double>(set.samples.cols() - 1 - set.zero_sample) * 1000 / set.rate_hz;
  if (low_ms >= last_ms)
    throw InvalidArgument(
        fmt::format("{} {} ms lies outside the sweep, which ends {:.6g} ms after the stimulus", low_name, low_ms, last_ms));
}

Trace trace_of(const SweepSet& set, Index row) {
  const double* first = set.samples.data() + row * set.samples.cols();
  return {{first, first + set.samples.cols()}, set.rate_hz, set.zero_sample};
}

double median_of(std::vector<double> values) {
  if (values.empty()) return std::nan("");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double upper = *middle;
  return values.size() % 2 == 1 ? upper : (upper + *std::max_element(values.begin(), middle)) / 2;
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double sd_of(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double mean = mean_of(values);
  double sum = 0;
  for (const double v : values) sum += (v - mean) * (v - mean);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double robust_sd(const std::vector<double>& values) {
  const double middle = median_of(values);
  std::vector<double> deviation;
  for (const double v : values) deviation.push_back(std::abs(v - middle));
  return kMadToSd * median_of(std::move(deviation));
}

Baseline baseline_of(const Trace& trace, double first_ms, double last_ms) {
  Baseline result;
  if (static_cast<double>(trace.zero) * trace.step_ms() >= kShortestBaselineMs) {
    const std::vector<double> before(trace.y.begin(), trace.y.begin() + trace.zero);
    result.level_uv = median_of(before);
    result.sigma_uv = sd_of(before);
    return result;
  }
  result.before_stimulus = false;
  result.sigma_uv = difference_noise(trace);
  const Index first = trace.sample(first_ms), last = trace.sample(last_ms);
  if (last <= first) {
    result.level_uv = trace.at(first);
    return result;
  }
  // Theil-Sen: median slope of pairs, then median intercept.
  std::vector<Index> picks;
  const auto count = std::min<std::size_t>(kTheilSenPoints, static_cast<std::size_t>(last - first + 1));
  for (std::size_t k = 0; k < count; ++k)
    picks.push_back(first + static_cast<Index>(k * static_cast<std::size_t>(last - first) / std::max<std::size_t>(1, count - 1)));
  std::vector<double> slopes, levels;
  for (std::size_t a = 0; a < picks.size(); ++a) {
    for (std::size_t b = a + 1; b < picks.size(); ++b) {
      if (picks[b] > picks[a])
        slopes.push_back((trace.at(picks[b]) - trace.at(picks[a])) / (static_cast<double>(picks[b] - picks[a]) * trace.step_ms()));
    }
  }
  result.slope_uv_per_ms = slopes.empty() ? 0 : median_of(std::move(slopes));
  for (const Index i : picks) levels.push_back(trace.at(i) - result.slope_uv_per_ms * trace.ms(static_cast<double>(i)));
  result.level_uv = median_of(std::move(levels));
  return result;
}

Trace corrected(const Trace& trace, const Baseline& baseline, double sign) {
  Trace result = trace;
  for (Index i = 0; i < trace.size(); ++i) {
    const double line = baseline.level_uv + baseline.slope_uv_per_ms * trace.ms(static_cast<double>(i));
    result.y[static_cast<std::size_t>(i)] = sign * (trace.at(i) - line);
  }
  return result;
}

std::vector<double> smoothed(const std::vector<double>& y, double width_ms, double rate_hz) {
  const auto half = static_cast<Index>(std::llround(width_ms * rate_hz / 2000)), n = static_cast<Index>(y.size());
  std::vector<double> sums(y.size() + 1, 0.0), result(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) sums[i + 1] = sums[i] + y[i];
  for (Index i = 0; i < n; ++i) {
    const Index h = std::min({half, i, n - 1 - i});
    result[static_cast<std::size_t>(i)] =
        (sums[static_cast<std::size_t>(i + h + 1)] - sums[static_cast<std::size_t>(i - h)]) / static_cast<double>(2 * h + 1);
  }
  return result;
}

Peak peak_in(const Trace& trace, Index first, Index last, double sign) {
  Index best = first;
  for (Index i = first; i <= last; ++i) {
    if (sign * trace.at(i) > sign * trace.at(best)) best = i;
  }
  Peak peak{static_cast<double>(best), trace.at(best)};
  const Index half = std::max<Index>(1, static_cast<Index>(std::llround(kPeakHalfMs * trace.rate_hz / 1000)));
  if (best - half < 0 || best + half >= trace.size()) return peak;
  // y = a + b x + c x^2 on x = -h..h: sums of odd powers vanish.
  double s0 = 0, s2 = 0, s4 = 0, t0 = 0, t1 = 0, t2 = 0;
  for (Index k = -half; k <= half; ++k) {
    const double x = static_cast<double>(k), y = trace.at(best + k);
    s0 += 1, s2 += x * x, s4 += x * x * x * x;
    t0 += y, t1 += x * y, t2 += x * x * y;
  }
  const double c = (s0 * t2 - s2 * t0) / (s0 * s4 - s2 * s2), b = t1 / s2, a = (t0 - c * s2) / s0;
  if (!(sign * c < 0)) return peak;
  const double x = std::clamp(-b / (2 * c), -static_cast<double>(half), static_cast<double>(half));
  return {static_cast<double>(best) + x, a + b * x + c * x * x};
}

std::optional<double> falls_to(const Trace& trace, double from, Index last, double level) {
  for (Index i = static_cast<Index>(std::floor(from)) + 1; i <= last && i < trace.size(); ++i) {
    const double now = trace.at(i), before = trace.at(i - 1);
    if (now <= level && before > level) return static_cast<double>(i) - (level - now) / (before - now);
  }
  return std::nullopt;
}

void add_flag(std::string& flags, const std::string& flag) {
  if (("," + flags + ",").find("," + flag + ",") != std::string::npos) return;
  flags += (flags.empty() ? "" : ",") + flag;
}

std::string site_key(const Sweep& s) {
  return s.channel + "\n" + s.nerve + "\n" + s.side + "\n" + s.muscle + "\n" + s.site + "\n" + s.test + "\n" + s.annotation;
}

std::vector<std::vector<Index>> rows_by_site(const SweepSet& set) {
  std::vector<std::vector<Index>> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < set.sweeps.size(); ++i) {
    const auto [at, fresh] = known.emplace(site_key(set.sweeps[i]), groups.size());
    if (fresh) groups.emplace_back();
    groups[at->second].push_back(static_cast<Index>(i));
  }
  return groups;
}

std::vector<double> mean_row(const SweepSet& set, const std::vector<Index>& rows) {
  std::vector<double> mean(static_cast<std::size_t>(set.samples.cols()), 0.0);
  for (const Index r : rows) {
    for (Index i = 0; i < set.samples.cols(); ++i) mean[static_cast<std::size_t>(i)] += set.samples(r, i);
  }
  for (double& v : mean) v /= static_cast<double>(rows.size());
  return mean;
}

SweepSet subset(const SweepSet& set, const std::vector<Index>& rows) {
  SweepSet part = set;
  part.samples.resize(static_cast<Index>(rows.size()), set.samples.cols());
  part.sweeps.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    part.samples.row(static_cast<Index>(i)) = set.samples.row(rows[i]);
    part.sweeps.push_back(set.sweeps[static_cast<std::size_t>(rows[i])]);
  }
  return part;
}

}  // namespace emg::ncs_detail
