#include "libemg/measure/surface/fatigue.h"

#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

struct Points {
  std::vector<double> time, value;
};

Points reference_points(const ReferenceCase& c) {
  Points p;
  const RowMatrix noise = test_signal(1, c.count(), 100, static_cast<std::uint32_t>(c.number("seed")));
  for (Index i = 0; i < c.count(); ++i) {
    const double t = 0.25 + 0.5 * static_cast<double>(i), step = c.number("step");
    p.time.push_back(t);
    const double y = noise(0, i) - 0.7 * t;
    p.value.push_back(step > 0 ? step * std::nearbyint(y / step) : y);
  }
  return p;
}

// Band-limited noise whose amplitude grows and whose frequency falls, or not.
RowMatrix contraction(double growth, double fall) {
  constexpr double kRate = 1000;
  RowMatrix x(1, 40000);
  Random random(2);
  double a = 0, b = 0;
  for (Index i = 0; i < x.cols(); ++i) {
    const double t = static_cast<double>(i) / kRate, f = 90 * (1 - fall * t), r = 0.9;
    const double y = 2 * r * std::cos(2 * std::numbers::pi * f / kRate) * a - r * r * b + random.normal();
    b = a;
    a = y;
    x(0, i) = y * (1 + growth * t);
  }
  return x;
}

}  // namespace

TEST_CASE("both fits equal SciPy, ties included") {
  for (const auto& c : reference_cases("spectral.txt", "theil_sen")) {
    const auto p = reference_points(c);
    const auto line = theil_sen(p.time, p.value, c.number("confidence"));
    CHECK(line.slope == Approx(c.values[0]).epsilon(1e-12).margin(1e-12));
    CHECK(line.intercept == Approx(c.values[1]).epsilon(1e-12));
    CHECK(*line.low == Approx(c.values[2]).epsilon(1e-12).margin(1e-12));
    CHECK(*line.high == Approx(c.values[3]).epsilon(1e-12).margin(1e-12));
  }
  for (const auto& c : reference_cases("spectral.txt", "least_squares")) {
    const auto p = reference_points(c);
    const auto line = least_squares(p.time, p.value, c.number("confidence"));
    CHECK(line.slope == Approx(c.values[0]).epsilon(1e-11));
    CHECK(line.intercept == Approx(c.values[1]).epsilon(1e-12));
    CHECK(*line.low == Approx(c.values[2]).epsilon(1e-9));
    CHECK(*line.high == Approx(c.values[3]).epsilon(1e-9));
    CHECK(*line.p == Approx(c.values[4]).epsilon(1e-8));
  }
}

TEST_CASE("a straight line has its slope; a tenth of outliers moves Theil-Sen by less than 2 %") {
  Points p;
  for (int i = 0; i < 100; ++i) {
    p.time.push_back(i);
    p.value.push_back(100 - 0.5 * i);
  }
  for (const auto& line : {theil_sen(p.time, p.value, 0.95), least_squares(p.time, p.value, 0.95)}) {
    CHECK(line.slope == Approx(-0.5).epsilon(1e-12));
    CHECK(line.intercept == Approx(100).epsilon(1e-12));
    CHECK(*line.p < 1e-9);
  }
  for (std::size_t i = 4; i < 100; i += 10) p.value[i] += 500;
  CHECK(theil_sen(p.time, p.value, 0.95).slope == Approx(-0.5).epsilon(0.02));
  CHECK(std::abs(least_squares(p.time, p.value, 0.95).intercept - 100) > 10);
}

TEST_CASE("limits cover the true slope; overlapping windows are thinned for them") {
  int covered = 0;
  for (std::uint64_t run = 0; run < 200; ++run) {
    Random random(run);
    Points p;
    for (int i = 0; i < 40; ++i) {
      p.time.push_back(i);
      p.value.push_back(3 + 0.02 * i + random.normal());
    }
    const auto line = theil_sen(p.time, p.value, 0.95);
    covered += *line.low <= 0.02 && *line.high >= 0.02;
  }
  CHECK(covered >= 180);
  FatigueOptions options;
  options.hop_ms = 125;
  const auto rows = fatigue(contraction(0, 0), 1000, options);
  CHECK(rows[0].window_count == 317);
  CHECK(rows[0].independent_count == 80);
}

TEST_CASE("quadrants of amplitude and frequency") {
  const std::pair<std::pair<double, double>, FatigueQuadrant> cases[] = {{{0.02, 0.01}, FatigueQuadrant::fatigue},
                                                                         {{0.02, -0.01}, FatigueQuadrant::force_increase},
                                                                         {{-0.015, 0.01}, FatigueQuadrant::force_decrease},
                                                                         {{-0.015, -0.01}, FatigueQuadrant::recovery}};
  for (const auto& [change, quadrant] : cases) {
    const auto rows = fatigue(contraction(change.first, change.second), 1000);
    REQUIRE(rows.size() == 4);
    CHECK(rows[0].quadrant == quadrant);
    CHECK(rows[0].variable == "rms_uv");
    CHECK(*rows[0].slope_percent_per_s == Approx(100 * rows[0].slope_per_s / rows[0].intercept));
    CHECK(*rows[0].percent_low_per_s < *rows[0].slope_percent_per_s);
    CHECK(rows[0].flags == std::vector<std::string>{"force_unknown"});
  }
}

TEST_CASE("windows of another force are left out and counted") {
  RowMatrix x(2, 40000);
  x.row(0) = contraction(0.02, 0.01);
  x.row(1).setConstant(50);
  x.row(1).head(5000).setConstant(20);
  FatigueOptions options;
  options.force_channel = 1;
  const auto rows = fatigue(x, 1000, options);
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].excluded_count == 10);
  CHECK(rows[0].window_count == 70);
  CHECK(rows[0].flags.empty());
}

TEST_CASE("fatigue refuses short records and channels that do not exist") {
  const auto x = contraction(0, 0);
  CHECK_THROWS_WITH(fatigue(x.leftCols(2400), 1000), ContainsSubstring("has 4 windows") && ContainsSubstring("a trend needs 5 or more"));
  FatigueOptions options;
  options.force_channel = 1;
  CHECK_THROWS_WITH(fatigue(x, 1000, options), ContainsSubstring("force_channel 1 does not exist"));
  CHECK_THROWS_WITH(fatigue(x, 1000, {.confidence = 1}), ContainsSubstring("confidence 1"));
  CHECK_THROWS_WITH(fatigue(RowMatrix(0, 0), 1000), ContainsSubstring("signal is empty"));
}

TEST_CASE("fatigue: the same bits for any thread count") {
  RowMatrix x(3, 40000);
  for (Index c = 0; c < 3; ++c) x.row(c) = contraction(0.01 * static_cast<double>(c), 0.005);
  const auto one = fatigue(x, 1000), seven = fatigue(x, 1000, {}, 7);
  REQUIRE(one.size() == 12);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK((one[i].slope_per_s == seven[i].slope_per_s && one[i].p == seven[i].p));
}

}  // namespace emg
