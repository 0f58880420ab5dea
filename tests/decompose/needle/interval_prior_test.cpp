#include "libemg/decompose/needle/interval_prior.h"

#include <cmath>
#include <limits>

#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("mean, variation and misses of a train are learned") {
  TestUnit unit;
  unit.mean_ms = 80;
  auto times = test_train(unit, 60, 3, 1);
  const auto whole = learn_intervals(times);
  CHECK(whole.learned);
  CHECK(whole.mean_s == Approx(0.080).epsilon(0.03));
  CHECK(whole.cv == Approx(0.15).margin(0.03));
  CHECK(whole.miss < 0.03);
  std::vector<double> thinned;
  Random random(4);
  for (const double t : times) {
    if (!random.chance(0.2)) thinned.push_back(t);
  }
  const auto missing = learn_intervals(thinned);
  CHECK(missing.mean_s == Approx(0.080).epsilon(0.04));
  CHECK(missing.miss == Approx(0.2).margin(0.05));
}

TEST_CASE("a discharge is likeliest in the middle of a double interval, impossible beside another") {
  TestUnit unit;
  unit.mean_ms = 100;
  const auto model = learn_intervals(test_train(unit, 60, 5, 1));
  const IntervalPriorOptions options;
  const auto at = [&](double t) { return interval_penalty(model, t, 1.0, 1.2, 0.1, options); };
  CHECK(at(1.1) < at(1.05));
  CHECK(at(1.1) < -2 * std::log(model.rate_hz));
  CHECK(at(1.001) == Approx(1e6));
  CHECK(at(1.01) == Approx(-2 * (std::log(model.rate_hz) - options.limit)));
  auto strict = options;
  strict.doublets = false;
  CHECK(interval_penalty(model, 1.01, 1.0, 1.2, 0.1, strict) == Approx(1e6));
  CHECK(interval_penalty(model, 1.1, 1.0, kNone, 0.1, options) < interval_penalty(model, 1.03, 1.0, kNone, 0.1, options));
}

TEST_CASE("before anything is known the rate is constant") {
  const auto model = learn_intervals({0.1, 0.2});
  CHECK(!model.learned);
  CHECK(interval_penalty(model, 5, kNone, kNone, 0.1, {}) == Approx(-2 * std::log(10.0)));
  CHECK(local_means({}, model).empty());
}
