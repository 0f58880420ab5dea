#pragma once
// Repetitive nerve stimulation: decrement, increment, exercise, and whether the train can be trusted.
//
// set: trains of CMAPs, sweeps x samples, microvolts. A train is what shares channel, nerve, side, muscle, site and annotation; a gap in
// clock_s of more than 3 times the median interval begins another. Result: one row for each train, in order. Degenerate input: a first
// response that is not there leaves the measures empty. Throws InvalidArgument for a set that m_wave would refuse and a train of fewer than
// 4 stimuli. Cost: that of m_wave for each sweep. Method: change_k = 100 (A_k - A_1) / A_1 for amplitude (baseline to negative peak) and
// area of the negative phase; decrement = -change. Standard error 100 sqrt(2) sigma / A_1. A decrement below 2 SE is `within_noise`.
// Technical flags: a step between neighbours off the smooth curve, amplitude and area disagreeing, drifting baseline, changing latency or
// intensity; each limit is an option. Facilitation compares the first response after exercise with that of the train at rest (annotation
// `rest`, else the first train).

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"
#include "libemg/measure/ncs/markers.h"

namespace emg {

struct RepetitiveOptions {
  double window_low_ms = 1.5;
  double window_high_ms = 40;
  LatencyMethod onset_method = LatencyMethod::hinge;
  Negativity negativity = Negativity::automatic;
  double step_pct = 5;
  double disagreement_pct = 5;
  double baseline_pct = 5;
  double latency_change_ms = 0.2;
  double small_mv = 0.5;
  double high_rate_hz = 10;
  double pseudo_area_pct = 10;

  static constexpr auto fields() {
    using O = RepetitiveOptions;
    return std::tuple{
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the search for the response"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "its end"),
        field("onset_method", &O::onset_method, {}, "how the onset is found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data"),
        field("step_pct", &O::step_pct, {0.1, 100},
              "flag step: change between neighbours that the smooth curve of the others does not follow"),
        field("disagreement_pct", &O::disagreement_pct, {0.1, 100}, "flag amplitude_area: difference of both decrements"),
        field("baseline_pct", &O::baseline_pct, {0.1, 100}, "flag baseline_drift: of the first amplitude"),
        field("latency_change_ms", &O::latency_change_ms, {0.01, 100}, "flag latency_change: range of the peak latencies"),
        field("small_mv", &O::small_mv, {0, 100}, "flag small: first amplitude below it"),
        field("high_rate_hz", &O::high_rate_hz, {1, 100}, "from this rate on an increment is given"),
        field("pseudo_area_pct", &O::pseudo_area_pct, {0.1, 100},
              "flag pseudofacilitation: the amplitude rises, the area changes less and the duration shortens"),
    };
  }
};
static_assert(fully_described<RepetitiveOptions>());

struct RepetitiveRow {
  int train = 0;
  std::string channel, nerve, side, muscle, site, annotation;
  int stimulus_count = 0;
  std::optional<double> stimulus_rate_hz, temperature_c, amplitude_1_mv, area_1_mvms;
  std::optional<double> amplitude_decrement_4_pct, amplitude_decrement_5_pct, amplitude_decrement_largest_pct, amplitude_decrement_last_pct;
  std::optional<double> area_decrement_4_pct, area_decrement_5_pct, area_decrement_largest_pct, area_decrement_last_pct;
  std::optional<double> decrement_se_pct, u_shape_pct, trend_pct, increment_pct, facilitation_pct, repair_pct;
  bool within_noise = false;
  std::string amplitudes_mv, areas_mvms;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = RepetitiveRow;
    return std::tuple{
        field("train", &R::train, {}, "number of the train"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("annotation", &R::annotation, {}, "rest, time after exercise"),
        field("stimulus_count", &R::stimulus_count, {}, "stimuli of the train"),
        field("stimulus_rate_hz", &R::stimulus_rate_hz, {}, "their rate; empty without clock"),
        field("temperature_c", &R::temperature_c, {}, "skin temperature"),
        field("amplitude_1_mv", &R::amplitude_1_mv, {}, "first response"),
        field("area_1_mvms", &R::area_1_mvms, {}, "negative area of the first response"),
        field("amplitude_decrement_4_pct", &R::amplitude_decrement_4_pct, {}, "fourth against first; positive: smaller"),
        field("amplitude_decrement_5_pct", &R::amplitude_decrement_5_pct, {}, "fifth against first"),
        field("amplitude_decrement_largest_pct", &R::amplitude_decrement_largest_pct, {}, "smallest of the second to fifth against first"),
        field("amplitude_decrement_last_pct", &R::amplitude_decrement_last_pct, {}, "last against first"),
        field("area_decrement_4_pct", &R::area_decrement_4_pct, {}, "fourth against first"),
        field("area_decrement_5_pct", &R::area_decrement_5_pct, {}, "fifth against first"),
        field("area_decrement_largest_pct", &R::area_decrement_largest_pct, {}, "smallest of the second to fifth against first"),
        field("area_decrement_last_pct", &R::area_decrement_last_pct, {}, "last against first"),
        field("decrement_se_pct", &R::decrement_se_pct, {}, "standard error of an amplitude decrement from the noise"),
        field("u_shape_pct", &R::u_shape_pct, {}, "last amplitude less the smallest, of the first"),
        field("trend_pct", &R::trend_pct, {}, "least-squares slope of the amplitude for each stimulus, of the first"),
        field("increment_pct", &R::increment_pct, {}, "largest amplitude against first; rates from high_rate_hz on"),
        field("facilitation_pct", &R::facilitation_pct, {}, "first amplitude against that at rest"),
        field("repair_pct", &R::repair_pct, {}, "largest decrement at rest less that of this train"),
        field("within_noise", &R::within_noise, {}, "the largest decrement is below two standard errors"),
        field("amplitudes_mv", &R::amplitudes_mv, {}, "every amplitude of the train, separated by blanks"),
        field("areas_mvms", &R::areas_mvms, {}, "every negative area"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or technical flags"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<RepetitiveRow>());

/// Change and technical flags of a train of amplitudes and areas (both in the order of the stimuli).
RepetitiveRow train_changes(const std::vector<double>& amplitudes_mv, const std::vector<double>& areas_mvms, double noise_uv,
                            const RepetitiveOptions& options = {});

std::vector<RepetitiveRow> repetitive_stimulation(const SweepSet& set, const RepetitiveOptions& options = {}, int threads = 1);

}  // namespace emg
