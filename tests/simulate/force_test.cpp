#include "libemg/simulate/force.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// The 120 units of Fuglevand et al., at the ends of their parts of the pool.
std::vector<MotorNeuron> published_pool() {
  std::vector<MotorNeuron> pool;
  for (int i = 1; i <= 120; ++i) {
    const double threshold = fuglevand_threshold(i) / 47;
    pool.push_back({i / 120.0, threshold, 1});
  }
  return pool;
}

}  // namespace

TEST_CASE("twitches of the published pool") {
  CHECK(twitch_of(1.0 / 120).contraction_s == Approx(0.08918).epsilon(1e-3));
  CHECK(twitch_of(0.5).contraction_s == Approx(0.05196).epsilon(1e-3));
  CHECK(twitch_of(1).contraction_s == Approx(0.03).epsilon(1e-3));
  double sum = 0;
  for (int i = 1; i <= 120; ++i) sum += twitch_of(i / 120.0).force;
  CHECK(sum == Approx(2629.5).epsilon(1e-4));
}

TEST_CASE("steady force of the published pool and the drive that a force needs") {
  PoolOptions o{.rate_model = RateModel::fuglevand};
  const auto pool = published_pool();
  CHECK(steady_force(o, pool, 1) == Approx(20042).epsilon(0.002));
  const auto drive = excitation_for_force(o, pool, {0, 0.05, 0.10, 0.20, 0.30, 0.50, 0.80, 1});
  const std::vector<double> published{0, 0.128, 0.202, 0.315, 0.406, 0.557, 0.763, 1};
  for (std::size_t i = 0; i < drive.size(); ++i) CHECK(drive[i] == Approx(published[i]).margin(0.003));
  CHECK_THROWS_WITH(excitation_for_force(o, pool, {1.2}), ContainsSubstring("effort 1.2"));
  CHECK_THROWS_WITH(excitation_for_force(o, {}, {0.2}), ContainsSubstring("effort 0.2"));
}

TEST_CASE("a held contraction makes the force that it aims at") {
  const PoolOptions options;
  EffortOptions effort{.profile = EffortProfile::trapezoid, .effort = 0.3, .effort_unit = EffortUnit::force, .ramp_s = 2};
  const auto contraction = contract(options, effort, 20, 1, 0, 1);
  const auto force = force_of_trains(options, contraction.pool, contraction.trains, 100, 2000);
  double mean = 0;
  for (std::size_t i = 500; i < 1500; ++i) mean += force[i] / 1000;
  CHECK(mean == Approx(0.3).margin(0.06));
  CHECK(force.front() == 0);
  const auto table = effort_table(options, contraction, 20);
  CHECK(table.row_count() == 2000);
  CHECK(std::get<std::vector<double>>(table.find("force_pct")->values)[1000] == Approx(100 * force[1000]));
}
