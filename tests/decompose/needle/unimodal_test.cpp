#include "libemg/decompose/needle/unimodal.h"

#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

TEST_CASE("one heap stays below the limit, two heaps pass it") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    std::vector<double> one, two;
    for (int i = 0; i < 200; ++i) one.push_back(random.normal());
    for (int i = 0; i < 200; ++i) two.push_back(random.normal() + (i < 90 ? 0 : 9));
    CHECK(mode_test(one).statistic < 2);
    const auto test = mode_test(two);
    CHECK(test.statistic > 2);
    CHECK(test.cut > 2);
    CHECK(test.cut < 7);
  }
}

TEST_CASE("few or equal numbers are one heap") {
  CHECK(mode_test({1, 2, 9}).statistic == 0);
  CHECK(mode_test(std::vector<double>(50, 3.0)).statistic == 0);
}
