#include "libemg/simulate/drive.h"

#include <cmath>

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

TEST_CASE("fluctuation is relative to the effort and never below 0") {
  const auto drive = unit_drive({0, 0.5, 1}, {1, 1, -9}, {0, 2, 0}, 0.1, 0.05);
  CHECK(drive[0] == 0);
  CHECK(drive[1] == Approx(0.5 * 1.2));
  CHECK(drive[2] == Approx(0.1));
  CHECK(unit_drive({1}, {-20}, {0}, 0.1, 0)[0] == 0);
}
