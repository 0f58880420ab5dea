#include "libemg/filter/resample.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("equals SciPy resample_poly") {
  for (const auto& c : reference_cases("signal.txt", "resample")) {
    const auto x = test_signal(1, c.count());
    ResampleOptions options;
    options.target_hz = 2400 * c.number("up") / c.number("down");
    options.edges = c.number("edges") == 1 ? ResampleEdges::line : ResampleEdges::zero;
    const RowMatrix y = resample(x, 2400, options);
    INFO(c.text("up") << "/" << c.text("down") << ", " << c.text("count") << " samples, edges " << c.text("edges"));
    REQUIRE(y.cols() == c.count("length"));
    CHECK(reference_error(y.data(), y.cols(), c) <= 1e-10 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("an offset rings at the ends unless its line goes on") {
  const RowMatrix constant = RowMatrix::Constant(1, 4000, 200);
  const RowMatrix rings = resample(constant, 2048, {.target_hz = 1000});
  CHECK(rings(0, 0) == Approx(148.9).margin(0.05));
  CHECK(rings(0, 1) == Approx(213.6).margin(0.05));
  CHECK(rings(0, 2) == Approx(193.1).margin(0.05));
  const RowMatrix quiet = resample(constant, 2048, {.target_hz = 1000, .edges = ResampleEdges::line});
  CHECK((quiet.array() - 200).abs().maxCoeff() < 0.2);
}

TEST_CASE("the factor is the simplest fraction, the rate is exact") {
  const auto ratio = resample_ratio(2048, {.target_hz = 1000});
  CHECK(ratio.up == 125);
  CHECK(ratio.down == 256);
  CHECK(resample_ratio(44100, {.target_hz = 48000}).up == 160);
  CHECK(resampled_rate_hz(1000, {.target_hz = 1000.0 / 3}) == 1000.0 / 3);
  const auto x = test_signal(2, 100);
  CHECK(resample(x, 1000, {.target_hz = 1000}) == x);
  CHECK_THROWS_WITH(resample(x, 1000, {.target_hz = 300161.803398}), ContainsSubstring("the nearest reachable rate is 300161.7647"));
}

TEST_CASE("a slow sine keeps its values at the new instants") {
  RowMatrix x(1, 4096);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = std::sin(2 * std::numbers::pi * 10 * static_cast<double>(i) / 2048);
  const RowMatrix y = resample(x, 2048, {.target_hz = 1000});
  for (const Index i : {500, 777, 1200})
    CHECK(y(0, i) == Approx(std::sin(2 * std::numbers::pi * 10 * static_cast<double>(i) / 1000)).margin(1e-3));
}

TEST_CASE("resample: the same bits for any block size, thread count and company") {
  for (const double target_hz : {1000.0, 3072.0, 100.0}) {
    const ResampleOptions options{.target_hz = target_hz};
    CHECK(same_bits_everywhere(
        test_signal(17, 9000), [&](const ChannelsView& v, int threads) { return resample(v, 2048, options, threads); },
        [&](Index n) { return resample_stage(n, 2048, options); }));
  }
}

TEST_CASE("refusals name channel and sample, and what a stage cannot do") {
  RowMatrix x = test_signal(10, 3000);
  x(9, 2222) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(resample(x, 2048, {}), ContainsSubstring("channel 9, sample 2222 is not finite"));
  CHECK(resample_stage(1, 2048, {.edges = ResampleEdges::line}) == nullptr);
  CHECK_THROWS_WITH(resample(x, 2048, {.target_hz = 0.5}), ContainsSubstring("target_hz 0.5"));
}

}  // namespace emg
