#include "libemg/core/validate.h"

#include <limits>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST_CASE("rates outside 1 Hz to 10 MHz are refused") {
  CHECK_NOTHROW(require_rate(1));
  CHECK_NOTHROW(require_rate(1e7));
  for (const double rate_hz : {0.0, -1000.0, 0.999, 1.1e7, kNan, kInfinity})
    CHECK_THROWS_WITH(require_rate(rate_hz), ContainsSubstring("rate_hz"));
}

TEST_CASE("an empty signal is refused with its shape") {
  CHECK_THROWS_WITH(require_signal(RowMatrix(0, 0), 1000), ContainsSubstring("0 channels x 0 samples"));
  CHECK_THROWS_WITH(require_signal(RowMatrix(3, 0), 1000), ContainsSubstring("3 channels x 0 samples"));
  CHECK_NOTHROW(require_signal(RowMatrix::Zero(1, 1), 1000));
}

TEST_CASE("the first sample that is not finite is named, wherever it stands") {
  for (const double bad : {kNan, kInfinity, -kInfinity}) {
    for (const Index at : {0, 1, 7, 8, 15, 16, 20}) {
      RowMatrix x = RowMatrix::Constant(4, 21, 1e300);
      x(2, at) = bad;
      x(3, 0) = bad;
      CHECK_THROWS_WITH(require_signal(x, 1000), "channel 2, sample " + std::to_string(at) + " is not finite");
      CHECK_THROWS_WITH(require_finite(x, 100), "channel 2, sample " + std::to_string(100 + at) + " is not finite");
    }
  }
}

TEST_CASE("large finite samples are not mistaken for infinite ones") {
  RowMatrix x = RowMatrix::Constant(2, 33, std::numeric_limits<double>::max());
  x.row(1) *= -1;
  CHECK_NOTHROW(require_signal(x, 1000));
}

TEST_CASE("rows of a larger matrix are looked at with their stride") {
  RowMatrix x = RowMatrix::Zero(3, 40);
  x(1, 30) = kNan;
  CHECK_NOTHROW(require_finite(x.leftCols(30)));
  CHECK_THROWS_WITH(require_finite(x.rightCols(20)), "channel 1, sample 10 is not finite");
}

TEST_CASE("a corner lies inside (0, rate/2)") {
  CHECK_NOTHROW(require_corner("low_hz", 499.9, 1000));
  for (const double corner_hz : {0.0, -1.0, 500.0, 700.0, kNan}) {
    CHECK_THROWS_WITH(require_corner("low_hz", corner_hz, 1000), ContainsSubstring("low_hz") && ContainsSubstring("(0, 500) Hz"));
  }
}

TEST_CASE("two edges ascend") {
  CHECK_NOTHROW(require_ascending("low_hz", 20, "high_hz", 450));
  CHECK_THROWS_WITH(require_ascending("low_hz", 450, "high_hz", 20), "low_hz 450 is not below high_hz 20");
  CHECK_THROWS_AS(require_ascending("low_hz", 20, "high_hz", 20), InvalidArgument);
  CHECK_THROWS_AS(require_ascending("low_hz", kNan, "high_hz", 20), InvalidArgument);
}

TEST_CASE("durations become whole samples, at least one") {
  CHECK(samples_in_s(1, 2048) == 2048);
  CHECK(samples_in_s(0.5, 1001) == 501);
  CHECK(samples_in_s(0, 1000) == 1);
  CHECK(samples_in_ms(2.5, 1000) == 3);
  CHECK(samples_in_ms(1e-6, 1000) == 1);
}

TEST_CASE("a file error keeps path, place and byte") {
  const FileError error("a.edf", "number of signals at byte 252: \"x\" is no number", "header", 252);
  CHECK(error.path() == "a.edf");
  CHECK(error.where() == "header");
  CHECK(error.byte() == 252);
  CHECK(std::string(error.what()) == "a.edf: number of signals at byte 252: \"x\" is no number");
}

}  // namespace emg
