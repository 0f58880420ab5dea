#include "libemg/spectral/multitaper.h"

#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/spectral/welch.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

RowMatrix white(Index channels, Index samples, double sd = 1) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    Random random(5, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < samples; ++i) x(c, i) = sd * random.normal();
  }
  return x;
}

TaperWeights weights_of(const std::string& name) {
  for (const auto& [value, known] : enum_names(TaperWeights{})) {
    if (known == name) return value;
  }
  throw std::runtime_error(name);
}

}  // namespace

TEST_CASE("multitaper equals the NumPy formulas: uniform, eigen and adaptive weights, odd and even segments") {
  for (const auto& c : reference_cases("spectral.txt", "multitaper")) {
    MultitaperOptions options;
    options.segment_s = c.number("segment");
    options.time_bandwidth = c.number("bandwidth");
    options.taper_count = static_cast<int>(c.count("tapers"));
    options.weights = weights_of(c.text("weights"));
    const auto spectrum = multitaper(test_signal(1, c.count()), c.number("rate"), options);
    const double tolerance = options.weights == TaperWeights::adaptive ? 1e-8 : 1e-10;
    CHECK(reference_error(spectrum.density_uv2_per_hz.data(), spectrum.density_uv2_per_hz.cols(), c) <= tolerance * c.number("largest"));
  }
}

TEST_CASE("the way of every taper gives the same density as the running sum") {
  const auto x = test_signal(2, 3000);
  for (const auto weights : {TaperWeights::uniform, TaperWeights::eigen}) {
    const auto plain = multitaper(x, 1000, {.weights = weights});
    const auto tested = multitaper(x, 1000, {.weights = weights, .line_test = true});
    CHECK((plain.density_uv2_per_hz - tested.density_uv2_per_hz).cwiseAbs().maxCoeff() <= 1e-12 * plain.density_uv2_per_hz.maxCoeff());
  }
}

TEST_CASE("the line test finds a sine in noise and equals the NumPy formula") {
  const auto reference = reference_cases("spectral.txt", "line_test").front();
  RowMatrix x = test_signal(1, 1000);
  for (Index i = 0; i < 1000; ++i) x(0, i) += 10 * std::sin(2 * std::numbers::pi * 100.0 * static_cast<double>(i) / 1000);
  const auto spectrum = multitaper(x, 1000, {.line_test = true});
  for (Index k = 0; k < 4; ++k) {
    CHECK(spectrum.line_f(0, 99 + k) == Approx(reference.values[static_cast<std::size_t>(k)]).epsilon(1e-8));
    CHECK(spectrum.line_p(0, 99 + k) == Approx(reference.values[static_cast<std::size_t>(4 + k)]).epsilon(1e-7));
  }
  // On noise alone p is uniform.
  const auto noise = multitaper(white(8, 4000), 1000, {.line_test = true});
  const double share = static_cast<double>((noise.line_p.array() < 0.05).count()) / static_cast<double>(noise.line_p.size());
  CHECK(share > 0.03);
  CHECK(share < 0.07);
}

TEST_CASE("adaptive weights equal uniform ones within 1 % on white noise; limits cover the truth") {
  const auto x = white(20, 6000);
  const auto uniform = multitaper(x, 1000, {});
  const auto adaptive = multitaper(x, 1000, {.weights = TaperWeights::adaptive});
  CHECK(adaptive.density_uv2_per_hz.sum() == Approx(uniform.density_uv2_per_hz.sum()).epsilon(0.01));
  CHECK(uniform.density_uv2_per_hz.sum() == Approx(20).epsilon(0.02));
  const auto jackknife = multitaper(x, 1000, {.limits = SpectrumLimits::jackknife});
  for (const auto* spectrum : {&uniform, &jackknife}) {
    const auto low = spectrum->low_uv2_per_hz.middleCols(10, 480).array(), high = spectrum->high_uv2_per_hz.middleCols(10, 480).array();
    const double covered = static_cast<double>((low < 2e-3 && high > 2e-3).count()) / static_cast<double>(low.size());
    CHECK(covered > 0.93);
    CHECK(covered < 0.97);
  }
}

TEST_CASE("multitaper: the same bits for any thread count and company; constants have no power") {
  const auto x = test_signal(9, 2500);
  for (const bool line_test : {false, true}) {
    const MultitaperOptions options{.line_test = line_test};
    const RowMatrix whole = multitaper(x, 1000, options).density_uv2_per_hz;
    CHECK(multitaper(x, 1000, options, 2).density_uv2_per_hz == whole);
    CHECK(multitaper(x, 1000, options, 7).density_uv2_per_hz == whole);
    CHECK(multitaper(x.row(4), 1000, options).density_uv2_per_hz == whole.row(4));
  }
  CHECK(multitaper(RowMatrix::Constant(1, 2000, 7), 1000, {.weights = TaperWeights::adaptive}).density_uv2_per_hz.maxCoeff() < 1e-25);
}

TEST_CASE("multitaper refuses short records, too many tapers and samples that are not finite") {
  RowMatrix x = test_signal(2, 2300);
  CHECK_THROWS_WITH(multitaper(x.leftCols(240), 1000, {}), ContainsSubstring("segment_s 1 s is longer than the record (0.24 s)"));
  CHECK_THROWS_WITH(multitaper(x, 1000, {.taper_count = 9}), ContainsSubstring("taper_count 9 is outside the allowed range: [1, 8]"));
  CHECK_THROWS_WITH(multitaper(x, 1000, {.time_bandwidth = 0.9}), ContainsSubstring("time_bandwidth 0.9"));
  CHECK_THROWS_WITH(multitaper(RowMatrix(0, 0), 1000, {}), ContainsSubstring("signal is empty"));
  for (const Index i : {100, 2290}) {
    RowMatrix broken = x;
    broken(1, i) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(multitaper(broken, 1000, {}), "channel 1, sample " + std::to_string(i) + " is not finite");
  }
}

}  // namespace emg
