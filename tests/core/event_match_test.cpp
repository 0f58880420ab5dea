#include "libemg/core/event_match.h"

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> train(Random& random, std::size_t count, std::uint64_t length) {
  std::vector<double> times;
  while (times.size() < count) {
    times.push_back(static_cast<double>(random.below(length)));
    std::sort(times.begin(), times.end());
    times.erase(std::unique(times.begin(), times.end()), times.end());
  }
  return times;
}

// Largest number of pairs by trying every partner of every instant.
std::size_t exhaustive(const std::vector<double>& a, const std::vector<double>& b, double lag, double tolerance, std::size_t i, unsigned used) {
  if (i == a.size()) return 0;
  std::size_t most = exhaustive(a, b, lag, tolerance, i + 1, used);
  for (std::size_t j = 0; j < b.size(); ++j) {
    if ((used >> j & 1u) == 0 && std::abs(b[j] - a[i] - lag) <= tolerance)
      most = std::max(most, 1 + exhaustive(a, b, lag, tolerance, i + 1, used | 1u << j));
  }
  return most;
}

}  // namespace

TEST_CASE("matching in order of time finds as many pairs as trying everything") {
  Random random(7);
  for (int round = 0; round < 500; ++round) {
    const auto a = train(random, 1 + random.below(7), 30), b = train(random, 1 + random.below(7), 30);
    const double tolerance = static_cast<double>(random.below(5)), lag = static_cast<double>(random.below(7)) - 3;
    REQUIRE(match_count(a, b, lag, tolerance) == exhaustive(a, b, lag, tolerance, 0, 0));
  }
}

TEST_CASE("counts are symmetric and do not see a common shift") {
  Random random(8);
  for (int round = 0; round < 200; ++round) {
    const auto a = train(random, 2 + random.below(20), 300), b = train(random, 2 + random.below(20), 300);
    auto moved = b;
    for (auto& t : moved) t += 1000;
    auto moved_a = a;
    for (auto& t : moved_a) t += 1000;
    const auto forward = common_lag(a, b, 2, 40), backward = common_lag(b, a, 2, 40), shifted = common_lag(moved_a, moved, 2, 40);
    REQUIRE(forward.count == backward.count);
    REQUIRE(forward.count == shifted.count);
    REQUIRE(forward.lag == shifted.lag);
  }
}

TEST_CASE("a constant lag is found exactly, on and off the grid") {
  Random random(9);
  const auto a = train(random, 200, 100000);
  for (const double lag : {-60.0, -2.0, 0.0, 1.0, 37.0, 37.3, -12.25}) {
    auto b = a;
    for (auto& t : b) t += lag;
    const auto found = common_lag(a, b, 5, 100);
    CHECK(found.lag == Approx(lag).margin(1e-9));
    CHECK(found.count == 200);
    CHECK(found.runner_up < 20);
  }
}

TEST_CASE("the half-open window leaves its upper end out") {
  const std::vector<double> a{10, 50}, b{12, 48};
  CHECK(match_count(a, b, 0, 2) == 2);
  CHECK(match_count(a, b, 0, 2, MatchWindow::half_open) == 1);
}

TEST_CASE("empty trains have no pair and no lag") {
  CHECK(match_events({}, std::vector<double>{1}, 0, 1).empty());
  CHECK(common_lag(std::vector<double>{1}, {}, 1, 10).count == 0);
  CHECK(common_lag({}, {}, 1, 10).lag == 0);
  CHECK_THROWS_AS(common_lag(std::vector<double>{1}, std::vector<double>{1}, 1, 10, 0), InvalidArgument);
}
