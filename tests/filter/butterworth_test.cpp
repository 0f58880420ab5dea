#include "libemg/filter/butterworth.h"

#include <string>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

namespace {

RowMatrix filtered(const RowMatrix& x, const ReferenceCase& c, bool zero_phase = true, InitialState initial = InitialState::steady) {
  const double rate_hz = c.number("rate"), low = c.number("low"), high = c.number("high");
  const int order = static_cast<int>(c.number("order"));
  const auto& kind = c.text("kind");
  if (kind == "low") return lowpass(x, rate_hz, {high, order, zero_phase, initial});
  if (kind == "high") return highpass(x, rate_hz, {low, order, zero_phase, initial});
  if (kind == "band") return bandpass(x, rate_hz, {low, high, order, zero_phase, initial});
  return bandstop(x, rate_hz, {low, high, order, zero_phase, initial});
}

Cascade design_of(const ReferenceCase& c) {
  const double rate_hz = c.number("rate"), low = c.number("low"), high = c.number("high");
  const int order = static_cast<int>(c.number("order"));
  const auto& kind = c.text("kind");
  if (kind == "low") return lowpass_design(order, high, rate_hz);
  if (kind == "high") return highpass_design(order, low, rate_hz);
  return kind == "band" ? bandpass_design(order, low, high, rate_hz) : bandstop_design(order, low, high, rate_hz);
}

// What SciPy itself can do: poles next to the unit circle, and the wide band-stop of high order, cost it digits.
double tolerance_of(const ReferenceCase& c) {
  if (c.text("kind") == "stop" && c.number("low") == 20 && c.number("order") >= 5) return 5e-6;
  return 1 - max_pole_radius(design_of(c)) < 2e-4 ? 2e-8 : 1e-9;
}

}  // namespace

TEST_CASE("zero phase equals SciPy sosfiltfilt: orders 1-12, four kinds, all bands and rates") {
  Index made_for = 0;
  RowMatrix x;
  for (const auto& c : reference_cases("butterworth.txt", "zero_phase")) {
    if (c.count() != made_for) x = test_signal(1, made_for = c.count(), 200);
    const double error = reference_error(filtered(x, c).data(), x.cols(), c) / x.cwiseAbs().maxCoeff();
    INFO(c.text("kind") << " order " << c.text("order") << " " << c.text("low") << "-" << c.text("high") << " at " << c.text("rate"));
    CHECK(error <= tolerance_of(c));
  }
}

TEST_CASE("block by block equals SciPy sosfiltfilt of the whole record to 1e-12") {
  for (const auto& c : reference_cases("signal.txt", "blocks")) {
    const auto x = test_signal(1, c.count(), 200);
    // Several blocks of the grid, not one.
    REQUIRE(x.cols() > block_length(design_of(c)));
    const auto y = run_in_blocks(*cascade_stage(1, c.number("rate"), design_of(c)), x, 4096);
    INFO(c.text("kind") << " order " << c.text("order") << " " << c.text("low") << "-" << c.text("high") << ", " << c.text("count") << " samples");
    CHECK(reference_error(y.data(), x.cols(), c) <= 1e-12 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("records as short as the padding, and shorter, equal SciPy with the padding they allow") {
  for (const auto& c : reference_cases("signal.txt", "edge")) {
    const auto x = test_signal(1, c.count());
    INFO(c.text("kind") << " order " << c.text("order") << ", " << c.text("count") << " samples");
    CHECK(reference_error(filtered(x, c).data(), x.cols(), c) <= 1e-11 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("causal equals SciPy sosfilt, from the steady state and from rest") {
  for (const auto& c : reference_cases("signal.txt", "causal")) {
    const auto x = test_signal(1, c.count());
    const auto y = filtered(x, c, false, c.number("initial") == 1 ? InitialState::rest : InitialState::steady);
    CHECK(reference_error(y.data(), x.cols(), c) <= 1e-11 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("corners are -3 dB one way, the pass-band gain is 1") {
  for (int order = 1; order <= 12; ++order) {
    const double corner = std::sqrt(0.5);
    CHECK(response_magnitude(lowpass_design(order, 450, 2048), 2048, 450) == Approx(corner).epsilon(1e-9));
    CHECK(response_magnitude(highpass_design(order, 20, 2048), 2048, 20) == Approx(corner).epsilon(1e-9));
    const auto band = bandpass_design(order, 20, 450, 2048);
    CHECK(response_magnitude(band, 2048, 20) == Approx(corner).epsilon(1e-9));
    CHECK(response_magnitude(band, 2048, 450) == Approx(corner).epsilon(1e-9));
    const auto stop = bandstop_design(order, 48, 52, 2048);
    CHECK(response_magnitude(stop, 2048, 48) == Approx(corner).epsilon(1e-7));
    CHECK(response_magnitude(stop, 2048, 0) == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("butterworth: the same bits for any block size, thread count and company") {
  const auto x = test_signal(19, 21000);
  const BandpassOptions band;
  CHECK(same_bits_everywhere(
      x, [&](const ChannelsView& v, int threads) { return bandpass(v, 2048, band, threads); },
      [&](Index n) { return bandpass_stage(n, 2048, band); }));
  const LowpassOptions causal{.cut_hz = 6, .order = 3, .zero_phase = false};
  CHECK(same_bits_everywhere(
      x, [&](const ChannelsView& v, int threads) { return lowpass(v, 2048, causal, threads); },
      [&](Index n) { return lowpass_stage(n, 2048, causal); }));
}

TEST_CASE("zero phase: a reversed signal gives the reversed result") {
  const auto x = test_signal(1, 4000);
  const RowMatrix forward = bandpass(x, 1000, {});
  const RowMatrix backward = bandpass(x.rowwise().reverse(), 1000, {});
  // Only the ends know the direction.
  CHECK(largest_error(forward.middleCols(1500, 1000), backward.rowwise().reverse().middleCols(1500, 1000)) < 1e-9);
}

TEST_CASE("one sample and constant channels give the limit") {
  const RowMatrix constant = RowMatrix::Constant(2, 3000, 1e4);
  CHECK(bandpass(constant, 2048, {}).cwiseAbs().maxCoeff() < 1e-9 * 1e4);
  CHECK(largest_error(lowpass(constant, 2048, {}), constant) < 1e-9 * 1e4);
  const RowMatrix one = RowMatrix::Constant(1, 1, 7.0);
  CHECK(std::abs(highpass(one, 2048, {})(0, 0)) < 1e-9);
  CHECK(lowpass(one, 2048, {})(0, 0) == Approx(7));
  CHECK(bandpass(test_signal(1, 5), 2048, {}).cols() == 5);
}

TEST_CASE("from rest, the first sample is scaled by the gain of the sections") {
  const auto x = test_signal(1, 10);
  const auto design = lowpass_design(4, 450, 2048);
  CHECK(lowpass(x, 2048, {.zero_phase = false, .initial = InitialState::rest})(0, 0) == Approx(design.gain * x(0, 0)).epsilon(1e-14));
}

TEST_CASE("refusals name the option, its value and the range") {
  const auto x = test_signal(1, 100);
  CHECK_THROWS_WITH(bandpass(x, 2048, {.high_hz = 1024}), ContainsSubstring("high_hz 1024 Hz is outside (0, 1024) Hz"));
  CHECK_THROWS_WITH(bandpass(x, 2048, {.low_hz = 450, .high_hz = 20}), ContainsSubstring("low_hz 450 is not below high_hz 20"));
  CHECK_THROWS_WITH(bandpass(x, 2048, {.order = 13}), ContainsSubstring("order 13"));
  CHECK_THROWS_WITH(highpass(x, 2048, {.order = 0}), ContainsSubstring("order 0"));
  CHECK_THROWS_WITH(highpass(x, 48000, {.cut_hz = 1e-4}), ContainsSubstring("resample first"));
  CHECK_THROWS_WITH(lowpass(x, 0.5, {}), ContainsSubstring("rate_hz 0.5"));
  CHECK_THROWS_WITH(bandstop(RowMatrix(0, 0), 2048, {}), ContainsSubstring("signal is empty"));
  RowMatrix broken = x;
  broken(0, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(bandpass(broken, 2048, {}), ContainsSubstring("channel 0, sample 3 is not finite"));
}

}  // namespace emg
