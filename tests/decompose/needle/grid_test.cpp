#include "libemg/decompose/needle/grid.h"

#include <cmath>
#include <vector>

#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

// Band-limited to half of the Nyquist rate.
double wave(double t) { return std::exp(-t * t / 50) * std::sin(0.9 * t); }

}  // namespace

TEST_CASE("waveforms are read and added between samples") {
  std::vector<double> x(101);
  for (int i = 0; i < 101; ++i) x[static_cast<std::size_t>(i)] = wave(i - 50);
  for (const double shift : {0.0, 0.1, 0.37, 0.5, 0.93}) {
    std::vector<double> y(60), z(200, 0);
    read_at(x, 20 + shift, y);
    add_at(z, 40 + shift, x, 2);
    double read_error = 0, add_error = 0;
    for (int i = 0; i < 60; ++i) read_error = std::max(read_error, std::abs(y[static_cast<std::size_t>(i)] - wave(i + 20 + shift - 50)));
    for (int i = 60; i < 130; ++i) add_error = std::max(add_error, std::abs(z[static_cast<std::size_t>(i)] - 2 * wave(i - 40 - shift - 50)));
    CHECK(read_error < 3e-3);
    CHECK(add_error < 6e-3);
  }
}

TEST_CASE("whole shifts are exact and what leaves the trace is dropped") {
  const std::vector<double> shape{1, 2, 3};
  std::vector<double> out(5, 0);
  add_at(out, 1, shape, 1);
  for (int i = 0; i < 3; ++i) CHECK(out[static_cast<std::size_t>(i + 1)] == Approx(shape[static_cast<std::size_t>(i)]).epsilon(1e-12));
  add_at(out, -2, shape, 1);
  CHECK(out[0] == Approx(3));
  add_at(out, 40, shape, 1);
  add_at(out, -40, shape, 1);
  CHECK(std::abs(out[4]) < 1e-12);
  std::vector<double> read(3);
  read_at(shape, 10, read);
  CHECK(read == std::vector<double>{0, 0, 0});
}

TEST_CASE("taps add up to one") {
  for (const double f : {0.0, 0.25, 0.499, 0.99}) {
    double sum = 0;
    for (const double t : taps_at(f)) sum += t;
    CHECK(sum == Approx(1).epsilon(1e-12));
  }
}
