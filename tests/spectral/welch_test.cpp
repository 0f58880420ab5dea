#include "libemg/spectral/welch.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("welch equals SciPy: overlaps, averages, detrending, odd and even segments") {
  for (const auto& c : reference_cases("signal.txt", "welch")) {
    WelchOptions options;
    options.segment_s = c.number("segment");
    options.overlap = c.number("overlap");
    options.average = static_cast<SegmentAverage>(c.count("average"));
    options.detrend = static_cast<Trend>(c.count("trend"));
    const auto spectrum = welch(test_signal(1, c.count()), c.number("rate"), options);
    CHECK(reference_error(spectrum.density_uv2_per_hz.data(), spectrum.density_uv2_per_hz.cols(), c) <= 1e-12 * c.number("largest"));
  }
}

TEST_CASE("the power of a sine lies at its frequency") {
  RowMatrix x(1, 10000);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = 3 * std::cos(2 * std::numbers::pi * 125 * static_cast<double>(i) / 1000);
  const auto spectrum = welch(x, 1000, {});
  Index top = 0;
  spectrum.density_uv2_per_hz.row(0).maxCoeff(&top);
  CHECK(spectrum.frequency_hz[static_cast<std::size_t>(top)] == 125);
  CHECK(spectrum.density_uv2_per_hz.sum() == Approx(4.5).epsilon(1e-9));
  CHECK(spectrum.segment_count == 19);
}

TEST_CASE("Parseval: the density sums to the mean square of a detrended record") {
  const auto x = test_signal(1, 4096);
  const auto spectrum = periodogram(x, 2048, {.window = Window::boxcar});
  const double mean_square = (x.array() - x.mean()).square().mean();
  CHECK(spectrum.density_uv2_per_hz.sum() * 0.5 == Approx(mean_square).epsilon(1e-12));
  CHECK(spectrum.segment_count == 1);
}

TEST_CASE("limits are those of the chi-square distribution with the effective number of segments") {
  const auto spectrum = welch(test_signal(1, 2500), 1000, {.overlap = 0});
  CHECK(spectrum.effective_segment_count == 2);
  // scipy.stats.chi2.ppf([0.025, 0.975], 4)
  CHECK(spectrum.density_uv2_per_hz(0, 9) / spectrum.high_uv2_per_hz(0, 9) * 4 == Approx(0.4844185570879302).epsilon(1e-9));
  CHECK(spectrum.density_uv2_per_hz(0, 9) / spectrum.low_uv2_per_hz(0, 9) * 4 == Approx(11.143286781877796).epsilon(1e-9));
}

TEST_CASE("welch: the same bits for any thread count and company; constants have no power") {
  const auto x = test_signal(9, 5000);
  const RowMatrix whole = welch(x, 1000, {}).density_uv2_per_hz;
  CHECK(welch(x, 1000, {}, 2).density_uv2_per_hz == whole);
  CHECK(welch(x, 1000, {}, 7).density_uv2_per_hz == whole);
  CHECK(welch(x.row(4), 1000, {}).density_uv2_per_hz == whole.row(4));
  CHECK(welch(RowMatrix::Constant(1, 2000, 7), 1000, {}).density_uv2_per_hz.maxCoeff() < 1e-25);
}

TEST_CASE("welch refuses what it would have to shorten, and samples that are not finite, in the unused tail too") {
  RowMatrix x = test_signal(2, 2300);
  CHECK_THROWS_WITH(welch(x.leftCols(240), 1000, {}), ContainsSubstring("segment_s 1 s is longer than the record (0.24 s)"));
  CHECK_THROWS_WITH(welch(x, 1000, {.overlap = 0.96}), ContainsSubstring("overlap 0.96"));
  CHECK_THROWS_WITH(welch(RowMatrix(0, 0), 1000, {}), ContainsSubstring("signal is empty"));
  for (const Index i : {100, 2290}) {
    RowMatrix broken = x;
    broken(1, i) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(welch(broken, 1000, {}), "channel 1, sample " + std::to_string(i) + " is not finite");
  }
}

}  // namespace emg
