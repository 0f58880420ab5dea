#pragma once
// Kinds `motor_ncs` and `inching`: a motor nerve stimulated at several sites, the muscle's compound potential recorded.
//
// Result: sweeps x samples in the order of the sites, stimulus at zero_sample; truth_axons and truth_sweeps (noise-free). Zero axons or
// noise give the remaining parts. Throws InvalidArgument for options outside their range, sites and distances that differ in number,
// distances that do not ascend. Cost: axons x samples for each sweep.
// A lesion delays or blocks axons stimulated beyond it, and may spread their velocities: 1/v deviates from its mean by `lesion_dispersion`
// times as much over the part beyond.

#include "libemg/simulate/evoked.h"

namespace emg {

struct MotorNcsSimulation {
  std::vector<std::string> site = {"wrist", "elbow", "axilla"};
  std::vector<double> distance_mm = {80, 300, 420};
  int sweeps_per_site = 5;

  static constexpr auto fields() {
    using O = MotorNcsSimulation;
    return std::tuple{
        field("site", &O::site, {}, "names of the sites, distal first"),
        field("distance_mm", &O::distance_mm, {1, 3000}, "from each site to the muscle, ascending"),
        field("sweeps_per_site", &O::sweeps_per_site, {1, 10000}, "stimuli at each site"),
    };
  }
};
static_assert(fully_described<MotorNcsSimulation>());

struct InchingSimulation {
  double nearest_mm = 200;
  double step_mm = 10;
  int site_count = 13;
  int sweeps_per_site = 1;

  static constexpr auto fields() {
    using O = InchingSimulation;
    return std::tuple{
        field("nearest_mm", &O::nearest_mm, {1, 2000}, "from the first site to the muscle"),
        field("step_mm", &O::step_mm, {1, 200}, "between neighbouring sites"),
        field("site_count", &O::site_count, {2, 200}, "sites"),
        field("sweeps_per_site", &O::sweeps_per_site, {1, 10000}, "stimuli at each site"),
    };
  }
};
static_assert(fully_described<InchingSimulation>());

struct LesionOptions {
  std::optional<double> lesion_mm;
  double lesion_delay_ms = 0;
  double lesion_delay_share = 1;
  double lesion_block = 0;
  double lesion_dispersion = 1;

  static constexpr auto fields() {
    using O = LesionOptions;
    return std::tuple{
        field("lesion_mm", &O::lesion_mm, {0, 3000}, "from the muscle to a lesion of the nerve; auto: midway between the first two sites"),
        field("lesion_delay_ms", &O::lesion_delay_ms, {0, 100}, "extra delay there"),
        field("lesion_delay_share", &O::lesion_delay_share, {0, 1}, "probability that an axon has it"),
        field("lesion_block", &O::lesion_block, {0, 1}, "probability that an axon is blocked there"),
        field("lesion_dispersion", &O::lesion_dispersion, {0, 100}, "factor of the spread of 1 / velocity beyond it"),
    };
  }
};
static_assert(fully_described<LesionOptions>());

struct MotorNcsScene {
  SweepOptions sweep;
  NerveOptions nerve;
  AxonOptions axons;
  AxonSizeOptions sizes;
  MotorNcsSimulation sites;
  LesionOptions lesion;
  CurrentOptions current;
  StimulusOptions stimulus;
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = MotorNcsScene;
    return std::tuple{&S::sweep, &S::nerve, &S::axons, &S::sizes, &S::sites, &S::lesion, &S::current, &S::stimulus, &S::noise};
  }
};

struct InchingScene {
  SweepOptions sweep;
  NerveOptions nerve{.nerve = "ulnar", .muscle = "ADM"};
  AxonOptions axons;
  AxonSizeOptions sizes;
  InchingSimulation sites;
  LesionOptions lesion;
  CurrentOptions current;
  StimulusOptions stimulus;
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = InchingScene;
    return std::tuple{&S::sweep, &S::nerve, &S::axons, &S::sizes, &S::sites, &S::lesion, &S::current, &S::stimulus, &S::noise};
  }
};

Simulation simulate_motor_ncs(const MotorNcsScene& scene, int threads = 1);

Simulation simulate_inching(const InchingScene& scene, int threads = 1);

}  // namespace emg
