#include "libemg/simulate/drive.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("bouts are trapezoids") {
  const auto profile = bout_profile({{1, 3, 0.5}}, 0.5, 4);
  const auto at = [&](double t) { return profile[static_cast<std::size_t>(std::lround(t * kDriveRateHz))]; };
  CHECK(at(0.99) == 0);
  CHECK(at(1.25) == Approx(0.25));
  CHECK(at(2) == 0.5);
  CHECK(at(2.9) == Approx(0.1));
  CHECK(at(3.01) == 0);
  CHECK(bout_profile({}, 0.5, 1).size() == 201);
}

TEST_CASE("drive noise has unit variance, a corner of 2.5 Hz and its own stream") {
  const auto noise = drive_noise(1, 0, 200000);
  double mean = 0, square = 0, product = 0;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    mean += noise[i] / 200000;
    square += noise[i] * noise[i] / 200000;
    if (i + 10 < noise.size()) product += noise[i] * noise[i + 10] / 200000;
  }
  CHECK(mean == Approx(0).margin(0.05));
  CHECK(square == Approx(1).epsilon(0.06));
  // Two equal poles: autocorrelation (1 + w t) exp(-w t) at t = 50 ms, w = 2 pi 2.5.
  const double wt = 2 * 3.14159265358979 * 2.5 * 0.05;
  CHECK(product / square == Approx((1 + wt) * std::exp(-wt)).margin(0.02));
  CHECK(drive_noise(1, 1, 10) != drive_noise(1, 0, 10));
  CHECK(drive_noise(2, 0, 10) != drive_noise(1, 0, 10));
}

TEST_CASE("profiles of effort") {
  EffortOptions o{.effort = 0.4};
  const auto at = [&](double t) { return effort_profile(o, 20)[static_cast<std::size_t>(std::lround(t * kDriveRateHz))]; };
  o.profile = EffortProfile::constant;
  CHECK((at(0) == 0.4 && at(20) == 0.4));
  o.profile = EffortProfile::ramp;
  o.rest_s = 2;
  CHECK(at(1) == 0);
  CHECK(at(10) == Approx(0.2));
  CHECK(at(18) == Approx(0.4));
  o.profile = EffortProfile::trapezoid;
  CHECK(at(2.5) == Approx(0.2));
  CHECK(at(10) == 0.4);
  o.profile = EffortProfile::sine;
  o.sine_hz = 0.5;
  CHECK(at(10.5) == Approx(0.6));
  CHECK(at(11.5) == Approx(0.2));
  o.profile = EffortProfile::bouts;
  CHECK(at(4) == 0.4);
  CHECK(at(9) == 0);
  CHECK(at(14) == 0.4);
  o.profile = EffortProfile::points;
  CHECK_THROWS_WITH(at(1), ContainsSubstring("point_effort has 0 values for 0 point_s"));
  o.point_s = {5, 10};
  o.point_effort = {0.1, 0.3};
  CHECK(at(0) == 0.1);
  CHECK(at(7.5) == Approx(0.2));
  CHECK(at(15) == 0.3);
  o.point_s = {5, 5};
  CHECK_THROWS_WITH(at(1), ContainsSubstring("point_s 5 follows 5"));
}

TEST_CASE("beta drive: unit variance within 15-30 Hz") {
  const auto noise = beta_noise(1, 0, 100000);
  double square = 0, slow = 0;
  for (std::size_t i = 0; i < noise.size(); ++i) square += noise[i] * noise[i] / 100000;
  CHECK(square == Approx(1).epsilon(0.05));
  // A mean over 200 ms keeps nothing of it.
  for (std::size_t i = 0; i + 40 <= noise.size(); i += 40) {
    double mean = 0;
    for (std::size_t k = 0; k < 40; ++k) mean += noise[i + k] / 40;
    slow += mean * mean / 2500;
  }
  CHECK(slow < 0.02);
  CHECK(beta_noise(1, 1, 10) != beta_noise(1, 0, 10));
}
