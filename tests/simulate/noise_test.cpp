#include "libemg/simulate/noise.h"

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("white noise has its level, tiles, and a stream for each channel") {
  RowMatrix signal = RowMatrix::Zero(3, 100000);
  add_white_noise(1, 5, signal, 1);
  for (Index c = 0; c < 3; ++c) CHECK(std::sqrt(signal.row(c).squaredNorm() / 1e5) == Approx(5).epsilon(0.02));
  CHECK(std::fabs(signal.row(0).dot(signal.row(1))) < 4 * 25 * std::sqrt(1e5));
  RowMatrix shorter = RowMatrix::Zero(3, 9000), threaded = RowMatrix::Zero(3, 100000);
  add_white_noise(1, 5, shorter, 1);
  CHECK(shorter == signal.leftCols(9000));
  add_white_noise(1, 5, threaded, 7);
  CHECK(threaded == signal);
  RowMatrix none = RowMatrix::Zero(1, 10);
  add_white_noise(1, 0, none, 1);
  CHECK(none.isZero());
}

TEST_CASE("mains stands at its frequency with its level, the same on all channels") {
  RowMatrix signal = RowMatrix::Zero(2, 40000);
  add_line(1, 20, 50, 2000, signal);
  CHECK(signal.row(0) == signal.row(1));
  const auto power = [&](double hz) {
    std::complex<double> sum = 0;
    for (Index i = 0; i < 2000; ++i) sum += signal(0, i) * std::polar(1.0, -2 * std::numbers::pi * hz * static_cast<double>(i) / 2000);
    return std::abs(sum) / 1000;
  };
  CHECK(power(50) == Approx(20).epsilon(0.4));
  CHECK(power(150) / power(50) == Approx(0.4).margin(0.05));
  CHECK(power(75) < 0.05 * power(50));
  RowMatrix slow = RowMatrix::Zero(1, 1000);
  add_line(1, 20, 60, 100, slow);
  CHECK(slow.isZero());
}
