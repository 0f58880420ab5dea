#include "libemg/measure/units/delta_f.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

// A unit whose rate follows a triangle of drive, with a hysteresis that keeps it firing below its threshold on the way down.
MotorUnit unit_of(int id, double start_s, double stop_s, double base_hz) {
  MotorUnit unit;
  unit.unit_id = id;
  unit.discharges.rate_hz = 2000;
  for (double t = start_s; t < stop_s;) {
    unit.discharges.sample.push_back(std::llround(t * 2000));
    const double drive = t < 10 ? t / 10 : std::max(0.0, (20 - t) / 10);
    t += 1 / (base_hz + 8 * drive);
  }
  return unit;
}

}  // namespace

TEST_CASE("delta-F is the fall of the control's rate between recruitment and derecruitment of the test unit") {
  const auto control = unit_of(0, 1, 19, 6), test = unit_of(1, 4, 18, 5);
  for (const auto smoothing : {RateSmoothing::svr, RateSmoothing::hann}) {
    DeltaFOptions options;
    options.smoothing = smoothing;
    options.hann_s = 0.5;
    const auto rows = delta_f({test, control}, options);
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].control_unit == 0);
    REQUIRE(rows[0].delta_f_hz);
    // Control 6 + 8 x 0.4 at about 4.1 s, 6 + 8 x 0.2 at about 18 s.
    CHECK(*rows[0].delta_f_hz == Approx(1.6).margin(0.3));
    CHECK(*rows[0].correlation > 0.9);
  }
}

TEST_CASE("a pair that does not meet a condition says why; means do not slip past it") {
  const auto control = unit_of(0, 1, 19, 6), soon = unit_of(1, 1.5, 18, 5), late = unit_of(2, 4, 18, 5), alone = unit_of(3, 30, 32, 8);
  const auto rows = delta_f({control, soon, late, alone}, {});
  REQUIRE(rows.size() == 6);
  CHECK(rows[0].reason == "recruited too soon after the control");
  CHECK(rows[2].reason == "not active together");
  const auto means = delta_f_by_unit(rows);
  REQUIRE(means.size() == 1);
  CHECK(means[0].unit_id == 2);
  CHECK(means[0].pair_count == 2);
  CHECK(*means[0].delta_f_hz == Approx(0.5 * (*rows[1].delta_f_hz + *rows[3].delta_f_hz)));
}

TEST_CASE("short trains make no pairs, other rates are refused") {
  auto brief = unit_of(4, 5, 5.5, 6), other = unit_of(5, 1, 19, 6);
  CHECK(delta_f({unit_of(0, 1, 19, 6), brief}, {}).empty());
  CHECK(delta_f({}, {}).empty());
  other.discharges.rate_hz = 1000;
  CHECK_THROWS_WITH(delta_f({unit_of(0, 1, 19, 6), other}, {}), ContainsSubstring("unit 5 has rate_hz 1000"));
}

}  // namespace emg
