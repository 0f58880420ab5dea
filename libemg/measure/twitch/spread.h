#pragma once
// How widely twitches are spread: over the electrodes of a grid, over muscles, sides and regions of the body.
//
// Muscles come with event times (seconds), peak amplitudes, usable stretches, side and region; those of one recording share a time axis.
// Result: active out of recorded muscles and regions, coincidences of pairs, events counted once however many channels saw them.
// Degenerate input: a muscle with less than 60 s of usable time is not assessable and leaves every denominator; one without name cannot be
// counted as a muscle. Throws nothing. Cost: linear in the events for each pair.
// Method: pairs within 20 ms against 2 W r1 r2 T expected by chance, Poisson tail; lags that hardly vary at a steady amplitude ratio mean
// one source seen twice (volume conduction). Regions are anatomy only: the shipped table may be replaced.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/measure/twitch/rate.h"

namespace emg {

/// One muscle (channel set) of one recording.
struct MuscleEvents {
  std::string recording_id, name, muscle, side, region;
  std::vector<double> times_s, amplitudes_uv;   ///< events that count, ascending
  std::vector<Stretch> usable;
};

enum class Coincidence { none, synchronous, same_source_suspected };
constexpr auto enum_names(Coincidence) {
  using C = Coincidence;
  return std::array<std::pair<C, std::string_view>, 3>{
      {{C::none, "none"}, {C::synchronous, "synchronous"}, {C::same_source_suspected, "same_source_suspected"}}};
}

struct CoincidenceRow {
  std::string recording_id = {};
  std::string first = {};
  std::string second = {};
  int first_events = 0;
  int second_events = 0;
  int pairs = 0;
  double expected = 0;
  std::optional<double> ratio = std::nullopt;
  std::optional<double> ratio_low = std::nullopt;
  std::optional<double> ratio_high = std::nullopt;
  double p = 1;
  std::optional<double> lag_median_ms = std::nullopt;
  std::optional<double> lag_sd_ms = std::nullopt;
  std::optional<double> amplitude_ratio_cv = std::nullopt;
  Coincidence finding = Coincidence::none;

  static constexpr auto fields() {
    using R = CoincidenceRow;
    return std::tuple{
        field("recording_id", &R::recording_id, {}, "recording"),
        field("first", &R::first, {}, "muscle, or channel if it has no name"),
        field("second", &R::second, {}, "the other"),
        field("first_events", &R::first_events, {}, "events in time usable for both"),
        field("second_events", &R::second_events, {}, "likewise"),
        field("pairs", &R::pairs, {}, "pairs within 20 ms"),
        field("expected", &R::expected, {}, "pairs by chance"),
        field("ratio", &R::ratio, {}, "pairs over expected"),
        field("ratio_low", &R::ratio_low, {}, "lower end of its exact 95 % interval"),
        field("ratio_high", &R::ratio_high, {}, "its upper end"),
        field("p", &R::p, {}, "of at least so many pairs by chance"),
        field("lag_median_ms", &R::lag_median_ms, {}, "second after first"),
        field("lag_sd_ms", &R::lag_sd_ms, {}, "robust SD of the lags"),
        field("amplitude_ratio_cv", &R::amplitude_ratio_cv, {}, "variation of the amplitude ratio"),
        field("finding", &R::finding, {}, "none, synchronous (p below 0.001), or same_source_suspected"),
    };
  }
};
static_assert(fully_described<CoincidenceRow>());

/// Pairs of events of two muscles of one recording.
CoincidenceRow muscle_coincidence(const MuscleEvents& a, const MuscleEvents& b);

/// Members of the two trains that are paired within 20 ms, nearest first, one to one.
std::vector<std::pair<std::size_t, std::size_t>> paired_events(std::span<const double> a, std::span<const double> b, double window_s = 0.02);

/// Rows of the body table: one for each region and side, and totals.
struct BodyRow {
  std::string region = {};
  std::string side = {};
  int recorded_muscles = 0;
  int active_muscles = 0;
  int events = 0;
  double usable_min = 0;
  std::optional<double> rate_per_min = std::nullopt;
  std::optional<double> rate_low_per_min = std::nullopt;
  std::optional<double> rate_high_per_min = std::nullopt;
  std::optional<double> detectable_rate_per_min = std::nullopt;
  std::string muscles = {};
  std::string reason = {};

  static constexpr auto fields() {
    using R = BodyRow;
    return std::tuple{
        field("region", &R::region, {}, "bulbar, cervical, thoracic, lumbosacral, or as the user's table says"),
        field("side", &R::side, {}, "L, R or empty"),
        field("recorded_muscles", &R::recorded_muscles, {}, "muscles with at least 60 s of usable time"),
        field("active_muscles", &R::active_muscles, {}, "of them, those with twitches"),
        field("events", &R::events, {}, "twitches, one source seen by several channels counted once"),
        field("usable_min", &R::usable_min, {}, "minutes looked at, summed over muscles"),
        field("rate_per_min", &R::rate_per_min, {}, "twitches in a minute of one muscle"),
        field("rate_low_per_min", &R::rate_low_per_min, {}, "lower end of the exact 95 % interval"),
        field("rate_high_per_min", &R::rate_high_per_min, {}, "its upper end"),
        field("detectable_rate_per_min", &R::detectable_rate_per_min, {}, "smallest rate that would have shown"),
        field("muscles", &R::muscles, {}, "which muscles"),
        field("reason", &R::reason, {}, "what was not assessable"),
    };
  }
};
static_assert(fully_described<BodyRow>());

struct SpreadOptions {
  double active_above_per_min = 0;
  double probability = 0.95;
  double sensitivity = 1;
};

struct TwitchSpread {
  int recorded_muscles = 0, active_muscles = 0, recorded_regions = 0, active_regions = 0, not_assessable = 0;
  std::int64_t distinct_events = 0;
  double usable_s = 0;                           ///< of muscles, summed
  std::optional<double> busiest_share, evenness; ///< share of events in the busiest muscle; Shannon evenness, 1 = equal
  std::string busiest;
  std::vector<BodyRow> rows;
  std::vector<CoincidenceRow> coincidences;
};

TwitchSpread twitch_spread(const std::vector<MuscleEvents>& muscles, const SpreadOptions& options = {});

/// True if a source is regular (cv_local < 0.1) at 40 to 180 a minute on at least three muscles: a heart or a pacemaker.
bool looks_like_heart(double cv_local, double rate_per_min, int muscles);

/// Region of a muscle name by the table (muscle, region; a name matches if all its words occur); "" if it holds none.
using RegionTable = std::vector<std::pair<std::string, std::string>>;
const RegionTable& shipped_regions();
std::string region_of(std::string_view muscle, const RegionTable& table);

/// Centre and spread of a source over a grid.
struct GridPosition {
  double x_mm = 0, y_mm = 0;
  double radius_mm = 0;                          ///< weighted SD about the centre
  int electrodes = 0;                            ///< above three times the noise
};
/// Of each electrode: mean square of the event, place, and noise. Weight = mean square of electrodes whose RMS is above three times the noise;
/// empty if none is, or if the event is nowhere (all 0).
std::optional<GridPosition> grid_position(std::span<const double> square_uv2, std::span<const double> x_mm, std::span<const double> y_mm,
                                          std::span<const double> noise_uv);

}  // namespace emg
