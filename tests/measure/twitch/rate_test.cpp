#include "libemg/measure/twitch/rate.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("rates have Garwood's limits") {
  const auto rate = poisson_rate(40, 600);
  CHECK(rate->per_min == Approx(4));
  CHECK(rate->low_per_min == Approx(2.85766).margin(1e-5));
  CHECK(rate->high_per_min == Approx(5.44686).margin(1e-5));
  CHECK(poisson_rate(0, 60)->low_per_min == 0);
  CHECK(poisson_rate(0, 60)->high_per_min == Approx(3.6889).margin(5e-5));
  CHECK(!poisson_rate(3, 0));
  CHECK_THROWS_AS(poisson_rate(-1, 60), InvalidArgument);
  CHECK_THROWS_AS(poisson_rate(1, 60, 1), InvalidArgument);
}

TEST_CASE("the exact interval covers the truth in at least 95 % of cases") {
  for (const double expected : {0.5, 5.0, 50.0}) {
    Random random(11, static_cast<std::uint64_t>(expected * 2));
    int drawn = 0;
    for (int i = 0; i < 10000; ++i) {
      const auto limits = poisson_limits(random.poisson(expected), 0.95);
      drawn += limits.low <= expected && expected <= limits.high;
    }
    // Of all counts, weighted by their probability: exact. The draws scatter about it.
    double covered = 0;
    for (int n = 0; n < 200; ++n) {
      const auto limits = poisson_limits(n, 0.95);
      if (limits.low <= expected && expected <= limits.high) covered += poisson_lower_tail(n, expected) - poisson_lower_tail(n - 1, expected);
    }
    CHECK(covered >= 0.95);
    CHECK(std::fabs(drawn / 10000.0 - covered) < 4 * std::sqrt(covered * (1 - covered) / 10000));
  }
}

TEST_CASE("what would have been seen") {
  CHECK(*detectable_rate_per_min(60) == Approx(2.9957).margin(5e-5));
  CHECK(*detectable_rate_per_min(4.6 * 60) == Approx(0.6512).margin(5e-4));
  CHECK(*detectable_rate_per_min(60, 0.95, 0.5) == Approx(5.9915).margin(1e-4));
  CHECK(!detectable_rate_per_min(0));
  for (const auto& [seconds, p] : {std::pair{10.0, 0.632}, {30.0, 0.950}, {60.0, 0.998}}) CHECK(probability_to_see(1, 6, seconds) == Approx(p).margin(5e-4));
  for (const auto& [seconds, p] : {std::pair{60.0, 0.715}, {90.0, 0.945}, {120.0, 0.992}}) CHECK(probability_to_see(5, 6, seconds) == Approx(p).margin(5e-4));
  CHECK(probability_to_see(5, 6, seconds_to_see(5, 6, 0.95)) == Approx(0.95).epsilon(1e-9));
  CHECK_THROWS_AS(detectable_rate_per_min(60, 0.95, 0), InvalidArgument);
}

TEST_CASE("two rates are compared exactly") {
  const auto r = rate_ratio(40, 600, 20, 600);
  CHECK(*r.ratio == Approx(2));
  CHECK(*r.low == Approx(1.1419).margin(5e-5));
  CHECK(*r.high == Approx(3.6111).margin(5e-5));
  CHECK(r.p == Approx(0.01349).margin(5e-6));
  CHECK(!rate_ratio(0, 60, 0, 60).ratio);
  CHECK(!rate_ratio(5, 60, 0, 60).high);
}

TEST_CASE("a rate is corrected for hidden events, or refused") {
  for (const double true_rate : {40.0, 300.0, 600.0}) {
    const double dead = 0.028, observed = true_rate * std::exp(-true_rate / 60 * dead);
    CHECK(*corrected_rate_per_min(observed, dead) == Approx(true_rate).epsilon(1e-9));
  }
  CHECK(!corrected_rate_per_min(60 * std::exp(-1.0) / 0.028, 0.028));
}

TEST_CASE("persistence is counted in usable time") {
  const std::vector<Stretch> usable{{0, 50}, {60, 110}};
  const std::vector<double> times{5, 6, 65, 105};
  const auto p = persistence(times, usable, 10);
  CHECK(*p.active_fraction == Approx(0.3));      // usable bins 0-10, 50-60 (of 65 s) and 90-100 (of 105 s)
  CHECK(*p.time_to_first_s == 5);
  CHECK(*p.longest_gap_s == 49);                 // from 6 s to 65 s less ten excluded seconds
  CHECK(p.first_half == 2);
  CHECK(p.second_half == 2);
  CHECK(!persistence({}, usable, 10).time_to_first_s);
  CHECK(*persistence({}, usable, 10).longest_gap_s == 100);
  CHECK(!persistence(times, {}, 10).fano);
}

TEST_CASE("the block interval covers the rate of clustered events") {
  // Clusters of a geometric number of events within 2 s: variance over mean of long counts near 4.
  int covered = 0;
  constexpr int kRuns = 300;
  double fano = 0;
  for (int run = 0; run < kRuns; ++run) {
    Random random(3, static_cast<std::uint64_t>(run));
    std::vector<double> times;
    constexpr double kSeconds = 1200, kClusters = 8.0 / 60, kMore = 0.6;
    for (double t = random.exponential() / kClusters; t < kSeconds; t += random.exponential() / kClusters) {
      do times.push_back(t + 2 * random.uniform());
      while (random.chance(kMore));
    }
    std::sort(times.begin(), times.end());
    while (!times.empty() && times.back() >= kSeconds) times.pop_back();
    const std::vector<Stretch> usable{{0, kSeconds}};
    fano += *persistence(times, usable, 30).fano / kRuns;
    const auto interval = block_interval(times, usable, 1);
    const double truth = 60 * kClusters / (1 - kMore);
    covered += interval->low_per_min <= truth && truth <= interval->high_per_min;
  }
  INFO("Fano factor " << fano << ", covered " << covered << " of " << kRuns);
  CHECK(fano > 3.3);
  CHECK(fano < 4.7);
  CHECK(covered >= 0.88 * kRuns);
  CHECK(covered <= 0.98 * kRuns);
}
