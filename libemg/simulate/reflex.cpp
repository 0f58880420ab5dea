#include "libemg/simulate/reflex.h"

#include <algorithm>
#include <cmath>

#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// Sum of unit potentials that start within [latency, latency + length], scaled to a peak-to-peak.
void add_burst(Random random, int units, double latency_ms, double length_ms, double peak_to_peak_uv, double rate_hz, double phase_ms,
               std::vector<double>& wave) {
  std::vector<double> burst(wave.size());
  NerveOptions unit;
  unit.negative_phase_ms = unit.positive_phase_ms = phase_ms;
  for (int k = 0; k < units; ++k) {
    // The first unit marks the onset.
    const double at = latency_ms + (k == 0 ? 0 : length_ms * random.uniform());
    const double sign = random.chance(0.5) ? 1 : -1;
    add_unit_wave(unit, at, (k == 0 ? 1 : sign) * random.log_normal(1, 0.5), rate_hz, burst);
  }
  const auto [low, high] = std::minmax_element(burst.begin(), burst.end());
  const double height = *high - *low;
  if (!(height > 0)) return;
  for (std::size_t n = 0; n < wave.size(); ++n) wave[n] += burst[n] * peak_to_peak_uv / height;
}

Random sweep_random(const SweepOptions& sweep, int number, std::uint64_t use) {
  return random_of(sweep.seed, RandomDomain::stimuli, static_cast<std::uint64_t>(number), (use + 1) << 32);
}

}  // namespace

Simulation simulate_blink(const BlinkScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.blink;
  constexpr double kR1LengthMs = 5, kR2LengthMs = 40, kPhaseMs = 2, kHabituation = 0.3, kHabituationS = 5, kRecoveryS = 0.5,
                   kSpreadSdMs = 2;
  constexpr int kR1Units = 8, kR2Units = 40;
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (int s = 0; s < o.stimulus_count; ++s) {
    Random random = sweep_random(scene.sweep, s, 0);
    const double r1 = std::max(1.0, o.r1_ms + o.r1_sd_ms * random.normal()), r2 = std::max(r1, o.r2_ms + o.r2_sd_ms * random.normal()),
                 contralateral = std::max(r1, r2 + 0.3 * o.r2_sd_ms * random.normal()),
                 spread = std::max(1.0, o.spread_ms + kSpreadSdMs * random.normal());
    const double habituated = s > 0 ? 1 - kHabituation * std::exp(-o.stimulus_interval_s / kHabituationS) : 1;
    const double recovered = o.conditioning_s > 0 ? 1 - std::exp(-o.conditioning_s / kRecoveryS) : 1;
    const double r2_uv = o.r2_uv * habituated * recovered;
    for (int row = 0; row < (o.spread_uv > 0 ? 3 : 2); ++row) {
      auto wave = writer.empty();
      TruthSweep truth;
      Sweep about;
      about.nerve = row == 2 ? "facial" : "supraorbital";
      about.side = (row == 1) == (o.side == "R") ? "L" : "R";
      about.muscle = row == 2 ? "mentalis" : "orbicularis oculi";
      about.channel = row == 0 ? "ipsilateral" : row == 1 ? "contralateral" : "mentalis";
      about.site = row == 2 ? "zygomatic branch" : "supraorbital notch";
      about.intensity_ma = scene.current.intensity_ma;
      about.pulse_ms = scene.stimulus.pulse_ms;
      about.clock_s = s * o.stimulus_interval_s;
      if (row == 2) {
        add_burst(sweep_random(scene.sweep, s, 4), kR1Units, spread, kR1LengthMs, o.spread_uv, scene.sweep.rate_hz, kPhaseMs, wave);
        truth.r1_ms = spread;
      } else {
        if (row == 0 && o.r1_uv > 0) {
          add_burst(sweep_random(scene.sweep, s, 1), kR1Units, r1, kR1LengthMs, o.r1_uv, scene.sweep.rate_hz, kPhaseMs, wave);
          truth.r1_ms = r1;
        }
        if (r2_uv > 0) {
          const double start = row == 0 ? r2 : contralateral;
          add_burst(sweep_random(scene.sweep, s, 2 + static_cast<std::uint64_t>(row)), kR2Units, start, kR2LengthMs, r2_uv,
                    scene.sweep.rate_hz, kPhaseMs, wave);
          truth.r2_ms = start;
        }
      }
      writer.add(std::move(wave), std::move(about), std::move(truth));
    }
  }
  Simulation simulation;
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "blink", scene);
  return simulation;
}

Simulation simulate_mep(const MepScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.mep;
  constexpr double kPhaseMs = 3, kReturnMs = 20, kRebound = 0.4, kRunInMs = 50;
  constexpr double kUvPerMv = 1000;
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (int s = 0; s < o.stimulus_count; ++s) {
    Random random = sweep_random(scene.sweep, s, 0);
    const double latency = std::max(1.0, o.latency_ms + o.latency_sd_ms * random.normal());
    const double mean = o.largest_mv * kUvPerMv / (1 + std::exp(-(o.intensity_pct - o.half_intensity_pct) / o.slope_pct));
    const double size = random.log_normal(mean, o.amplitude_cv),
                 silence_end = std::max(latency, o.silence_ms + o.silence_sd_ms * random.normal());
    auto wave = writer.empty();
    TruthSweep truth;
    truth.arrival_ms = latency;
    add_burst(sweep_random(scene.sweep, s, 1), o.unit_waves, latency, 2 * o.dispersion_ms, size, scene.sweep.rate_hz, kPhaseMs, wave);
    truth.peak_to_peak_uv = peak_to_peak(wave, scene.sweep.rate_hz, 0, scene.sweep.after_ms);
    std::vector<double> before;
    if (o.background_uv > 0) {
      // Unit potentials at random instants: an interference pattern of the muscle's own spectrum.
      const double step_ms = 1000 / scene.sweep.rate_hz, start = -scene.sweep.before_ms - kRunInMs, whole = scene.sweep.after_ms - start;
      const auto length = static_cast<std::size_t>(whole / step_ms);
      std::vector<double> carrier(length);
      Random background = sweep_random(scene.sweep, s, 2);
      NerveOptions unit;
      unit.negative_phase_ms = unit.positive_phase_ms = kPhaseMs;
      for (double t = 0; t < whole; t += 0.5 * background.exponential())
        add_unit_wave(unit, t, background.chance(0.5) ? 1 : -1, scene.sweep.rate_hz, carrier);
      double square = 0;
      for (const double v : carrier) square += v * v / static_cast<double>(length);
      const double gain = o.background_uv / std::sqrt(std::max(square, 1e-30));
      const auto zero = static_cast<std::size_t>(-start / step_ms);
      for (std::size_t n = 0; n < length; ++n) {
        const double t = static_cast<double>(n) * step_ms + start;
        double level = 1;
        if (t > latency && t < silence_end) level = 0;
        if (t >= silence_end)
          level = std::min(1.0, (t - silence_end) / kReturnMs) * (1 + kRebound * std::exp(-(t - silence_end) / (2 * kReturnMs)));
        const double v = gain * level * carrier[n];
        if (n < zero)
          before.push_back(v);
        else if (n - zero < wave.size())
          wave[n - zero] += v;
      }
      truth.silence_start_ms = latency;
      truth.silence_end_ms = silence_end;
    }
    Sweep about;
    about.channel = about.muscle = o.muscle;
    about.side = o.side;
    about.site = "motor cortex";
    about.pulse_ms = scene.stimulus.pulse_ms;
    writer.add(std::move(wave), std::move(about), std::move(truth), std::move(before));
  }
  Simulation simulation;
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "mep", scene);
  return simulation;
}

}  // namespace emg
