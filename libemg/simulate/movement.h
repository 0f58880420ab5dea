#pragma once
// Kinds `tremor` and `bursts`: movement patterns of two muscles with an accelerometer.
//
// Result: two surface channels and (tremor) an acceleration channel; truth_units, truth_spikes, truth_events (bursts, with the points where
// the drive passes half its height), truth_noise. Throws InvalidArgument for options outside their range.
// Cost: as `surface`. Method: the drive of a pool of motor units is modulated: tremor by max(0, 1 + m sin theta), theta a phase with a
// random walk, m an AR(1) amplitude; bursts by trapezoids. Acceleration: the difference of the muscles' forces through a second-order
// low-pass of 10 Hz, damping 0.3 (limb), differentiated twice in effect by the pass-band of the limb.

#include <array>
#include <string_view>
#include <utility>

#include "libemg/simulate/surface_muscle.h"
#include "libemg/simulate/truth.h"

namespace emg {

struct TremorSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 60;
  double tremor_hz = 5;
  double depth = 0.7;
  double depth_cv = 0.2;
  double phase_walk = 0.5;
  double antagonist_phase_deg = 180;
  double effort = 0.15;
  double muscle_distance_mm = 45;

  static constexpr auto fields() {
    using O = TremorSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.1, 86400}, "length"),
        field("tremor_hz", &O::tremor_hz, {0.5, 30}, "mean frequency"),
        field("depth", &O::depth, {0, 3}, "modulation of the drive; above 1 it falls silent between bursts"),
        field("depth_cv", &O::depth_cv, {0, 2}, "its slow variation"),
        field("phase_walk", &O::phase_walk, {0, 10}, "random walk of the phase, rad per root second"),
        field("antagonist_phase_deg", &O::antagonist_phase_deg, {0, 360}, "phase of the second muscle: 0 together, 180 alternating"),
        field("effort", &O::effort, {0, 1}, "mean excitation of both, of the largest"),
        field("muscle_distance_mm", &O::muscle_distance_mm, {1, 60}, "between the middles of the muscles"),
    };
  }
};
static_assert(fully_described<TremorSimulation>());

struct TremorScene {
  TremorSimulation tremor;
  PoolOptions pool{.unit_count = 40};
  MuscleOptions muscle;
  ContaminantOptions noise;
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = TremorScene;
    return std::tuple{&S::tremor, &S::pool, &S::muscle, &S::noise, &S::instrument};
  }
};

Simulation simulate_tremor(const TremorScene& scene, int threads = 1);

enum class BurstLaw { poisson, rhythmic, clustered };
constexpr auto enum_names(BurstLaw) {
  using L = BurstLaw;
  return std::array<std::pair<L, std::string_view>, 3>{{{L::poisson, "poisson"}, {L::rhythmic, "rhythmic"}, {L::clustered, "clustered"}}};
}

struct BurstsSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 60;
  double burst_ms = 50;
  double burst_cv = 0.2;
  double rise_ms = 5;
  double burst_rate_per_min = 30;
  BurstLaw burst_law = BurstLaw::poisson;
  double antagonist_delay_ms = 0;
  double antagonist_share = 1;
  bool triphasic = false;
  double effort = 0.7;
  double background_effort = 0;
  double suppression_ms = 0;
  double muscle_distance_mm = 45;

  static constexpr auto fields() {
    using O = BurstsSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.1, 86400}, "length"),
        field("burst_ms", &O::burst_ms, {5, 5000}, "mean length of a burst"),
        field("burst_cv", &O::burst_cv, {0, 2}, "its variation"),
        field("rise_ms", &O::rise_ms, {5, 100}, "rise and fall; starts and ends lie on the grid of the drive, 5 ms"),
        field("burst_rate_per_min", &O::burst_rate_per_min, {0, 1000}, "bursts a minute"),
        field("burst_law", &O::burst_law, {}, "law of their intervals"),
        field("antagonist_delay_ms", &O::antagonist_delay_ms, {0, 1000}, "the second muscle follows later"),
        field("antagonist_share", &O::antagonist_share, {0, 1}, "bursts in which it takes part"),
        field("triphasic", &O::triphasic, {}, "first, second, first muscle at 0, 80, 160 ms"),
        field("effort", &O::effort, {0, 1}, "excitation in a burst, of the largest"),
        field("background_effort", &O::background_effort, {0, 1}, "excitation between bursts"),
        field("suppression_ms", &O::suppression_ms, {0, 2000}, "silence of the background after a burst"),
        field("muscle_distance_mm", &O::muscle_distance_mm, {1, 60}, "between the middles of the muscles"),
    };
  }
};
static_assert(fully_described<BurstsSimulation>());

struct BurstsScene {
  BurstsSimulation bursts;
  PoolOptions pool{.unit_count = 60, .shortest_interval_ms = 5};
  MuscleOptions muscle;
  ContaminantOptions noise;
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = BurstsScene;
    return std::tuple{&S::bursts, &S::pool, &S::muscle, &S::noise, &S::instrument};
  }
};

Simulation simulate_bursts(const BurstsScene& scene, int threads = 1);

}  // namespace emg
