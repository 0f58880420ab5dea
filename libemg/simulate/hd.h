#pragma once
// Kind `hd`: a grid of electrodes over one contracting muscle.
//
// Result: one channel for each electrode (or difference of the montage), a force channel on request; truth_units, truth_spikes,
// truth_effort (drive and force, 100 a second), truth_noise. Zero units or noise give the remaining parts.
// Throws InvalidArgument for options outside their range, an impossible grid, a force that cannot be reached.
// Cost: 10 us for each channel and computed fibre, 1 us for each discharge and channel, 10 ns for each sample.
// Fatigue (velocity_decline_pct_per_min) stretches the potentials every 5 s.

#include "libemg/simulate/drive.h"
#include "libemg/simulate/hermite.h"
#include "libemg/simulate/surface_muscle.h"
#include "libemg/simulate/truth.h"

namespace emg {

struct HdSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 30;
  bool force_channel = false;

  static constexpr auto fields() {
    using O = HdSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("force_channel", &O::force_channel, {}, "force as the last channel, % of the largest"),
    };
  }
};
static_assert(fully_described<HdSimulation>());

struct HdScene {
  HdSimulation hd;
  EffortOptions effort;
  PoolOptions pool{.unit_count = 100};
  /// A thigh muscle: amplitudes, spectra and correlation of neighbours of the order of a grid over the vastus lateralis.
  MuscleOptions muscle{.muscle_width_mm = 60, .muscle_depth_mm = 25, .endplate_sd_mm = 5, .fat_mm = 5, .wave_scale = 1.2};
  WholeMuscleOptions whole{.fibre_total = 400000};
  GridOptions grid;
  WaveformOptions waveform{.hermite_width_ms = 3, .hermite_peak_uv = 100};
  ContaminantOptions noise{.noise_uv = 5};
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = HdScene;
    return std::tuple{&S::hd, &S::effort, &S::pool, &S::muscle, &S::whole, &S::grid, &S::waveform, &S::noise, &S::instrument};
  }
};

Simulation simulate_hd(const HdScene& scene, int threads = 1);

/// Parts of `unit` whose potentials are stretched every 5 s as velocities fall; none without a decline.
void slow_down(SimulatedUnit& unit, double decline_pct_per_min, double rate_hz);

}  // namespace emg
