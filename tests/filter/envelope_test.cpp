#include "libemg/filter/envelope.h"

#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

// The definition: only samples inside the record count.
double window_value(const RowMatrix& x, Index channel, Index i, Index before, Index length, bool squares) {
  const Index from = std::max<Index>(0, i - before), to = std::min(x.cols(), i - before + length);
  double sum = 0;
  for (Index k = from; k < to; ++k) sum += squares ? x(channel, k) * x(channel, k) : std::abs(x(channel, k));
  const double mean = sum / static_cast<double>(to - from);
  return squares ? std::sqrt(mean) : mean;
}

double moving_error(Index samples, Index length, EnvelopeMethod method, WindowAlignment alignment, Index hop) {
  const auto x = test_signal(2, samples, 0);
  EnvelopeOptions options;
  options.method = method;
  options.alignment = alignment;
  options.window_ms = static_cast<double>(length);
  options.hop_ms = static_cast<double>(hop);
  const RowMatrix y = envelope(x, 1000, options);
  const Index step = std::max<Index>(1, hop), before = alignment == WindowAlignment::centred ? length / 2 : length - 1;
  if (y.cols() != (samples + step - 1) / step) return std::numeric_limits<double>::infinity();
  double error = 0;
  for (Index k = 0; k < y.cols(); ++k) {
    error = std::max(error, std::abs(y(1, k) - window_value(x, 1, k * step, before, length, method == EnvelopeMethod::rms)));
  }
  return error;
}

}  // namespace

TEST_CASE("moving RMS and mean follow the definition, at the ends too") {
  for (const Index samples : {1, 2, 50, 199, 200, 201, 999}) {
    for (const Index length : {1, 2, 7, 100, 205, 3000}) {
      for (const auto method : {EnvelopeMethod::rms, EnvelopeMethod::arv}) {
        for (const auto alignment : {WindowAlignment::centred, WindowAlignment::trailing}) {
          for (const Index hop : {0, 3, 250}) {
            INFO(samples << " samples, window " << length << ", hop " << hop);
            CHECK(moving_error(samples, length, method, alignment, hop) < 1e-12);
          }
        }
      }
    }
  }
}

TEST_CASE("a huge artefact leaves no error behind") {
  RowMatrix x = test_signal(1, 20000, 0);
  const RowMatrix clean = envelope(x, 2000, {});
  x(0, 5000) = 1e9;
  const RowMatrix y = envelope(x, 2000, {});
  CHECK(largest_error(y.rightCols(14000), clean.rightCols(14000)) < 1e-12);
}

TEST_CASE("the RMS of a constant is its magnitude, the envelope is linear in scale") {
  CHECK(largest_error(envelope(RowMatrix::Constant(1, 500, -3.5), 1000, {}), RowMatrix::Constant(1, 500, 3.5)) < 1e-14);
  const auto x = test_signal(1, 3000);
  CHECK(envelope(RowMatrix(4 * x), 1000, {}) == RowMatrix(4 * envelope(x, 1000, {})));
}

TEST_CASE("hilbert over the whole record equals SciPy, with its circular ends") {
  for (const auto& c : reference_cases("signal.txt", "hilbert")) {
    const auto x = test_signal(1, c.count());
    CHECK(reference_error(envelope(x, 1000, {.method = EnvelopeMethod::hilbert}).data(), x.cols(), c) <= 1e-10 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("the Hilbert filter is right within its band") {
  for (const double f : {20.0, 50.0, 333.3, 1000.0}) {
    RowMatrix x(1, 20000);
    for (Index i = 0; i < x.cols(); ++i) x(0, i) = std::sin(2 * std::numbers::pi * f * static_cast<double>(i) / 2048);
    const RowMatrix y = envelope(x, 2048, {.method = EnvelopeMethod::hilbert, .hilbert_method = HilbertMethod::fir});
    CHECK((y.middleCols(3000, 14000).array() - 1).abs().maxCoeff() < 4e-4);
  }
}

TEST_CASE("the low-passed envelope equals SciPy and has no undershoot") {
  for (const auto& c : reference_cases("signal.txt", "lowpass_envelope")) {
    const RowMatrix y = envelope(test_signal(1, c.count()), c.number("rate"), {.method = EnvelopeMethod::lowpass});
    CHECK(reference_error(y.data(), y.cols(), c) <= 1e-9 * 70);
    CHECK(y.minCoeff() >= 0);
  }
}

TEST_CASE("envelopes: the same bits for any block size, thread count and company") {
  const auto x = test_signal(10, 9000);
  for (const EnvelopeOptions& options :
       {EnvelopeOptions{},
        EnvelopeOptions{.method = EnvelopeMethod::arv, .window_ms = 5, .alignment = WindowAlignment::trailing, .hop_ms = 7},
        EnvelopeOptions{.window_ms = 20000}, EnvelopeOptions{.method = EnvelopeMethod::lowpass},
        EnvelopeOptions{.method = EnvelopeMethod::hilbert, .hilbert_method = HilbertMethod::fir}}) {
    CHECK(same_bits_everywhere(
        x, [&](const ChannelsView& v, int threads) { return envelope(v, 1000, options, threads); },
        [&](Index n) { return envelope_stage(n, 1000, options); }));
  }
}

TEST_CASE("envelope refusals") {
  RowMatrix x = test_signal(10, 3000);
  CHECK_THROWS_WITH(envelope(x, 1000, {.window_ms = 0.5}), ContainsSubstring("window_ms 0.5"));
  CHECK(envelope_stage(1, 1000, {.method = EnvelopeMethod::hilbert}) == nullptr);
  CHECK(envelope_rate_hz(1000, {.hop_ms = 10}) == 100);
  x(9, 2990) = std::numeric_limits<double>::quiet_NaN();
  for (const auto method : {EnvelopeMethod::rms, EnvelopeMethod::lowpass, EnvelopeMethod::hilbert}) {
    CHECK_THROWS_WITH(envelope(x, 1000, {.method = method}), ContainsSubstring("channel 9, sample 2990 is not finite"));
  }
  x(9, 2990) = 1e200;
  CHECK_THROWS_AS(envelope(x, 1000, {}), NumericalError);
}

}  // namespace emg
