#include "libemg/simulate/hermite.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("hermite units have no net area, their own shape and the heights asked for") {
  WaveformOptions o{.generator = WaveformGenerator::hermite};
  double mean = 0, closest = 0;
  RowMatrix first;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto unit = hermite_unit(o, {{}}, 1, 10000, 1, i);
    mean += unit.fine.cwiseAbs().maxCoeff() / 200;
    CHECK(std::fabs(unit.fine.sum()) < 1e-6 * unit.fine.cwiseAbs().sum());
    CHECK(std::fabs(unit.fine(0, 0)) < 1e-3 * unit.fine.cwiseAbs().maxCoeff());
    if (i == 0) first = unit.fine.normalized();
    if (i > 0) closest = std::max(closest, first.cwiseProduct(unit.fine.normalized()).sum());
  }
  CHECK(mean == Approx(500).epsilon(0.15));
  CHECK(closest < 0.999);
}

TEST_CASE("on a grid they change from place to place and travel") {
  WaveformOptions o{.generator = WaveformGenerator::hermite, .hermite_width_ms = 3};
  const auto unit = hermite_unit(o, {{0, 10}, {0, 18}, {0, 50}, {30, 10}}, 1, 2048, 1, 3);
  const auto cosine = [&](Index a, Index b) { return unit.fine.row(a).normalized().dot(unit.fine.row(b).normalized()); };
  CHECK(std::fabs(cosine(0, 1)) < 0.999);
  CHECK(std::fabs(cosine(0, 2)) < 0.9);
  // Across the fibres the shape keeps and the height changes: not separable along, separable across.
  CHECK(cosine(0, 3) == Approx(1).epsilon(1e-9));
}
