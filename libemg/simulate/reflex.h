#pragma once
// Kinds `blink` and `mep`: polysynaptic reflexes of the face, and responses to magnetic stimulation of the motor cortex.
//
// Result: sweeps x samples (blink: two rows for each stimulus, ipsilateral first; or the other facial muscle first with lateral spread);
// truth_sweeps with the latencies that were drawn. Throws InvalidArgument for options outside their range.
// Method: a burst is a sum of unit potentials at random instants within it. Blink: R1, then R2 on both sides; habituation
// 1 - .3 exp(-dt / 5 s); with a conditioning stimulus R2 recovers as 1 - exp(-dt / 0.5 s). MEP: size sigmoid in intensity times a
// log-normal trial factor; in contraction a background activity, silence after the response, and its return.

#include "libemg/simulate/evoked.h"

namespace emg {

struct BlinkSimulation {
  std::string side = "R";
  int stimulus_count = 8;
  double stimulus_interval_s = 15;
  double conditioning_s = 0;
  double r1_ms = 10;
  double r1_sd_ms = 0.8;
  double r2_ms = 29;
  double r2_sd_ms = 3;
  double r1_uv = 400;
  double r2_uv = 500;
  double spread_uv = 0;
  double spread_ms = 17;

  static constexpr auto fields() {
    using O = BlinkSimulation;
    return std::tuple{
        field("side", &O::side, {}, "side of the stimulus, L or R"),
        field("stimulus_count", &O::stimulus_count, {1, 10000}, "stimuli"),
        field("stimulus_interval_s", &O::stimulus_interval_s, {0.1, 600}, "between them"),
        field("conditioning_s", &O::conditioning_s, {0, 60}, "a conditioning stimulus this long before each; 0: none"),
        field("r1_ms", &O::r1_ms, {1, 100}, "mean latency of R1"),
        field("r1_sd_ms", &O::r1_sd_ms, {0, 20}, "its spread"),
        field("r2_ms", &O::r2_ms, {1, 200}, "mean latency of R2 on both sides"),
        field("r2_sd_ms", &O::r2_sd_ms, {0, 50}, "its spread"),
        field("r1_uv", &O::r1_uv, {0, 1e5}, "peak-to-peak of R1"),
        field("r2_uv", &O::r2_uv, {0, 1e5}, "peak-to-peak of R2"),
        field("spread_uv", &O::spread_uv, {0, 1e5}, "response of the other facial muscle of the side (lateral spread)"),
        field("spread_ms", &O::spread_ms, {1, 100}, "its mean latency, spread 2 ms"),
    };
  }
};
static_assert(fully_described<BlinkSimulation>());

struct BlinkScene {
  SweepOptions sweep{.rate_hz = 10000, .before_ms = 20, .after_ms = 100};
  BlinkSimulation blink;
  CurrentOptions current{.intensity_ma = 8};
  StimulusOptions stimulus{.artefact_uv = 200};
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = BlinkScene;
    return std::tuple{&S::sweep, &S::blink, &S::current, &S::stimulus, &S::noise};
  }
};

Simulation simulate_blink(const BlinkScene& scene, int threads = 1);

struct MepSimulation {
  std::string muscle = "FDI";
  std::string side = "R";
  int stimulus_count = 20;
  double intensity_pct = 60;
  double half_intensity_pct = 55;
  double slope_pct = 5;
  double largest_mv = 4;
  double amplitude_cv = 0.4;
  double latency_ms = 22;
  double latency_sd_ms = 0.5;
  double dispersion_ms = 2;
  int unit_waves = 40;
  double background_uv = 0;
  double silence_ms = 150;
  double silence_sd_ms = 15;

  static constexpr auto fields() {
    using O = MepSimulation;
    return std::tuple{
        field("muscle", &O::muscle, {}, "name of the muscle"),
        field("side", &O::side, {}, "L, R or empty"),
        field("stimulus_count", &O::stimulus_count, {1, 10000}, "stimuli"),
        field("intensity_pct", &O::intensity_pct, {0, 100}, "output of the stimulator"),
        field("half_intensity_pct", &O::half_intensity_pct, {0, 100}, "output that gives half the largest response"),
        field("slope_pct", &O::slope_pct, {0.1, 50}, "width of the sigmoid"),
        field("largest_mv", &O::largest_mv, {0, 100}, "largest mean response, peak-to-peak"),
        field("amplitude_cv", &O::amplitude_cv, {0, 3}, "variation from stimulus to stimulus"),
        field("latency_ms", &O::latency_ms, {1, 200}, "mean latency"),
        field("latency_sd_ms", &O::latency_sd_ms, {0, 50}, "its spread"),
        field("dispersion_ms", &O::dispersion_ms, {0, 50}, "spread of the unit potentials of a response"),
        field("unit_waves", &O::unit_waves, {1, 1000}, "unit potentials of a response"),
        field("background_uv", &O::background_uv, {0, 1e5}, "voluntary activity, RMS; 0: at rest"),
        field("silence_ms", &O::silence_ms, {0, 1000}, "mean silent period from the stimulus (with background)"),
        field("silence_sd_ms", &O::silence_sd_ms, {0, 200}, "its spread"),
    };
  }
};
static_assert(fully_described<MepSimulation>());

struct MepScene {
  SweepOptions sweep{.rate_hz = 5000, .before_ms = 100, .after_ms = 400};
  MepSimulation mep;
  StimulusOptions stimulus{.artefact_uv = 100};
  SweepNoiseOptions noise;

  static constexpr auto groups() {
    using S = MepScene;
    return std::tuple{&S::sweep, &S::mep, &S::stimulus, &S::noise};
  }
};

Simulation simulate_mep(const MepScene& scene, int threads = 1);

}  // namespace emg
