#include "libemg/simulate/render.h"

#include <cmath>
#include <numbers>

#include "tests/support/catch.h"

using namespace emg;

namespace {

// A smooth wave of 10 ms on the fine grid.
UnitPotential wave(double rate_hz, double scale = 1) {
  UnitPotential unit;
  const auto points = static_cast<Index>(0.010 * rate_hz) * kPhases;
  unit.fine = RowMatrix(1, points);
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / (rate_hz * kPhases);
    unit.fine(0, i) = scale * std::pow(std::sin(std::numbers::pi * t / 0.010), 4) * std::sin(2 * std::numbers::pi * 400 * t);
  }
  return unit;
}

double exact(double t, double scale = 1) {
  if (t <= 0 || t >= 0.010) return 0;
  return scale * std::pow(std::sin(std::numbers::pi * t / 0.010), 4) * std::sin(2 * std::numbers::pi * 400 * t);
}

}  // namespace

TEST_CASE("a discharge stands at its exact instant") {
  const auto unit = wave(10000);
  RowMatrix signal = RowMatrix::Zero(1, 400);
  const double at_s = 0.0123456;
  render({{&unit, {at_s}, {}}}, 10000, signal, 1);
  double worst = 0;
  for (Index i = 0; i < signal.cols(); ++i) worst = std::max(worst, std::fabs(signal(0, i) - exact(static_cast<double>(i) / 10000 - at_s)));
  CHECK(worst < 2e-3);
  CHECK(signal.cwiseAbs().maxCoeff() > 0.8);
}

TEST_CASE("superposition, factors, edges and threads") {
  const auto a = wave(10000), b = wave(10000, 3);
  RowMatrix both = RowMatrix::Zero(1, 300), first = both, second = both;
  const std::vector<double> times{0.001, 0.0071, 0.02}, others{0.0003, 0.015};
  render({{&a, times, {}}, {&b, others, {}}}, 10000, both, 1);
  render({{&a, times, {}}}, 10000, first, 1);
  render({{&b, others, {}}}, 10000, second, 1);
  CHECK((both - first - second).cwiseAbs().maxCoeff() < 1e-12);
  RowMatrix doubled = RowMatrix::Zero(1, 300);
  render({{&a, times, {2, 2, 2}}}, 10000, doubled, 1);
  CHECK((doubled - 2 * first).cwiseAbs().maxCoeff() < 1e-12);
  RowMatrix outside = RowMatrix::Zero(1, 300);
  render({{&a, {-0.05, -0.004, 0.0295, 5.0}, {}}}, 10000, outside, 1);
  CHECK(outside.col(20).cwiseAbs().maxCoeff() > 1e-3);
  CHECK(outside.middleCols(70, 200).isZero());
}
