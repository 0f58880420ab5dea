#include "libemg/measure/ncs/munix.h"

#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

constexpr double kRate = 10000, kPi = 3.14159265358979323846;

// One period of 10 ms.
std::vector<double> unit(double size_uv) {
  std::vector<double> v(100);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = -size_uv * std::sin(2 * kPi * static_cast<double>(i) / 100);
  return v;
}

// Interference of N units firing at random times, `share` of them active, 500 ms.
RowMatrix epochs(int units, double size_uv, int forces, std::uint64_t seed) {
  RowMatrix all = RowMatrix::Zero(forces, 5000);
  const auto wave = unit(size_uv);
  for (int f = 0; f < forces; ++f) {
    Random random(seed, static_cast<std::uint64_t>(f));
    const double share = (f + 1.0) / forces;
    for (int u = 0; u < static_cast<int>(std::ceil(share * units)); ++u) {
      const double rate_hz = 8 + 17 * share;
      for (double t = random.uniform() / rate_hz; t < 0.5; t += (0.85 + 0.3 * random.uniform()) / rate_hz) {
        const auto at = static_cast<Index>(t * kRate);
        for (Index i = 0; i < 100 && at + i < 5000; ++i) all(f, at + i) += wave[static_cast<std::size_t>(i)];
      }
    }
  }
  return all;
}

}  // namespace

TEST_CASE("identical units that do not overlap: the count is their number") {
  for (const int n : {1, 7, 80}) {
    std::vector<double> cmap = unit(100.0 * n), epoch(5000, 0.0);
    const auto one = unit(100);
    for (int k = 0; k < 30; ++k) std::copy(one.begin(), one.end(), epoch.begin() + 150 * k);
    CHECK(icmuc(cmap, epoch) == Approx(n).epsilon(1e-12));
  }
}

TEST_CASE("half the unit size at the same number multiplies the index by 0.45 to 0.65") {
  for (const int n : {25, 100, 200}) {
    MunixOptions o;
    o.crest_max = 20;
    const auto large = munix(unit(100.0 * n), epochs(n, 100, 30, 3), kRate, o),
               small = munix(unit(50.0 * n), epochs(n, 50, 30, 3), kRate, o);
    CAPTURE(n, *large.munix, *small.munix, *large.alpha, large.accepted_count, small.accepted_count);
    CHECK(*small.munix / *large.munix > 0.45);
    CHECK(*small.munix / *large.munix < 0.65);
    CHECK(*large.alpha < -0.5);
    CHECK(*large.alpha > -1.25);
    CHECK(*large.musix_uv == Approx(*large.cmap_amplitude_mv * 1000 / *large.munix));
  }
}

TEST_CASE("few epochs are flagged, none is not assessable, other lengths are scaled") {
  const auto few = munix(unit(5000), epochs(50, 100, 6, 1), kRate);
  CHECK(few.quality.find("few_epochs") != std::string::npos);
  const auto none = munix(unit(5000), RowMatrix::Zero(3, 5000), kRate);
  CHECK_FALSE(none.munix);
  CHECK(none.reason.find("not_assessable") == 0);
  RowMatrix half = epochs(50, 100, 30, 1).leftCols(2500);
  CHECK(munix(unit(5000), half, kRate).quality.find("rescaled") != std::string::npos);
  CHECK_THROWS_WITH(munix(std::vector<double>{}, half, kRate), ContainsSubstring("cmap_uv is empty"));
  half(0, 0) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(munix(unit(5000), half, kRate), InvalidArgument);
}

TEST_CASE("step and spike-triggered estimates divide the CMAP by the mean unit") {
  const auto steps = incremental({0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0}, 8, 3);
  CHECK(*steps.mune == Approx(80));
  CHECK(steps.quality == "ok");
  const auto uneven = incremental({0.05, 0.2, 0.21, 0.3}, 8, 3);
  CHECK(uneven.unit_count == 3);
  CHECK(uneven.excluded_count == 1);
  CHECK(*uneven.mune == Approx(80));
  CHECK(*uneven.mune_se > 0);
  const auto adapted = multipoint({0.3, 0.36, 0.24}, 9);
  CHECK(*adapted.mune == Approx(90));
  CHECK(adapted.unit_count == 9);
  RowMatrix units = RowMatrix::Zero(4, 200);
  for (Index r = 0; r < 4; ++r) {
    const auto wave = unit(r < 3 ? 100 : 1);
    for (Index i = 0; i < 100; ++i) units(r, 60 + i) = wave[static_cast<std::size_t>(i)];
    for (Index i = 0; i < 200; ++i) units(r, i) += i % 2 ? 1 : -1;
  }
  const auto triggered = spike_triggered_mune(unit(10000), units, {60, 80, 20, 90}, kRate);
  CHECK(triggered.unit_count == 2);
  CHECK(triggered.excluded_count == 2);
  CHECK(*triggered.mune == Approx(100).epsilon(0.02));
  CHECK(triggered.quality == "few_units");
  CHECK_THROWS_WITH(multipoint({0.3}, 0), ContainsSubstring("cmap_mv 0"));
  CHECK_FALSE(incremental({}, 8, 3).mune);
}
