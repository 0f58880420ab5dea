#pragma once
// Kind `surface`: two muscles side by side that contract in bursts, each below a pair of surface electrodes.
//
// Result: two channels (agonist, antagonist), bipolar along the fibres; what a muscle gives to the other's electrodes is computed by the
// same conductor. truth_units, truth_spikes, truth_events (bursts). Zero units, bursts or noise give the remaining parts. Throws
// InvalidArgument for options outside their range, a burst shorter than its two ramps, a shortest interval above the mean one. Cost: about
// 15 ms for each unit, 300 ms for the tables of the conductor, 20 ns for each sample.

#include "libemg/simulate/surface_muscle.h"
#include "libemg/simulate/truth.h"

namespace emg {

struct SurfaceSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 60;
  double first_burst_s = 2;
  double burst_s = 1;
  double pause_s = 2;
  double ramp_ms = 50;
  double effort = 0.4;
  double antagonist_effort = 0.3;
  double antagonist_delay_s = 1.5;
  double muscle_distance_mm = 45;
  double interelectrode_mm = 20;
  double electrode_from_endplate_mm = 35;

  static constexpr auto fields() {
    using O = SurfaceSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("first_burst_s", &O::first_burst_s, {0, 86400}, "start of the first burst of the agonist"),
        field("burst_s", &O::burst_s, {0.001, 86400}, "length of a burst, ramps included"),
        field("pause_s", &O::pause_s, {0, 86400}, "from the end of a burst to the next"),
        field("ramp_ms", &O::ramp_ms, {0, 10000}, "rise at the start and fall at the end of a burst"),
        field("effort", &O::effort, {0, 1}, "excitation of the agonist in a burst, of the largest"),
        field("antagonist_effort", &O::antagonist_effort, {0, 1}, "that of the antagonist"),
        field("antagonist_delay_s", &O::antagonist_delay_s, {0, 86400}, "bursts of the antagonist start this much later"),
        field("muscle_distance_mm", &O::muscle_distance_mm, {1, 60}, "between the middles of the muscles, across the fibres"),
        field("interelectrode_mm", &O::interelectrode_mm, {1, 60}, "between the electrodes of a pair"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-70, 70}, "middle of the pair from the end-plate zone"),
    };
  }
};
static_assert(fully_described<SurfaceSimulation>());

struct SurfaceScene {
  SurfaceSimulation surface;
  PoolOptions pool;
  MuscleOptions muscle;
  WholeMuscleOptions whole;
  ContaminantOptions noise;
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = SurfaceScene;
    return std::tuple{&S::surface, &S::pool, &S::muscle, &S::whole, &S::noise, &S::instrument};
  }
};

Simulation simulate_surface(const SurfaceScene& scene, int threads = 1);

}  // namespace emg
