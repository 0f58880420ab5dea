#pragma once
// Kind `rest`: muscles at rest that twitch, with other resting activity, voluntary bouts and everything a long recording picks up.
//
// Result: one bipolar channel for each muscle, a grid over one muscle, or one needle; truth_units, truth_spikes, truth_events (twitches,
// runs, bouts, artefacts), truth_noise. Zero sources, rate or noise give the rest.
// Throws InvalidArgument for options outside their range, rates that do not fit the muscles, an unknown kind of activity.
// Cost: as `hd`, for each source and discharge.

#include "libemg/simulate/surface_muscle.h"
#include "libemg/simulate/twitch.h"

namespace emg {

enum class RestElectrode { pair, grid, needle };
constexpr auto enum_names(RestElectrode) {
  using E = RestElectrode;
  return std::array<std::pair<E, std::string_view>, 3>{{{E::pair, "pair"}, {E::grid, "grid"}, {E::needle, "needle"}}};
}

struct RestSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 300;
  RestElectrode electrode = RestElectrode::pair;
  std::vector<std::string> muscle = {"muscle"};
  double interelectrode_mm = 20;
  double electrode_from_endplate_mm = 35;
  std::vector<double> bout_start_s;
  double bout_s = 5;
  double bout_ramp_s = 0.5;
  double bout_effort = 0.2;
  int bout_unit_count = 30;

  static constexpr auto fields() {
    using O = RestSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 200000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("electrode", &O::electrode, {}, "a pair over every muscle, a grid over the first, or a concentric needle in it"),
        field("muscle", &O::muscle, {}, "names of the muscles, one channel each (pair)"),
        field("interelectrode_mm", &O::interelectrode_mm, {1, 60}, "between the electrodes of a pair"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-70, 70},
              "middle of the pair, or needle, from the end-plate zone"),
        field("bout_start_s", &O::bout_start_s, {0, 86400}, "starts of voluntary bouts of the first muscle"),
        field("bout_s", &O::bout_s, {0.05, 3600}, "length of a bout, ramps included"),
        field("bout_ramp_s", &O::bout_ramp_s, {0, 60}, "rise and fall of a bout"),
        field("bout_effort", &O::bout_effort, {0, 1}, "excitation in a bout, of the largest"),
        field("bout_unit_count", &O::bout_unit_count, {1, 1000}, "units that take part in bouts"),
    };
  }
};
static_assert(fully_described<RestSimulation>());

struct RestScene {
  RestSimulation rest;
  TwitchOptions twitch;
  SpontaneousOptions spontaneous;
  MuscleOptions muscle;
  GridOptions grid;
  ContaminantOptions noise;
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = RestScene;
    return std::tuple{&S::rest, &S::twitch, &S::spontaneous, &S::muscle, &S::grid, &S::noise, &S::instrument};
  }
};

Simulation simulate_rest(const RestScene& scene, int threads = 1);

}  // namespace emg
