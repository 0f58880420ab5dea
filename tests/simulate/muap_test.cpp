#include "libemg/simulate/muap.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("fibre density of the default anatomy is that of normal muscle") {
  // Mean number of a unit's own fibres within a half disc of 0.3 mm around one of them, plus one: 1.64.
  const NeedleAnatomy anatomy;
  const MotorNeuron middle{0.5, 0.1, std::sqrt(30.0)};
  double near = 0, centres = 0;
  for (std::uint64_t index = 0; index < 40; ++index) {
    UnitPotential about;
    const auto fibres = needle_fibres(anatomy, middle, 30, 1, index, about);
    CHECK(about.territory_mm == Approx(7));
    for (const auto& a : fibres) {
      // Far enough from the edges of territory and pick-up area.
      if (std::hypot(a.x_mm, a.y_mm) > 3.6 || std::hypot(a.x_mm - about.territory_x_mm, a.y_mm - about.territory_y_mm) > 3.1) continue;
      ++centres;
      for (const auto& b : fibres) near += &a != &b && b.x_mm > a.x_mm && std::hypot(a.x_mm - b.x_mm, a.y_mm - b.y_mm) < 0.3;
    }
  }
  CHECK(1 + near / centres == Approx(1.64).margin(0.05));
}

TEST_CASE("fibres differ in length of axon and the delays come from positions") {
  UnitPotential about;
  const auto fibres = needle_fibres({}, {0.5, 0.1, std::sqrt(30.0)}, 30, 2, 0, about);
  REQUIRE(fibres.size() > 20);
  CHECK(about.fibre_count == static_cast<int>(fibres.size()));
  double low = 1e9, high = 0, endplates = 0;
  for (const auto& f : fibres) {
    low = std::min(low, f.delay_ms);
    high = std::max(high, f.delay_ms);
    endplates += std::fabs(f.endplate_mm) / static_cast<double>(fibres.size());
    CHECK(std::hypot(f.x_mm, f.y_mm) <= 4);
    CHECK(f.velocity_m_s == fibre_velocity_m_s(f.diameter_um));
  }
  CHECK(low >= 0.7);
  CHECK(high - low > 0.3);
  CHECK(endplates > 0.3);
  CHECK(about.velocity_m_s == Approx(3.8).margin(0.4));
}

TEST_CASE("needle units: amplitude of the published order, more fibres give larger potentials", "[long]") {
  const MotorNeuron middle{0.5, 0.1, std::sqrt(30.0)};
  NeedleAnatomy dense;
  dense.fibre_density_mm2 = 14;
  double normal = 0, neurogenic = 0;
  const int sites = 10;
  for (std::uint64_t index = 0; index < sites; ++index) {
    const auto range = [&](const UnitPotential& unit) { return unit.fine.maxCoeff() - unit.fine.minCoeff(); };
    normal += range(needle_unit({}, middle, 30, 20000, 1, index)) / sites;
    neurogenic += range(needle_unit(dense, middle, 30, 20000, 1, index)) / sites;
  }
  CHECK(normal > 150);
  CHECK(normal < 1500);
  CHECK(neurogenic > 1.3 * normal);
}

TEST_CASE("an empty unit is silent") {
  NeedleAnatomy none;
  none.fibre_density_mm2 = 0;
  const auto unit = needle_unit(none, {0.5, 0.1, 1}, 30, 20000, 1, 0);
  CHECK(unit.fibre_count == 0);
  CHECK(unit.fine.isZero());
  Index zero = 0;
  CHECK(sampled_template(unit, 0, zero).isZero());
}

TEST_CASE("the sampled template has its reference point on a sample") {
  const auto unit = needle_unit({}, {0.5, 0.1, 5}, 30, 20000, 3, 1);
  Index zero = 0;
  const auto sampled = sampled_template(unit, 0, zero);
  CHECK(std::fabs(sampled(0, zero)) == unit.fine.cwiseAbs().maxCoeff());
}
