#pragma once
// Comparison of two decompositions: which unit is which, and how far their discharges agree.
//
// Units in any order with any ids, times unsorted or repeated (equal times of one train count once). Rates may differ: predicted instants
// are taken at the rate of the reference. Units without discharges are left out. No reference or no prediction: every unit missed or false, mean RoA 0.
// Throws InvalidArgument for options outside their range and for units without rate.
// Cost: every pair of units once, O(spikes x lag window); 30 x 30 units of 1000 spikes in about 0.1 s.
// Method: agreement of every pair at its own constant lag, Hungarian assignment of largest total F1, pairs below `min_f1` unmatched.
// The label score is that of the MUnitQuest challenge: duplicates dropped, F1 >= threshold added up over the assigned pairs.

#include <optional>
#include <string_view>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/score/spike_match.h"

namespace emg {

enum class UnitVerdict { matched, missed, duplicate, split, merged, invented };
constexpr auto enum_names(UnitVerdict) {
  using V = UnitVerdict;
  return std::array<std::pair<V, std::string_view>, 6>{{{V::matched, "matched"},
                                                        {V::missed, "missed"},
                                                        {V::duplicate, "duplicate"},
                                                        {V::split, "split"},
                                                        {V::merged, "merged"},
                                                        {V::invented, "false"}}};
}

struct UnitScoreOptions {
  double tolerance_ms = 0.5;
  double max_lag_ms = 100;
  double min_f1 = 0.3;
  bool sub_sample = false;
  bool half_open = false;

  static constexpr auto fields() {
    using O = UnitScoreOptions;
    return std::tuple{
        field("tolerance_ms", &O::tolerance_ms, {0, 1000}, "discharges this near are the same; whole samples, rounded down, at least 1"),
        field("max_lag_ms", &O::max_lag_ms, {0, 10000}, "the constant lag of each pair of units is looked for within this"),
        field("min_f1", &O::min_f1, {0, 1}, "pairs that agree less are no pairs"),
        field("sub_sample", &O::sub_sample, {}, "use the sub-sample offsets of the discharges, tolerance not rounded"),
        field("half_open", &O::half_open, {}, "leave the upper end of the tolerance out, as one published tool does"),
    };
  }
};
static_assert(fully_described<UnitScoreOptions>());

/// A reference unit with its partner, or a predicted unit without (then the reference it is nearest to, if any).
struct UnitScore {
  UnitVerdict verdict = UnitVerdict::matched;
  std::optional<std::int64_t> reference_unit = std::nullopt, predicted_unit = std::nullopt;
  std::optional<double> lag_samples = std::nullopt, lag_ms = std::nullopt;
  std::optional<double> error_sd_ms = std::nullopt, error_slope_us_per_s = std::nullopt;
  std::int64_t tp = 0, fp = 0, fn = 0, runner_up = 0;
  double roa = 0, precision = 0, recall = 0, f1 = 0;

  static constexpr auto fields() {
    using R = UnitScore;
    return std::tuple{
        field("verdict", &R::verdict, {}, "matched; missed reference; or a prediction that is a duplicate, split, merged or false unit"),
        field("reference_unit", &R::reference_unit, {}, "id of the reference; of a prediction without partner the one it agrees with most"),
        field("predicted_unit", &R::predicted_unit, {}, "id of the prediction"),
        field("lag_samples", &R::lag_samples, {}, "prediction minus reference"),
        field("lag_ms", &R::lag_ms, {}, "the same"),
        field("error_sd_ms", &R::error_sd_ms, {}, "scatter of the matched discharges about the lag"),
        field("error_slope_us_per_s", &R::error_slope_us_per_s, {}, "drift of the lag over time"),
        field("tp", &R::tp, {}, "discharges in both"),
        field("fp", &R::fp, {}, "discharges of the prediction alone"),
        field("fn", &R::fn, {}, "discharges of the reference alone"),
        field("runner_up", &R::runner_up, {}, "differences at the next best lag: what chance or a common rhythm gives"),
        field("roa", &R::roa, {}, "rate of agreement, tp / (tp + fp + fn)"),
        field("precision", &R::precision, {}, "tp / (tp + fp)"),
        field("recall", &R::recall, {}, "tp / (tp + fn)"),
        field("f1", &R::f1, {}, "2 tp / (2 tp + fp + fn)"),
    };
  }
};
static_assert(fully_described<UnitScore>());

struct UnitScoreSummary {
  int reference_count = 0, predicted_count = 0;
  int matched = 0, missed = 0, duplicates = 0, splits = 0, merged = 0, false_units = 0, silent_units = 0,
      repeated_times = 0;
  double mean_roa = 0, mean_f1 = 0;
  std::int64_t tp = 0, fp = 0, fn = 0;
  double roa = 0, precision = 0, recall = 0, f1 = 0;
  double tolerance_ms = 0, tolerance_samples = 0, max_lag_ms = 0;

  static constexpr auto fields() {
    using R = UnitScoreSummary;
    return std::tuple{
        field("reference_count", &R::reference_count, {}, "units of the reference that discharge"),
        field("predicted_count", &R::predicted_count, {}, "units of the prediction that discharge"),
        field("matched", &R::matched, {}, "pairs"),
        field("missed", &R::missed, {}, "reference units without partner"),
        field("duplicates", &R::duplicates, {}, "predictions with F1 >= 0.7 to a unit that has a better partner"),
        field("splits", &R::splits, {}, "predictions with F1 of min_f1 to 0.7 to a unit that has a better partner"),
        field("merged", &R::merged, {}, "predictions that hold at least 0.3 of the discharges of two reference units"),
        field("false_units", &R::false_units, {}, "predictions with F1 below min_f1 to every reference unit"),
        field("silent_units", &R::silent_units, {}, "units without discharges, left out"),
        field("repeated_times", &R::repeated_times, {}, "equal times within a train, counted once"),
        field("mean_roa", &R::mean_roa, {}, "mean RoA of the pairs; 0 without pairs"),
        field("mean_f1", &R::mean_f1, {}, "their mean F1"),
        field("tp", &R::tp, {}, "discharges in both, all units"),
        field("fp", &R::fp, {}, "discharges of predictions alone, units without partner included"),
        field("fn", &R::fn, {}, "discharges of the reference alone, missed units included"),
        field("roa", &R::roa, {}, "tp / (tp + fp + fn)"),
        field("precision", &R::precision, {}, "tp / (tp + fp)"),
        field("recall", &R::recall, {}, "tp / (tp + fn)"),
        field("f1", &R::f1, {}, "2 tp / (2 tp + fp + fn)"),
        field("tolerance_ms", &R::tolerance_ms, {}, "asked for"),
        field("tolerance_samples", &R::tolerance_samples, {}, "used"),
        field("max_lag_ms", &R::max_lag_ms, {}, "used"),
    };
  }
};
static_assert(fully_described<UnitScoreSummary>());

struct DecompositionScore {
  std::vector<UnitScore> units;  ///< references in their order, then predictions without partner
  UnitScoreSummary summary;
};

DecompositionScore score_units(const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted, const UnitScoreOptions& options);

struct LabelScoreOptions {
  double tolerance_ms = 1;
  double max_lag_ms = 100;
  double threshold = 0.3;
  double duplicate_share = 0.3;
  double duplicate_lag_ms = 10;

  static constexpr auto fields() {
    using O = LabelScoreOptions;
    return std::tuple{
        field("tolerance_ms", &O::tolerance_ms, {0, 1000}, "discharges this near are the same; whole samples, rounded down"),
        field("max_lag_ms", &O::max_lag_ms, {0, 10000}, "the constant lag of each pair is looked for within this"),
        field("threshold", &O::threshold, {0, 1}, "F1 from which a pair counts (rules page of the challenge: 0.5)"),
        field("duplicate_share", &O::duplicate_share, {0, 1}, "share of common discharges from which a prediction repeats one of lower id"),
        field("duplicate_lag_ms", &O::duplicate_lag_ms, {0, 10000}, "lag within which repeats are looked for (rules page: 100)"),
    };
  }
};
static_assert(fully_described<LabelScoreOptions>());

struct LabelPair {
  std::int64_t reference_unit = 0, predicted_unit = 0;
  double f1 = 0;
  std::int64_t lag_samples = 0;

  static constexpr auto fields() {
    using R = LabelPair;
    return std::tuple{field("reference_unit", &R::reference_unit, {}, "id of the reference"),
                      field("predicted_unit", &R::predicted_unit, {}, "id of the prediction"),
                      field("f1", &R::f1, {}, "agreement of the pair"),
                      field("lag_samples", &R::lag_samples, {}, "prediction minus reference")};
  }
};
static_assert(fully_described<LabelPair>());

struct LabelScore {
  double score = 0;
  std::vector<std::int64_t> kept;   ///< predictions that repeat no other, by id
  std::vector<LabelPair> pairs;     ///< those that count, by reference id
};

LabelScore label_score(const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted, const LabelScoreOptions& options);

}  // namespace emg
