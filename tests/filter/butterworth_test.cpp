#include "libemg/filter/butterworth.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {

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

TEST_CASE("the same bits for any block size, thread count and company") {
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
