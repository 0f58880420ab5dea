#include "libemg/core/distributions.h"

#include <cmath>

#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("normal quantiles") {
  CHECK(standard_normal_quantile(0.5) == Approx(0).margin(1e-12));
  CHECK(standard_normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-13));
  CHECK(standard_normal_quantile(1e-6) == Approx(-4.753424308822899).epsilon(1e-12));
}

TEST_CASE("F and t equal SciPy, in the far tail too") {
  for (const auto& c : reference_cases("spectral.txt", "t_quantile")) {
    CHECK(student_t_quantile(c.number("probability"), c.number("freedom")) == Approx(c.values[0]).epsilon(1e-10));
  }
  for (const auto& c : reference_cases("spectral.txt", "f_tail")) {
    CHECK(f_tail(c.number("f"), c.number("first"), c.number("second")) == Approx(c.values[0]).epsilon(1e-9));
  }
  for (const auto& c : reference_cases("spectral.txt", "t_two_sided")) {
    CHECK(student_t_two_sided(c.number("t"), c.number("freedom")) == Approx(c.values[0]).epsilon(1e-10));
  }
}

TEST_CASE("t is symmetric, F of 0 is certain, NaN stays") {
  CHECK(student_t_quantile(0.1, 7) == -student_t_quantile(0.9, 7));
  CHECK(student_t_quantile(0.5, 7) == 0);
  CHECK(f_tail(0, 3, 9) == 1);
  CHECK(std::isnan(f_tail(std::nan(""), 3, 9)));
}

}  // namespace emg
