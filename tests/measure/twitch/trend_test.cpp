#include "libemg/measure/twitch/trend.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<RatePoint> monthly(double slope, std::uint64_t run, int count = 12, double per_min = 40) {
  Random random(21, run);
  std::vector<RatePoint> points;
  for (int m = 0; m < count; ++m) points.push_back({m * 30.44, random.poisson(5 * per_min * std::exp(slope * m)), 300});
  return points;
}

}  // namespace

TEST_CASE("the interval of the slope covers the truth") {
  const double slope = std::log(0.9);
  int covered = 0;
  for (std::uint64_t run = 0; run < 1000; ++run) {
    const auto row = rate_trend(monthly(slope, run));
    covered += *row.change_low <= slope && slope <= *row.change_high;
  }
  INFO("covered " << covered << " of 1000");
  CHECK(covered >= 930);
  CHECK(covered <= 970 + 15);   // widened by sqrt(phi) where phi is above 1 by chance
}

TEST_CASE("slope and heterogeneity against an independent fit") {
  // Poisson regression by statsmodels' formulas, iterated by hand to convergence: counts 30, 22, 18, 11 in 5 min at months 0 to 3.
  const RatePoint points[] = {{0, 30, 300}, {30.44, 22, 300}, {60.88, 18, 300}, {91.32, 11, 300}};
  const auto row = rate_trend(points, "biceps", "L");
  // The score equations hold: sums of residuals and of months times residuals vanish.
  const double b = *row.change_per_month;
  double events = 0, weight = 0;
  for (int m = 0; m < 4; ++m) events += static_cast<double>(points[m].events), weight += std::exp(b * m);
  double score = 0;
  for (int m = 0; m < 4; ++m) score += m * (static_cast<double>(points[m].events) - events / weight * std::exp(b * m));
  CHECK(std::fabs(score) < 1e-6);
  CHECK(b < 0);
  CHECK(*row.heterogeneity_chi2 == Approx((30 - 20.25) * (30 - 20.25) / 20.25 + 1.75 * 1.75 / 20.25 + 2.25 * 2.25 / 20.25 + 9.25 * 9.25 / 20.25));
  CHECK(row.present_in == 4);
  CHECK(row.muscle == "biceps");
}

TEST_CASE("the Theil-Sen slope of a line is its slope") {
  std::vector<RatePoint> points;
  for (int m = 0; m < 8; ++m) points.push_back({m * 30.44, 100 + 25 * m, 300});
  const auto row = rate_trend(points);
  CHECK(*row.theil_sen_per_min_per_month == Approx(5));
  CHECK(*row.theil_sen_low == Approx(5));
}

TEST_CASE("too little says why there is no slope") {
  CHECK(rate_trend({}).reason == "no recording with 60 s of usable time");
  const RatePoint one[] = {{0, 5, 300}};
  CHECK(rate_trend(one).reason == "one recording");
  const RatePoint same_day[] = {{0, 5, 300}, {0, 6, 300}};
  CHECK(rate_trend(same_day).reason == "one day");
  const RatePoint none[] = {{0, 0, 300}, {30, 0, 300}};
  CHECK(rate_trend(none).reason == "no event");
  CHECK(rate_trend(none).assessable == 2);
  const RatePoint wrong[] = {{0, -1, 300}};
  CHECK_THROWS_AS(rate_trend(wrong), InvalidArgument);
}

TEST_CASE("dates become days") {
  CHECK(*day_of("1970-01-02") == 1);
  CHECK(*day_of("2026-03-01T12:00:00+00:00") - *day_of("2026-02-28") == Approx(1.5));
  CHECK(!day_of("yesterday"));
  CHECK(!day_of("2026-02-30"));
}
