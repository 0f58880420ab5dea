#include "libemg/simulate/rns.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// Release raised at once after exercise, store emptied for minutes with its lowest point after three.
double release_factor(const RnsSimulation& o, double t_s) {
  constexpr double kRise = 0.3, kS = 20;
  return o.exercise_end_s < 0 || t_s < o.exercise_end_s ? 1 : 1 + kRise * std::exp(-(t_s - o.exercise_end_s) / kS);
}

double store_factor(const RnsSimulation& o, double t_s) {
  constexpr double kFall = 0.15, kLowestS = 180;
  if (o.exercise_end_s < 0 || t_s < o.exercise_end_s) return 1;
  const double x = (t_s - o.exercise_end_s) / kLowestS;
  return 1 - kFall * x * std::exp(1 - x);
}

// Share of end-plates that fire at every stimulus of a train.
std::vector<double> fired_shares(const RnsScene& scene, std::size_t train, int threads) {
  const auto& o = scene.rns;
  const auto stimuli = static_cast<std::size_t>(o.stimulus_count), plates = static_cast<std::size_t>(o.end_plate_count);
  std::vector<std::uint8_t> fired(stimuli * plates);
  parallel_for(static_cast<Index>(plates), threads, [&](Index i) {
    const auto k = static_cast<std::uint64_t>(i);
    Random safety = random_of(scene.sweep.seed, RandomDomain::transmission, k),
           random = random_of(scene.sweep.seed, RandomDomain::transmission, k, (train + 1) << 32);
    EndPlate plate(scene.transmission, draw_safety_factor(scene.transmission, safety), store_factor(o, o.train_s[train]),
                   release_factor(o, o.train_s[train]));
    for (std::size_t s = 0; s < stimuli; ++s) fired[s * plates + k] = plate.ratio(plate.impulse(1 / o.train_hz, &random)) > 1;
  });
  std::vector<double> shares(stimuli);
  for (std::size_t s = 0; s < stimuli; ++s)
    shares[s] = static_cast<double>(std::count(fired.begin() + static_cast<std::ptrdiff_t>(s * plates),
                                               fired.begin() + static_cast<std::ptrdiff_t>((s + 1) * plates), 1)) /
                o.end_plate_count;
  return shares;
}

}  // namespace

Simulation simulate_rns(const RnsScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.rns;
  constexpr double kMovementGain = 0.85, kSubmaximalShare = 0.8, kShiftUv = 500;
  auto axons = motor_axons(scene.nerve, scene.axons, scene.sizes.size_cv, scene.sweep.seed);
  scale_axons(scene.nerve, scene.sweep, o.distance_mm, axons);
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (std::size_t train = 0; train < o.train_s.size(); ++train) {
    const auto shares = fired_shares(scene, train, threads);
    for (int s = 0; s < o.stimulus_count; ++s) {
      auto wave = writer.empty();
      TruthSweep truth;
      int responding = 0;
      const bool faulty = o.fault != RnsFault::none && s >= o.fault_stimulus;
      const double share = shares[static_cast<std::size_t>(s)];
      const auto fires = excited_axons(axons, scene.current.intensity_ma, scene.sweep.seed, writer.count());
      for (std::size_t i = 0; i < axons.size(); ++i) {
        if (!fires[i] ||
            (faulty && o.fault == RnsFault::submaximal && static_cast<double>(i) >= kSubmaximalShare * static_cast<double>(axons.size())))
          continue;
        const double latency = motor_latency_ms(axons[i], o.distance_mm);
        ++responding;
        truth.arrival_ms = std::min(latency, truth.arrival_ms.value_or(latency));
        add_unit_wave(scene.nerve, latency, axons[i].size_uv * share, scene.sweep.rate_hz, wave);
      }
      if (faulty && o.fault == RnsFault::movement) {
        for (auto& v : wave) v *= kMovementGain;
      }
      measure_response(wave, scene.sweep.rate_hz, truth);
      if (faulty && o.fault == RnsFault::baseline) {
        for (auto& v : wave) v += kShiftUv;
      }
      truth.responding_axon_count = responding;
      truth.fired_share = share;
      if (faulty) truth.fault = name_of(o.fault);
      auto about = sweep_about(scene.nerve, "wrist", o.distance_mm, scene.current.intensity_ma, scene.stimulus.pulse_ms);
      about.clock_s = o.train_s[train] + s / o.train_hz;
      writer.add(std::move(wave), std::move(about), std::move(truth));
    }
  }
  Simulation simulation;
  simulation.truth_tables.push_back(to_table("truth_axons", "motor axons of the simulation", axons));
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "rns", scene);
  return simulation;
}

}  // namespace emg
