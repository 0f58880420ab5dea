#include "libemg/filter/rectify.h"

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {

TEST_CASE("full is the absolute value, half what is positive") {
  RowMatrix x(2, 3);
  x << 1, -2, 0, -4, 5, -6;
  CHECK(rectify(x, 1000, {}) == x.cwiseAbs());
  CHECK(rectify(x, 1000, {Rectification::half}) == x.cwiseMax(0.0));
}

TEST_CASE("rectify: the same bits for any block size, thread count and company") {
  CHECK(same_bits_everywhere(
      test_signal(9, 5000, 0), [](const ChannelsView& v, int threads) { return rectify(v, 1000, {}, threads); },
      [](Index n) { return rectify_stage(n, 1000, {}); }));
}

TEST_CASE("rectify refuses samples that are not finite") {
  RowMatrix x = test_signal(2, 10);
  x(1, 4) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(rectify(x, 1000, {}), "channel 1, sample 4 is not finite");
}

}  // namespace emg
