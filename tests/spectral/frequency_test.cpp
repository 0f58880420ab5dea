#include "libemg/spectral/frequency.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

std::vector<double> grid(double width_hz, std::size_t bins) {
  std::vector<double> f(bins);
  for (std::size_t k = 0; k < bins; ++k) f[k] = width_hz * static_cast<double>(k);
  return f;
}

}  // namespace

TEST_CASE("a white density has its mean and median in the middle of the band, entropy and flatness 1") {
  const auto f = grid(1, 513);
  const RowMatrix density = RowMatrix::Constant(1, 513, 2.5);
  FrequencyMeasuresOptions options;
  options.low_hz = 30;
  options.high_hz = 400;
  const auto row = spectrum_measures(f, density, options).front();
  CHECK(*row.mnf_hz == Approx(215).epsilon(1e-12));
  CHECK(*row.mdf_hz == Approx(215).epsilon(1e-12));
  CHECK(*row.entropy == Approx(1).epsilon(1e-12));
  CHECK(*row.flatness == Approx(1).epsilon(1e-12));
  CHECK(*row.power_uv2 == Approx(2.5 * 371).epsilon(1e-12));
  CHECK(*row.low_third_share + *row.middle_third_share + *row.high_third_share == Approx(1));
}

TEST_CASE("compressing a spectrum and its band by 10 % multiplies finsm5 by 1.1^6; with the band left it does not") {
  const auto density_of = [](const std::vector<double>& f, double scale) {
    RowMatrix p(1, static_cast<Index>(f.size()));
    for (std::size_t k = 0; k < f.size(); ++k) p(0, static_cast<Index>(k)) = std::pow(scale * f[k], 2) * std::exp(-scale * f[k] / 40);
    return p;
  };
  FrequencyMeasuresOptions wide;
  wide.finsm_low_hz = 22;
  wide.finsm_high_hz = 550;
  FrequencyMeasuresOptions narrow;
  narrow.finsm_low_hz = 20;
  narrow.finsm_high_hz = 500;
  // Bins compressed with the spectrum, so that both sums have the same terms.
  const auto f = grid(1.1, 1000), g = grid(1, 1000);
  const double before = *spectrum_measures(f, density_of(f, 1), wide).front().finsm5;
  const double after = *spectrum_measures(g, density_of(g, 1.1), narrow).front().finsm5;
  CHECK(after / before == Approx(std::pow(1.1, 6)).epsilon(1e-9));
  const double left = *spectrum_measures(g, density_of(g, 1), narrow).front().finsm5;
  CHECK(std::abs(after / left - std::pow(1.1, 6)) > 0.05);
}

TEST_CASE("one bin of power is mean, median, peak and edge at once; none at all is missing") {
  const auto f = grid(2, 300);
  RowMatrix density = RowMatrix::Zero(2, 300);
  density(0, 60) = 7;
  const auto rows = spectrum_measures(f, density, {.interpolate = false});
  CHECK(*rows[0].mnf_hz == 120);
  CHECK(*rows[0].mdf_hz == 120);
  CHECK(*rows[0].peak_hz == 120);
  CHECK(*rows[0].bandwidth_hz == 0);
  CHECK(!rows[1].mnf_hz);
  CHECK(!rows[1].finsm5);
  CHECK(rows[1].channel == 1);
}

TEST_CASE("the track holds the measures of each window") {
  const auto x = test_signal(3, 5000, 0);
  FrequencyTrackOptions options;
  options.low_hz = 0;
  options.high_hz = 500;
  const auto track = frequency_track(x, 1000, options);
  CHECK(track.time_s[0] == 0.125);
  FrequencyMeasuresOptions measures;
  measures.low_hz = 0;
  measures.high_hz = 500;
  for (const Index k : {0, 10, 50}) {
    const auto spectrum = periodogram(x.middleCols(k * 63, 250), 1000, {});
    const auto rows = spectrum_measures(spectrum.frequency_hz, spectrum.density_uv2_per_hz, measures);
    CHECK(track.mnf_hz(2, k) == Approx(*rows[2].mnf_hz).epsilon(1e-12));
    CHECK(track.mdf_hz(2, k) == Approx(*rows[2].mdf_hz).epsilon(1e-12));
    CHECK(track.power_uv2(2, k) == Approx(*rows[2].power_uv2).epsilon(1e-12));
    CHECK(track.finsm5(2, k) == Approx(*rows[2].finsm5).epsilon(1e-12));
  }
}

TEST_CASE("frequency track: the same bits for any thread count and company; silence is missing") {
  RowMatrix x = test_signal(4, 3000);
  x.row(3).setZero();
  const auto one = frequency_track(x, 1000, {});
  const auto seven = frequency_track(x, 1000, {}, 7);
  CHECK(one.mdf_hz.topRows(3) == seven.mdf_hz.topRows(3));
  CHECK(frequency_track(x.row(1), 1000, {}).mnf_hz == one.mnf_hz.row(1));
  CHECK(std::isnan(one.mnf_hz(3, 0)));
  CHECK(std::isnan(one.power_uv2(3, 0)));
}

TEST_CASE("frequency refusals") {
  const auto x = test_signal(1, 3000);
  CHECK_THROWS_WITH(frequency_track(x, 800, {}), ContainsSubstring("high_hz 450 Hz is above 400 Hz"));
  CHECK_THROWS_WITH(frequency_measures(x, 1000, {.low_hz = 450, .high_hz = 20}), ContainsSubstring("low_hz 450 is not below high_hz 20"));
  CHECK_THROWS_WITH(frequency_track(x.leftCols(10), 1000, {}), ContainsSubstring("window_ms 250 ms"));
}

}  // namespace emg
