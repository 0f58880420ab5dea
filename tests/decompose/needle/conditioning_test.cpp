#include "libemg/decompose/needle/conditioning.h"

#include <limits>

#include "libemg/core/chi_square.h"
#include "libemg/core/error.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"
#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

// Estimate over truth for band-passed white noise.
double reading(double rate_hz, double high_hz, double window_ms, double share) {
  Random random(3);
  RowMatrix white(1, static_cast<Index>(40 * rate_hz));
  for (Index i = 0; i < white.cols(); ++i) white(0, i) = random.normal();
  BandpassOptions options;
  options.low_hz = 500;
  options.high_hz = high_hz;
  options.order = 2;
  const RowMatrix band = bandpass(white, rate_hz, options);
  const double sd = std::sqrt(band.squaredNorm() / static_cast<double>(band.cols()));
  return quantile_noise(channel_span(band, 0), rate_hz, band_autocorrelation(rate_hz, 500, high_hz), window_ms, share) / sd;
}

double bias(double rate_hz, double high_hz, double window_ms, double share) {
  const double nu = window_degrees_of_freedom(band_autocorrelation(rate_hz, 500, high_hz), samples_in_ms(window_ms, rate_hz));
  return std::sqrt(chi_square_quantile(share, nu) / nu);
}

}  // namespace

TEST_CASE("noise: the quantile of short windows reads the SD of band-passed noise") {
  CHECK(bias(30000, 5000, 5, 0.10) == Approx(0.863).margin(0.003));
  CHECK(bias(4000, 1800, 5, 0.10) == Approx(0.740).margin(0.003));
  CHECK(bias(30000, 5000, 2, 0.02) == Approx(0.671).margin(0.003));
  CHECK(reading(30000, 5000, 5, 0.10) == Approx(1).margin(0.01));
  CHECK(reading(30000, 5000, 2, 0.02) == Approx(1).margin(0.03));
  CHECK(reading(10000, 4500, 5, 0.10) == Approx(1).margin(0.01));
  CHECK(reading(4000, 1800, 5, 0.10) == Approx(1).margin(0.02));
}

TEST_CASE("noise: a busy record does not lift it, the median absolute deviation does") {
  std::vector<TestUnit> units;
  for (int i = 0; i < 12; ++i) units.push_back({30.0 + 10 * (i % 4), 0.25 + 0.03 * i, 1 + i % 3, 0, 85.0 + 3 * i, 0.15});
  const auto busy = test_record(units, 10, 4, 20000), quiet = test_record({}, 10, 4, 20000);
  const auto c = condition(busy.signal, 20000, {}, {}), q = condition(quiet.signal, 20000, {}, {});
  CHECK(c.sigma_uv[0] == Approx(q.sigma_uv[0]).epsilon(0.12));
  CHECK(median_abs(channel_span(c.band, 0)) / 0.6745 > 1.25 * q.sigma_uv[0]);
}

TEST_CASE("crowding: the share of active time tells isolated potentials from interference") {
  const auto noise = condition(test_record({}, 5, 1, 20000).signal, 20000, {}, {});
  CHECK(noise.mean_active < 0.05);
  std::vector<TestUnit> units;
  for (int i = 0; i < 50; ++i) units.push_back({15 * std::pow(1.06, i), 0.2 + 0.004 * i, 1 + i % 3, 2.5, 80.0 + i % 40, 0.15});
  CHECK(condition(test_record(units, 5, 2, 20000).signal, 20000, {}, {}).mean_active > 1.8);
}

TEST_CASE("the whitened copy has unit noise at every rate, and a grid of four times the band") {
  for (const double rate : {4000.0, 10000.0, 23437.5, 50000.0}) {
    const auto record = test_record({}, 4, 5, rate);
    const auto c = condition(record.signal, rate, {}, {});
    CHECK(c.whitened);
    CHECK(c.white.squaredNorm() / static_cast<double>(c.white.cols()) == Approx(1).margin(0.06));
    CHECK(c.work_rate_hz >= 3.9 * std::min(5000.0, 0.45 * rate));
  }
}

TEST_CASE("gaps, flat stretches and clipped tops are blocked") {
  auto record = test_record(three_units(), 4, 6, 10000);
  record.signal.row(0).segment(10000, 200).setConstant(3);
  for (Index i = 20000; i < 20005; ++i) record.signal(0, i) = 500;
  Gap gap;
  gap.first_sample = 30000;
  gap.sample_count = 100;
  const auto c = condition(record.signal, 10000, {}, {gap});
  const double ratio = c.work_rate_hz / 10000;
  for (const double at : {10100.0, 20002.0, 30050.0}) CHECK(c.blocked[static_cast<std::size_t>(at * ratio)]);
  CHECK(!c.blocked[static_cast<std::size_t>(5000 * ratio)]);
  CHECK(c.blocked_s > 0.03);
  CHECK(c.blocked_s < 0.1);
}

TEST_CASE("a flat channel is left out; nothing usable, low rates, short records and wrong corners are refused by name") {
  auto record = test_record(three_units(), 3, 7, 10000);
  RowMatrix two(2, record.signal.cols());
  two.row(0).setConstant(5);
  two.row(1) = record.signal.row(0);
  CHECK(condition(two, 10000, {}, {}).channels == std::vector<Index>{1});
  CHECK_THROWS_WITH(condition(two.topRows(1), 10000, {}, {}), ContainsSubstring("constant"));
  CHECK_THROWS_WITH(condition(record.signal, 1500, {}, {}), ContainsSubstring("rate_hz is 1500"));
  CHECK_THROWS_WITH(condition(record.signal.leftCols(5000), 10000, {}, {}), ContainsSubstring("0.5 s long"));
  CHECK_THROWS_WITH(condition(record.signal, 10000, {4800, 5000, 4.5}, {}), ContainsSubstring("highpass_hz is 4800"));
  record.signal(0, 17) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(condition(record.signal, 10000, {}, {}), ContainsSubstring("17"));
}
