#pragma once
// Kind `motor_ncs`: a motor nerve stimulated at several sites, the muscle's compound potential recorded.
//
// Result: sweeps x samples in the order of the sites, stimulus at zero_sample; truth_axons and truth_sweeps (noise-free). Physical sign:
// the first phase of the response is negative. Zero axons or noise give the remaining parts. Throws InvalidArgument for options outside
// their range, sites and distances that differ in number, distances that do not ascend. Cost: axons x samples for each site, once. Method:
// y(t) = sum a_i m(t - L_i) over the axons that fire, m a half sine and its opposite; L_i = 0.15 ms + D / v_i + extra delay + residual
// latency of axon i. An axon fires with probability Phi((I - th_i) / (0.018 th_i)). A lesion between the first two sites delays or blocks
// axons stimulated beyond it. Numerical error: none in time (latencies are not rounded to samples).

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/simulation.h"

namespace emg {

enum class VelocityLaw { normal, quantile };
constexpr auto enum_names(VelocityLaw) {
  using L = VelocityLaw;
  return std::array<std::pair<L, std::string_view>, 2>{{{L::normal, "normal"}, {L::quantile, "quantile"}}};
}

struct MotorNcsSimulation {
  std::int64_t seed = 1;
  double rate_hz = 30000;
  double before_ms = 5;
  double after_ms = 45;
  std::string nerve = "median";
  std::string muscle = "APB";
  std::string side = "R";
  std::vector<std::string> site = {"wrist", "elbow", "axilla"};
  std::vector<double> distance_mm = {80, 300, 420};
  int sweeps_per_site = 5;
  double intensity_ma = 30;
  double pulse_ms = 0.2;
  int axon_count = 150;
  VelocityLaw velocity_law = VelocityLaw::normal;
  double velocity_m_s = 57;
  double velocity_sd_m_s = 4;
  double size_cv = 0.5;
  double cmap_mv = 10;
  double negative_phase_ms = 6;
  double positive_phase_ms = 6;
  double positive_ratio = 1;
  double residual_latency_ms = 1.9;
  double residual_latency_sd_ms = 0.15;
  double threshold_ma = 10;
  double threshold_sd = 0.15;
  double lesion_delay_ms = 0;
  double lesion_block = 0;
  double artefact_uv = 500;
  double artefact_fast_ms = 0.3;
  double artefact_slow_ms = 4;
  double noise_uv = 5;
  double line_uv = 0;
  double line_hz = 50;

  static constexpr auto fields() {
    using O = MotorNcsSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {2000, 1e6}, "sampling rate"),
        field("before_ms", &O::before_ms, {0, 1000}, "part of a sweep before the stimulus"),
        field("after_ms", &O::after_ms, {1, 10000}, "part of a sweep from the stimulus on"),
        field("nerve", &O::nerve, {}, "name of the nerve"),
        field("muscle", &O::muscle, {}, "name of the muscle"),
        field("side", &O::side, {}, "L, R or empty"),
        field("site", &O::site, {}, "names of the sites, distal first"),
        field("distance_mm", &O::distance_mm, {1, 3000}, "from each site to the muscle, ascending"),
        field("sweeps_per_site", &O::sweeps_per_site, {1, 10000}, "stimuli at each site"),
        field("intensity_ma", &O::intensity_ma, {0, 1000}, "current"),
        field("pulse_ms", &O::pulse_ms, {0.01, 5}, "length of the stimulus"),
        field("axon_count", &O::axon_count, {0, 100000}, "motor axons"),
        field("velocity_law", &O::velocity_law, {}, "velocities drawn from a normal law, or its quantiles"),
        field("velocity_m_s", &O::velocity_m_s, {1, 200}, "mean velocity"),
        field("velocity_sd_m_s", &O::velocity_sd_m_s, {0, 50}, "its spread; velocities beyond 4 SD are drawn again"),
        field("size_cv", &O::size_cv, {0, 5}, "spread of the sizes of unit potentials (log-normal)"),
        field("cmap_mv", &O::cmap_mv, {0, 1000}, "noise-free negative peak from the first site with all axons"),
        field("negative_phase_ms", &O::negative_phase_ms, {0.1, 100}, "first phase of a unit potential"),
        field("positive_phase_ms", &O::positive_phase_ms, {0.1, 100}, "second phase"),
        field("positive_ratio", &O::positive_ratio, {0, 10}, "height of the second phase over the first"),
        field("residual_latency_ms", &O::residual_latency_ms, {0, 100}, "slowing of the distal part and transmission"),
        field("residual_latency_sd_ms", &O::residual_latency_sd_ms, {0, 20}, "its spread between axons"),
        field("threshold_ma", &O::threshold_ma, {0.01, 1000}, "median threshold; large axons have the lowest"),
        field("threshold_sd", &O::threshold_sd, {0, 3}, "SD of ln threshold"),
        field("lesion_delay_ms", &O::lesion_delay_ms, {0, 100}, "extra delay between the first two sites"),
        field("lesion_block", &O::lesion_block, {0, 1}, "probability that an axon is blocked there"),
        field("artefact_uv", &O::artefact_uv, {0, 1e7}, "stimulus artefact, each of its two parts"),
        field("artefact_fast_ms", &O::artefact_fast_ms, {0.01, 100}, "decay of the fast part"),
        field("artefact_slow_ms", &O::artefact_slow_ms, {0.01, 1000}, "decay of the slow part"),
        field("noise_uv", &O::noise_uv, {0, 1e5}, "white noise, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
    };
  }
};
static_assert(fully_described<MotorNcsSimulation>());

struct TruthAxon {
  int axon = 0;
  double velocity_m_s = 0;
  double size_uv = 0;
  double threshold_ma = 0;
  double residual_latency_ms = 0;
  bool blocked = false;

  static constexpr auto fields() {
    using R = TruthAxon;
    return std::tuple{
        field("axon", &R::axon, {}, "number of the axon"),
        field("velocity_m_s", &R::velocity_m_s, {}, "its velocity"),
        field("size_uv", &R::size_uv, {}, "negative peak of its unit potential"),
        field("threshold_ma", &R::threshold_ma, {}, "current at which it fires every other time"),
        field("residual_latency_ms", &R::residual_latency_ms, {}, "its slowing of the distal part and transmission"),
        field("blocked", &R::blocked, {}, "blocked between the first two sites"),
    };
  }
};
static_assert(fully_described<TruthAxon>());

struct TruthSweep {
  int sweep = 0;
  std::string site;
  double distance_mm = 0;
  double intensity_ma = 0;
  int responding_axon_count = 0;
  std::optional<double> arrival_ms, onset_2pct_ms, negative_peak_mv, negative_peak_ms, negative_area_mv_ms, negative_duration_ms;

  static constexpr auto fields() {
    using R = TruthSweep;
    return std::tuple{
        field("sweep", &R::sweep, {}, "row of the sweep"),
        field("site", &R::site, {}, "site of the stimulus"),
        field("distance_mm", &R::distance_mm, {}, "from the site to the muscle"),
        field("intensity_ma", &R::intensity_ma, {}, "current"),
        field("responding_axon_count", &R::responding_axon_count, {}, "axons whose impulse reached the muscle"),
        field("arrival_ms", &R::arrival_ms, {}, "latency of the fastest of them, from the stimulus"),
        field("onset_2pct_ms", &R::onset_2pct_ms, {}, "noise-free response passes 2 % of its negative peak"),
        field("negative_peak_mv", &R::negative_peak_mv, {}, "height of the negative peak, positive number"),
        field("negative_peak_ms", &R::negative_peak_ms, {}, "its latency"),
        field("negative_area_mv_ms", &R::negative_area_mv_ms, {}, "area of the negative phase"),
        field("negative_duration_ms", &R::negative_duration_ms, {}, "from arrival to the return to 0"),
    };
  }
};
static_assert(fully_described<TruthSweep>());

struct MotorNcsScene {
  MotorNcsSimulation motor_ncs;

  static constexpr auto groups() { return std::tuple{&MotorNcsScene::motor_ncs}; }
};

Simulation simulate_motor_ncs(const MotorNcsScene& scene, int threads = 1);

/// Quantile of the standard normal distribution, probability in (0, 1); absolute error below 1e-12.
double normal_quantile(double probability);

}  // namespace emg
