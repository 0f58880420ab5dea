#include "libemg/filter/notch.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

RowMatrix with_line(Index samples, double rate_hz, double line_hz, double amplitude) {
  RowMatrix x = test_signal(2, samples, 0);
  for (Index c = 0; c < x.rows(); ++c) {
    for (Index i = 0; i < samples; ++i) x(c, i) += amplitude * std::sin(2 * std::numbers::pi * line_hz * static_cast<double>(i) / rate_hz);
  }
  return x;
}

}  // namespace

TEST_CASE("a comb equals SciPy sosfiltfilt of stacked iirnotch sections") {
  for (const auto& c : reference_cases("signal.txt", "notch")) {
    const auto x = test_signal(1, c.count());
    NotchOptions options;
    options.line_hz = 50;
    options.harmonic_count = static_cast<int>(c.number("harmonics"));
    options.quality = c.number("quality");
    CHECK(reference_error(notch(x, c.number("rate"), options).data(), x.cols(), c) <= 1e-11 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("the notch is at its line and as wide as asked for") {
  NotchOptions options;
  options.line_hz = 50;
  options.harmonic_count = 1;
  const auto design = notch_design(1000, options);
  CHECK(response_magnitude(design, 1000, 50) < 1e-12);
  CHECK(response_magnitude(design, 1000, 51) == Approx(std::sqrt(0.5)).epsilon(0.02));
  CHECK(response_magnitude(design, 1000, 0) == Approx(1));
  CHECK(look_ahead(notch_design(48000, {.line_hz = 50, .harmonic_count = 1, .quality = 30})) == 316629);
  CHECK(look_ahead(notch_design(1000, {.line_hz = 50, .harmonic_count = 1, .quality = 30})) == 6597);
}

TEST_CASE("how many lines: count, highest frequency, and none above 0.49 of the rate") {
  CHECK(notch_design(1000, {.line_hz = 50}).sections.size() == 9);
  CHECK(notch_design(1000, {.line_hz = 50, .up_to_hz = 260}).sections.size() == 5);
  CHECK(notch_design(1000, {.line_hz = 50, .harmonic_count = 30}).sections.size() == 9);
  CHECK(notch_design(1000, {.line_hz = 50, .harmonics = {1, 3}}).sections.size() == 2);
  const auto x = test_signal(1, 100);
  CHECK(notch(x, 100, {.line_hz = 49.5}) == x);
}

TEST_CASE("with the line open, only what is found is notched, nothing if there is none") {
  const double rate_hz = 1000;
  const auto quiet = test_signal(2, 20000, 0);
  CHECK(notch(quiet, rate_hz, {}) == quiet);
  const auto hum = with_line(20000, rate_hz, 60, 40);
  const NotchOptions resolved = resolve_notch([&](const BlockSink& sink) { sink(hum); }, 2, rate_hz, {});
  CHECK(resolved.line_hz == 60.0);
  CHECK(resolved.harmonics == std::vector<double>{1});
  CHECK(notch(hum, rate_hz, {}) == notch(hum, rate_hz, {.line_hz = 60, .harmonic_count = 1}));
  CHECK(notch(hum, rate_hz, {}) == run_in_blocks(*notch_stage(2, rate_hz, resolved), hum, 333));
  CHECK_THROWS_WITH(notch_stage(2, rate_hz, {}), ContainsSubstring("line_hz is open"));
}

TEST_CASE("notch: the same bits for any block size, thread count and company") {
  const NotchOptions options{.line_hz = 50, .harmonic_count = 10, .quality = 30};
  CHECK(same_bits_everywhere(
      test_signal(9, 9000), [&](const ChannelsView& v, int threads) { return notch(v, 2048, options, threads); },
      [&](Index n) { return notch_stage(n, 2048, options); }));
}

TEST_CASE("notch refusals") {
  const auto x = test_signal(1, 100);
  CHECK_THROWS_WITH(notch(x, 1000, {.line_hz = 500}), ContainsSubstring("line_hz 500 Hz is outside"));
  CHECK_THROWS_WITH(notch(x, 1000, {.line_hz = 50, .harmonic_count = 101}), ContainsSubstring("harmonic_count 101"));
  CHECK_THROWS_WITH(notch(x, 1000, {.line_hz = 50, .width_hz = 0.05}), ContainsSubstring("width_hz 0.05"));
}

}  // namespace emg
