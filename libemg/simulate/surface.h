#pragma once
// Kind `surface`: two muscles side by side that contract in bursts, each below a pair of surface electrodes.
//
// Result: two channels (agonist, antagonist), bipolar along the fibres; what a muscle gives to the other's electrodes is computed by the
// same conductor. truth_units, truth_spikes, truth_events (bursts). Zero units, bursts or noise give the remaining parts. Throws
// InvalidArgument for options outside their range, a burst shorter than its two ramps, a shortest interval above the mean one. Cost: about
// 15 ms for each unit, 300 ms for the tables of the conductor, 20 ns for each sample. Noise is white up to half the rate: no amplifier
// filter acts.

#include <cstdint>

#include "libemg/core/options.h"
#include "libemg/simulate/pool.h"
#include "libemg/simulate/simulation.h"

namespace emg {

struct SurfaceSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 60;
  int unit_count = 60;
  double first_burst_s = 2;
  double burst_s = 1;
  double pause_s = 2;
  double ramp_ms = 50;
  double effort = 0.4;
  double antagonist_effort = 0.3;
  double antagonist_delay_s = 1.5;
  RateModel rate_model = RateModel::onion_vl;
  double min_rate_hz = 4;
  double size_ratio = 30;
  double interval_cv = 0.15;
  double shortest_interval_ms = 20;
  double common_spread = 0.12;
  double private_spread = 0.05;
  double fibre_total = 60000;
  int fibre_samples = 30;
  double muscle_distance_mm = 45;
  double fat_mm = 3;
  double skin_mm = 1;
  double interelectrode_mm = 20;
  double electrode_from_endplate_mm = 35;
  double wave_scale = 1.4;
  double noise_uv = 3;
  double line_uv = 0;
  double line_hz = 50;

  static constexpr auto fields() {
    using O = SurfaceSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, 9007199254740992.0}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("unit_count", &O::unit_count, {0, 1000}, "motor units of each muscle"),
        field("first_burst_s", &O::first_burst_s, {0, 86400}, "start of the first burst of the agonist"),
        field("burst_s", &O::burst_s, {0.001, 86400}, "length of a burst, ramps included"),
        field("pause_s", &O::pause_s, {0, 86400}, "from the end of a burst to the next"),
        field("ramp_ms", &O::ramp_ms, {0, 10000}, "rise at the start and fall at the end of a burst"),
        field("effort", &O::effort, {0, 1}, "excitation of the agonist in a burst, of the largest"),
        field("antagonist_effort", &O::antagonist_effort, {0, 1}, "that of the antagonist"),
        field("antagonist_delay_s", &O::antagonist_delay_s, {0, 86400}, "bursts of the antagonist start this much later"),
        field("rate_model", &O::rate_model, {}, "law of firing rates"),
        field("min_rate_hz", &O::min_rate_hz, {0.1, 50}, "rate from the threshold on"),
        field("size_ratio", &O::size_ratio, {1, 1000}, "innervation number of the last unit over that of the first"),
        field("interval_cv", &O::interval_cv, {0, 1}, "coefficient of variation of the intervals"),
        field("shortest_interval_ms", &O::shortest_interval_ms, {0, 500}, "shorter intervals are drawn again"),
        field("common_spread", &O::common_spread, {0, 1}, "SD of the common fluctuation of the drive"),
        field("private_spread", &O::private_spread, {0, 1}, "SD of the fluctuation of each unit's drive"),
        field("fibre_total", &O::fibre_total, {1, 1e7}, "muscle fibres of each muscle"),
        field("fibre_samples", &O::fibre_samples, {1, 1000}, "fibres computed for each unit"),
        field("muscle_distance_mm", &O::muscle_distance_mm, {1, 60}, "between the middles of the muscles, across the fibres"),
        field("fat_mm", &O::fat_mm, {0.1, 40}, "thickness of the fat"),
        field("skin_mm", &O::skin_mm, {0.1, 10}, "thickness of the skin"),
        field("interelectrode_mm", &O::interelectrode_mm, {1, 60}, "between the electrodes of a pair"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-70, 70}, "middle of the pair from the end-plate zone"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
        field("noise_uv", &O::noise_uv, {0, 1e5}, "white noise, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
    };
  }
};
static_assert(fully_described<SurfaceSimulation>());

/// A burst of the simulation, a row of truth_events.
struct TruthBurst {
  std::string kind = "burst";
  int channel = 0;
  double start_s = 0;
  double end_s = 0;
  double half_start_s = 0;
  double half_end_s = 0;
  std::optional<double> first_discharge_s, last_discharge_s;
  int discharge_count = 0;

  static constexpr auto fields() {
    using R = TruthBurst;
    return std::tuple{
        field("kind", &R::kind, {}, "burst"),
        field("channel", &R::channel, {}, "muscle that contracts"),
        field("start_s", &R::start_s, {}, "drive leaves 0"),
        field("end_s", &R::end_s, {}, "drive is 0 again"),
        field("half_start_s", &R::half_start_s, {}, "drive passes half its height"),
        field("half_end_s", &R::half_end_s, {}, "and again on its way down"),
        field("first_discharge_s", &R::first_discharge_s, {}, "reference instant of the first potential of the muscle"),
        field("last_discharge_s", &R::last_discharge_s, {}, "that of the last"),
        field("discharge_count", &R::discharge_count, {}, "potentials of the burst"),
    };
  }
};
static_assert(fully_described<TruthBurst>());

Simulation simulate_surface(const SurfaceSimulation& options, int threads = 1);

}  // namespace emg
