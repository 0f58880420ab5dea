#pragma once
// How well a detector finds events: sensitivity, positive predictive value, false events a minute, each with its exact interval.
//
// Instants in seconds, in any order. No reference: sensitivity missing; no prediction: predictive value missing; no duration: rate of false
// events missing. Throws InvalidArgument for an instant that is not finite, a negative duration, options outside their range.
// Cost: O(n log n).
// Method and source: one-to-one matching within the tolerance at one constant lag (`max_lag_ms` 0: lag 0). A second detection of one event is
// false. Shares: Clopper & Pearson 1934; rates: Garwood 1936.

#include <optional>
#include <span>

#include "libemg/core/options.h"

namespace emg {

struct Interval {
  double low = 0, high = 0;
};

/// Exact interval of a share `count` of `total`; total 0: [0, 1].
Interval share_interval(double count, double total, double confidence = 0.95);

/// Exact interval of the mean of a Poisson count.
Interval count_interval(double count, double confidence = 0.95);

struct DetectionScoreOptions {
  double tolerance_ms = 10;
  double max_lag_ms = 0;
  double confidence = 0.95;

  static constexpr auto fields() {
    using O = DetectionScoreOptions;
    return std::tuple{
        field("tolerance_ms", &O::tolerance_ms, {0, 10000}, "events this near are the same"),
        field("max_lag_ms", &O::max_lag_ms, {0, 10000}, "a constant lag of all events is looked for within this; 0: none"),
        field("confidence", &O::confidence, {0.5, 0.9999}, "of the intervals"),
    };
  }
};
static_assert(fully_described<DetectionScoreOptions>());

struct DetectionScore {
  int reference_count = 0, predicted_count = 0, tp = 0, fp = 0, fn = 0;
  std::optional<double> sensitivity = std::nullopt, sensitivity_low = std::nullopt, sensitivity_high = std::nullopt;
  std::optional<double> ppv = std::nullopt, ppv_low = std::nullopt, ppv_high = std::nullopt;
  std::optional<double> f1 = std::nullopt;
  std::optional<double> false_per_min = std::nullopt, false_per_min_low = std::nullopt, false_per_min_high = std::nullopt;
  double lag_ms = 0;
  std::optional<double> error_mean_ms = std::nullopt, error_sd_ms = std::nullopt;
  double tolerance_ms = 0;
  std::optional<double> duration_s = std::nullopt;

  static constexpr auto fields() {
    using R = DetectionScore;
    return std::tuple{
        field("reference_count", &R::reference_count, {}, "true events"),
        field("predicted_count", &R::predicted_count, {}, "events found"),
        field("tp", &R::tp, {}, "true events found"),
        field("fp", &R::fp, {}, "false events"),
        field("fn", &R::fn, {}, "true events missed"),
        field("sensitivity", &R::sensitivity, {}, "tp / true events"),
        field("sensitivity_low", &R::sensitivity_low, {}, "lower end of its exact interval"),
        field("sensitivity_high", &R::sensitivity_high, {}, "upper end"),
        field("ppv", &R::ppv, {}, "positive predictive value: tp / events found"),
        field("ppv_low", &R::ppv_low, {}, "lower end of its exact interval"),
        field("ppv_high", &R::ppv_high, {}, "upper end"),
        field("f1", &R::f1, {}, "2 tp / (2 tp + fp + fn)"),
        field("false_per_min", &R::false_per_min, {}, "false events a minute"),
        field("false_per_min_low", &R::false_per_min_low, {}, "lower end of its exact interval"),
        field("false_per_min_high", &R::false_per_min_high, {}, "upper end"),
        field("lag_ms", &R::lag_ms, {}, "constant lag of the events found"),
        field("error_mean_ms", &R::error_mean_ms, {}, "found - true instant, mean"),
        field("error_sd_ms", &R::error_sd_ms, {}, "its SD"),
        field("tolerance_ms", &R::tolerance_ms, {}, "used"),
        field("duration_s", &R::duration_s, {}, "time that was searched"),
    };
  }
};
static_assert(fully_described<DetectionScore>());

DetectionScore score_detections(std::span<const double> reference_s, std::span<const double> predicted_s, std::optional<double> duration_s,
                                const DetectionScoreOptions& options);

}  // namespace emg
