#include "libemg/decompose/needle/cluster.h"

#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

TEST_CASE("isolated potentials fall into as many clusters as there are units") {
  const auto units = three_units();
  auto record = test_record({}, 10, 3, 20000);
  std::vector<double> centres;
  std::vector<int> truth;
  Random random(4);
  for (int i = 0; i < 150; ++i) {
    const double t = 0.05 + 0.066 * i + 0.01 * random.uniform();
    add_potential(record.signal, 20000, units[static_cast<std::size_t>(i % 3)], t, 1 + 0.04 * random.normal());
    centres.push_back(std::round(t * 20000 + 6 * random.normal()));
    truth.push_back(i % 3);
  }
  ClusterOptions options;
  options.rate_hz = 20000;
  const auto clusters = cluster_potentials(record.signal, centres, options);
  REQUIRE(clusters.size() == 3);
  for (const auto& cluster : clusters) {
    CHECK(cluster.positions.size() >= 45);
    for (const int m : cluster.members) CHECK(truth[static_cast<std::size_t>(m)] == truth[static_cast<std::size_t>(cluster.members[0])]);
  }
}

TEST_CASE("trains that collide are two units, parts of one train are one") {
  const auto a = test_train({}, 10, 1, 1), b = test_train({}, 10, 1, 2);
  std::vector<double> even, odd, x, y;
  for (std::size_t i = 0; i < a.size(); ++i) (i % 2 ? odd : even).push_back(a[i] * 20000);
  for (const double t : a) x.push_back(t * 20000);
  for (const double t : b) y.push_back(t * 20000);
  CHECK(fire_as_one(even, odd, 20000, 10, 20));
  CHECK(!fire_as_one(x, y, 20000, 10, 20));
}

TEST_CASE("without potentials there is no cluster") { CHECK(cluster_potentials(RowMatrix::Zero(1, 100), {}, {20000}).empty()); }
