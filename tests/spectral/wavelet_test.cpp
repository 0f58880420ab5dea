#include "libemg/spectral/wavelet.h"

#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("the complex wavelet transform equals MNE") {
  for (const auto& c : reference_cases("spectral.txt", "wavelet")) {
    WaveletOptions options;
    options.frequencies_hz = {400, c.number("frequency")};
    options.cycle_count = c.number("cycles");
    options.zero_mean = c.number("zero_mean") != 0;
    options.quantity = WaveletQuantity::complex;
    const auto picture = wavelet(test_signal(1, c.count()), c.number("rate"), options);
    const auto where = reference_places(c.count());
    double error = 0;
    for (std::size_t k = 0; k < where.size(); ++k) {
      error = std::max({error, std::abs(picture.real_uv(0, 1, where[k]) - c.values[2 * k]),
                        std::abs(picture.imaginary_uv(0, 1, where[k]) - c.values[2 * k + 1])});
    }
    CHECK(error <= 1e-12 * c.number("largest"));
  }
}

TEST_CASE("amplitude reads a sine, power is the squared magnitude, edge_s is where it starts to") {
  RowMatrix x(1, 6000);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = 30 * std::cos(2 * std::numbers::pi * 80 * static_cast<double>(i) / 2000 + 1);
  WaveletOptions options;
  options.frequencies_hz = {80, 200};
  options.quantity = WaveletQuantity::amplitude;
  const auto amplitude = wavelet(x, 2000, options);
  CHECK(amplitude.amplitude_uv(0, 0, 3000) == Approx(30).epsilon(1e-6));
  CHECK(amplitude.amplitude_uv(0, 1, 3000) < 0.01);
  CHECK(amplitude.edge_s[0] == Approx(std::sqrt(2.0) * 7 / (2 * std::numbers::pi * 80)));
  CHECK(std::abs(amplitude.amplitude_uv(0, 0, 2) / 30 - 1) > 0.1);
  options.quantity = WaveletQuantity::complex;
  const auto parts = wavelet(x, 2000, options);
  options.quantity = WaveletQuantity::power;
  options.hop_ms = 10;
  const auto power = wavelet(x, 2000, options);
  CHECK(power.time_s.size() == 300);
  CHECK(power.time_s[7] == 0.07);
  CHECK(power.power_uv2(0, 0, 7) ==
        Approx(std::norm(std::complex<double>(parts.real_uv(0, 0, 140), parts.imaginary_uv(0, 0, 140)))).epsilon(1e-12));
  CHECK(power.amplitude_uv.values.empty());
}

TEST_CASE("an impulse lies at its time, for every frequency") {
  RowMatrix x = RowMatrix::Zero(1, 9000);
  x(0, 6200) = 1;
  const auto picture = wavelet(x, 2000, {});
  REQUIRE(picture.frequency_hz.size() == 40);
  for (Index f = 0; f < 40; ++f) {
    const auto* const row = picture.power_uv2.values.data() + f * 9000;
    CHECK(std::max_element(row, row + 9000) - row == 6200);
  }
}

TEST_CASE("wavelet: the same bits for any thread count and company") {
  const auto x = test_signal(3, 4000);
  const auto whole = wavelet(x, 1000, {});
  CHECK(wavelet(x, 1000, {}, 2).power_uv2.values == whole.power_uv2.values);
  CHECK(wavelet(x, 1000, {}, 7).power_uv2.values == whole.power_uv2.values);
  const auto alone = wavelet(x.row(1), 1000, {});
  CHECK(std::equal(alone.power_uv2.values.begin(), alone.power_uv2.values.end(), whole.power_uv2.values.begin() + 40 * 4000));
}

TEST_CASE("wavelet refuses wavelets longer than the record and frequencies above half the rate") {
  const auto x = test_signal(1, 500);
  WaveletOptions options;
  options.frequencies_hz = {5};
  CHECK_THROWS_WITH(wavelet(x, 1000, options), ContainsSubstring("the wavelet of frequencies_hz 5 Hz lasts 2.22"));
  options.frequencies_hz = {500};
  CHECK_THROWS_WITH(wavelet(x, 1000, options), ContainsSubstring("frequencies_hz 500 Hz is not below 500 Hz"));
  options.frequencies_hz = {100};
  options.cycle_count = 1;
  CHECK_THROWS_WITH(wavelet(x, 1000, options), ContainsSubstring("cycle_count 1"));
  CHECK_THROWS_WITH(wavelet(RowMatrix(0, 0), 1000, {}), ContainsSubstring("signal is empty"));
}

}  // namespace emg
