#pragma once
// Kinds `f_wave` and `h_reflex`: responses that run to the spinal cord and back.
//
// Result: sweeps x samples; truth_axons; truth_sweeps with the axons of every late response, its latency and size, and A waves.
// Throws InvalidArgument as motor_ncs. Cost: axons x samples for each sweep.
// F: an axon invaded antidromically backfires with probability p w_i a_i^gamma (w log-normal of mean 1), 2 D / v_i + 1 ms after its own M
// response; a block on the path removes it. A waves: chosen axons with a constant latency between M and F.
// H: Ia fibres recruit as Phi(ln(I / 7) / .12); unit i of 0..1 in order of size fires by reflex if the Ia activity is at least .2 + 1.4 i
// and its axon was not excited directly (collision), threshold 10 exp(.15 Phi^-1(1 - i)) mA. Depression 1 - .8 exp(-dt / 3 s).

#include "libemg/simulate/evoked.h"

namespace emg {

struct FWaveSimulation {
  double distance_mm = 80;
  double proximal_mm = 700;
  int sweep_count = 20;
  double f_probability = 0.012;
  double f_probability_sd = 1;
  double f_size_exponent = 0.5;
  double path_block = 0;
  int a_wave_axons = 0;
  double a_wave_ms = 16;
  double a_wave_share = 0.9;

  static constexpr auto fields() {
    using O = FWaveSimulation;
    return std::tuple{
        field("distance_mm", &O::distance_mm, {1, 2000}, "from the site to the muscle"),
        field("proximal_mm", &O::proximal_mm, {1, 2000}, "from the site to the spinal cord"),
        field("sweep_count", &O::sweep_count, {1, 10000}, "stimuli"),
        field("f_probability", &O::f_probability, {0, 1}, "mean probability that an axon backfires"),
        field("f_probability_sd", &O::f_probability_sd, {0, 3}, "SD of its logarithm between axons"),
        field("f_size_exponent", &O::f_size_exponent, {0, 3}, "larger axons backfire as their size to this power"),
        field("path_block", &O::path_block, {0, 1}, "probability that an axon is blocked between site and cord"),
        field("a_wave_axons", &O::a_wave_axons, {0, 100}, "axons with an A wave"),
        field("a_wave_ms", &O::a_wave_ms, {1, 500}, "latency of the A waves"),
        field("a_wave_share", &O::a_wave_share, {0, 1}, "sweeps that have them"),
    };
  }
};
static_assert(fully_described<FWaveSimulation>());

struct FWaveScene {
  SweepOptions sweep{.rate_hz = 20000, .after_ms = 60};
  NerveOptions nerve;
  AxonOptions axons;
  AxonSizeOptions sizes;
  FWaveSimulation f;
  CurrentOptions current;
  StimulusOptions stimulus;
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = FWaveScene;
    return std::tuple{&S::sweep, &S::nerve, &S::axons, &S::sizes, &S::f, &S::current, &S::stimulus, &S::noise};
  }
};

Simulation simulate_f_wave(const FWaveScene& scene, int threads = 1);

struct HReflexSimulation {
  double distance_mm = 120;
  double proximal_mm = 620;
  double first_ma = 2;
  double last_ma = 20;
  double step_ma = 0.5;
  double stimulus_interval_s = 10;
  double ia_threshold_ma = 7;
  double facilitation = 1;

  static constexpr auto fields() {
    using O = HReflexSimulation;
    return std::tuple{
        field("distance_mm", &O::distance_mm, {1, 2000}, "from the site to the muscle"),
        field("proximal_mm", &O::proximal_mm, {1, 2000}, "from the site to the spinal cord"),
        field("first_ma", &O::first_ma, {0.1, 500}, "current of the first stimulus"),
        field("last_ma", &O::last_ma, {0.1, 500}, "that of the last"),
        field("step_ma", &O::step_ma, {0.001, 100}, "between two stimuli"),
        field("stimulus_interval_s", &O::stimulus_interval_s, {0.05, 600}, "pause between stimuli: the reflex is depressed for seconds"),
        field("ia_threshold_ma", &O::ia_threshold_ma, {0.1, 500}, "current that excites half the Ia fibres"),
        field("facilitation", &O::facilitation, {0, 3}, "factor of the Ia activity: a contraction raises it"),
    };
  }
};
static_assert(fully_described<HReflexSimulation>());

struct HReflexScene {
  SweepOptions sweep{.rate_hz = 10000, .after_ms = 60};
  NerveOptions nerve{.nerve = "tibial", .muscle = "soleus", .velocity_m_s = 48};
  AxonOptions axons{.axon_count = 200};
  HReflexSimulation h;
  StimulusOptions stimulus{.pulse_ms = 1};
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = HReflexScene;
    return std::tuple{&S::sweep, &S::nerve, &S::axons, &S::h, &S::stimulus, &S::noise};
  }
};

Simulation simulate_h_reflex(const HReflexScene& scene, int threads = 1);

/// Ia activity at a current, and whether unit `place` (0..1 in order of size) fires by reflex and by its axon.
double ia_activity(double intensity_ma, double ia_threshold_ma);
bool fires_directly(double place, double intensity_ma, double threshold_ma, double threshold_sd);
bool fires_by_reflex(double place, double activity);

}  // namespace emg
