#include "libemg/simulate/motor_ncs.h"

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

double normal_probability(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

void require_sites(const MotorNcsSimulation& o) {
  if (o.site.empty()) throw InvalidArgument("site is empty: at least one site is needed");
  if (o.site.size() != o.distance_mm.size()) {
    throw InvalidArgument(fmt::format("distance_mm has {} values for {} sites", o.distance_mm.size(), o.site.size()));
  }
  for (std::size_t i = 1; i < o.distance_mm.size(); ++i) {
    if (!(o.distance_mm[i] > o.distance_mm[i - 1])) {
      throw InvalidArgument(fmt::format("distance_mm {} follows {}: the values must ascend", o.distance_mm[i], o.distance_mm[i - 1]));
    }
  }
}

std::vector<TruthAxon> axons_of(const MotorNcsSimulation& o) {
  constexpr double kMostSd = 4;
  std::vector<TruthAxon> axons(static_cast<std::size_t>(o.axon_count));
  for (int i = 0; i < o.axon_count; ++i) {
    Random random = random_of(o.seed, RandomDomain::axons, static_cast<std::uint64_t>(i));
    auto& axon = axons[static_cast<std::size_t>(i)];
    axon.axon = i;
    const double lowest = std::max(1.0, o.velocity_m_s - kMostSd * o.velocity_sd_m_s);
    const double drawn = random.truncated_normal(o.velocity_m_s, o.velocity_sd_m_s, lowest, o.velocity_m_s + kMostSd * o.velocity_sd_m_s);
    axon.velocity_m_s = o.velocity_law == VelocityLaw::normal
                            ? drawn
                            : std::max(1.0, o.velocity_m_s + o.velocity_sd_m_s * normal_quantile((i + 0.5) / o.axon_count));
    axon.size_uv = random.log_normal(1, o.size_cv);
    axon.residual_latency_ms = std::max(0.0, o.residual_latency_ms + o.residual_latency_sd_ms * random.normal());
    axon.blocked = random.chance(o.lesion_block);
  }
  // Large axons are excited first: the quantiles of the threshold follow the order of size, largest first.
  std::vector<std::size_t> order(axons.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return axons[a].size_uv > axons[b].size_uv; });
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double z = normal_quantile((static_cast<double>(rank) + 0.5) / static_cast<double>(order.size()));
    axons[order[rank]].threshold_ma = o.threshold_ma * std::exp(o.threshold_sd * z);
  }
  return axons;
}

// Latency of the response of an axon to a stimulus at site k, ms.
double latency_ms(const MotorNcsSimulation& o, const TruthAxon& axon, std::size_t k) {
  return kUtilisationMs + o.distance_mm[k] / axon.velocity_m_s + (k > 0 ? o.lesion_delay_ms : 0) + axon.residual_latency_ms;
}

// Unit potential of height 1, `t_ms` after its start: physical sign, first phase negative.
double unit_wave(const MotorNcsSimulation& o, double t_ms) {
  if (t_ms <= 0) return 0;
  if (t_ms < o.negative_phase_ms) return -std::sin(std::numbers::pi * t_ms / o.negative_phase_ms);
  const double t = t_ms - o.negative_phase_ms;
  return t < o.positive_phase_ms ? o.positive_ratio * std::sin(std::numbers::pi * t / o.positive_phase_ms) : 0;
}

struct Response {
  std::vector<double> wave_uv;  ///< from the stimulus on
  TruthSweep truth;
};

void measure(const MotorNcsSimulation& o, Response& response) {
  constexpr double kOnsetShare = 0.02;
  const auto& y = response.wave_uv;
  const double step_ms = 1000 / o.rate_hz;
  const auto lowest = std::min_element(y.begin(), y.end());
  if (lowest == y.end() || !(*lowest < 0)) return;
  const auto at = static_cast<std::size_t>(lowest - y.begin());
  auto& truth = response.truth;
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
  if (end < y.size()) {
    const double crossing = static_cast<double>(end) - (y[end] > 0 ? y[end] / (y[end] - y[end - 1]) : 0);
    truth.negative_duration_ms = crossing * step_ms - *truth.arrival_ms;
  }
}

// Noise-free response from site k of the axons that fire.
Response respond(const MotorNcsSimulation& o, const std::vector<TruthAxon>& axons, std::size_t k, const std::vector<bool>& fires) {
  Response response;
  response.wave_uv.assign(static_cast<std::size_t>(samples_in_ms(o.after_ms, o.rate_hz)), 0.0);
  const double step_ms = 1000 / o.rate_hz, length_ms = o.negative_phase_ms + o.positive_phase_ms;
  for (std::size_t i = 0; i < axons.size(); ++i) {
    if (!fires[i] || (k > 0 && axons[i].blocked)) continue;
    const double latency = latency_ms(o, axons[i], k);
    ++response.truth.responding_axon_count;
    response.truth.arrival_ms = std::min(latency, response.truth.arrival_ms.value_or(latency));
    const auto first = static_cast<std::size_t>(latency / step_ms) + 1;
    const auto end = std::min(response.wave_uv.size(), static_cast<std::size_t>((latency + length_ms) / step_ms) + 1);
    for (std::size_t n = first; n < end; ++n)
      response.wave_uv[n] += axons[i].size_uv * unit_wave(o, static_cast<double>(n) * step_ms - latency);
  }
  return response;
}

// Sizes so that all axons together give cmap_mv from the first site.
void scale_sizes(const MotorNcsSimulation& o, std::vector<TruthAxon>& axons) {
  const auto all = respond(o, axons, 0, std::vector<bool>(axons.size(), true));
  const double peak = -*std::min_element(all.wave_uv.begin(), all.wave_uv.end());
  if (!(peak > 0)) throw InvalidArgument(fmt::format("after_ms {} ends before the response from the first site", o.after_ms));
  for (auto& axon : axons) axon.size_uv *= o.cmap_mv * kUvPerMv / peak;
}

std::vector<bool> firing_axons(const MotorNcsSimulation& o, const std::vector<TruthAxon>& axons, int sweep) {
  Random random = random_of(o.seed, RandomDomain::stimuli, static_cast<std::uint64_t>(sweep));
  std::vector<bool> fires(axons.size());
  for (std::size_t i = 0; i < axons.size(); ++i) {
    const double th = axons[i].threshold_ma;
    fires[i] = random.uniform() < normal_probability((o.intensity_ma - th) / (kThresholdSpread * th));
  }
  return fires;
}

double artefact(const MotorNcsSimulation& o, double t_ms) {
  if (t_ms < 0 || o.artefact_uv == 0) return 0;
  if (t_ms < o.pulse_ms) return 2 * o.artefact_uv;
  const double t = t_ms - o.pulse_ms;
  return o.artefact_uv * (std::exp(-t / o.artefact_fast_ms) - std::exp(-t / o.artefact_slow_ms));
}

Sweep sweep_info(const MotorNcsSimulation& o, int number, std::size_t k) {
  Sweep sweep;
  sweep.sweep = number;
  sweep.channel = o.muscle;
  sweep.nerve = o.nerve;
  sweep.side = o.side;
  sweep.muscle = o.muscle;
  sweep.site = o.site[k];
  sweep.distance_mm = o.distance_mm[k];
  sweep.intensity_ma = o.intensity_ma;
  sweep.pulse_ms = o.pulse_ms;
  return sweep;
}

}  // namespace

double normal_quantile(double probability) {
  double low = -40, high = 40;
  while (high - low > 1e-13) {
    const double middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    (normal_probability(middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

Simulation simulate_motor_ncs(const MotorNcsScene& scene, int threads) {
  validate_scene(scene);
  const auto& options = scene.motor_ncs;
  require_sites(options);
  auto axons = axons_of(options);
  if (!axons.empty()) scale_sizes(options, axons);
  const Index before = options.before_ms > 0 ? samples_in_ms(options.before_ms, options.rate_hz) : 0;
  const Index after = samples_in_ms(options.after_ms, options.rate_hz);
  const auto sites = static_cast<int>(options.site.size());

  Simulation simulation;
  SweepSet set;
  set.rate_hz = options.rate_hz;
  set.zero_sample = before;
  set.samples = RowMatrix::Zero(sites * options.sweeps_per_site, before + after);
  std::vector<TruthSweep> rows;
  for (int s = 0; s < sites * options.sweeps_per_site; ++s) {
    const auto k = static_cast<std::size_t>(s / options.sweeps_per_site);
    auto response = respond(options, axons, k, firing_axons(options, axons, s));
    response.truth.sweep = s;
    response.truth.site = options.site[k];
    response.truth.distance_mm = options.distance_mm[k];
    response.truth.intensity_ma = options.intensity_ma;
    measure(options, response);
    for (Index i = 0; i < after; ++i) {
      set.samples(s, before + i) =
          response.wave_uv[static_cast<std::size_t>(i)] + artefact(options, static_cast<double>(i) * 1000 / options.rate_hz);
    }
    set.sweeps.push_back(sweep_info(options, s, k));
    rows.push_back(response.truth);
  }
  add_white_noise(options.seed, options.noise_uv, set.samples, threads);
  // One stretch of mains through all sweeps, so that its phase differs from sweep to sweep.
  RowMatrix line = RowMatrix::Zero(1, set.samples.size());
  add_line(options.seed, options.line_uv, options.line_hz, options.rate_hz, line);
  set.samples += Eigen::Map<const RowMatrix>(line.data(), set.samples.rows(), set.samples.cols());
  simulation.sweeps = std::move(set);
  simulation.truth_tables.push_back(to_table("truth_axons", "motor axons of the simulation", axons));
  simulation.truth_tables.push_back(to_table("truth_sweeps", "noise-free response of every sweep", rows));
  record_provenance(simulation, "motor_ncs", scene);
  return simulation;
}

}  // namespace emg
