#pragma once
// The options of every comparison in one place: what command line and Python offer under the name `score`.

#include <optional>

#include "libemg/score/decomposition.h"
#include "libemg/score/detection.h"

namespace emg {

/// Options of all kinds; what is left open has the default of the kind.
struct ScoreOptions {
  std::optional<double> tolerance_ms = std::nullopt, max_lag_ms = std::nullopt;
  std::optional<double> min_f1 = std::nullopt, threshold = std::nullopt, duplicate_lag_ms = std::nullopt, confidence = std::nullopt;
  bool sub_sample = false, half_open = false;

  static constexpr auto fields() {
    using O = ScoreOptions;
    return std::tuple{
        field("tolerance_ms", &O::tolerance_ms, {0, 10000}, "instants this near are the same; auto: units 0.5, munitquest 1, events 10"),
        field("max_lag_ms", &O::max_lag_ms, {0, 10000}, "a constant lag is looked for within this; auto: units and munitquest 100, events 0"),
        field("min_f1", &O::min_f1, {0, 1}, "units: pairs that agree less are no pairs; auto: 0.3"),
        field("threshold", &O::threshold, {0, 1}, "munitquest: F1 from which a pair counts; auto: 0.3"),
        field("duplicate_lag_ms", &O::duplicate_lag_ms, {0, 10000}, "munitquest: lag within which repeated predictions are looked for; auto: 10"),
        field("confidence", &O::confidence, {0.5, 0.9999}, "events: of the exact intervals; auto: 0.95"),
        field("sub_sample", &O::sub_sample, {}, "units: use sub-sample offsets, tolerance not rounded to samples"),
        field("half_open", &O::half_open, {}, "units: leave the upper end of the tolerance out, as one published tool does"),
    };
  }
};
static_assert(fully_described<ScoreOptions>());

/// What `options` mean for each comparison; open ones have its default.
UnitScoreOptions unit_score_options(const ScoreOptions& options);
LabelScoreOptions label_score_options(const ScoreOptions& options);
DetectionScoreOptions detection_score_options(const ScoreOptions& options);

}  // namespace emg
