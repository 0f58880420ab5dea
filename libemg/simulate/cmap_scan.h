#pragma once
// Kinds `cmap_scan` and `voluntary_epochs`: what counts of motor units are estimated from.
//
// cmap_scan: a staircase of currents, the response a sum of units that fire or not. Result: sweeps x samples, truth_sweeps (current,
// noise-free size, units that fired) and truth_axons (threshold, amplitude). The number of units is exactly known.
// voluntary_epochs: stretches of surface activity at graded force; the annotation of each states its force, truth_effort the drive.
// Throws InvalidArgument for lists that differ in length. Cost: units for each stimulus.
// Method: a unit fires with probability Phi((I - th) / (spread th)); units lists as published for CMAP scans (threshold, amplitude,
// relative spread) give scans of real muscles.

#include "libemg/simulate/evoked.h"
#include "libemg/simulate/surface_muscle.h"

namespace emg {

struct CmapScanSimulation {
  int stimulus_count = 500;
  double last_ma = 0;
  double first_ma = 0;
  double stimulus_hz = 2;
  int unit_count = 100;
  double unit_size_ratio = 8;
  double relative_spread = 0.018;
  double distance_mm = 80;
  std::vector<double> unit_threshold_ma;
  std::vector<double> unit_amplitude_uv;
  std::vector<double> unit_spread;

  static constexpr auto fields() {
    using O = CmapScanSimulation;
    return std::tuple{
        field("stimulus_count", &O::stimulus_count, {2, 1000000}, "stimuli"),
        field("last_ma", &O::last_ma, {0, 1000}, "current of the last, weakest stimulus; 0: just below the lowest threshold"),
        field("first_ma", &O::first_ma, {0, 1000}, "current of the first, strongest stimulus; 0: just above the highest threshold"),
        field("stimulus_hz", &O::stimulus_hz, {0.1, 20}, "rate of the stimuli"),
        field("unit_count", &O::unit_count, {1, 10000}, "motor units"),
        field("unit_size_ratio", &O::unit_size_ratio, {1, 1000}, "largest over smallest unit, log-uniform between"),
        field("relative_spread", &O::relative_spread, {0, 1}, "width of the firing probability over the threshold"),
        field("distance_mm", &O::distance_mm, {1, 2000}, "from the site to the muscle"),
        field("unit_threshold_ma", &O::unit_threshold_ma, {0.001, 1000}, "thresholds of given units; empty: drawn"),
        field("unit_amplitude_uv", &O::unit_amplitude_uv, {0, 1e6}, "their amplitudes"),
        field("unit_spread", &O::unit_spread, {0, 1}, "their relative spreads; empty: relative_spread"),
    };
  }
};
static_assert(fully_described<CmapScanSimulation>());

struct CmapScanScene {
  SweepOptions sweep{.rate_hz = 10000, .before_ms = 2, .after_ms = 20};
  NerveOptions nerve{.threshold_ma = 9, .threshold_sd = 0.14};
  CmapScanSimulation scan;
  StimulusOptions stimulus{.artefact_uv = 200};
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = CmapScanScene;
    return std::tuple{&S::sweep, &S::nerve, &S::scan, &S::stimulus, &S::noise};
  }
};

Simulation simulate_cmap_scan(const CmapScanScene& scene, int threads = 1);

/// One unit of a scan.
struct ScanUnit {
  double threshold_ma = 0, amplitude_uv = 0, spread = 0;
};

/// Units that fire at every current; unit by stimulus draws of `seed`. Result: sum of amplitudes for each current.
std::vector<double> scan_amplitudes(const std::vector<ScanUnit>& units, const std::vector<double>& current_ma, std::int64_t seed,
                                    std::vector<int>* fired = nullptr);

struct VoluntaryEpochsSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  int epoch_count = 30;
  double epoch_ms = 500;
  double lowest_effort = 0.05;
  double highest_effort = 0.9;
  double interelectrode_mm = 20;
  double electrode_from_endplate_mm = 35;

  static constexpr auto fields() {
    using O = VoluntaryEpochsSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("epoch_count", &O::epoch_count, {1, 1000}, "epochs"),
        field("epoch_ms", &O::epoch_ms, {50, 60000}, "length of each"),
        field("lowest_effort", &O::lowest_effort, {0, 1}, "force of the first, of the largest"),
        field("highest_effort", &O::highest_effort, {0, 1}, "force of the last"),
        field("interelectrode_mm", &O::interelectrode_mm, {1, 60}, "between the electrodes"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-70, 70}, "middle of the pair from the end-plate zone"),
    };
  }
};
static_assert(fully_described<VoluntaryEpochsSimulation>());

struct VoluntaryEpochsScene {
  VoluntaryEpochsSimulation epochs;
  PoolOptions pool{.unit_count = 120};
  MuscleOptions muscle;
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = VoluntaryEpochsScene;
    return std::tuple{&S::epochs, &S::pool, &S::muscle, &S::noise};
  }
};

Simulation simulate_voluntary_epochs(const VoluntaryEpochsScene& scene, int threads = 1);

}  // namespace emg
