#pragma once
// What all evoked responses share: sweeps, stimulus and artefact, axons of a motor nerve, unit potentials of a muscle.
//
// Times in ms from the stimulus, potentials in microvolts, physical sign: the first phase of a response is negative.
// Throws InvalidArgument for a sweep that ends before the response it must hold.
// Method: y(t) = sum a_i m(t - L_i) over the axons that fire, m a half sine and its opposite. An axon fires with probability
// Phi((I - th_i) / (0.018 th_i)); large axons have the lowest thresholds. Latencies are not rounded to samples.
// Temperature: velocity + 1.8 m/s, residual latency - 0.15 ms for each degree above 34 (measured slopes of median and ulnar nerves).

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/random.h"
#include "libemg/simulate/simulation.h"

namespace emg {

struct SweepOptions {
  std::int64_t seed = 1;
  double rate_hz = 30000;
  double before_ms = 5;
  double after_ms = 45;

  static constexpr auto fields() {
    using O = SweepOptions;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {2000, 1e6}, "sampling rate"),
        field("before_ms", &O::before_ms, {0, 1000}, "part of a sweep before the stimulus"),
        field("after_ms", &O::after_ms, {1, 10000}, "part of a sweep from the stimulus on"),
    };
  }
};
static_assert(fully_described<SweepOptions>());

struct CurrentOptions {
  double intensity_ma = 30;

  static constexpr auto fields() {
    using O = CurrentOptions;
    return std::tuple{field("intensity_ma", &O::intensity_ma, {0, 1000}, "current")};
  }
};
static_assert(fully_described<CurrentOptions>());

struct StimulusOptions {
  double pulse_ms = 0.2;
  double artefact_uv = 500;
  double artefact_fast_ms = 0.3;
  double artefact_slow_ms = 4;
  bool artefact_alternates = false;
  double rail_uv = 0;

  static constexpr auto fields() {
    using O = StimulusOptions;
    return std::tuple{
        field("pulse_ms", &O::pulse_ms, {0.01, 5}, "length of the stimulus"),
        field("artefact_uv", &O::artefact_uv, {0, 1e7}, "stimulus artefact, each of its two parts"),
        field("artefact_fast_ms", &O::artefact_fast_ms, {0.01, 100}, "decay of the fast part"),
        field("artefact_slow_ms", &O::artefact_slow_ms, {0.01, 1000}, "decay of the slow part"),
        field("artefact_alternates", &O::artefact_alternates, {}, "the polarity of the stimulus changes from sweep to sweep"),
        field("rail_uv", &O::rail_uv, {0, 1e9}, "the amplifier cannot show more; 0: no limit"),
    };
  }
};
static_assert(fully_described<StimulusOptions>());

struct SweepNoiseOptions {
  double noise_uv = 5;
  double line_uv = 0;
  double line_hz = 50;

  static constexpr auto fields() {
    using O = SweepNoiseOptions;
    return std::tuple{
        field("noise_uv", &O::noise_uv, {0, 1e5}, "white noise, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
    };
  }
};
static_assert(fully_described<SweepNoiseOptions>());

enum class VelocityLaw { normal, quantile };
constexpr auto enum_names(VelocityLaw) {
  using L = VelocityLaw;
  return std::array<std::pair<L, std::string_view>, 2>{{{L::normal, "normal"}, {L::quantile, "quantile"}}};
}

struct NerveOptions {
  std::string nerve = "median";
  std::string muscle = "APB";
  std::string side = "R";
  double velocity_m_s = 57;
  double cmap_mv = 10;
  double negative_phase_ms = 6;
  double positive_phase_ms = 6;
  double positive_ratio = 1;
  double residual_latency_ms = 1.9;
  double threshold_ma = 10;
  double threshold_sd = 0.15;

  static constexpr auto fields() {
    using O = NerveOptions;
    return std::tuple{
        field("nerve", &O::nerve, {}, "name of the nerve"),
        field("muscle", &O::muscle, {}, "name of the muscle"),
        field("side", &O::side, {}, "L, R or empty"),
        field("velocity_m_s", &O::velocity_m_s, {1, 200}, "mean velocity at 34 degrees"),
        field("cmap_mv", &O::cmap_mv, {0, 1000}, "noise-free negative peak from the most distal site with all axons"),
        field("negative_phase_ms", &O::negative_phase_ms, {0.1, 100}, "first phase of a unit potential"),
        field("positive_phase_ms", &O::positive_phase_ms, {0.1, 100}, "second phase"),
        field("positive_ratio", &O::positive_ratio, {0, 10}, "height of the second phase over the first"),
        field("residual_latency_ms", &O::residual_latency_ms, {0, 100}, "slowing of the distal part and transmission"),
        field("threshold_ma", &O::threshold_ma, {0.01, 1000}, "median threshold; large axons have the lowest"),
        field("threshold_sd", &O::threshold_sd, {0, 3}, "SD of ln threshold"),
    };
  }
};
static_assert(fully_described<NerveOptions>());

struct AxonOptions {
  int axon_count = 150;
  VelocityLaw velocity_law = VelocityLaw::normal;
  double velocity_sd_m_s = 4;
  double temperature_c = 34;
  double residual_latency_sd_ms = 0.15;

  static constexpr auto fields() {
    using O = AxonOptions;
    return std::tuple{
        field("axon_count", &O::axon_count, {0, 100000}, "motor axons"),
        field("velocity_law", &O::velocity_law, {}, "velocities drawn from a normal law, or its quantiles"),
        field("velocity_sd_m_s", &O::velocity_sd_m_s, {0, 50}, "spread of the velocities; beyond 4 SD they are drawn again"),
        field("temperature_c", &O::temperature_c, {15, 45}, "of the limb"),
        field("residual_latency_sd_ms", &O::residual_latency_sd_ms, {0, 20}, "spread of the residual latency between axons"),
    };
  }
};
static_assert(fully_described<AxonOptions>());

struct AxonSizeOptions {
  double size_cv = 0.5;

  static constexpr auto fields() {
    using O = AxonSizeOptions;
    return std::tuple{field("size_cv", &O::size_cv, {0, 5}, "spread of the sizes of unit potentials (log-normal)")};
  }
};
static_assert(fully_described<AxonSizeOptions>());

struct TruthAxon {
  int axon = 0;
  double velocity_m_s = 0;
  double size_uv = 0;
  double threshold_ma = 0;
  double residual_latency_ms = 0;
  double lesion_delay_ms = 0;
  bool blocked = false;

  static constexpr auto fields() {
    using R = TruthAxon;
    return std::tuple{
        field("axon", &R::axon, {}, "number of the axon"),
        field("velocity_m_s", &R::velocity_m_s, {}, "its velocity"),
        field("size_uv", &R::size_uv, {}, "negative peak of its unit potential"),
        field("threshold_ma", &R::threshold_ma, {}, "current at which it fires every other time"),
        field("residual_latency_ms", &R::residual_latency_ms, {}, "its slowing of the distal part and transmission"),
        field("lesion_delay_ms", &R::lesion_delay_ms, {}, "extra delay at the lesion"),
        field("blocked", &R::blocked, {}, "blocked at the lesion"),
    };
  }
};
static_assert(fully_described<TruthAxon>());

/// What is true of a sweep; a kind fills what it has, columns without a value are left out.
struct TruthSweep {
  int sweep = 0;
  std::string site;
  std::optional<double> distance_mm, intensity_ma;
  std::optional<int> responding_axon_count;
  std::optional<double> arrival_ms, onset_2pct_ms, negative_peak_mv, negative_peak_ms, negative_area_mv_ms, negative_duration_ms;
  std::optional<double> peak_to_peak_uv;
  std::optional<int> late_count;
  std::string late_axons;
  std::optional<double> late_latency_ms, late_peak_uv, a_wave_ms;
  std::optional<double> fired_share;
  std::optional<double> r1_ms, r2_ms, silence_start_ms, silence_end_ms;
  std::string fault;

  static constexpr auto fields() {
    using R = TruthSweep;
    return std::tuple{
        field("sweep", &R::sweep, {}, "row of the sweep"),
        field("site", &R::site, {}, "site of the stimulus"),
        field("distance_mm", &R::distance_mm, {}, "from the site to the recording electrode"),
        field("intensity_ma", &R::intensity_ma, {}, "current"),
        field("responding_axon_count", &R::responding_axon_count, {}, "axons whose impulse reached the electrode"),
        field("arrival_ms", &R::arrival_ms, {}, "latency of the fastest of them, from the stimulus"),
        field("onset_2pct_ms", &R::onset_2pct_ms, {}, "noise-free response passes 2 % of its negative peak"),
        field("negative_peak_mv", &R::negative_peak_mv, {}, "height of the negative peak, positive number"),
        field("negative_peak_ms", &R::negative_peak_ms, {}, "its latency"),
        field("negative_area_mv_ms", &R::negative_area_mv_ms, {}, "area of the negative phase"),
        field("negative_duration_ms", &R::negative_duration_ms, {}, "from arrival to the return to 0"),
        field("peak_to_peak_uv", &R::peak_to_peak_uv, {}, "noise-free response, artefact left out"),
        field("late_count", &R::late_count, {}, "axons of the late response (F, H)"),
        field("late_axons", &R::late_axons, {}, "their numbers"),
        field("late_latency_ms", &R::late_latency_ms, {}, "latency of the first of them"),
        field("late_peak_uv", &R::late_peak_uv, {}, "noise-free peak-to-peak of the late response"),
        field("a_wave_ms", &R::a_wave_ms, {}, "latency of the A wave, if it is there"),
        field("fired_share", &R::fired_share, {}, "end-plates whose fibre fired"),
        field("r1_ms", &R::r1_ms, {}, "start of R1, or of the lateral spread"),
        field("r2_ms", &R::r2_ms, {}, "start of R2"),
        field("silence_start_ms", &R::silence_start_ms, {}, "end of the activity before the silent period"),
        field("silence_end_ms", &R::silence_end_ms, {}, "its return"),
        field("fault", &R::fault, {}, "technical fault that was put in"),
    };
  }
};
static_assert(fully_described<TruthSweep>());

/// Axons of the nerve, sizes relative; thresholds by size, the largest first.
std::vector<TruthAxon> motor_axons(const NerveOptions& nerve, const AxonOptions& axons, double size_cv, std::int64_t seed);

/// Milliseconds from a stimulus `distance_mm` away to the response of an axon.
double motor_latency_ms(const TruthAxon& axon, double distance_mm);

/// Which axons a stimulus excites; draws of sweep `sweep`.
std::vector<bool> excited_axons(const std::vector<TruthAxon>& axons, double intensity_ma, std::int64_t seed, int sweep);

/// Adds the unit potential of height `size_uv` that starts at `latency_ms` to `wave`, which starts at the stimulus.
void add_unit_wave(const NerveOptions& nerve, double latency_ms, double size_uv, double rate_hz, std::vector<double>& wave);

/// Scales sizes so that all axons excited `distance_mm` away give nerve.cmap_mv.
void scale_axons(const NerveOptions& nerve, const SweepOptions& sweep, double distance_mm, std::vector<TruthAxon>& axons);

/// Measures the first negative phase of a noise-free response; arrival_ms must be known.
void measure_response(const std::vector<double>& wave, double rate_hz, TruthSweep& truth);

/// Largest minus smallest value between two instants.
double peak_to_peak(const std::vector<double>& wave, double rate_hz, double from_ms, double to_ms);

/// Quantile of the standard normal distribution, probability in (0, 1); absolute error below 1e-12.
double normal_quantile(double probability);
double normal_probability(double x);

/// Collects sweeps, then adds artefact, noise and mains to all of them.
class SweepWriter {
 public:
  SweepWriter(const SweepOptions& options, const StimulusOptions& stimulus) : options_(options), stimulus_(stimulus) {}

  /// Samples of a sweep from the stimulus on.
  std::vector<double> empty() const;
  /// `wave` starts at the stimulus; `before` (may be empty) ends there. `about` and `truth` get their sweep number here.
  void add(std::vector<double> wave, Sweep about, TruthSweep truth, std::vector<double> before = {});
  int count() const { return static_cast<int>(waves_.size()); }
  /// Moves everything into `simulation`.
  void finish(Simulation& simulation, const SweepNoiseOptions& noise, int threads);

 private:
  SweepOptions options_;
  StimulusOptions stimulus_;
  std::vector<std::vector<double>> waves_, before_;
  std::vector<Sweep> sweeps_;
  std::vector<TruthSweep> truth_;
};

/// A sweep of the given nerve.
Sweep sweep_about(const NerveOptions& nerve, const std::string& site, double distance_mm, double intensity_ma, double pulse_ms);

}  // namespace emg
