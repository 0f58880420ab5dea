#include "libemg/measure/twitch/interval_statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/detect/noise.h"

namespace emg {
namespace {

constexpr int kFewestIntervals = 10, kSimulations = 999;
constexpr double kBinMs = 2, kPairLowMs = 2, kDoubletMs = 20, kPairHighMs = 110;
constexpr double kPairSignificance = 0.01;
const double kRootPiHalf = std::sqrt(std::acos(-1.0)) / 2;

// Distance of sorted values from the shifted exponential law fitted to them.
double ks_of(std::vector<double>& x) {
  std::sort(x.begin(), x.end());
  const double n = static_cast<double>(x.size());
  double mean = 0;
  for (const double v : x) mean += v / n;
  const double shift = x.front() - (mean - x.front()) / n, rate = 1 / (mean - shift);
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double cumulative = x[i] > shift ? -std::expm1(-rate * (x[i] - shift)) : 0;
    distance = std::max({distance, (static_cast<double>(i) + 1) / n - cumulative, cumulative - static_cast<double>(i) / n});
  }
  return distance;
}

void fit_exponential(const std::vector<double>& intervals, std::uint64_t seed, IntervalRow& row) {
  constexpr std::size_t kLongest = 1000;   // enough for any p; a longer train is thinned
  std::vector<double> x;
  const std::size_t step = (intervals.size() + kLongest - 1) / kLongest;
  for (std::size_t i = 0; i < intervals.size(); i += step) x.push_back(intervals[i]);
  const double n = static_cast<double>(intervals.size()), mean = *row.mean_s, least = *row.min_s;
  if (!(mean > least)) return;
  row.shift_s = least - (mean - least) / n;
  row.exponential_rate_hz = 1 / (mean - *row.shift_s);
  row.ks_distance = ks_of(x);
  int larger = 0;
  // The distance does not depend on shift and rate: unit exponentials stand for all.
  for (int s = 0; s < kSimulations; ++s) {
    Random random(seed, static_cast<std::uint64_t>(s));
    std::vector<double> y(x.size());
    for (auto& v : y) v = random.exponential();
    larger += ks_of(y) >= *row.ks_distance;
  }
  row.ks_p = (larger + 1.0) / (kSimulations + 1.0);
}

void local_measures(const std::vector<std::vector<double>>& runs, IntervalRow& row) {
  double cv2 = 0, lv = 0, jump = 0;
  int pairs = 0, positive = 0;
  for (const auto& run : runs) {
    for (std::size_t i = 1; i < run.size(); ++i) {
      const double a = run[i - 1], b = run[i], ratio = (a + b) > 0 ? (a - b) / (a + b) : 0;
      cv2 += 2 * std::fabs(ratio);
      lv += 3 * ratio * ratio;
      ++pairs;
      if (a > 0 && b > 0) jump += std::fabs(std::log(b / a)), ++positive;
    }
  }
  if (pairs > 0) row.cv2 = cv2 / pairs, row.lv = lv / pairs;
  if (positive > 0) row.cv_local = kRootPiHalf * jump / positive;
}

}  // namespace

EventRuns event_runs(std::span<const double> times_s, const std::vector<Stretch>& usable) {
  EventRuns runs;
  std::size_t i = 0;
  for (const auto& stretch : usable) {
    std::vector<double> run;
    while (i < times_s.size() && times_s[i] < stretch.first_s) ++i;
    while (i < times_s.size() && times_s[i] < stretch.end_s) run.push_back(times_s[i++]);
    if (!run.empty()) runs.push_back(std::move(run));
  }
  return runs;
}

IntervalRow interval_statistics(const EventRuns& runs, const std::vector<Stretch>& usable, std::uint64_t seed) {
  IntervalRow row;
  std::vector<std::vector<double>> parts;
  std::vector<double> all, times;
  double last = -std::numeric_limits<double>::infinity();
  for (const auto& run : runs) {
    std::vector<double> part;
    for (std::size_t i = 0; i < run.size(); ++i) {
      if (!(run[i] >= last)) throw InvalidArgument(fmt::format("event times do not ascend: {} s after {} s", run[i], last));
      last = run[i];
      times.push_back(run[i]);
      if (i > 0) part.push_back(run[i] - run[i - 1]);
    }
    all.insert(all.end(), part.begin(), part.end());
    parts.push_back(std::move(part));
  }
  row.events = static_cast<int>(times.size());
  row.intervals = static_cast<int>(all.size());
  row.dropped = runs.empty() ? 0 : static_cast<int>(runs.size()) - 1;
  const auto pairs = pair_intervals(runs, total_s(usable));
  row.doublets = pairs.doublets;
  row.triplets = pairs.triplets;
  row.multiplets = pairs.multiplets;
  row.late_pairs = pairs.late_pairs;
  double best = 1;
  const double limit = kPairSignificance / std::max<double>(1, static_cast<double>(pairs.bins.size()));
  for (const auto& bin : pairs.bins) {
    if (bin.interval_ms > kDoubletMs && bin.p < limit && bin.p < best) best = bin.p, row.late_pair_peak_ms = bin.interval_ms;
  }
  if (!all.empty()) row.median_s = median_of(all);
  if (row.intervals < kFewestIntervals) {
    row.reason = "few intervals";
    return row;
  }
  row.iqr_s = quantile_of(all, 0.75) - quantile_of(all, 0.25);
  row.min_s = *std::min_element(all.begin(), all.end());
  double sum = 0, square = 0;
  for (const double v : all) sum += v;
  const double n = static_cast<double>(all.size()), mean = sum / n;
  for (const double v : all) square += (v - mean) * (v - mean);
  row.mean_s = mean;
  if (mean > 0) row.cv = std::sqrt(square / (n - 1)) / mean;
  local_measures(parts, row);
  fit_exponential(all, seed, row);
  row.fano_1s = persistence(times, usable, 1).fano;
  row.fano_10s = persistence(times, usable, 10).fano;
  row.fano_60s = persistence(times, usable, 60).fano;
  return row;
}

PairIntervals pair_intervals(const EventRuns& runs, double usable_s) {
  PairIntervals result;
  const auto bins = static_cast<std::size_t>((kPairHighMs - kPairLowMs) / kBinMs);
  for (std::size_t b = 0; b < bins; ++b) result.bins.push_back({kPairLowMs + kBinMs * (static_cast<double>(b) + 0.5), 0, 0, 1});
  double events = 0;
  int chains = 0;
  for (const auto& run : runs) {
    events += static_cast<double>(run.size());
    std::size_t length = 1;
    const auto close = [&] {
      if (length == 2) ++result.doublets;
      if (length == 3) ++result.triplets;
      if (length > 3) ++result.multiplets;
      if (length > 1) ++chains;
      length = 1;
    };
    for (std::size_t i = 0; i < run.size(); ++i) {
      const double ms = i > 0 ? 1000 * (run[i] - run[i - 1]) : std::numeric_limits<double>::infinity();
      const bool chained = ms >= kPairLowMs && ms <= kDoubletMs;
      if (chained) {
        ++length;
        result.chain.back() = chains;
      } else if (i > 0) {
        close();
      }
      result.chain.push_back(chained ? chains : -1);
      if (ms > kDoubletMs && ms <= kPairHighMs) ++result.late_pairs;
      if (ms >= kPairLowMs && ms < kPairHighMs) ++result.bins[std::min(bins - 1, static_cast<std::size_t>((ms - kPairLowMs) / kBinMs))].count;
    }
    close();
  }
  if (!(usable_s > 0)) return result;
  const double rate = events / usable_s;
  for (auto& bin : result.bins) {
    bin.expected = rate * rate * kBinMs / 1000 * usable_s;
    bin.p = poisson_upper_tail(bin.count, bin.expected);
  }
  return result;
}

std::optional<BurstSlope> burst_slope(std::span<const double> times_s, std::span<const double> amplitudes_uv) {
  if (times_s.size() < 4 || amplitudes_uv.size() != times_s.size()) return std::nullopt;
  const auto slope = [](const std::vector<double>& y) {
    double centre = (static_cast<double>(y.size()) - 1) / 2, up = 0, down = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double x = static_cast<double>(i) - centre;
      up += x * y[i];
      down += x * x;
    }
    return up / down;
  };
  std::vector<double> intervals, amplitudes;
  for (std::size_t i = 0; i < times_s.size(); ++i) {
    if (!(amplitudes_uv[i] > 0) || (i > 0 && !(times_s[i] > times_s[i - 1]))) return std::nullopt;
    amplitudes.push_back(std::log(amplitudes_uv[i]));
    if (i > 0) intervals.push_back(std::log(times_s[i] - times_s[i - 1]));
  }
  return BurstSlope{slope(intervals), slope(amplitudes)};
}

IntervalHistogram interval_histogram(const EventRuns& runs) {
  constexpr double kPerDecade = 20;
  IntervalHistogram histogram;
  std::vector<int> places;
  for (const auto& run : runs) {
    for (std::size_t i = 1; i < run.size(); ++i) {
      if (run[i] > run[i - 1]) places.push_back(static_cast<int>(std::floor(kPerDecade * std::log10(run[i] - run[i - 1]))));
    }
  }
  if (places.empty()) return histogram;
  const auto [low, high] = std::minmax_element(places.begin(), places.end());
  histogram.first_s = std::pow(10.0, *low / kPerDecade);
  histogram.counts.assign(static_cast<std::size_t>(*high - *low) + 1, 0);
  for (const int p : places) ++histogram.counts[static_cast<std::size_t>(p - *low)];
  return histogram;
}

}  // namespace emg
