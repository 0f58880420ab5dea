#pragma once
// Kind `sensory_ncs`: the compound potential of the fibres of a sensory nerve at one or more distances.
//
// Result: sweeps x samples, sites in order; truth_sweeps with the arrival of the fastest fibre and the noise-free response.
// Throws InvalidArgument as motor_ncs. Cost: fibres x samples of a unit wave for each site.
// Method: sum of w(t - D / v), w = -(1 - t^2 / s^2) exp(-t^2 / (2 s^2)), a negative peak between two positive ones; amplitude falls with
// distance by phase cancellation alone. Unit waves lie around the arrival, so the first positive phase comes before it.

#include "libemg/simulate/evoked.h"

namespace emg {

struct SensoryNcsSimulation {
  std::string nerve = "median";
  std::string digit = "digit 2";
  std::string side = "R";
  std::vector<std::string> site = {"wrist"};
  std::vector<double> distance_mm = {140};
  int sweeps_per_site = 10;
  int fibre_count = 1000;
  VelocityLaw velocity_law = VelocityLaw::normal;
  double velocity_m_s = 55;
  double velocity_sd_m_s = 3.5;
  double wave_width_ms = 0.22;
  double snap_uv = 30;
  double activation_ms = 0.1;
  double responding_share = 1;

  static constexpr auto fields() {
    using O = SensoryNcsSimulation;
    return std::tuple{
        field("nerve", &O::nerve, {}, "name of the nerve"),
        field("digit", &O::digit, {}, "where it is recorded"),
        field("side", &O::side, {}, "L, R or empty"),
        field("site", &O::site, {}, "names of the sites"),
        field("distance_mm", &O::distance_mm, {1, 3000}, "from each site to the recording electrode, ascending"),
        field("sweeps_per_site", &O::sweeps_per_site, {1, 10000}, "stimuli at each site"),
        field("fibre_count", &O::fibre_count, {0, 100000}, "sensory fibres"),
        field("velocity_law", &O::velocity_law, {}, "velocities drawn from a normal law, or its quantiles"),
        field("velocity_m_s", &O::velocity_m_s, {1, 200}, "mean velocity"),
        field("velocity_sd_m_s", &O::velocity_sd_m_s, {0, 50}, "its spread; velocities beyond 4 SD are drawn again"),
        field("wave_width_ms", &O::wave_width_ms, {0.01, 10}, "half the distance between the zeros of a unit wave"),
        field("snap_uv", &O::snap_uv, {0, 1e5}, "noise-free peak-to-peak at the first site with all fibres"),
        field("activation_ms", &O::activation_ms, {0, 5}, "from the stimulus to the impulse"),
        field("responding_share", &O::responding_share, {0, 1}, "fibres that conduct"),
    };
  }
};
static_assert(fully_described<SensoryNcsSimulation>());

struct SensoryNcsScene {
  SweepOptions sweep{.after_ms = 20};
  SensoryNcsSimulation sensory;
  CurrentOptions current{.intensity_ma = 15};
  StimulusOptions stimulus{.artefact_uv = 20};
  SweepNoiseOptions noise{.noise_uv = 1};

  static constexpr auto groups() {
    using S = SensoryNcsScene;
    return std::tuple{&S::sweep, &S::sensory, &S::current, &S::stimulus, &S::noise};
  }
};

Simulation simulate_sensory_ncs(const SensoryNcsScene& scene, int threads = 1);

}  // namespace emg
