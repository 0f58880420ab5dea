#include "libemg/decompose/duplicates.h"

#include <algorithm>
#include <ctime>

#include "libemg/core/random.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

std::vector<std::int64_t> train(std::uint64_t stream, std::int64_t count, double mean = 200) {
  Random random(3, stream);
  std::vector<std::int64_t> t;
  double at = 100;
  for (std::int64_t i = 0; i < count; ++i) {
    at += std::max(40.0, mean + 0.15 * mean * random.normal());
    t.push_back(static_cast<std::int64_t>(at));
  }
  return t;
}

std::vector<std::int64_t> shifted(std::vector<std::int64_t> t, std::int64_t by) {
  for (auto& s : t) s += by;
  return t;
}

}  // namespace

TEST_CASE("a copy 31 ms late is the same unit, whatever the window of the search for lags elsewhere") {
  const auto a = train(0, 224), b = shifted(a, 63);
  const auto pair = pair_agreement(a, b, 164, 1);
  CHECK(pair.lag_samples == 63);
  CHECK(pair.roa == 1);
  CHECK(without_duplicates({a, b}, {{0.99, 0.1}, {0.999, 0.1}}, {}) == std::vector<std::size_t>{1});
}

TEST_CASE("a fragment is contained, though it shares little of the larger train") {
  const auto a = train(0, 300);
  const std::vector<std::int64_t> part(a.begin(), a.begin() + 80);
  const auto pair = pair_agreement(a, part, 164, 1);
  CHECK(pair.of_larger < 0.3);
  CHECK(pair.of_smaller == 1);
  CHECK(same_unit(pair, {}));
}

TEST_CASE("a short train does not displace a long one however well it stands out") {
  const auto a = train(0, 300), c = train(1, 290);
  const std::vector<std::int64_t> part(a.begin(), a.begin() + 40);
  CHECK(without_duplicates({part, a, c}, {{0.999, 0.1}, {0.9, 0.1}, {0.9, 0.1}}, {}) == std::vector<std::size_t>{1, 2});
}

TEST_CASE("units that share a fifth of their discharges stay") {
  auto a = train(0, 300);
  const auto b = train(1, 300);
  for (std::size_t i = 0; i < 50; ++i) a[6 * i] = b[6 * i];
  std::sort(a.begin(), a.end());
  CHECK(without_duplicates({a, b}, {{0.9, 0.1}, {0.9, 0.1}}, {}).size() == 2);
}

TEST_CASE("agreement is symmetric and does not change with a common shift") {
  const auto a = train(0, 200), b = train(1, 260);
  const auto ab = pair_agreement(a, b, 100, 1), ba = pair_agreement(b, a, 100, 1), moved = pair_agreement(shifted(a, 1000), shifted(b, 1000), 100, 1);
  CHECK(ab.common == moved.common);
  CHECK(std::abs(ab.common - ba.common) <= 2);
  CHECK(pair_agreement({}, b, 100, 1).roa == 0);
}

TEST_CASE("100 units of 10 minutes are compared within a second") {
  std::vector<std::vector<std::int64_t>> trains;
  for (std::uint64_t u = 0; u < 100; ++u) trains.push_back(train(u, 6000));
  const auto begin = std::clock();
  CHECK(without_duplicates(trains, std::vector<TrainRank>(100), {}).size() == 100);
  CHECK(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < 5.0);
}

}  // namespace emg
