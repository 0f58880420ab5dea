#include "libemg/filter/fir.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

FirOptions options_of(const ReferenceCase& c) {
  FirOptions o;
  o.kind = static_cast<FirKind>(c.count("kind"));
  o.window = static_cast<FirWindow>(c.count("window"));
  o.tap_count = static_cast<int>(c.count("taps"));
  o.low_hz = c.number("low");
  o.high_hz = c.number("high");
  return o;
}

}  // namespace

TEST_CASE("taps equal SciPy firwin for all kinds, windows and lengths") {
  for (const auto& c : reference_cases("filters.txt", "fir_taps")) {
    const auto taps = fir_design(c.number("rate"), options_of(c));
    const double largest =
        std::abs(*std::max_element(taps.begin(), taps.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
    INFO("kind " << c.text("kind") << " window " << c.text("window") << " taps " << c.text("taps") << " rate " << c.text("rate"));
    CHECK(reference_error(taps.data(), static_cast<Index>(taps.size()), c) <= 1e-14 * largest);
  }
}

TEST_CASE("the filtered signal equals SciPy oaconvolve, and with an odd extension NumPy convolve") {
  for (const auto& c : reference_cases("filters.txt", "fir")) {
    auto options = options_of(c);
    options.edges = c.number("odd") > 0 ? FirEdges::odd : FirEdges::zero;
    const auto x = test_signal(1, c.count());
    INFO("kind " << c.text("kind") << " taps " << c.text("taps") << " count " << c.text("count"));
    CHECK(reference_error(fir(x, c.number("rate"), options).data(), x.cols(), c) <= 1e-10 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("an impulse comes out as the taps, centred on its place") {
  RowMatrix x = RowMatrix::Zero(1, 20000);
  x(0, 9000) = 1;
  for (const int count : {31, 401, 1353}) {
    const FirOptions options{.tap_count = count};
    const auto taps = fir_design(2048, options);
    const RowMatrix y = fir(x, 2048, options);
    double error = 0;
    for (int k = 0; k < count; ++k) error = std::max(error, std::abs(y(0, 9000 + k - count / 2) - taps[static_cast<std::size_t>(k)]));
    CHECK(error < 1e-15);
  }
}

TEST_CASE("automatic length: the odd number above the width that the narrower edge needs") {
  CHECK(fir_design(2048, {}).size() == 1353);                    // 3.3 x 2048 / 5
  CHECK(fir_design(1000, {}).size() == 661);                     // 3.3 x 1000 / 5 = 660
  CHECK(fir_design(1000, {.high_hz = 499}).size() == 3301);      // 1 Hz to half the rate
  CHECK(fir_design(1000, {.low_hz = 1}).size() == 3301);         // 1 Hz to zero
  CHECK(fir_design(2048, {.kind = FirKind::low}).size() == 61);  // 112.5 Hz
  CHECK(fir_design(2048, {.transition_hz = 50}).size() == 137);  // 135.2
  CHECK(fir_design(2048, {.transition_hz = 50, .window = FirWindow::kaiser}).size() > 200);
  CHECK_THROWS_WITH(fir_design(48000, {.transition_hz = 0.1}), ContainsSubstring("transition_hz 0.1 needs"));
}

TEST_CASE("the gain is half at the edges and one in the middle") {
  const auto taps = fir_design(2048, {});
  const auto gain = [&](double f) {
    double sum = 0;
    for (std::size_t k = 0; k < taps.size(); ++k) {
      sum += taps[k] * std::cos(2 * std::numbers::pi * f / 2048 * (static_cast<double>(k) - static_cast<double>(taps.size() / 2)));
    }
    return sum;
  };
  CHECK(gain(235) == Approx(1).epsilon(1e-12));
  CHECK(gain(20) == Approx(0.5).epsilon(0.01));
  CHECK(gain(450) == Approx(0.5).epsilon(0.01));
  CHECK(std::abs(gain(10)) < 0.003);
}

TEST_CASE("fir: the same bits for any block size, thread count and company") {
  const auto x = test_signal(10, 9000);
  for (const FirOptions& options : {FirOptions{.tap_count = 401}, FirOptions{.tap_count = 31, .edges = FirEdges::odd},
                                    FirOptions{.tap_count = 400}, FirOptions{.edges = FirEdges::odd}, FirOptions{.tap_count = 12001}}) {
    CHECK(same_bits_everywhere(
        x, [&](const ChannelsView& v, int threads) { return fir(v, 2048, options, threads); },
        [&](Index n) { return fir_stage(n, 2048, options); }));
  }
}

TEST_CASE("fir refusals") {
  RowMatrix x = test_signal(10, 3000);
  CHECK_THROWS_WITH(fir(x, 2048, {.tap_count = 2}), ContainsSubstring("tap_count 2"));
  CHECK_THROWS_WITH(fir(x, 2048, {.tap_count = 100002}), ContainsSubstring("tap_count 100002"));
  CHECK_THROWS_WITH(fir(x, 2048, {.kind = FirKind::stop, .tap_count = 400}), ContainsSubstring("tap_count 400 is even"));
  CHECK_THROWS_WITH(fir(x, 2048, {.kind = FirKind::high, .tap_count = 400}), ContainsSubstring("tap_count 400 is even"));
  CHECK_THROWS_WITH(fir(x, 2048, {.high_hz = 1024}), ContainsSubstring("high_hz 1024"));
  CHECK_THROWS_WITH(fir(x, 2048, {.low_hz = 450, .high_hz = 20}), ContainsSubstring("low_hz"));
  CHECK_THROWS_WITH(fir(x, 2048, {.window = FirWindow::kaiser, .beta = 41}), ContainsSubstring("beta 41"));
  CHECK_THROWS_WITH(fir(x.leftCols(200), 2048, {.tap_count = 401, .edges = FirEdges::odd}), ContainsSubstring("edges odd"));
  CHECK_NOTHROW(fir(x.leftCols(201), 2048, {.tap_count = 401, .edges = FirEdges::odd}));
  CHECK_THROWS_WITH(fir(RowMatrix(2, 0), 2048, {}), ContainsSubstring("signal is empty"));
  for (const Index place : {Index{5}, Index{2500}, Index{2999}}) {
    RowMatrix broken = x;
    broken(9, place) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(fir(broken, 2048, {.tap_count = 401}),
                      ContainsSubstring("channel 9, sample " + std::to_string(place) + " is not finite"));
  }
  // One sample of 1e308 and its neighbour are no sum that overflows yet: even and odd samples are transformed as the parts of one number.
  x(0, 100) = 1e308;
  x(0, 101) = 1e308;
  CHECK(fir(x, 2048, {.kind = FirKind::low, .tap_count = 401}).allFinite());
  x(0, 102) = 1e308;
  CHECK_THROWS_AS(fir(x, 2048, {.kind = FirKind::low, .tap_count = 401}), NumericalError);
}

}  // namespace emg
