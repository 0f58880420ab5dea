#include "libemg/core/probability.h"

#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("limits of a Poisson mean are Garwood's") {
  const double table[][3] = {{0, 0, 3.6889}, {1, 0.0253, 5.5716}, {5, 1.6235, 11.6683}, {10, 4.7954, 18.3904}, {40, 28.5766, 54.4686}, {400, 361.7563, 441.1866}};
  for (const auto& row : table) {
    const auto limits = poisson_limits(static_cast<std::int64_t>(row[0]), 0.95);
    CHECK(limits.low == Approx(row[1]).margin(6e-5));
    CHECK(limits.high == Approx(row[2]).margin(6e-5));
  }
}

TEST_CASE("tails, in the centre and far out") {
  // Values of SciPy 1.11: chi2.sf, poisson.sf, norm.sf, betainc, f.sf, t.sf, binom.sf.
  CHECK(chi_square_upper_tail(3.841458820694124, 1) == Approx(0.05).epsilon(1e-9));
  CHECK(chi_square_upper_tail(200, 3) == Approx(4.218541107192018e-43).epsilon(1e-9));
  CHECK(poisson_upper_tail(5, 6) == Approx(1 - 0.2850565003166312).epsilon(1e-9));
  CHECK(poisson_lower_tail(4, 6) == Approx(0.2850565003166312).epsilon(1e-9));
  CHECK(poisson_upper_tail(0, 3) == 1);
  CHECK(normal_upper_tail(1.959963984540054) == Approx(0.025).epsilon(1e-9));
  CHECK(beta_lower_tail(0.3, 2, 5) == Approx(0.579825).epsilon(1e-6));
  CHECK(f_upper_tail(4, 2, 10) == Approx(0.052922149401344654).epsilon(1e-9));
  CHECK(student_upper_tail(2.228138851964939, 10) == Approx(0.025).epsilon(1e-6));
  CHECK(binomial_upper_tail(8, 10, 0.5) == Approx(0.0546875).epsilon(1e-9));
}

TEST_CASE("limits of a share are those of Clopper and Pearson") {
  const auto some = binomial_limits(40, 60, 0.95);
  CHECK(some.low == Approx(0.53313).margin(2e-5));
  CHECK(some.high == Approx(0.78315).margin(2e-5));
  CHECK(binomial_limits(0, 10, 0.95).low == 0);
  CHECK(binomial_limits(10, 10, 0.95).high == 1);
}
