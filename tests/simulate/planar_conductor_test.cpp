#include "libemg/simulate/planar_conductor.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("transfer function equals the direct solution of the boundary problem") {
  PlanarConductor c;
  CHECK(planar_transfer(c, 0.3, 0.2, 5) == Approx(0.07911423697).epsilon(1e-9));
  CHECK(planar_transfer(c, 0.05, 0.4, 2) == Approx(0.1011798520).epsilon(1e-9));
  c.fat_mm = 2;
  c.skin_mm = 1.5;
  CHECK(planar_transfer(c, 1, 0.1, 8) == Approx(1.072229731e-5).epsilon(1e-9));
  CHECK(std::isfinite(planar_transfer(c, 300, 300, 5)));
}

TEST_CASE("kernel tables") {
  struct Row {
    double depth, here, across, along;
  };
  for (const auto& row : {Row{2, 2.1417e-3, 6.944e-4, 1.5423e-3}, Row{5, 7.064e-4, 3.479e-4, 1.0356e-3},
                          Row{10, 2.053e-4, 1.399e-4, 5.031e-4}, Row{20, 4.463e-5, 3.787e-5, 1.485e-4}}) {
    const auto table = planar_table({}, row.depth);
    CAPTURE(row.depth);
    CHECK(table(0, 10) == Approx(row.here).epsilon(2e-3));
    CHECK(table(10, 10) == Approx(row.across).epsilon(2e-3));
    CHECK(table(0, 40) == Approx(row.along).epsilon(2e-3));
    CHECK(std::fabs(table(0, 0)) < 1e-12);
  }
}

TEST_CASE("a homogeneous half space has the closed kernel") {
  PlanarConductor c{.fat_mm = 3, .skin_mm = 1, .muscle_across_s_m = 0.3, .muscle_along_s_m = 0.3, .fat_s_m = 0.3, .skin_s_m = 0.3};
  const double depth = 6, total = depth + 4;
  const auto table = planar_table(c, depth);
  for (const double z : {2.0, 5.0, 20.0}) {
    for (const double x : {0.0, 7.0}) {
      const double expected = 2 * z / (4 * std::numbers::pi * 0.3 * std::pow(x * x + z * z + total * total, 1.5));
      CHECK(table(static_cast<Index>(x), static_cast<Index>(2 * z)) == Approx(expected).epsilon(2e-3));
    }
  }
}

TEST_CASE("one fibre on the skin: peak to peak by depth") {
  struct Row {
    double depth, monopolar, bipolar;
  };
  for (const auto& row : {Row{2, 0.899, 1.513}, Row{5, 0.390, 0.345}, Row{10, 0.206, 0.0668}, Row{15, 0.139, 0.0235}}) {
    PlanarKernels kernels{PlanarConductor{}};
    kernels.prepare(row.depth);
    const auto profile = kernels.profile(0, row.depth);
    Fibre fibre;
    fibre.positive_mm = fibre.negative_mm = 70;
    const auto at = [&](double z_e) {
      return fibre_wave(
          fibre, [&](double z) { return profile_at(profile, z_e - z); }, 1, 0.1);
    };
    const auto range = [](const std::vector<double>& v) {
      const auto [low, high] = std::minmax_element(v.begin(), v.end());
      return *high - *low;
    };
    const auto near = at(25), far = at(35);
    auto difference = near;
    for (std::size_t i = 0; i < near.size(); ++i) difference[i] -= far[i];
    CAPTURE(row.depth);
    CHECK(range(near) == Approx(row.monopolar).epsilon(0.02));
    CHECK(range(difference) == Approx(row.bipolar).epsilon(0.02));
  }
}

TEST_CASE("profiles are odd along and interpolate between depths") {
  PlanarKernels kernels{PlanarConductor{}};
  kernels.prepare(5.25);
  const auto profile = kernels.profile(3.5, 5.25);
  CHECK(profile_at(profile, -4.3) == -profile_at(profile, 4.3));
  CHECK(profile_at(profile, 0) == Approx(0).margin(1e-12));
  CHECK(profile_at(profile, 500) == 0);
  const auto upper = planar_table({}, 5.0), lower = planar_table({}, 5.5);
  CHECK(profile[20] > std::min(upper(4, 20), lower(4, 20)));
  CHECK(profile[20] < std::max(upper(3, 20), lower(3, 20)));
}

TEST_CASE("conductivities must be positive") {
  PlanarConductor c;
  c.fat_s_m = 0;
  CHECK_THROWS_WITH(PlanarKernels(c), ContainsSubstring("fat_s_m 0"));
}
