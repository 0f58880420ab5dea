#include "libemg/score/score.h"

namespace emg {
namespace {

template <class T>
void take(T& target, const std::optional<T>& given) {
  if (given) target = *given;
}

}  // namespace

UnitScoreOptions unit_score_options(const ScoreOptions& options) {
  UnitScoreOptions own;
  take(own.tolerance_ms, options.tolerance_ms);
  take(own.max_lag_ms, options.max_lag_ms);
  take(own.min_f1, options.min_f1);
  own.sub_sample = options.sub_sample;
  own.half_open = options.half_open;
  return own;
}

LabelScoreOptions label_score_options(const ScoreOptions& options) {
  LabelScoreOptions own;
  take(own.tolerance_ms, options.tolerance_ms);
  take(own.max_lag_ms, options.max_lag_ms);
  take(own.threshold, options.threshold);
  take(own.duplicate_lag_ms, options.duplicate_lag_ms);
  return own;
}

DetectionScoreOptions detection_score_options(const ScoreOptions& options) {
  DetectionScoreOptions own;
  take(own.tolerance_ms, options.tolerance_ms);
  take(own.max_lag_ms, options.max_lag_ms);
  take(own.confidence, options.confidence);
  return own;
}

}  // namespace emg
