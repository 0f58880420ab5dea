#include "libemg/spectral/stft.h"

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {

TEST_CASE("spectrogram equals SciPy") {
  for (const auto& c : reference_cases("signal.txt", "spectrogram")) {
    const auto s = spectrogram(test_signal(1, c.count()), 1000, {.window_ms = c.number("window"), .hop_ms = c.number("hop")});
    const auto& cube = s.density_uv2_per_hz;
    REQUIRE(cube.column_count == c.count("windows"));
    std::vector<double> column;
    for (Index k = 0; k < cube.row_count; ++k) column.push_back(cube(0, k, c.count("column")));
    CHECK(reference_error(column.data(), cube.row_count, c) <= 1e-12 * c.number("largest"));
  }
}

TEST_CASE("complex transform equals SciPy") {
  for (const auto& c : reference_cases("signal.txt", "stft")) {
    SpectrogramOptions options{.window_ms = c.number("window"), .hop_ms = c.number("hop")};
    options.detrend = Trend::none;
    const auto s = stft(test_signal(1, c.count()), 1000, options);
    const auto places = reference_places(static_cast<Index>(s.frequency_hz.size()));
    REQUIRE(2 * places.size() == c.values.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto value = s(0, places[i], c.count("column"));
      CHECK(std::abs(value - std::complex<double>(c.values[2 * i], c.values[2 * i + 1])) <= 1e-12 * 20);
    }
  }
}

TEST_CASE("an impulse is in the window whose middle is nearest") {
  RowMatrix x = RowMatrix::Zero(1, 3000);
  x(0, 1625) = 1;
  SpectrogramOptions options;
  options.detrend = Trend::none;
  const auto s = spectrogram(x, 1000, options);
  Index best = 0;
  for (Index k = 0; k < s.density_uv2_per_hz.column_count; ++k) {
    if (s.density_uv2_per_hz(0, 10, k) > s.density_uv2_per_hz(0, 10, best)) best = k;
  }
  CHECK(std::abs(s.time_s[static_cast<std::size_t>(best)] - 1.625) <= 0.0315);
  CHECK(s.time_s[0] == 0.125);
  CHECK(s.time_s[1] == 0.188);
}

TEST_CASE("spectrogram: the same bits for any thread count; refusals") {
  const auto x = test_signal(5, 2000);
  CHECK(spectrogram(x, 1000, {}, 7).density_uv2_per_hz.values == spectrogram(x, 1000, {}).density_uv2_per_hz.values);
  CHECK_THROWS_WITH(spectrogram(x.leftCols(100), 1000, {}), ContainsSubstring("window_ms 250 ms is longer than the record (100 ms)"));
}

}  // namespace emg
