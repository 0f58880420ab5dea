#include "libemg/simulate/evoked.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kUtilisationMs = 0.15;     // from the stimulus to the impulse
constexpr double kThresholdSpread = 0.018;  // relative width of the firing probability of one axon
constexpr double kUvPerMv = 1000;
constexpr double kReferenceC = 34, kVelocityPerC = 1.8, kLatencyPerC = -0.15;

double artefact(const StimulusOptions& o, double t_ms) {
  if (t_ms < 0 || o.artefact_uv == 0) return 0;
  if (t_ms < o.pulse_ms) return 2 * o.artefact_uv;
  const double t = t_ms - o.pulse_ms;
  return o.artefact_uv * (std::exp(-t / o.artefact_fast_ms) - std::exp(-t / o.artefact_slow_ms));
}

}  // namespace

double normal_probability(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normal_quantile(double probability) {
  double low = -40, high = 40;
  while (high - low > 1e-13) {
    const double middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    (normal_probability(middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::vector<TruthAxon> motor_axons(const NerveOptions& o, const AxonOptions& a, double size_cv, std::int64_t seed) {
  constexpr double kMostSd = 4;
  const double warmth = a.temperature_c - kReferenceC;
  std::vector<TruthAxon> axons(static_cast<std::size_t>(a.axon_count));
  for (int i = 0; i < a.axon_count; ++i) {
    Random random = random_of(seed, RandomDomain::axons, static_cast<std::uint64_t>(i));
    auto& axon = axons[static_cast<std::size_t>(i)];
    axon.axon = i;
    const double lowest = std::max(1.0, o.velocity_m_s - kMostSd * a.velocity_sd_m_s);
    const double drawn = random.truncated_normal(o.velocity_m_s, a.velocity_sd_m_s, lowest, o.velocity_m_s + kMostSd * a.velocity_sd_m_s);
    const double at_reference =
        a.velocity_law == VelocityLaw::normal ? drawn : o.velocity_m_s + a.velocity_sd_m_s * normal_quantile((i + 0.5) / a.axon_count);
    axon.velocity_m_s = std::max(1.0, at_reference + kVelocityPerC * warmth);
    axon.size_uv = random.log_normal(1, size_cv);
    axon.residual_latency_ms = std::max(0.0, o.residual_latency_ms + a.residual_latency_sd_ms * random.normal() + kLatencyPerC * warmth);
  }
  // Large axons are excited first: the quantiles of the threshold follow the order of size, largest first.
  std::vector<std::size_t> order(axons.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return axons[i].size_uv > axons[j].size_uv; });
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double z = normal_quantile((static_cast<double>(rank) + 0.5) / static_cast<double>(order.size()));
    axons[order[rank]].threshold_ma = o.threshold_ma * std::exp(o.threshold_sd * z);
  }
  return axons;
}

double motor_latency_ms(const TruthAxon& axon, double distance_mm) {
  return kUtilisationMs + distance_mm / axon.velocity_m_s + axon.residual_latency_ms;
}

std::vector<bool> excited_axons(const std::vector<TruthAxon>& axons, double intensity_ma, std::int64_t seed, int sweep) {
  Random random = random_of(seed, RandomDomain::stimuli, static_cast<std::uint64_t>(sweep));
  std::vector<bool> fires(axons.size());
  for (std::size_t i = 0; i < axons.size(); ++i) {
    const double th = axons[i].threshold_ma;
    fires[i] = random.uniform() < normal_probability((intensity_ma - th) / (kThresholdSpread * th));
  }
  return fires;
}

void add_unit_wave(const NerveOptions& nerve, double latency_ms, double size_uv, double rate_hz, std::vector<double>& wave) {
  const double step_ms = 1000 / rate_hz, length_ms = nerve.negative_phase_ms + nerve.positive_phase_ms;
  const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(latency_ms / step_ms) + 1));
  const auto end = std::min(wave.size(), static_cast<std::size_t>(std::max(0.0, (latency_ms + length_ms) / step_ms)) + 1);
  for (std::size_t n = first; n < end; ++n) {
    const double t = static_cast<double>(n) * step_ms - latency_ms;
    if (t < nerve.negative_phase_ms) {
      wave[n] -= size_uv * std::sin(std::numbers::pi * t / nerve.negative_phase_ms);
    } else if (t < length_ms) {
      wave[n] += size_uv * nerve.positive_ratio * std::sin(std::numbers::pi * (t - nerve.negative_phase_ms) / nerve.positive_phase_ms);
    }
  }
}

void scale_axons(const NerveOptions& nerve, const SweepOptions& sweep, double distance_mm, std::vector<TruthAxon>& axons) {
  if (axons.empty()) return;
  std::vector<double> wave(static_cast<std::size_t>(samples_in_ms(sweep.after_ms, sweep.rate_hz)));
  for (const auto& axon : axons) add_unit_wave(nerve, motor_latency_ms(axon, distance_mm), axon.size_uv, sweep.rate_hz, wave);
  const double peak = -*std::min_element(wave.begin(), wave.end());
  if (!(peak > 0)) throw InvalidArgument(fmt::format("after_ms {} ends before the response from the first site", sweep.after_ms));
  for (auto& axon : axons) axon.size_uv *= nerve.cmap_mv * kUvPerMv / peak;
}

void measure_response(const std::vector<double>& y, double rate_hz, TruthSweep& truth) {
  constexpr double kOnsetShare = 0.02;
  const double step_ms = 1000 / rate_hz;
  const auto lowest = std::min_element(y.begin(), y.end());
  if (lowest == y.end() || !(*lowest < 0)) return;
  const auto at = static_cast<std::size_t>(lowest - y.begin());
  truth.negative_peak_mv = -*lowest / kUvPerMv;
  truth.negative_peak_ms = static_cast<double>(at) * step_ms;
  const double level = kOnsetShare * *lowest;
  std::size_t onset = at;
  while (onset > 0 && y[onset - 1] <= level) --onset;
  const double before = onset > 0 ? y[onset - 1] : 0;
  truth.onset_2pct_ms = (static_cast<double>(onset) - (y[onset] - level) / (y[onset] - before)) * step_ms;
  std::size_t end = at;
  while (end < y.size() && y[end] < 0) ++end;
  double area = 0;
  for (std::size_t i = 0; i < end; ++i) area += y[i] < 0 ? -y[i] * step_ms / kUvPerMv : 0;
  truth.negative_area_mv_ms = area;
  if (end < y.size() && truth.arrival_ms) {
    const double crossing = static_cast<double>(end) - (y[end] > 0 ? y[end] / (y[end] - y[end - 1]) : 0);
    truth.negative_duration_ms = crossing * step_ms - *truth.arrival_ms;
  }
}

double peak_to_peak(const std::vector<double>& wave, double rate_hz, double from_ms, double to_ms) {
  const auto from = std::min(wave.size(), static_cast<std::size_t>(std::max(0.0, from_ms) * rate_hz / 1000));
  const auto to = std::min(wave.size(), static_cast<std::size_t>(std::max(0.0, to_ms) * rate_hz / 1000));
  if (from >= to) return 0;
  const auto [low, high] =
      std::minmax_element(wave.begin() + static_cast<std::ptrdiff_t>(from), wave.begin() + static_cast<std::ptrdiff_t>(to));
  return *high - *low;
}

Sweep sweep_about(const NerveOptions& nerve, const std::string& site, double distance_mm, double intensity_ma, double pulse_ms) {
  Sweep sweep;
  sweep.channel = nerve.muscle;
  sweep.nerve = nerve.nerve;
  sweep.side = nerve.side;
  sweep.muscle = nerve.muscle;
  sweep.site = site;
  sweep.distance_mm = distance_mm;
  sweep.intensity_ma = intensity_ma;
  sweep.pulse_ms = pulse_ms;
  return sweep;
}

std::vector<double> SweepWriter::empty() const {
  return std::vector<double>(static_cast<std::size_t>(samples_in_ms(options_.after_ms, options_.rate_hz)));
}

void SweepWriter::add(std::vector<double> wave, Sweep about, TruthSweep truth, std::vector<double> before) {
  about.sweep = truth.sweep = count();
  truth.site = about.site;
  if (!truth.distance_mm) truth.distance_mm = about.distance_mm;
  if (!truth.intensity_ma) truth.intensity_ma = about.intensity_ma;
  if (!truth.peak_to_peak_uv) truth.peak_to_peak_uv = peak_to_peak(wave, options_.rate_hz, 0, options_.after_ms);
  waves_.push_back(std::move(wave));
  before_.push_back(std::move(before));
  sweeps_.push_back(std::move(about));
  truth_.push_back(std::move(truth));
}

void SweepWriter::finish(Simulation& simulation, const SweepNoiseOptions& noise, int threads) {
  const Index before = options_.before_ms > 0 ? samples_in_ms(options_.before_ms, options_.rate_hz) : 0;
  const Index after = samples_in_ms(options_.after_ms, options_.rate_hz);
  SweepSet set;
  set.rate_hz = options_.rate_hz;
  set.zero_sample = before;
  set.samples = RowMatrix::Zero(count(), before + after);
  for (Index s = 0; s < set.samples.rows(); ++s) {
    const auto k = static_cast<std::size_t>(s);
    const double sign = stimulus_.artefact_alternates && s % 2 ? -1 : 1;
    for (Index i = 0; i < after; ++i)
      set.samples(s, before + i) =
          waves_[k][static_cast<std::size_t>(i)] + sign * artefact(stimulus_, static_cast<double>(i) * 1000 / options_.rate_hz);
    const auto& lead = before_[k];
    for (std::size_t i = 0; i < std::min(lead.size(), static_cast<std::size_t>(before)); ++i)
      set.samples(s, before - 1 - static_cast<Index>(i)) = lead[lead.size() - 1 - i];
  }
  add_white_noise(options_.seed, noise.noise_uv, set.samples, threads);
  // One stretch of mains through all sweeps, so that its phase differs from sweep to sweep.
  RowMatrix line = RowMatrix::Zero(1, set.samples.size());
  add_line(options_.seed, noise.line_uv, noise.line_hz, options_.rate_hz, line);
  set.samples += Eigen::Map<const RowMatrix>(line.data(), set.samples.rows(), set.samples.cols());
  if (stimulus_.rail_uv > 0) set.samples = set.samples.cwiseMax(-stimulus_.rail_uv).cwiseMin(stimulus_.rail_uv);
  set.sweeps = std::move(sweeps_);
  simulation.sweeps = std::move(set);
  auto table = to_table("truth_sweeps", "noise-free response of every sweep", truth_);
  drop_missing_columns(table);
  simulation.truth_tables.push_back(std::move(table));
}

}  // namespace emg
