// The same band-limited signal at 1, 2 and 10 kHz: every measure in seconds, hertz and microvolts is the same.

#include <algorithm>
#include <cmath>

#include "libemg/core/random.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset.h"
#include "libemg/detect/threshold.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/envelope.h"
#include "libemg/filter/resample.h"
#include "libemg/measure/surface/window_features.h"
#include "libemg/spectral/frequency.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kFast = 10000;
constexpr double kRates[] = {1000, 2000};

RowMatrix at_rate(const RowMatrix& fast, double rate_hz) {
  return resample(fast, kFast, {.target_hz = rate_hz});
}

// Two bursts of 20 dB, 2-3 s and 4-5 s, through an amplifier of 20-350 Hz that lets nothing pass above half of the lowest rate.
RowMatrix bursts(std::uint64_t seed) {
  const Index lead = 10000, count = 60000;
  Random rest(seed, 1), active(seed, 2);
  RowMatrix x(1, lead + count);
  for (Index i = 0; i < x.cols(); ++i) {
    const double t = static_cast<double>(i - lead) / kFast;
    const bool on = (t >= 2 && t < 3) || (t >= 4 && t < 5);
    x(0, i) = 20 * (rest.normal() + (on ? 10 : 0) * active.normal());
  }
  x = bandpass(x, kFast, {.low_hz = 20, .high_hz = 350, .order = 2, .zero_phase = false});
  x = lowpass(x, kFast, {.cut_hz = 420, .order = 6, .zero_phase = false});
  return x.rightCols(count);
}

}  // namespace

TEST_CASE("onsets of the same signal at 1, 2 and 10 kHz lie within 2 ms") {
  for (const auto method : {OnsetMethod::aglr, OnsetMethod::hodges_bui, OnsetMethod::change}) {
    OnsetOptions options;
    options.method = method;
    constexpr int kSeeds = 10;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const RowMatrix x = bursts(seed);
      const auto expected = onsets(x, kFast, options);
      REQUIRE(expected.size() == 2);
      for (const double rate_hz : kRates) {
        const auto rows = onsets(at_rate(x, rate_hz), rate_hz, options);
        CAPTURE(static_cast<int>(method), seed, rate_hz);
        CHECK(rows.size() <= 3);
        for (const auto& burst : expected) {
          double away_s = 1;
          for (const auto& row : rows) away_s = std::min(away_s, std::fabs(row.start_s - burst.start_s));
          CHECK(away_s <= 0.002 + 1e-9);
        }
      }
    }
  }
}

TEST_CASE("frequencies, amplitudes, counts and noise of the same signal at 1, 2 and 10 kHz agree within 1 %") {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const RowMatrix x = bursts(seed);
    const auto spectrum = frequency_measures(x, kFast).front();
    const double noise_uv = noise_level(x, kFast, {}).front().noise_uv;
    for (const double rate_hz : kRates) {
      const RowMatrix y = at_rate(x, rate_hz);
      CAPTURE(seed, rate_hz);
      const auto row = frequency_measures(y, rate_hz).front();
      CHECK(*row.mnf_hz == Approx(*spectrum.mnf_hz).epsilon(0.01));
      CHECK(*row.mdf_hz == Approx(*spectrum.mdf_hz).epsilon(0.01));
      CHECK(*row.power_uv2 == Approx(*spectrum.power_uv2).epsilon(0.01));
      CHECK(noise_level(y, rate_hz, {}).front().noise_uv == Approx(noise_uv).epsilon(0.04));
    }
    // Squares of 150 Hz reach 300 Hz; those of the whole band would not fit below half of 1 kHz.
    const RowMatrix narrow = lowpass(x, kFast, {.cut_hz = 150, .order = 6});
    for (const auto method : {EnvelopeMethod::rms, EnvelopeMethod::arv, EnvelopeMethod::lowpass}) {
      EnvelopeOptions options;
      options.method = method;
      const RowMatrix fast = envelope(narrow, kFast, options);
      for (const double rate_hz : kRates) {
        CAPTURE(seed, rate_hz, static_cast<int>(method));
        const RowMatrix slow = envelope(at_rate(narrow, rate_hz), rate_hz, options);
        for (const double t : {2.3, 2.5, 2.7, 4.3, 4.5, 4.7}) {
          CHECK(slow(0, std::lround(t * rate_hz)) == Approx(fast(0, std::lround(t * kFast))).margin(0.01 * fast.maxCoeff()));
        }
      }
    }
  }
}

TEST_CASE("instants of the same potentials at 1, 2 and 10 kHz lie within 0.1 ms") {
  const Index count = 60000;
  Random random(3);
  RowMatrix x(1, count);
  for (Index i = 0; i < count; ++i) x(0, i) = random.normal();
  x = bandpass(x, kFast, {.low_hz = 20, .high_hz = 200});
  x /= std::sqrt(x.array().square().mean());
  constexpr double kWidthS = 3e-3;
  for (double centre_s = 0.5; centre_s < 5.5; centre_s += random.uniform(0.29, 0.31)) {
    for (Index i = 0; i < count; ++i) {
      const double t = (static_cast<double>(i) / kFast - centre_s) / kWidthS;
      x(0, i) -= 30 * std::exp(0.5) * t * std::exp(-t * t / 2);
    }
  }
  SpikeOptions options;
  options.threshold_uv = 12;
  options.polarity = SpikePolarity::negative;
  options.search_ms = 8;
  options.refractory_ms = 30;
  const auto expected = detect_spikes(x, kFast, options).rows;
  CHECK(expected.size() >= 16);
  for (const double rate_hz : kRates) {
    const auto rows = detect_spikes(at_rate(x, rate_hz), rate_hz, options).rows;
    REQUIRE(rows.size() == expected.size());
    for (std::size_t i = 0; i < rows.size(); ++i) CHECK(rows[i].time_s == Approx(expected[i].time_s).margin(1e-4));
  }
}

}  // namespace emg
