#include "libemg/score/score.h"

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("open options have the default of each comparison") {
  CHECK(values_of(unit_score_options({})) == values_of(UnitScoreOptions{}));
  CHECK(values_of(label_score_options({})) == values_of(LabelScoreOptions{}));
  CHECK(values_of(detection_score_options({})) == values_of(DetectionScoreOptions{}));
}

TEST_CASE("given options reach every comparison that has them") {
  ScoreOptions options;
  options.tolerance_ms = 3;
  options.max_lag_ms = 7;
  options.min_f1 = 0.2;
  options.threshold = 0.5;
  options.duplicate_lag_ms = 99;
  options.confidence = 0.9;
  options.sub_sample = options.half_open = true;
  const auto units = unit_score_options(options);
  CHECK(units.tolerance_ms == 3);
  CHECK(units.max_lag_ms == 7);
  CHECK(units.min_f1 == 0.2);
  CHECK((units.sub_sample && units.half_open));
  const auto labels = label_score_options(options);
  CHECK(labels.tolerance_ms == 3);
  CHECK(labels.max_lag_ms == 7);
  CHECK(labels.threshold == 0.5);
  CHECK(labels.duplicate_lag_ms == 99);
  const auto events = detection_score_options(options);
  CHECK(events.tolerance_ms == 3);
  CHECK(events.max_lag_ms == 7);
  CHECK(events.confidence == 0.9);
}
