#include "libemg/measure/ncs/cmap_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <map>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/version.h"
#include "libemg/filter/butterworth.h"
#include "libemg/measure/ncs/stair_fit.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg {
namespace {

using namespace ncs_detail;

constexpr std::size_t kFewestRows = 20, kFewestNoiseRows = 10;
constexpr double kOutlier = 5, kUvPerMv = 1000;

void require_scan(const CmapScan& s) {
  if (s.stimulus_ma.size() != s.amplitude_mv.size())
    throw InvalidArgument(fmt::format("stimulus_ma has {} values, amplitude_mv {}", s.stimulus_ma.size(), s.amplitude_mv.size()));
  if (!(s.plateau_end <= s.scan_end && s.scan_end <= s.after_end && s.after_end <= s.stimulus_ma.size()))
    throw InvalidArgument(fmt::format("plateau_end {}, scan_end {}, after_end {} do not divide {} rows", s.plateau_end, s.scan_end,
                                      s.after_end, s.stimulus_ma.size()));
  if (s.scan_end - s.plateau_end < kFewestRows)
    throw InvalidArgument(fmt::format("the scan has {} rows between plateau_end and scan_end, at least {} are needed",
                                      s.scan_end - s.plateau_end, kFewestRows));
  for (std::size_t i = 0; i < s.stimulus_ma.size(); ++i) {
    if (!std::isfinite(s.stimulus_ma[i]) || !std::isfinite(s.amplitude_mv[i]))
      throw InvalidArgument(fmt::format("row {} of the scan is not finite", i + 1));
  }
}

// Amplitude as a rising function of the current: means of equal currents, then pool adjacent violators.
struct Isotonic {
  std::vector<double> current, value;

  std::optional<double> current_for(double level) const {
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] < level) continue;
      if (i == 0) return current[0];
      return current[i - 1] + (level - value[i - 1]) / (value[i] - value[i - 1]) * (current[i] - current[i - 1]);
    }
    return std::nullopt;
  }
};

Isotonic isotonic(const CmapScan& s) {
  std::map<double, std::pair<double, double>> sums;
  for (std::size_t i = s.plateau_end; i < s.scan_end; ++i)
    sums[s.stimulus_ma[i]].first += s.amplitude_mv[i], sums[s.stimulus_ma[i]].second += 1;
  struct Block {
    double value, weight;
    std::size_t count;
  };
  std::vector<Block> blocks;
  Isotonic fit;
  for (const auto& [current, sum] : sums) {
    fit.current.push_back(current);
    blocks.push_back({sum.first / sum.second, sum.second, 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].value > blocks.back().value) {
      const auto last = blocks.back();
      blocks.pop_back();
      auto& before = blocks.back();
      before.value = (before.value * before.weight + last.value * last.weight) / (before.weight + last.weight);
      before.weight += last.weight, before.count += last.count;
    }
  }
  for (const auto& b : blocks) fit.value.insert(fit.value.end(), b.count, b.value);
  return fit;
}

std::vector<double> falling_gaps(std::vector<double> a) {
  std::sort(a.begin(), a.end());
  std::vector<double> gaps;
  for (std::size_t i = 1; i < a.size(); ++i) gaps.push_back(a[i] - a[i - 1]);
  std::sort(gaps.rbegin(), gaps.rend());
  return gaps;
}

// Number of the largest values needed to exceed `half`.
std::optional<int> needed(const std::vector<double>& falling, double half) {
  double sum = 0;
  for (std::size_t i = 0; i < falling.size(); ++i) {
    sum += falling[i];
    if (sum > half) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

double half_to_even(double v) {
  return std::nearbyint(v);  // the default rounding of IEEE 754
}

std::optional<int> stepix(const std::vector<double>& gaps, double threshold) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t k = 0; k < gaps.size() && gaps[k] > 2.5 * threshold; ++k) {
    const double x = std::log(static_cast<double>(k + 1));
    n += 1, sx += x, sy += gaps[k], sxx += x * x, sxy += x * gaps[k];
  }
  const double det = n * sxx - sx * sx;
  if (n < 2 || !(det > 0)) return std::nullopt;
  const double slope = (n * sxy - sx * sy) / det, offset = (sy - slope * sx) / n;
  const double p = half_to_even(std::exp(-offset / slope));
  if (!std::isfinite(p) || p < 1) return std::nullopt;
  const double total = std::accumulate(gaps.begin(), gaps.end(), 0.0);
  double m = 100 / p;
  if (static_cast<double>(gaps.size()) > p) {
    const auto count = static_cast<std::ptrdiff_t>(p);
    m = 100 * std::accumulate(gaps.begin(), gaps.begin() + count, 0.0) / total / p;
  }
  double q = half_to_even(80 / m);
  if (static_cast<double>(gaps.size()) <= q) q = static_cast<double>(gaps.size()) - 1;
  auto result = static_cast<std::size_t>(std::max(1.0, q));
  while (result > 1 && gaps[result - 1] < threshold) --result;
  return static_cast<int>(result);
}

double perplexity(const std::vector<double>& a, double width) {
  std::map<double, double> bins;
  for (const double v : a) bins[std::floor(v / width)] += 1;
  double entropy = 0;
  for (const auto& [bin, count] : bins) {
    const double p = count / static_cast<double>(a.size());
    entropy -= p * std::log2(p);
  }
  return std::exp2(entropy);
}

// The published recipe: part of the scan with slope, from its smoothed course; width from a mixture that is stopped early.
struct Mixture {
  std::vector<double> amplitudes;
  std::optional<double> width_mv;
};

std::vector<double> sloping_part(const CmapScan& s) {
  const double top = *std::max_element(s.stimulus_ma.begin(), s.stimulus_ma.end());
  std::size_t from = 0;
  for (std::size_t i = 0; i < s.stimulus_ma.size(); ++i) {
    if (s.stimulus_ma[i] == top) from = i;
  }
  std::vector<std::size_t> order(s.stimulus_ma.size() - from);
  std::iota(order.begin(), order.end(), from);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return s.stimulus_ma[a] < s.stimulus_ma[b]; });
  std::vector<double> y;
  for (const auto i : order) y.push_back(s.amplitude_mv[i]);
  // Cut-off 50 / N of the Nyquist frequency: half a sample per unit.
  constexpr double kNyquist = 500;
  LowpassOptions filter;
  filter.cut_hz = kNyquist * 50 / static_cast<double>(y.size()), filter.order = 3, filter.zero_phase = true;
  if (!(filter.cut_hz < kNyquist)) return {};
  const RowMatrix smooth = lowpass(one_channel(y), 2 * kNyquist, filter);
  const double low = smooth.minCoeff(), range = smooth.maxCoeff() - low;
  std::size_t first = 0;
  for (Index i = 0; i < smooth.cols(); ++i) {
    if (smooth(0, i) < low + 0.02 * range) first = static_cast<std::size_t>(i);
  }
  for (std::size_t i = first + 1; i < y.size(); ++i) {
    if (smooth(0, static_cast<Index>(i)) > low + 0.95 * range)
      return {y.begin() + static_cast<std::ptrdiff_t>(first), y.begin() + static_cast<std::ptrdiff_t>(i) + 1};
  }
  return {};
}

Mixture mixture(const CmapScan& s) {
  Mixture result{sloping_part(s), std::nullopt};
  std::vector<double> x;
  for (std::size_t i = 1; i < result.amplitudes.size(); ++i) x.push_back(std::abs(result.amplitudes[i] - result.amplitudes[i - 1]));
  if (x.size() < 3) return result;
  const std::size_t half = x.size();
  for (std::size_t i = 0; i < half; ++i) x.push_back(-x[i]);
  // Start and tolerance of the recipe; the third component stands for noise.
  double mean[3] = {1.75, -1.75, 0}, variance[3] = {0.5833 * 0.5833, 0.5833 * 0.5833, 0.11667 * 0.11667}, weight[3] = {0.33, 0.33, 0.34};
  constexpr double kFloor = 1e-6, kTolerance = 0.01;
  double before = -INFINITY;
  for (int round = 0; round < 100; ++round) {
    double n[3] = {}, sum[3] = {}, squares[3] = {}, likelihood = 0;
    std::vector<std::array<double, 3>> share(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      double total = 0;
      for (int k = 0; k < 3; ++k) {
        const double d = x[i] - mean[k];
        share[i][static_cast<std::size_t>(k)] =
            weight[k] * std::exp(-d * d / (2 * variance[k])) / std::sqrt(2 * 3.14159265358979323846 * variance[k]);
        total += share[i][static_cast<std::size_t>(k)];
      }
      likelihood += std::log(total) / static_cast<double>(x.size());
      for (int k = 0; k < 3; ++k) {
        auto& p = share[i][static_cast<std::size_t>(k)];
        p /= total;
        n[k] += p, sum[k] += p * x[i];
      }
    }
    for (int k = 0; k < 3; ++k) mean[k] = sum[k] / n[k];
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (int k = 0; k < 3; ++k) squares[k] += share[i][static_cast<std::size_t>(k)] * (x[i] - mean[k]) * (x[i] - mean[k]);
    }
    for (int k = 0; k < 3; ++k) variance[k] = squares[k] / n[k] + kFloor, weight[k] = n[k] / static_cast<double>(x.size());
    if (std::abs(likelihood - before) < kTolerance) break;
    before = likelihood;
  }
  // Where the densities of components 1 and 3 cross.
  const double a = 1 / (2 * variance[2]) - 1 / (2 * variance[0]), b = mean[0] / variance[0] - mean[2] / variance[2];
  const double c = mean[2] * mean[2] / (2 * variance[2]) - mean[0] * mean[0] / (2 * variance[0]) +
                   std::log(weight[0] * std::sqrt(variance[2]) / (weight[2] * std::sqrt(variance[0])));
  const double root = b * b - 4 * a * c;
  if (!(root >= 0) || a == 0) return result;
  for (const double sign : {-1.0, 1.0}) {
    const double crossing = (-b + sign * std::sqrt(root)) / (2 * a);
    if (crossing > 0 && (!result.width_mv || crossing < *result.width_mv)) result.width_mv = crossing;
  }
  return result;
}

void fill_cdix(const CmapScan& s, const std::vector<double>& a, const CmapScanOptions& o, CmapScanRow& row) {
  row.cdix_bin = o.cdix_bin;
  if (o.cdix_bin == CdixBin::mixture) {
    row.converged = false;
    const auto m = mixture(s);
    if (!m.width_mv) return add_flag(row.reason, "CDIX: the components of the mixture do not cross");
    row.cdix_width_uv = *m.width_mv * kUvPerMv, row.cdix = perplexity(m.amplitudes, *m.width_mv);
    return;
  }
  double width = o.cdix_percent / 100 * row.cmap_max_mv;
  if (o.cdix_bin == CdixBin::fixed_uv) width = o.cdix_uv / kUvPerMv;
  if (o.cdix_bin == CdixBin::noise) {
    if (!row.noise_uv) return add_flag(row.reason, "CDIX: no rows after the scan to take the noise from");
    width = o.cdix_noise_factor * *row.noise_uv / kUvPerMv;
  }
  row.cdix_width_uv = width * kUvPerMv, row.cdix = perplexity(a, width);
}

void fill_steps(const std::vector<double>& a, const CmapScanOptions& o, CmapScanRow& row) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < a.size(); ++i) steps.push_back(std::abs(a[i] - a[i - 1]));
  const double least = std::max(o.step_noise_factor * row.noise_uv.value_or(0) / kUvPerMv, o.step_percent / 100 * row.cmap_max_mv);
  for (const double d : steps) {
    if (d <= least) continue;
    ++row.step_count;
    row.steps_pct += 100 * d / row.cmap_max_mv;
    row.largest_step_pct = std::max(row.largest_step_pct.value_or(0), 100 * d / row.cmap_max_mv);
  }
  std::sort(steps.rbegin(), steps.rend());
  row.d50_sequential = needed(steps, row.cmap_max_mv / 2);
}

}  // namespace

std::vector<double> scan_amplitudes(const CmapScan& s) {
  return {s.amplitude_mv.begin() + static_cast<std::ptrdiff_t>(s.plateau_end),
          s.amplitude_mv.begin() + static_cast<std::ptrdiff_t>(s.scan_end)};
}

std::optional<double> scan_noise_uv(const CmapScan& s, bool* few) {
  const std::vector<double> after(s.amplitude_mv.begin() + static_cast<std::ptrdiff_t>(s.scan_end),
                                  s.amplitude_mv.begin() + static_cast<std::ptrdiff_t>(s.after_end));
  if (few) *few = after.size() < kFewestNoiseRows;
  if (after.size() < 2) return std::nullopt;
  // Amplitudes are counts of a converter: their grid bounds the median absolute deviation from below.
  auto sorted = s.amplitude_mv;
  std::sort(sorted.begin(), sorted.end());
  double grid = INFINITY;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i] - sorted[i - 1] > 1e-9) grid = std::min(grid, sorted[i] - sorted[i - 1]);
  }
  if (!std::isfinite(grid)) grid = 0;
  const double middle = median_of(after);
  std::vector<double> distance, kept;
  for (const double v : after) distance.push_back(std::abs(v - middle));
  const double limit = kOutlier * std::max(median_of(distance), grid);
  for (const double v : after) {
    if (std::abs(v - middle) <= limit) kept.push_back(v);
  }
  return kUvPerMv * std::max(sd_of(kept), grid / std::sqrt(12.0));
}

CmapScanRow cmap_scan(const CmapScan& s, const CmapScanOptions& o) {
  validate_options(o);
  require_scan(s);
  const auto a = scan_amplitudes(s);
  CmapScanRow row;
  row.method = "cmap-scan", row.version = kVersion;
  row.stimulus_count = static_cast<int>(a.size());
  row.cmap_max_mv = *std::max_element(s.amplitude_mv.begin(), s.amplitude_mv.end());
  const double scan_max = *std::max_element(a.begin(), a.end());
  row.plateau_mv = s.plateau_end > 0 ? mean_of({s.amplitude_mv.data(), s.plateau_end}) : scan_max;
  bool few = false;
  row.noise_uv = scan_noise_uv(s, &few);
  std::string flags;
  if (few) add_flag(flags, "noise_few");
  if (s.plateau_end == 0) add_flag(flags, "plateau_missing");
  const auto curve = isotonic(s);
  row.s5_ma = curve.current_for(0.05 * row.plateau_mv), row.s50_ma = curve.current_for(0.5 * row.plateau_mv),
  row.s95_ma = curve.current_for(0.95 * row.plateau_mv);
  if (row.s5_ma && row.s50_ma && row.s95_ma) row.relative_range_pct = 100 * (*row.s95_ma - *row.s5_ma) / *row.s50_ma;
  fill_steps(a, o, row);
  const auto gaps = falling_gaps(a);
  row.d50_sorted = needed(gaps, (scan_max - *std::min_element(a.begin(), a.end())) / 2);
  row.stepix = stepix(gaps, o.stepix_threshold_mv);
  if (row.stepix) row.ampix_uv = kUvPerMv * scan_max / *row.stepix;
  fill_cdix(s, a, o, row);
  row.stair_threshold_uv = o.stair_threshold_uv.value_or(std::max(o.stair_noise_factor * row.noise_uv.value_or(0), o.stair_floor_uv));
  const auto stairs =
      stair_fit(a, *row.stair_threshold_uv / kUvPerMv, row.noise_uv ? std::optional(*row.noise_uv / kUvPerMv) : std::nullopt);
  if (stairs.level_count) row.stair_units = *stairs.level_count - 1;
  if (stairs.bic_levels) row.bic_units = *stairs.bic_levels - 1;
  if (stairs.saturated) add_flag(flags, "saturated");
  row.quality = flags.empty() ? "ok" : flags;
  return row;
}

}  // namespace emg
