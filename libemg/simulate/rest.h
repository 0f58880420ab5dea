#pragma once
// Kind `rest`: a muscle at rest that twitches - fasciculations of whole units under a pair of surface electrodes.
//
// Result: one bipolar channel; truth_units (one for each source), truth_spikes, truth_events. Zero sources, rate or noise give the rest.
// Throws InvalidArgument for options outside their range.
// Cost: as `surface`.
// Source: intervals of fasciculations are irregular, CV near or above 1 (log-normal, or Poisson); 2 to 80 a minute have been published.
// Noise is white up to half the rate: no amplifier filter acts.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "libemg/core/options.h"
#include "libemg/simulate/simulation.h"

namespace emg {

enum class EventLaw { log_normal, poisson };
constexpr auto enum_names(EventLaw) {
  using L = EventLaw;
  return std::array<std::pair<L, std::string_view>, 2>{{{L::log_normal, "log_normal"}, {L::poisson, "poisson"}}};
}

struct RestSimulation {
  std::int64_t seed = 1;
  double rate_hz = 2048;
  double duration_s = 300;
  int source_count = 3;
  double twitch_rate_per_min = 20;
  EventLaw interval_law = EventLaw::log_normal;
  double interval_cv = 1.2;
  double doublet_probability = 0.05;
  double amplitude_cv = 0.1;
  double fibre_count = 1000;
  double fibre_count_cv = 0.5;
  int fibre_samples = 30;
  double fat_mm = 3;
  double skin_mm = 1;
  double interelectrode_mm = 20;
  double electrode_from_endplate_mm = 35;
  double wave_scale = 1.4;
  double noise_uv = 3;
  double line_uv = 0;
  double line_hz = 50;

  static constexpr auto fields() {
    using O = RestSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, 9007199254740992.0}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {1000, 100000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("source_count", &O::source_count, {0, 500}, "units that twitch"),
        field("twitch_rate_per_min", &O::twitch_rate_per_min, {0, 1000}, "twitches a minute of all units together"),
        field("interval_law", &O::interval_law, {}, "law of the intervals of a unit"),
        field("interval_cv", &O::interval_cv, {0.1, 5}, "their coefficient of variation (log_normal)"),
        field("doublet_probability", &O::doublet_probability, {0, 1}, "that a twitch is doubled 5-40 ms later"),
        field("amplitude_cv", &O::amplitude_cv, {0, 1}, "variation of the amplitude of one unit from twitch to twitch"),
        field("fibre_count", &O::fibre_count, {1, 1e5}, "mean number of fibres of a unit"),
        field("fibre_count_cv", &O::fibre_count_cv, {0, 5}, "its coefficient of variation between units"),
        field("fibre_samples", &O::fibre_samples, {1, 1000}, "fibres computed for each unit"),
        field("fat_mm", &O::fat_mm, {0.1, 40}, "thickness of the fat"),
        field("skin_mm", &O::skin_mm, {0.1, 10}, "thickness of the skin"),
        field("interelectrode_mm", &O::interelectrode_mm, {1, 60}, "between the electrodes"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-70, 70}, "middle of the pair from the end-plate zone"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
        field("noise_uv", &O::noise_uv, {0, 1e5}, "white noise, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
    };
  }
};
static_assert(fully_described<RestSimulation>());

/// A twitch of the simulation, a row of truth_events.
struct TruthTwitch {
  std::string kind = "fasciculation";
  int source = 0;
  int channel_peak = 0;
  std::int64_t sample = 0;
  double time_s = 0;
  double duration_ms = 0;
  double peak_uv = 0;
  bool doublet = false;

  static constexpr auto fields() {
    using R = TruthTwitch;
    return std::tuple{
        field("kind", &R::kind, {}, "fasciculation"),
        field("source", &R::source, {}, "unit that twitched"),
        field("channel_peak", &R::channel_peak, {}, "channel where it is largest"),
        field("sample", &R::sample, {}, "sample nearest to the reference instant"),
        field("time_s", &R::time_s, {}, "reference instant: largest absolute value"),
        field("duration_ms", &R::duration_ms, {}, "between the outermost points above 5 % of the peak"),
        field("peak_uv", &R::peak_uv, {}, "noise-free value there, other twitches left out"),
        field("doublet", &R::doublet, {}, "second of a doublet"),
    };
  }
};
static_assert(fully_described<TruthTwitch>());

Simulation simulate_rest(const RestSimulation& options, int threads = 1);

}  // namespace emg
