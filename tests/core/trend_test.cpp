#include "libemg/core/trend.h"

#include <cmath>
#include <vector>

#include "tests/support/catch.h"

namespace emg {

TEST_CASE("pairwise sums keep the digits that a running sum loses") {
  const std::vector<double> x(1'000'000, 0.1);
  CHECK(std::abs(pairwise_sum(x) - 1e5) < 1e-9);
  CHECK(pairwise_sum({}) == 0);
  CHECK(mean_of({}) == 0);
  std::vector<double> ramp(1001);
  for (std::size_t i = 0; i < ramp.size(); ++i) ramp[i] = static_cast<double>(i);
  CHECK(pairwise_sum(ramp) == 500500);
}

TEST_CASE("trend: mean, line, none") {
  std::vector<double> x(101);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 3 + 0.25 * static_cast<double>(i);
  const auto line = fit_trend(x, Trend::line);
  CHECK(line.slope == Approx(0.25).epsilon(1e-13));
  CHECK(line.at(0) == Approx(3).epsilon(1e-13));
  CHECK(line.at(100) == Approx(28).epsilon(1e-13));
  CHECK(fit_trend(x, Trend::mean).at(0) == Approx(15.5));
  CHECK(fit_trend(x, Trend::none).at(7) == 0);
  CHECK(fit_trend(std::vector<double>{4}, Trend::line).at(0) == 4);
}

TEST_CASE("a line is orthogonal to what remains") {
  std::vector<double> x{1, 5, -2, 8, 8, 0, 3};
  const auto line = fit_trend(x, Trend::line);
  double sum = 0, moment = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double rest = x[i] - line.at(static_cast<Index>(i));
    sum += rest;
    moment += rest * static_cast<double>(i);
  }
  CHECK(std::abs(sum) < 1e-12);
  CHECK(std::abs(moment) < 1e-12);
}

}  // namespace emg
