#include "libemg/spectral/line.h"

#include <numbers>

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

constexpr double kRate = 2048;

// Bursts of 20-450 Hz noise with an RMS of 50 uV, and a line.
RowMatrix bursts_with_line(std::uint32_t seed, double line_hz, double amplitude) {
  RowMatrix x = bandpass(test_signal(1, 20 * 2048, 0, 1000 * seed + 1), kRate, {.order = 2});
  for (Index i = 0; i < x.cols(); ++i) x(0, i) *= std::sin(2 * std::numbers::pi * static_cast<double>(i) / kRate / 5) > 0 ? 1.0 : 0.1;
  x *= 50 / std::sqrt(x.array().square().mean());
  for (Index i = 0; i < x.cols(); ++i) x(0, i) += amplitude * std::sin(2 * std::numbers::pi * line_hz * static_cast<double>(i) / kRate);
  return x;
}

}  // namespace

TEST_CASE("no line is found in line-free bursts, a clear one always") {
  int false_alarms = 0, found = 0;
  for (std::uint32_t seed = 0; seed < 30; ++seed) {
    false_alarms += !line_harmonics(bursts_with_line(seed, 50, 0), kRate).empty();
    const auto rows = line_harmonics(bursts_with_line(seed, 60, 20), kRate);
    found += !rows.empty() && rows.front().base_hz == 60 && rows.front().harmonic == 1;
  }
  CHECK(false_alarms == 0);
  CHECK(found == 30);
}

TEST_CASE("height and amplitude of a line") {
  const auto rows = line_harmonics(bursts_with_line(3, 50, 40), kRate);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].amplitude_uv == Approx(40).epsilon(0.05));
  CHECK(rows[0].excess_db > 20);
  CHECK(rows[0].z > 5);
}

TEST_CASE("blocks of any size find the same as the whole record") {
  const auto x = bursts_with_line(1, 50, 40);
  const auto whole = find_line([&](const BlockSink& sink) { sink(x); }, 1, kRate);
  const auto parts = find_line(
      [&](const BlockSink& sink) {
        for (Index i = 0; i < x.cols(); i += 777) sink(x.middleCols(i, std::min<Index>(777, x.cols() - i)));
      },
      1, kRate);
  REQUIRE(whole);
  REQUIRE(parts);
  CHECK(whole->base_hz == 50);
  CHECK(whole->harmonics == std::vector<int>{1});
  CHECK(parts->harmonics == whole->harmonics);
}

TEST_CASE("records below one second have no line; a base of one's own may be asked for; refusals") {
  const auto x = bursts_with_line(2, 16.7, 200);
  CHECK(line_harmonics(x.leftCols(2000), kRate).empty());
  const auto rows = line_harmonics(x, kRate, {.line_hz = 16.7});
  REQUIRE(!rows.empty());
  CHECK(rows[0].base_hz == 16.7);
  CHECK_THROWS_WITH(line_harmonics(x, kRate, {.line_z = 2}), ContainsSubstring("line_z 2"));
}

}  // namespace emg
