#include "libemg/measure/ncs/compare.h"

#include "tests/support/catch.h"

using namespace emg;

namespace {

StudyValue value(const std::string& measure, double v, const std::string& site = "wrist", const std::string& side = "R") {
  StudyValue s;
  s.measure = measure, s.nerve = "median", s.side = side, s.site = site, s.muscle = "APB", s.onset_method = "rise";
  s.value = v, s.temperature_c = 33, s.band_low_hz = 3, s.band_high_hz = 10000;
  return s;
}

}  // namespace

TEST_CASE("sides and earlier studies are compared where they can be") {
  auto left = value("motor_amplitude_mv", 6, "wrist", "L"), right = value("motor_amplitude_mv", 8);
  left.sd = 0.3, right.sd = 0.4;
  const auto side = compare_sides({left, right}).at(0);
  CHECK(*side.ratio == Approx(0.75));
  CHECK(*side.difference == Approx(-2));
  CHECK(*side.difference_sd == Approx(0.5));
  left.onset_method = "hinge";
  CHECK(compare_sides({left, right}).at(0).reason == "not_assessable (onset method)");
  auto before = value("motor_amplitude_mv", 5);
  const auto change = compare_serial({before}, {right}, {{"motor_amplitude_mv", 1.5}}).at(0);
  CHECK(*change.change_pct == Approx(60));
  CHECK(*change.change_sd == Approx(2));
  before.temperature_c = 30;
  CHECK(compare_serial({before}, {right}).at(0).reason == "not_assessable (temperature)");
  before.temperature_c = 33, before.band_low_hz = 20;
  CHECK(compare_serial({before}, {right}).at(0).reason == "not_assessable (filter)");
}
