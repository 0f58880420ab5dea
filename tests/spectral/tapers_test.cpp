#include "libemg/spectral/tapers.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("tapers and their concentrations equal SciPy") {
  for (const auto& c : reference_cases("spectral.txt", "taper")) {
    const auto tapers = slepian_tapers(c.count("length"), c.number("bandwidth"), c.count("tapers"));
    CHECK(reference_error(tapers->values.row(c.count("taper")).data(), tapers->values.cols(), c) <= 1e-9);
  }
  for (const auto& c : reference_cases("spectral.txt", "ratios")) {
    const auto tapers = slepian_tapers(c.count("length"), c.number("bandwidth"), c.count("tapers"));
    REQUIRE(tapers->concentration.size() == c.values.size());
    for (std::size_t k = 0; k < c.values.size(); ++k) CHECK(std::abs(tapers->concentration[k] - c.values[k]) <= 1e-9);
  }
}

TEST_CASE("the concentrations of Slepian's table: 2048 samples, time-bandwidth 4") {
  const double expected[] = {1, .99999997, .99999879, .99996756, .9994101, .9925047, .93665303};
  const auto tapers = slepian_tapers(2048, 4, 7);
  for (std::size_t k = 0; k < 7; ++k) CHECK(std::abs(tapers->concentration[k] - expected[k]) <= 6e-9);
}

TEST_CASE("tapers are orthonormal and alternate in symmetry") {
  const auto tapers = slepian_tapers(777, 6, 11);
  const RowMatrix products = tapers->values * tapers->values.transpose();
  CHECK((products - RowMatrix::Identity(11, 11)).cwiseAbs().maxCoeff() <= 1e-12);
  for (Index k = 0; k < 11; ++k) {
    const double sign = k % 2 == 0 ? 1 : -1;
    CHECK((tapers->values.row(k) - sign * tapers->values.row(k).reverse()).cwiseAbs().maxCoeff() <= 1e-9);
  }
  CHECK(slepian_tapers(777, 6, 11) == tapers);
}

TEST_CASE("tapers refuse what does not exist, naming the option") {
  CHECK_THROWS_WITH(slepian_tapers(8, 4, 7), ContainsSubstring("time_bandwidth 4 needs segments of more than 8 samples"));
  CHECK_THROWS_WITH(slepian_tapers(100, 4, 9), ContainsSubstring("taper_count 9 is outside the allowed range: [1, 8]"));
  CHECK_THROWS_AS(slepian_tapers(100, 4, 0), InvalidArgument);
  CHECK_THROWS_AS(slepian_tapers(1, 4, 1), InvalidArgument);
}

}  // namespace emg
