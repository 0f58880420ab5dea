#include "libemg/spectral/cumulant.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/spectral/pairs.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("the cumulant density and its limits equal the NumPy formula; its peak stands at the delay") {
  const auto c = reference_cases("spectral.txt", "cumulant").front();
  const auto result = cumulant(reference_pair(c.count()), 1000, {});
  REQUIRE(result.cumulant_uv2.size() == 501);
  CHECK(reference_error(result.cumulant_uv2.data(), 501, c) <= 1e-12 * c.number("largest"));
  CHECK(result.high_limit_uv2 == Approx(c.number("limit")).epsilon(1e-12));
  const auto top = std::max_element(result.cumulant_uv2.begin(), result.cumulant_uv2.end()) - result.cumulant_uv2.begin();
  CHECK(result.lag_ms[static_cast<std::size_t>(top)] == 12);
}

TEST_CASE("independent channels leave the limits at 5 % of the lags") {
  Index outside = 0, all = 0;
  for (int run = 0; run < 60; ++run) {
    const auto result = cumulant(independent_noise(2, 10000, run), 1000, {});
    for (const double q : result.cumulant_uv2) outside += q > result.high_limit_uv2 || q < result.low_limit_uv2;
    all += static_cast<Index>(result.cumulant_uv2.size());
  }
  const double share = static_cast<double>(outside) / static_cast<double>(all);
  CHECK(share > 0.04);
  CHECK(share < 0.06);
}

TEST_CASE("cumulant: exchange of the channels reverses the lags; constants have none") {
  const auto x = reference_pair(5000);
  const auto ahead = cumulant(x, 1000, {}), back = cumulant(x, 1000, {.first_channel = 1, .second_channel = 0});
  for (std::size_t k = 0; k < 501; ++k) CHECK(ahead.cumulant_uv2[k] == Approx(back.cumulant_uv2[500 - k]).margin(1e-9));
  const auto constant = cumulant(RowMatrix::Constant(2, 3000, 4), 1000, {});
  CHECK(constant.high_limit_uv2 < 1e-20);
}

TEST_CASE("cumulant refuses lags beyond half a segment and channels that do not exist") {
  const auto x = reference_pair(3000);
  CHECK_THROWS_WITH(cumulant(x, 1000, {.max_lag_ms = 500}), ContainsSubstring("max_lag_ms 500 must be less than half of segment_s 1 s"));
  CHECK_THROWS_WITH(cumulant(x, 1000, {.second_channel = 2}),
                    ContainsSubstring("second_channel 2 does not exist: the signal has 2 channels"));
  CHECK_THROWS_WITH(cumulant(x, 1000, {.second_channel = 0}), ContainsSubstring("first_channel and second_channel are both 0"));
}

}  // namespace emg
