#include "libemg/score/detection.h"

#include <cmath>
#include <limits>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("exact intervals agree with SciPy 1.x beta.ppf and chi2.ppf") {
  struct Row {
    double count, total, low, high;
  };
  for (const auto& [count, total, low, high] :
       {Row{0, 10, 0, 0.3084971078187607}, Row{3, 10, 0.06673951117773447, 0.6524528500599973}, Row{10, 10, 0.6915028921812392, 1},
        Row{950, 1000, 0.9346095120845064, 0.9626646023953382}, Row{1, 3, 0.008403758659612636, 0.9057006759497539}}) {
    CHECK(share_interval(count, total).low == Approx(low).margin(1e-10));
    CHECK(share_interval(count, total).high == Approx(high).margin(1e-10));
  }
  for (const auto& [count, total, low, high] :
       {Row{0, 0, 0, 3.6888794541139354}, Row{1, 0, 0.025317807984289876, 5.571643390938898}, Row{10, 0, 4.7953886961324335, 18.39035604201778},
        Row{500, 0, 457.1285768996295, 545.8092685651714}}) {
    CHECK(count_interval(count).low == Approx(low).margin(1e-8));
    CHECK(count_interval(count).high == Approx(high).epsilon(1e-9));
  }
  CHECK(share_interval(0, 0).high == 1);
}

TEST_CASE("the interval of a count covers the truth at least as often as promised") {
  Random random(5);
  for (const double mean : {0.5, 5.0, 50.0}) {
    int covered = 0;
    constexpr int kDraws = 2000;
    for (int i = 0; i < kDraws; ++i) {
      const auto interval = count_interval(static_cast<double>(random.poisson(mean)));
      covered += interval.low <= mean && mean <= interval.high;
    }
    CHECK(covered >= static_cast<int>(0.94 * kDraws));
  }
}

TEST_CASE("hits, misses, second detections and errors are counted") {
  const std::vector<double> truth{3.0, 1.0, 2.0}, found{1.004, 1.006, 2.002, 7.0};
  const auto score = score_detections(truth, found, 120, {});
  CHECK(score.tp == 2);
  CHECK(score.fp == 2);
  CHECK(score.fn == 1);
  CHECK(*score.sensitivity == Approx(2.0 / 3));
  CHECK(*score.ppv == Approx(0.5));
  CHECK(*score.f1 == Approx(4.0 / 7));
  CHECK(*score.false_per_min == Approx(1));
  CHECK(*score.false_per_min_low == Approx(count_interval(2).low / 2));
  CHECK(*score.error_mean_ms == Approx(3));
  CHECK(*score.error_sd_ms == Approx(std::sqrt(2.0)));
}

TEST_CASE("a constant lag is taken out when asked for") {
  std::vector<double> truth, found;
  for (int i = 0; i < 50; ++i) {
    truth.push_back(i + 0.01 * (i % 7));
    found.push_back(truth.back() + 0.0235);
  }
  CHECK(score_detections(truth, found, 50, {}).tp == 0);
  DetectionScoreOptions options;
  options.max_lag_ms = 50;
  const auto score = score_detections(truth, found, 50, options);
  CHECK(score.tp == 50);
  CHECK(score.lag_ms == Approx(23.5).margin(1e-6));
}

TEST_CASE("nothing true, nothing found, no duration: what is undefined is missing") {
  CHECK(!score_detections({}, {}, std::nullopt, {}).sensitivity);
  const auto no_truth = score_detections({}, std::vector<double>{1, 2}, 60, {});
  CHECK(!no_truth.sensitivity);
  CHECK(*no_truth.ppv == 0);
  CHECK(*no_truth.false_per_min == Approx(2));
  const auto nothing_found = score_detections(std::vector<double>{1}, {}, std::nullopt, {});
  CHECK(*nothing_found.sensitivity == 0);
  CHECK(!nothing_found.ppv);
  CHECK(!nothing_found.false_per_min);
}

TEST_CASE("what is not finite or out of range is refused by name") {
  CHECK_THROWS_WITH(score_detections(std::vector<double>{std::numeric_limits<double>::infinity()}, {}, 1, {}), ContainsSubstring("reference instant 0"));
  CHECK_THROWS_WITH(score_detections({}, {}, -1, {}), ContainsSubstring("duration_s"));
  DetectionScoreOptions options;
  options.tolerance_ms = -1;
  CHECK_THROWS_WITH(score_detections({}, {}, 1, options), ContainsSubstring("tolerance_ms"));
}
