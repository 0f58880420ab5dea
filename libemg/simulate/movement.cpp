#include "libemg/simulate/movement.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/simulate/drive.h"
#include "libemg/simulate/force.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr std::uint64_t kIndexStep = 100000;
constexpr double kFibreTotal = 60000;
constexpr double kInterelectrodeMm = 20, kFromEndplateMm = 35;

std::vector<SkinChannel> two_channels(double distance_mm) {
  return {pair_channel("agonist", -distance_mm / 2, kFromEndplateMm, kInterelectrodeMm),
          pair_channel("antagonist", distance_mm / 2, kFromEndplateMm, kInterelectrodeMm)};
}

struct Muscle {
  std::vector<MotorNeuron> pool;
  std::vector<Train> trains;
};

// Two muscles that follow their drives; units of both in order.
std::vector<SimulatedUnit> two_muscles(const PoolOptions& pool, const MuscleOptions& muscle, const std::vector<SkinChannel>& channels,
                                       double distance_mm, const std::array<std::vector<double>, 2>& drive, double rate_hz,
                                       std::int64_t seed, std::array<Muscle, 2>& muscles, int threads) {
  std::vector<SimulatedUnit> units;
  if (pool.unit_count == 0) return units;
  const auto kernels = surface_kernels(muscle);
  for (std::size_t m = 0; m < 2; ++m) {
    const std::uint64_t offset = m * kIndexStep;
    muscles[m].pool = sample_pool(seed, pool.rate_model, pool.unit_count, pool.size_ratio, offset);
    muscles[m].trains = contraction_trains(muscles[m].pool, drive[m], pool, seed, offset, threads);
    auto potentials = surface_pool(muscle, kernels, channels, (m == 0 ? -0.5 : 0.5) * distance_mm, muscles[m].pool, kFibreTotal,
                                   pool.size_ratio, rate_hz, seed, offset, threads);
    for (std::size_t k = 0; k < potentials.size(); ++k) {
      SimulatedUnit unit;
      unit.unit_id = static_cast<int>(units.size());
      unit.kind = "voluntary";
      unit.channel = static_cast<Index>(m);
      unit.neuron = muscles[m].pool[k];
      unit.potential = std::move(potentials[k]);
      unit.train = muscles[m].trains[k];
      units.push_back(std::move(unit));
    }
  }
  return units;
}

TruthEvent burst_event(int channel, double start_s, double end_s, double rise_s, double rate_hz) {
  TruthEvent event;
  event.kind = "burst";
  event.channel_peak = channel;
  event.time_s = event.start_s = start_s;
  event.sample = std::llround(start_s * rate_hz);
  event.duration_s = end_s - start_s;
  event.half_start_s = start_s + rise_s / 2;
  event.half_end_s = end_s - rise_s / 2;
  return event;
}

// Force difference through the limb: a second-order low-pass, in arbitrary units scaled to m/s2.
std::vector<double> acceleration(const PoolOptions& pool, const std::array<Muscle, 2>& muscles, double rate_hz, std::size_t count) {
  constexpr double kLimbHz = 10, kDamping = 0.3, kScale = 50;  // a contraction of 10 % shakes the hand by some m/s2
  const auto first = force_of_trains(pool, muscles[0].pool, muscles[0].trains, rate_hz, count);
  const auto second = force_of_trains(pool, muscles[1].pool, muscles[1].trains, rate_hz, count);
  const double w = 2 * std::numbers::pi * kLimbHz, dt = 1 / rate_hz;
  std::vector<double> out(count);
  double place = 0, speed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double drive = first[i] - second[i];
    speed += dt * w * w * (drive - place) - dt * 2 * kDamping * w * speed;
    place += dt * speed;
    out[i] = kScale * place;
  }
  return out;
}

}  // namespace

Simulation simulate_tremor(const TremorScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.tremor;
  constexpr double kDepthS = 2;
  std::array<std::vector<double>, 2> drive;
  for (auto& d : drive) d = effort_profile({.profile = EffortProfile::constant, .effort = o.effort}, o.duration_s);
  Random random = random_of(o.seed, RandomDomain::movement);
  const double keep = std::exp(-1 / (kDepthS * kDriveRateHz));
  double theta = 2 * std::numbers::pi * random.uniform(), variation = random.normal(), last = theta;
  std::vector<TruthEvent> events;
  for (std::size_t k = 0; k < drive[0].size(); ++k) {
    const double depth = std::max(0.0, o.depth * (1 + o.depth_cv * variation));
    for (std::size_t m = 0; m < 2; ++m) {
      const double phase = theta + (m == 1 ? o.antagonist_phase_deg * std::numbers::pi / 180 : 0);
      drive[m][k] = std::min(1.0, drive[m][k] * std::max(0.0, 1 + depth * std::sin(phase)));
    }
    // A cycle starts where the first muscle's drive passes its mean upwards.
    if (k > 0 && std::floor(theta / (2 * std::numbers::pi)) > std::floor(last / (2 * std::numbers::pi))) {
      const double t = static_cast<double>(k) / kDriveRateHz;
      auto event = burst_event(0, t, t + 0.5 / o.tremor_hz, 0, o.rate_hz);
      event.kind = "tremor_cycle";
      event.half_start_s.reset();
      event.half_end_s.reset();
      events.push_back(std::move(event));
    }
    last = theta;
    theta += 2 * std::numbers::pi * o.tremor_hz / kDriveRateHz + o.phase_walk * random.normal() / std::sqrt(kDriveRateHz);
    variation = keep * variation + std::sqrt(1 - keep * keep) * random.normal();
  }
  const auto channels = two_channels(o.muscle_distance_mm);
  Simulation simulation;
  open_recording(simulation, channels_about(channels), o.rate_hz, o.duration_s, "simulated tremor of two muscles");
  std::array<Muscle, 2> muscles;
  auto units = two_muscles(scene.pool, scene.muscle, channels, o.muscle_distance_mm, drive, o.rate_hz, o.seed, muscles, threads);
  finish_recording(simulation, std::move(units), std::move(events), scene.noise, scene.instrument, o.seed, threads);
  Channel accelerometer;
  accelerometer.name = "acceleration";
  accelerometer.kind = ChannelKind::acceleration;
  accelerometer.unit = "m/s2";
  append_channel(simulation.recording, accelerometer,
                 acceleration(scene.pool, muscles, o.rate_hz, static_cast<std::size_t>(simulation.recording.sample_count())));
  record_provenance(simulation, "tremor", scene);
  return simulation;
}

namespace {

// Starts of the bursts.
std::vector<double> burst_starts(const BurstsSimulation& o) {
  constexpr double kRhythmCv = 0.05, kClusterS = 0.3;
  std::vector<double> starts;
  if (o.burst_rate_per_min <= 0) return starts;
  Random random = random_of(o.seed, RandomDomain::movement);
  const double mean_s = 60 / o.burst_rate_per_min;
  for (double t = mean_s * random.exponential(); t < o.duration_s;) {
    starts.push_back(t);
    switch (o.burst_law) {
      case BurstLaw::poisson:
        t += mean_s * random.exponential();
        break;
      case BurstLaw::rhythmic:
        t += mean_s * std::max(0.2, 1 + kRhythmCv * random.normal());
        break;
      case BurstLaw::clustered:
        // Groups of four on average, close together, with pauses that keep the mean rate.
        t += random.chance(0.75) ? kClusterS * (0.5 + random.uniform())
                                 : std::max(kClusterS, 4 * mean_s - 3 * kClusterS) * random.exponential();
        break;
    }
  }
  return starts;
}

}  // namespace

Simulation simulate_bursts(const BurstsScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.bursts;
  constexpr double kTriphasicS = 0.080;
  std::array<std::vector<Bout>, 2> bouts;
  std::vector<TruthEvent> events;
  Random random = random_of(o.seed, RandomDomain::movement, 1);
  // On the grid of the drive, so that truth and drive agree exactly.
  const auto on_grid = [](double t) { return std::round(t * kDriveRateHz) / kDriveRateHz; };
  for (const double drawn : burst_starts(o)) {
    const double start = on_grid(drawn), length = on_grid(std::max(2 * o.rise_ms / 1000, random.log_normal(o.burst_ms / 1000, o.burst_cv)));
    const bool both = random.chance(o.antagonist_share);
    const auto add = [&](std::size_t muscle, double at) {
      if (at >= o.duration_s) return;
      const double end = std::min(o.duration_s, at + length);
      bouts[muscle].push_back({at, end, o.effort});
      events.push_back(burst_event(static_cast<int>(muscle), at, end, o.rise_ms / 1000, o.rate_hz));
    };
    add(0, start);
    if (both) add(1, on_grid(start + (o.triphasic ? kTriphasicS : o.antagonist_delay_ms / 1000)));
    if (o.triphasic) add(0, start + 2 * kTriphasicS);
  }
  std::array<std::vector<double>, 2> drive;
  for (std::size_t m = 0; m < 2; ++m) {
    drive[m] = bout_profile(bouts[m], o.rise_ms / 1000, o.duration_s);
    for (std::size_t k = 0; k < drive[m].size(); ++k) {
      const double t = static_cast<double>(k) / kDriveRateHz;
      const bool silent = std::any_of(bouts[m].begin(), bouts[m].end(),
                                      [&](const Bout& b) { return t >= b.end_s && t < b.end_s + o.suppression_ms / 1000; });
      drive[m][k] = std::min(1.0, std::max(drive[m][k], silent ? 0 : o.background_effort));
    }
  }
  const auto channels = two_channels(o.muscle_distance_mm);
  Simulation simulation;
  open_recording(simulation, channels_about(channels), o.rate_hz, o.duration_s, "simulated bursts of two muscles");
  std::array<Muscle, 2> muscles;
  auto units = two_muscles(scene.pool, scene.muscle, channels, o.muscle_distance_mm, drive, o.rate_hz, o.seed, muscles, threads);
  finish_recording(simulation, std::move(units), std::move(events), scene.noise, scene.instrument, o.seed, threads);
  record_provenance(simulation, "bursts", scene);
  return simulation;
}

}  // namespace emg
