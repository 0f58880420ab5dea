#include "libemg/simulate/anatomy.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("fibres belong to the branch that is nearest in the cross-section") {
  Random random(1);
  const std::vector<Branch> branches{{-2, 0, 10}, {2, 0, -10}};
  for (int i = 0; i < 50; ++i) {
    const double x = random.uniform(-3, 3);
    const auto fibre = grow_fibre(random, x, 0.5, branches, {60, 55, 6, 0.7});
    CHECK(fibre.endplate_mm * (x < 0 ? 1 : -1) > 5);
    // Terminal length and branch length from positions, plus transmission.
    CHECK(fibre.delay_ms == Approx(10 / 5.0 + std::fabs(fibre.endplate_mm - (x < 0 ? 10 : -10)) / 2 + 0.7));
    CHECK(fibre.positive_mm + fibre.negative_mm == Approx(120).margin(15));
    CHECK((fibre.diameter_um >= 20 && fibre.diameter_um <= 95));
  }
}

TEST_CASE("branches lie in the territory, unit diameters rise with size") {
  Random random(2);
  for (const auto& branch : axon_branches(random, 100, 3, 4, 2, 2)) CHECK(std::hypot(branch.x_mm - 3, branch.y_mm - 4) <= 2);
  CHECK(unit_diameter_um(0) == 46);
  CHECK(unit_diameter_um(1) == 64);
  CHECK(mean_velocity({}) == 0);
  CHECK(last_activity_ms({}, 1.4) == 1);
}
