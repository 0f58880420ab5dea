#include "libemg/simulate/late_responses.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kCordMs = 1;  // turnaround in the anterior horn, or the synapse
constexpr std::uint64_t kFStream = std::uint64_t{2} << 24;

void note_late(std::string& axons, int axon) {
  axons += (axons.empty() ? "" : ",") + std::to_string(axon);
}

}  // namespace

Simulation simulate_f_wave(const FWaveScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.f;
  auto axons = motor_axons(scene.nerve, scene.axons, scene.sizes.size_cv, scene.sweep.seed);
  scale_axons(scene.nerve, scene.sweep, o.distance_mm, axons);
  double mean_size = 0;
  for (const auto& axon : axons) mean_size += axon.size_uv / static_cast<double>(axons.size());
  std::vector<double> probability(axons.size());
  double sum = 0;
  for (std::size_t i = 0; i < axons.size(); ++i) {
    Random random = random_of(scene.sweep.seed, RandomDomain::axons, kFStream + i);
    const double spread = std::exp(o.f_probability_sd * random.normal() - o.f_probability_sd * o.f_probability_sd / 2);
    probability[i] = spread * std::pow(axons[i].size_uv / std::max(mean_size, 1e-12), o.f_size_exponent);
    sum += probability[i];
    axons[i].blocked = random.chance(o.path_block);
  }
  // The mean of what is drawn is the option's, whatever the sizes.
  for (auto& p : probability) p = std::min(1.0, o.f_probability * p * static_cast<double>(axons.size()) / sum);
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (int s = 0; s < o.sweep_count; ++s) {
    auto wave = writer.empty(), late = writer.empty();
    TruthSweep truth;
    int responding = 0, backfiring = 0;
    const auto fires = excited_axons(axons, scene.current.intensity_ma, scene.sweep.seed, s);
    Random random = random_of(scene.sweep.seed, RandomDomain::stimuli, kFStream + static_cast<std::uint64_t>(s));
    for (std::size_t i = 0; i < axons.size(); ++i) {
      const double u = random.uniform();
      if (!fires[i]) continue;
      const double direct = motor_latency_ms(axons[i], o.distance_mm);
      ++responding;
      truth.arrival_ms = std::min(direct, truth.arrival_ms.value_or(direct));
      add_unit_wave(scene.nerve, direct, axons[i].size_uv, scene.sweep.rate_hz, wave);
      if (u >= probability[i] || axons[i].blocked) continue;
      const double latency = direct + 2 * o.proximal_mm / axons[i].velocity_m_s + kCordMs;
      ++backfiring;
      note_late(truth.late_axons, axons[i].axon);
      truth.late_latency_ms = std::min(latency, truth.late_latency_ms.value_or(latency));
      add_unit_wave(scene.nerve, latency, axons[i].size_uv, scene.sweep.rate_hz, late);
    }
    measure_response(wave, scene.sweep.rate_hz, truth);
    truth.responding_axon_count = responding;
    truth.late_count = backfiring;
    if (backfiring > 0) truth.late_peak_uv = peak_to_peak(late, scene.sweep.rate_hz, 0, scene.sweep.after_ms);
    const int a_waves = std::min(o.a_wave_axons, scene.axons.axon_count);
    if (a_waves > 0 && random.chance(o.a_wave_share)) {
      constexpr double kJitterMs = 0.02;
      truth.a_wave_ms = o.a_wave_ms;
      for (int a = 0; a < a_waves; ++a)
        add_unit_wave(scene.nerve, o.a_wave_ms + kJitterMs * random.normal(), axons[static_cast<std::size_t>(a)].size_uv,
                      scene.sweep.rate_hz, late);
    }
    for (std::size_t n = 0; n < wave.size(); ++n) wave[n] += late[n];
    writer.add(std::move(wave), sweep_about(scene.nerve, "wrist", o.distance_mm, scene.current.intensity_ma, scene.stimulus.pulse_ms),
               std::move(truth));
  }
  Simulation simulation;
  simulation.truth_tables.push_back(to_table("truth_axons", "motor axons of the simulation", axons));
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "f_wave", scene);
  return simulation;
}

double ia_activity(double intensity_ma, double ia_threshold_ma) {
  constexpr double kWidth = 0.12;
  return intensity_ma > 0 ? normal_probability(std::log(intensity_ma / ia_threshold_ma) / kWidth) : 0;
}

bool fires_directly(double place, double intensity_ma, double threshold_ma, double threshold_sd) {
  // Places at the very ends have no finite quantile.
  const double p = std::clamp(1 - place, 1e-12, 1 - 1e-12);
  return intensity_ma >= threshold_ma * std::exp(threshold_sd * normal_quantile(p));
}

bool fires_by_reflex(double place, double activity) {
  return activity >= 0.2 + 1.4 * place;
}

Simulation simulate_h_reflex(const HReflexScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.h;
  if (o.last_ma < o.first_ma) throw InvalidArgument(fmt::format("last_ma {} is below first_ma {}", o.last_ma, o.first_ma));
  constexpr double kSizeRatio = 8, kDepth = 0.8, kDepthS = 3;
  auto axons = motor_axons(scene.nerve, scene.axons, 0, scene.sweep.seed);
  const auto place = [&](std::size_t i) { return (static_cast<double>(i) + 0.5) / static_cast<double>(axons.size()); };
  for (std::size_t i = 0; i < axons.size(); ++i) {
    axons[i].size_uv = std::exp(std::log(kSizeRatio) * place(i));
    axons[i].threshold_ma = scene.nerve.threshold_ma * std::exp(scene.nerve.threshold_sd * normal_quantile(1 - place(i)));
  }
  scale_axons(scene.nerve, scene.sweep, o.distance_mm, axons);
  const double depression = 1 - kDepth * std::exp(-o.stimulus_interval_s / kDepthS);
  SweepWriter writer(scene.sweep, scene.stimulus);
  const auto count = static_cast<int>(std::floor((o.last_ma - o.first_ma) / o.step_ma + 1e-9)) + 1;
  for (int s = 0; s < count; ++s) {
    const double current = o.first_ma + s * o.step_ma;
    const double activity = ia_activity(current, o.ia_threshold_ma) * o.facilitation * (s > 0 ? depression : 1);
    auto wave = writer.empty(), late = writer.empty();
    TruthSweep truth;
    int direct = 0, reflex = 0;
    for (std::size_t i = 0; i < axons.size(); ++i) {
      if (fires_directly(place(i), current, scene.nerve.threshold_ma, scene.nerve.threshold_sd)) {
        const double latency = motor_latency_ms(axons[i], o.distance_mm);
        ++direct;
        truth.arrival_ms = std::min(latency, truth.arrival_ms.value_or(latency));
        add_unit_wave(scene.nerve, latency, axons[i].size_uv, scene.sweep.rate_hz, wave);
      } else if (fires_by_reflex(place(i), activity)) {
        const double latency = 2 * o.proximal_mm / axons[i].velocity_m_s + kCordMs + motor_latency_ms(axons[i], o.distance_mm);
        ++reflex;
        truth.late_latency_ms = std::min(latency, truth.late_latency_ms.value_or(latency));
        add_unit_wave(scene.nerve, latency, axons[i].size_uv, scene.sweep.rate_hz, late);
      }
    }
    measure_response(wave, scene.sweep.rate_hz, truth);
    truth.intensity_ma = current;
    truth.responding_axon_count = direct;
    truth.late_count = reflex;
    if (reflex > 0) truth.late_peak_uv = peak_to_peak(late, scene.sweep.rate_hz, 0, scene.sweep.after_ms);
    for (std::size_t n = 0; n < wave.size(); ++n) wave[n] += late[n];
    auto about = sweep_about(scene.nerve, "popliteal fossa", o.distance_mm, current, scene.stimulus.pulse_ms);
    about.clock_s = s * o.stimulus_interval_s;
    writer.add(std::move(wave), std::move(about), std::move(truth));
  }
  Simulation simulation;
  simulation.truth_tables.push_back(to_table("truth_axons", "motor axons of the simulation", axons));
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "h_reflex", scene);
  return simulation;
}

}  // namespace emg
