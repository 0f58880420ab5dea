#include "libemg/core/chi_square.h"

#include "tests/support/catch.h"

namespace emg {

TEST_CASE("chi-square quantiles") {
  // scipy.stats.chi2.ppf
  CHECK(chi_square_quantile(0.1, 1) == Approx(0.015790774093431218).epsilon(1e-8));
  CHECK(chi_square_quantile(0.1, 16) == Approx(9.312236353796017).epsilon(1e-9));
  CHECK(chi_square_quantile(0.1, 250) == Approx(221.8059321).epsilon(1e-7));
  CHECK(chi_square_quantile(0.5, 3) == Approx(2.365973884375338).epsilon(1e-9));
}

}  // namespace emg
