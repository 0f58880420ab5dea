#include "libemg/measure/ncs/stair_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// Every partition of sorted values into `levels` runs, the plain way.
double by_force(std::vector<double> v, int levels) {
  std::sort(v.begin(), v.end());
  const auto cost = [&](std::size_t i, std::size_t j) {
    const double m = v[i + (j - i - 1) / 2];
    double sum = 0;
    for (std::size_t k = i; k < j; ++k) sum += std::abs(v[k] - m);
    return sum;
  };
  const std::size_t n = v.size();
  std::vector<std::vector<double>> best(static_cast<std::size_t>(levels) + 1, std::vector<double>(n + 1, INFINITY));
  best[0][0] = 0;
  for (std::size_t d = 1; d < best.size(); ++d) {
    for (std::size_t j = 1; j <= n; ++j) {
      for (std::size_t i = 0; i < j; ++i) best[d][j] = std::min(best[d][j], best[d - 1][i] + cost(i, j));
    }
  }
  return best.back()[n] / static_cast<double>(n);
}

}  // namespace

TEST_CASE("the distance for every number of levels is the optimum") {
  Random random(2, 0);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<double> v;
    for (int i = 0; i < 40 + trial; ++i) v.push_back(trial % 2 ? random.uniform() : std::round(10 * random.uniform()) / 10);
    const auto fit = stair_fit(v, 0, std::nullopt, 15);
    for (int d = 1; d <= 15; ++d) CHECK(fit.distance_mv.at(static_cast<std::size_t>(d - 1)) == Approx(by_force(v, d)).margin(1e-12));
  }
}

TEST_CASE("levels of a noisy staircase are found with their number") {
  Random random(5, 0);
  std::vector<double> v;
  for (int level = 0; level <= 12; ++level) {
    for (int k = 0; k < 30; ++k) v.push_back(0.5 * level + 0.01 * random.normal());
  }
  const auto fit = stair_fit(v, 0.02, 0.01);
  CHECK(*fit.level_count == 13);
  CHECK(*fit.bic_levels == 13);
  REQUIRE(fit.levels_mv.size() == 13);
  for (int level = 0; level <= 12; ++level) CHECK(fit.levels_mv[static_cast<std::size_t>(level)] == Approx(0.5 * level).margin(0.01));
  CHECK_FALSE(fit.saturated);
}

TEST_CASE("equal values need one level; nothing and not finite are refused") {
  CHECK(*stair_fit({2, 2, 2}, 0.001).level_count == 1);
  CHECK(*stair_fit({2}, 0.001).level_count == 1);
  CHECK_THROWS_WITH(stair_fit({}, 1), ContainsSubstring("no amplitudes"));
  CHECK_THROWS_WITH(stair_fit({1, std::numeric_limits<double>::quiet_NaN()}, 1), ContainsSubstring("amplitude 1"));
}
