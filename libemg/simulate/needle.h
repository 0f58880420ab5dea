#pragma once
// Kind `needle`: one concentric needle among the units of a muscle that holds a contraction.
//
// Result: one channel; truth_units, truth_spikes. Zero units or zero noise give the other part alone.
// Throws InvalidArgument for options outside their range and a shortest interval above the mean one.
// Cost: about 30 ms for each unit and 10 ns for each sample.
// Fibres fire without jitter and noise is white up to half the rate: no amplifier filter acts.

#include <cstdint>

#include "libemg/core/options.h"
#include "libemg/simulate/pool.h"
#include "libemg/simulate/simulation.h"

namespace emg {

struct NeedleSimulation {
  std::int64_t seed = 1;
  double rate_hz = 20000;
  double duration_s = 30;
  int unit_count = 8;
  double effort = 0.3;
  double ramp_s = 1;
  RateModel rate_model = RateModel::onion_ta;
  double min_rate_hz = 4;
  double size_ratio = 30;
  double interval_cv = 0.15;
  double shortest_interval_ms = 20;
  double doublet_probability = 0;
  double common_spread = 0.12;
  double private_spread = 0.05;
  double fibre_density_mm2 = 4.5;
  double territory_mm = 7;
  double endplate_sd_mm = 2;
  double diameter_sd_um = 6;
  double electrode_from_endplate_mm = 25;
  double cannula_mm = 5;
  double wave_scale = 1.4;
  double amplitude_scale = 0.65;
  double noise_uv = 4;
  double line_uv = 0;
  double line_hz = 50;

  static constexpr auto fields() {
    using O = NeedleSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, 9007199254740992.0}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {4000, 200000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("unit_count", &O::unit_count, {0, 2000}, "motor units within reach, spread evenly over the pool"),
        field("effort", &O::effort, {0, 1}, "excitation that is held, of the largest"),
        field("ramp_s", &O::ramp_s, {0, 3600}, "rise at the start and fall at the end"),
        field("rate_model", &O::rate_model, {}, "law of firing rates"),
        field("min_rate_hz", &O::min_rate_hz, {0.1, 50}, "rate from the threshold on"),
        field("size_ratio", &O::size_ratio, {1, 1000}, "innervation number of the last unit over that of the first"),
        field("interval_cv", &O::interval_cv, {0, 1}, "coefficient of variation of the intervals"),
        field("shortest_interval_ms", &O::shortest_interval_ms, {0, 500}, "shorter intervals are drawn again"),
        field("doublet_probability", &O::doublet_probability, {0, 1}, "that a discharge is doubled 3-10 ms later"),
        field("common_spread", &O::common_spread, {0, 1}, "SD of the common fluctuation of the drive"),
        field("private_spread", &O::private_spread, {0, 1}, "SD of the fluctuation of each unit's drive"),
        field("fibre_density_mm2", &O::fibre_density_mm2, {0, 100}, "fibres of one unit per square millimetre of its territory"),
        field("territory_mm", &O::territory_mm, {0.5, 30}, "diameter of the territory of the middle unit"),
        field("endplate_sd_mm", &O::endplate_sd_mm, {0, 20}, "spread of the branches along the fibres"),
        field("diameter_sd_um", &O::diameter_sd_um, {0, 40}, "spread of fibre diameters within a unit"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-60, 60}, "needle from the end-plate zone"),
        field("cannula_mm", &O::cannula_mm, {0, 30}, "bare length of the cannula, the reference; 0: none"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
        field("amplitude_scale", &O::amplitude_scale, {0, 10}, "of all potentials"),
        field("noise_uv", &O::noise_uv, {0, 1e5}, "white noise, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
    };
  }
};
static_assert(fully_described<NeedleSimulation>());

Simulation simulate_needle(const NeedleSimulation& options, int threads = 1);

}  // namespace emg
