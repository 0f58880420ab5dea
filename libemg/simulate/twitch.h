#pragma once
// Fasciculations: isolated twitches of whole units or parts of them, when they come and how they look.
//
// Times in seconds. Source: intervals are irregular, CV near or above 1 (log-normal, or Poisson); 2 to 80 a minute have been published
// (40.5 a minute, quartiles 10.6-79.4, in biceps and gastrocnemius of patients: Bashford et al. 2019, Clin Neurophysiol 130); doublets at
// 5-40 ms; late repeats at 30-35 ms by a backfiring axon. Rates may drift (log-linear) and stand raised after exercise, decaying.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/spontaneous.h"

namespace emg {

enum class EventLaw { log_normal, poisson };
constexpr auto enum_names(EventLaw) {
  using L = EventLaw;
  return std::array<std::pair<L, std::string_view>, 2>{{{L::log_normal, "log_normal"}, {L::poisson, "poisson"}}};
}

enum class EventShape { unit, bi, tri, polyphasic };
constexpr auto enum_names(EventShape) {
  using S = EventShape;
  return std::array<std::pair<S, std::string_view>, 4>{{{S::unit, "unit"}, {S::bi, "bi"}, {S::tri, "tri"}, {S::polyphasic, "polyphasic"}}};
}

struct TwitchOptions {
  int source_count = 3;
  std::vector<double> twitch_rate_per_min = {20};
  EventLaw interval_law = EventLaw::log_normal;
  double interval_cv = 1.2;
  double doublet_probability = 0.05;
  double late_repeat_probability = 0;
  double amplitude_cv = 0.1;
  double shared_probability = 0;
  double trend_per_hour = 0;
  double exercise_factor = 1;
  double exercise_decay_min = 10;
  double fibre_count = 1000;
  double fibre_count_cv = 0.5;
  double distal_probability = 0.5;
  EventShape event_shape = EventShape::unit;
  double event_peak_uv = 100;
  double event_peak_cv = 0;
  double event_width_ms = 2;

  static constexpr auto fields() {
    using O = TwitchOptions;
    return std::tuple{
        field("source_count", &O::source_count, {0, 500}, "units that twitch in each muscle"),
        field("twitch_rate_per_min", &O::twitch_rate_per_min, {0, 3000},
              "twitches a minute of all units of a muscle; one value, or one for each"),
        field("interval_law", &O::interval_law, {}, "law of the intervals of a unit"),
        field("interval_cv", &O::interval_cv, {0.1, 5}, "their coefficient of variation (log_normal)"),
        field("doublet_probability", &O::doublet_probability, {0, 1}, "that a twitch is doubled 5-40 ms later"),
        field("late_repeat_probability", &O::late_repeat_probability, {0, 1}, "that it is repeated 30-35 ms later by a backfiring axon"),
        field("amplitude_cv", &O::amplitude_cv, {0, 2}, "variation of the amplitude of one unit from twitch to twitch"),
        field("shared_probability", &O::shared_probability, {0, 1}, "that a twitch is seen by the next muscle too"),
        field("trend_per_hour", &O::trend_per_hour, {-50, 50}, "slope of the logarithm of the rate"),
        field("exercise_factor", &O::exercise_factor, {0.01, 100}, "rate at the start over that of rest, decaying"),
        field("exercise_decay_min", &O::exercise_decay_min, {0.01, 1000}, "time constant of that decay"),
        field("fibre_count", &O::fibre_count, {1, 1e5}, "mean number of fibres of a unit"),
        field("fibre_count_cv", &O::fibre_count_cv, {0, 5}, "its coefficient of variation between units"),
        field("distal_probability", &O::distal_probability, {0, 1}, "that a source is a part of a unit's branches, 30-100 % of it"),
        field("event_shape", &O::event_shape, {}, "unit: fibres in the conductor; else an analytic shape of peak event_peak_uv"),
        field("event_peak_uv", &O::event_peak_uv, {0, 1e5}, "height of an analytic twitch"),
        field("event_peak_cv", &O::event_peak_cv, {0, 3}, "its variation between sources"),
        field("event_width_ms", &O::event_width_ms, {0.1, 100}, "SD of its bell"),
    };
  }
};
static_assert(fully_described<TwitchOptions>());

/// bi: -t exp(-t^2 / 2 w^2), tri: (1 - t^2 / w^2) exp(-t^2 / 2 w^2), both with peak 1 in absolute value.
double twitch_shape(EventShape shape, double t_ms, double width_ms);

/// Where each channel of a muscle stands: used by analytic shapes, which fall with the distance from their source.
struct TwitchField {
  std::vector<Index> channels;  ///< of the recording that see the muscle
  std::vector<double> x_mm, z_mm;
};

/// Twitching units of muscle `muscle`, with their events.
std::vector<SimulatedUnit> twitch_units(const TwitchOptions& options, const Electrodes& electrodes, const TwitchField& field,
                                        double duration_s, std::int64_t seed, std::uint64_t muscle, int first_id, int threads);

/// Gives copies of some twitches of `units` to another muscle: the same instants, its own share of the amplitude.
void share_twitches(const TwitchOptions& options, std::vector<SimulatedUnit>& units, const std::vector<Index>& other_channels,
                    std::int64_t seed);

}  // namespace emg
