#include "libemg/simulate/contraction.h"

#include "libemg/core/error.h"
#include "libemg/simulate/drive.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("units fire at the rate of their law, later ones not at all") {
  const std::vector<MotorNeuron> pool{{0.1, 0.05, 1}, {0.5, 0.2, 1}, {0.9, 0.6, 1}};
  PoolOptions law{.rate_model = RateModel::onion_ta};
  law.common_spread = law.private_spread = 0;
  const auto profile = bout_profile({{0, 200, 0.4}}, 0, 200);
  const auto trains = contraction_trains(pool, profile, law, 1, 0, 1);
  REQUIRE(trains.size() == 3);
  for (std::size_t u = 0; u < 2; ++u) {
    const double rate = pool_rate_hz(law, pool[u], 0.4);
    CHECK(static_cast<double>(trains[u].time_s.size()) / 200 == Approx(rate).epsilon(0.02));
  }
  CHECK(trains[2].time_s.empty());
}

TEST_CASE("a unit's train does not depend on the others or on threads") {
  const auto pool = sample_pool(1, RateModel::onion_ta, 6, 30);
  const auto profile = bout_profile({{0, 20, 0.5}}, 1, 20);
  const auto all = contraction_trains(pool, profile, {}, 1, 0, 1);
  const auto some = contraction_trains({pool.begin(), pool.begin() + 3}, profile, {}, 1, 0, 7);
  for (std::size_t u = 0; u < 3; ++u) CHECK(some[u].time_s == all[u].time_s);
  CHECK(contraction_trains(pool, profile, {}, 1, 1000, 1)[0].time_s != all[0].time_s);
}

TEST_CASE("a shortest interval above the mean one is refused") {
  const auto pool = sample_pool(1, RateModel::onion_ta, 6, 30);
  PoolOptions law;
  law.shortest_interval_ms = 200;
  CHECK_THROWS_WITH(contraction_trains(pool, bout_profile({{0, 2, 0.5}}, 0, 2), law, 1, 0, 1),
                    ContainsSubstring("shortest_interval_ms 200"));
}
