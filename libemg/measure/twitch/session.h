#pragma once
// One person's recordings of resting muscles together: a row for each recording and muscle, the body, the pairs, the change over time.
//
// Input: the analysis of each recording (or why there is none) with what the session says of it. Result: tables and totals.
// Degenerate input: a failed recording is a row with its reason; a muscle without name is counted, but is no part of the body.
// Throws InvalidArgument for a broken table of limits. Cost: spread.h.
// Method: as the headers of the parts. Nothing here compares with limits of its own: `outside_limit` uses those of the user.

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/table.h"
#include "libemg/measure/twitch/rest_analysis.h"
#include "libemg/measure/twitch/spread.h"
#include "libemg/measure/twitch/trend.h"

namespace emg {

/// What is known of a recording beside its signal. Muscle and side are those of the channels; here they name a recording that failed.
struct SessionFacts {
  std::string subject, muscle, side, region, electrode, date;
};

struct SessionRecording {
  std::string recording_id;
  std::string error;                       ///< why there is no analysis
  SessionFacts facts;
  Recording header;                        ///< channels and annotations, no samples
  std::optional<RestAnalysis> analysis;
};

struct TwitchReportRow {
  std::string recording_id = {};
  std::string subject = {};
  std::string muscle = {};
  std::string side = {};
  std::string region = {};
  std::string electrode = {};
  std::string date = {};
  std::string channels = {};
  std::optional<double> minutes = std::nullopt;
  std::optional<double> minutes_excluded = std::nullopt;
  std::optional<double> excluded_noise_min = std::nullopt;
  std::optional<double> excluded_voluntary_min = std::nullopt;
  std::optional<double> excluded_ecg_min = std::nullopt;
  std::optional<double> excluded_movement_min = std::nullopt;
  std::optional<double> excluded_other_min = std::nullopt;
  std::optional<int> events = std::nullopt;
  std::optional<double> rate_per_min = std::nullopt;
  std::optional<double> rate_low = std::nullopt;
  std::optional<double> rate_high = std::nullopt;
  bool clustered = false;
  std::optional<double> detectable_rate_per_min = std::nullopt;
  std::optional<double> detectable_amplitude_uv = std::nullopt;
  std::optional<double> active_fraction = std::nullopt;
  std::optional<double> longest_gap_s = std::nullopt;
  std::optional<double> time_to_first_s = std::nullopt;
  std::optional<double> amplitude_median_uv = std::nullopt;
  std::optional<double> amplitude_iqr_uv = std::nullopt;
  std::optional<double> duration_median_ms = std::nullopt;
  std::optional<double> polyphasic_share = std::nullopt;
  std::optional<int> sources = std::nullopt;
  std::optional<double> top_source_share = std::nullopt;
  std::optional<double> interval_median_s = std::nullopt;
  std::optional<double> cv = std::nullopt;
  std::optional<double> cv_local = std::nullopt;
  std::optional<double> fano_10s = std::nullopt;
  std::optional<int> doublets = std::nullopt;
  std::optional<int> late_pairs = std::nullopt;
  std::string descriptor = {};
  std::optional<double> descriptor_score = std::nullopt;
  std::string same_source_with = {};
  std::string outside_limit = {};
  std::string quality = {};
  std::string reason = {};
  std::string sentence = {};

  static constexpr auto fields() {
    using R = TwitchReportRow;
    return std::tuple{
        field("recording_id", &R::recording_id, {}, "recording"),
        field("subject", &R::subject, {}, "subject"),
        field("muscle", &R::muscle, {}, "muscle"),
        field("side", &R::side, {}, "L, R or empty"),
        field("region", &R::region, {}, "body region"),
        field("electrode", &R::electrode, {}, "kind of electrode"),
        field("date", &R::date, {}, "date of the recording"),
        field("channels", &R::channels, {}, "channels that were looked at together"),
        field("minutes", &R::minutes, {}, "length"),
        field("minutes_excluded", &R::minutes_excluded, {}, "of it not usable"),
        field("excluded_noise_min", &R::excluded_noise_min, {}, "too noisy"),
        field("excluded_voluntary_min", &R::excluded_voluntary_min, {}, "voluntary activity, by rule or annotation"),
        field("excluded_ecg_min", &R::excluded_ecg_min, {}, "heart beats"),
        field("excluded_movement_min", &R::excluded_movement_min, {}, "slow artefacts"),
        field("excluded_other_min", &R::excluded_other_min, {}, "gaps and constant signal"),
        field("events", &R::events, {}, "twitches in usable time"),
        field("rate_per_min", &R::rate_per_min, {}, "in a usable minute"),
        field("rate_low", &R::rate_low, {}, "lower end of the exact 95 % interval, a minute, assumes independence"),
        field("rate_high", &R::rate_high, {}, "its upper end"),
        field("clustered", &R::clustered, {}, "counts in 10-s bins vary more than independent events do"),
        field("detectable_rate_per_min", &R::detectable_rate_per_min, {}, "smallest rate that would have shown"),
        field("detectable_amplitude_uv", &R::detectable_amplitude_uv, {}, "median threshold"),
        field("active_fraction", &R::active_fraction, {}, "share of 10-s bins with a twitch"),
        field("longest_gap_s", &R::longest_gap_s, {}, "longest time without"),
        field("time_to_first_s", &R::time_to_first_s, {}, "usable time to the first"),
        field("amplitude_median_uv", &R::amplitude_median_uv, {}, "peak to peak"),
        field("amplitude_iqr_uv", &R::amplitude_iqr_uv, {}, "interquartile range"),
        field("duration_median_ms", &R::duration_median_ms, {}, "median duration"),
        field("polyphasic_share", &R::polyphasic_share, {}, "share with more than four phases"),
        field("sources", &R::sources, {}, "sources told apart by shape and size"),
        field("top_source_share", &R::top_source_share, {}, "share of the busiest source"),
        field("interval_median_s", &R::interval_median_s, {}, "median interval"),
        field("cv", &R::cv, {}, "SD over mean of the intervals"),
        field("cv_local", &R::cv_local, {}, "regularity; Poisson 1.23, regular 0"),
        field("fano_10s", &R::fano_10s, {}, "variance over mean of counts in 10 s"),
        field("doublets", &R::doublets, {}, "pairs and chains 2 to 20 ms apart, by source"),
        field("late_pairs", &R::late_pairs, {}, "intervals of 20 to 110 ms, by source"),
        field("descriptor", &R::descriptor, {}, "of the busiest source"),
        field("descriptor_score", &R::descriptor_score, {}, "its membership"),
        field("same_source_with", &R::same_source_with, {}, "muscles of this recording that see the same source"),
        field("outside_limit", &R::outside_limit, {}, "measures outside the limits of the user's table"),
        field("quality", &R::quality, {}, "ok, or what limits the result"),
        field("reason", &R::reason, {}, "why there is no result"),
        field("sentence", &R::sentence, {}, "the result in words"),
    };
  }
};
static_assert(fully_described<TwitchReportRow>());

/// One row: the person.
struct PersonRow {
  std::string subject = {};
  int recordings = 0;
  int failed = 0;
  int recorded_muscles = 0;
  int active_muscles = 0;
  int recorded_regions = 0;
  int active_regions = 0;
  int not_assessable = 0;
  int distinct_events = 0;
  double usable_min = 0;
  double excluded_min = 0;
  std::optional<double> distinct_per_min = std::nullopt;
  std::optional<double> detectable_rate_per_min = std::nullopt;
  std::string busiest = {};
  std::optional<double> busiest_share = std::nullopt;
  std::optional<double> evenness = std::nullopt;
  bool ecg_suspected = false;
  std::string sentence = {};

  static constexpr auto fields() {
    using R = PersonRow;
    return std::tuple{
        field("subject", &R::subject, {}, "subject"),
        field("recordings", &R::recordings, {}, "recordings given"),
        field("failed", &R::failed, {}, "of them not analysed"),
        field("recorded_muscles", &R::recorded_muscles, {}, "named muscles with at least 60 s of usable time"),
        field("active_muscles", &R::active_muscles, {}, "of them with twitches"),
        field("recorded_regions", &R::recorded_regions, {}, "body regions"),
        field("active_regions", &R::active_regions, {}, "of them with twitches"),
        field("not_assessable", &R::not_assessable, {}, "muscles with less usable time"),
        field("distinct_events", &R::distinct_events, {}, "twitches, one source seen by several channels counted once"),
        field("usable_min", &R::usable_min, {}, "usable minutes, summed over muscles"),
        field("excluded_min", &R::excluded_min, {}, "excluded minutes, summed over muscles"),
        field("distinct_per_min", &R::distinct_per_min, {}, "twitches in a minute of one muscle"),
        field("detectable_rate_per_min", &R::detectable_rate_per_min, {}, "smallest such rate that would have shown"),
        field("busiest", &R::busiest, {}, "muscle with most twitches"),
        field("busiest_share", &R::busiest_share, {}, "its share"),
        field("evenness", &R::evenness, {}, "Shannon evenness over muscles, 1 = equal"),
        field("ecg_suspected", &R::ecg_suspected, {}, "a regular source of 40 to 180 a minute on three muscles"),
        field("sentence", &R::sentence, {}, "the result in words"),
    };
  }
};
static_assert(fully_described<PersonRow>());

/// One limit of the user.
struct TwitchLimit {
  std::string measure, muscle, side;       ///< muscle and side "": any
  std::optional<double> lower, upper;
};
/// From a table with columns measure, lower, upper and optionally muscle and side. Throws InvalidArgument naming an unknown measure.
std::vector<TwitchLimit> twitch_limits(const Table& table);

struct TwitchSession {
  std::vector<TwitchReportRow> report;
  PersonRow person;
  std::vector<BodyRow> body;
  std::vector<CoincidenceRow> coincidences;
  std::vector<TrendRow> trends;
};

/// Regions by the table where the facts name none.
TwitchSession twitch_session(const std::vector<SessionRecording>& recordings, const TwitchAnalysisOptions& options, const RegionTable& regions = shipped_regions(),
                             const std::vector<TwitchLimit>& limits = {});

/// Operation `twitch-spread`: the body table of one recording, regions by the shipped table. Bare channels have no muscle and so no region.
std::vector<BodyRow> body_rows(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<BodyRow> recording_body_rows(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

/// Operation `muscle-coincidence`: pairs of muscles, or of channels without one, of one recording.
std::vector<CoincidenceRow> muscle_coincidences(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<CoincidenceRow> recording_muscle_coincidences(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

/// twitch_events, twitch_rates, excluded, sources and intervals of all recordings, recording_id first; then the tables of the session.
std::vector<Table> session_tables(const std::vector<SessionRecording>& recordings, const TwitchSession& session);

/// Those of one recording, without recording_id.
std::vector<Table> recording_tables(const SessionRecording& recording);

}  // namespace emg
