#include "libemg/detect/noise.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/filter/butterworth.h"
#include "tests/detect/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

double plain_median(std::vector<double> x) {
  for (auto& v : x) v = std::fabs(v);
  std::sort(x.begin(), x.end());
  const auto n = x.size();
  return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

double level(const std::vector<double>& x, double rate_hz, const NoiseOptions& options) {
  return noise_level(scenes::matrix(x), rate_hz, options).at(0).noise_uv;
}

}  // namespace

TEST_CASE("the sampled median is the median, bit for bit") {
  for (const std::size_t n : {1u, 2u, 3u, 19999u, 20000u, 20001u, 100000u, 250001u}) {
    const auto x = scenes::white(n, n);
    CAPTURE(n);
    CHECK(median_abs(x) == plain_median(x));
  }
  std::vector<double> coarse = scenes::white(50000, 3);
  for (auto& v : coarse) v = std::round(v);
  CHECK(median_abs(coarse) == plain_median(coarse));
  std::vector<double> periodic(61 * 1000);
  for (std::size_t i = 0; i < periodic.size(); ++i) periodic[i] = i % 61 == 0 ? 100 : static_cast<double>(i % 7);
  CHECK(median_abs(periodic) == plain_median(periodic));
  CHECK(median_abs(std::vector<double>(30000, -2.5)) == 2.5);
}

TEST_CASE("the median of values that many samples share, and of long records") {
  Random random(4);
  std::vector<double> two(200001), three(300000), lopsided(400000, 1.0), longer(2000000);
  for (auto& v : two) v = random.uniform() < 0.5 ? 1 : 2;
  for (std::size_t i = 0; i < three.size(); ++i) three[i] = i % 2 ? 3 : 4;
  for (std::size_t i = 0; i < lopsided.size(); i += 3) lopsided[i] = 2 + random.uniform();
  for (std::size_t i = 0; i < longer.size(); ++i) longer[i] = random.normal() * (i < 1000000 ? 1 : 10);
  for (const auto& x : {two, three, lopsided, longer}) CHECK(median_abs(x) == plain_median(x));
}

TEST_CASE("noise-level from blocks has the bits of the whole record") {
  RowMatrix x(3, 20001);
  for (Index c = 0; c < x.rows(); ++c) x.row(c) = scenes::matrix(scenes::white(20001, 50 + static_cast<std::uint64_t>(c)));
  x.row(1).array() += 5;
  std::vector<NoiseOptions> cases;
  for (const auto method : {NoiseMethod::percentile, NoiseMethod::mad, NoiseMethod::rms, NoiseMethod::span}) {
    for (const bool centre : {false, true}) cases.push_back({.method = method, .centre = centre, .baseline_start_s = 1, .baseline_stop_s = 3.0});
  }
  cases.push_back({.block_s = 2});
  cases.push_back({.method = NoiseMethod::mad, .block_s = 3});
  for (const auto& options : cases) {
    const auto whole = noise_level(x, 2000, options);
    for (const Index block : {1, 7, 4096, 20001}) {
      const auto rows = noise_level_streamed(scenes::streamed(x, 2000, block), options, block < 100 ? 1 : 2);
      CAPTURE(static_cast<int>(options.method), options.centre, options.block_s, block);
      REQUIRE(rows.size() == whole.size());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(rows[i].channel == whole[i].channel);
        CHECK(rows[i].noise_uv == whole[i].noise_uv);
        CHECK(rows[i].density == whole[i].density);
        CHECK(rows[i].end_s == whole[i].end_s);
      }
    }
  }
  x(2, 14000) = std::nan("");
  CHECK_THROWS_WITH(noise_level_streamed(scenes::streamed(x, 2000, 999), {}), ContainsSubstring("channel 2, sample 14000 is not finite"));
  CHECK_THROWS_WITH(noise_level_streamed(scenes::streamed(RowMatrix(1, 0), 2000, 1), {}), ContainsSubstring("empty"));
}

TEST_CASE("quantiles interpolate like np.quantile") {
  CHECK(quantile_of({4, 1, 3, 2}, 0.1) == Approx(1.3).epsilon(1e-14));
  CHECK(quantile_of({5}, 0.7) == 5);
  CHECK(median_of({3, 1, 2, 10}) == 2.5);
}

TEST_CASE("degrees of freedom of a window") {
  CHECK(window_degrees_of_freedom(std::vector<double>{1}, 50) == 50);
  CHECK(window_degrees_of_freedom(std::vector<double>{1, 0.5}, 2) == Approx(2 / (1 + 2 * 0.5 * 0.25)));
}

TEST_CASE("every method reads white noise") {
  const double sd = 3;
  const auto x = scenes::white(200000, 5, sd);
  for (const double rate_hz : {1000.0, 10000.0, 48000.0}) {
    CAPTURE(rate_hz);
    CHECK(level(x, rate_hz, {}) == Approx(sd).epsilon(0.02));
    CHECK(level(x, rate_hz, {.method = NoiseMethod::mad}) == Approx(sd).epsilon(0.01));
    CHECK(level(x, rate_hz, {.method = NoiseMethod::rms}) == Approx(sd).epsilon(0.01));
    CHECK(level(x, rate_hz, {.method = NoiseMethod::span, .baseline_start_s = 0, .baseline_stop_s = 1}) == Approx(sd).epsilon(0.08));
  }
}

TEST_CASE("mad takes activity for noise, the percentile hardly", "[long]") {
  // The true noise is that of the same scene without units, through the same filter.
  for (const double rate_hz : {10000.0, 30000.0}) {
    const auto read = [&](int units, std::uint64_t seed) {
      const auto filtered = [&](int count) { return highpass(scenes::matrix(scenes::needle(count, rate_hz, 20, seed)), rate_hz, {.cut_hz = 500}); };
      const RowMatrix quiet = filtered(0), active = filtered(units);
      const double truth = std::sqrt(quiet.squaredNorm() / static_cast<double>(quiet.cols()));
      auto row = noise_level(active, rate_hz, {}).at(0);
      row.noise_uv /= truth;
      return std::pair{row, noise_level(active, rate_hz, {.method = NoiseMethod::mad}).at(0).noise_uv / truth};
    };
    for (const std::uint64_t seed : {6u, 7u, 8u}) {
      CAPTURE(rate_hz, seed);
      for (const int units : {0, 2, 5}) CHECK(read(units, seed).first.noise_uv == Approx(1).margin(0.08));
      const auto [ten, ten_by_mad] = read(10, seed);
      CHECK(ten.noise_uv <= 1.15);
      CHECK(ten_by_mad >= 1.8);
      CHECK(read(20, seed).first.noise_uv <= 1.40);
      CHECK(read(40, seed).first.flags == std::vector<std::string>{"no_quiet_time"});
    }
  }
}

TEST_CASE("noise scales with the signal and not with an offset when centred") {
  auto x = scenes::white(40000, 8);
  const auto row = noise_level(scenes::matrix(x), 2000, {}).at(0);
  CHECK(*row.density > 0.95);
  CHECK(row.flags.empty());
  std::vector<double> doubled = x, shifted = x;
  for (auto& v : doubled) v *= 4;
  for (auto& v : shifted) v += 1000;
  CHECK(level(doubled, 2000, {}) == 4 * row.noise_uv);
  for (const auto method : {NoiseMethod::percentile, NoiseMethod::mad}) {
    CHECK(level(shifted, 2000, {.method = method, .centre = true}) == Approx(level(x, 2000, {.method = method})).epsilon(0.01));
  }
}

TEST_CASE("blocks follow a changing level") {
  auto x = scenes::white(100000, 9);
  for (std::size_t i = 50000; i < x.size(); ++i) x[i] *= 3;
  const auto rows = noise_level(scenes::matrix(x), 1000, {.block_s = 10});
  REQUIRE(rows.size() == 10);
  CHECK(rows[1].noise_uv == Approx(1).epsilon(0.1));
  CHECK(rows[8].noise_uv == Approx(3).epsilon(0.1));
  CHECK(rows[9].end_s == 100);
  CHECK(rows[4].start_s == 40);
}

TEST_CASE("constant, tiny and wrong input to noise-level") {
  const auto flat = noise_level(scenes::matrix(std::vector<double>(5000, 7)), 1000, {});
  CHECK(flat[0].noise_uv == 0);
  CHECK(flat[0].flags == std::vector<std::string>{"flat"});
  CHECK(noise_level(scenes::matrix({5.0}), 1000, {}).at(0).noise_uv == 0);
  CHECK_THROWS_AS(noise_level(RowMatrix(1, 0), 1000, {}), InvalidArgument);
  CHECK_THROWS_WITH(noise_level(scenes::matrix({1, std::numeric_limits<double>::quiet_NaN()}), 1000, {}),
                    ContainsSubstring("channel 0, sample 1 is not finite"));
  CHECK_THROWS_WITH(noise_level(scenes::matrix({1, 2}), 1000, {.window_ms = 0.01}), ContainsSubstring("window_ms 0.01"));
  CHECK_THROWS_WITH(noise_level(scenes::matrix(scenes::white(1000, 1)), 1000, {.method = NoiseMethod::span, .baseline_stop_s = 2.0}),
                    ContainsSubstring("baseline_stop_s 2"));
}

TEST_CASE("noise-level gives the same bits for any threads, and alone or among others") {
  RowMatrix many(9, 30000);
  for (Index c = 0; c < many.rows(); ++c) many.row(c) = scenes::matrix(scenes::white(30000, 100 + static_cast<std::uint64_t>(c)));
  const auto one = noise_level(many, 2000, {}, 1);
  for (const int threads : {2, 7}) {
    const auto more = noise_level(many, 2000, {}, threads);
    for (std::size_t c = 0; c < one.size(); ++c) CHECK(one[c].noise_uv == more[c].noise_uv);
  }
  CHECK(noise_level(many.row(4), 2000, {}).at(0).noise_uv == one[4].noise_uv);
}

TEST_CASE("white noise through any band is read within 4 %") {
  struct Band {
    double rate_hz, low_hz, high_hz;
  };
  for (const auto& band : {Band{2048, 20, 450}, Band{2048, 20, 900}, Band{2048, 100, 400}, Band{10000, 20, 450}, Band{10000, 500, 4500},
                           Band{10000, 20, 2000}, Band{30000, 20, 450}, Band{30000, 500, 10000}, Band{30000, 300, 3000}, Band{48000, 500, 10000},
                           Band{48000, 20, 1000}, Band{48000, 20, 10000}}) {
    const auto n = static_cast<std::size_t>(20 * band.rate_hz);
    const RowMatrix x = bandpass(scenes::matrix(scenes::white(n, 77)), band.rate_hz, {.low_hz = band.low_hz, .high_hz = band.high_hz});
    const double truth = std::sqrt(x.squaredNorm() / static_cast<double>(n));
    CAPTURE(band.rate_hz, band.low_hz, band.high_hz);
    CHECK(noise_level(x, band.rate_hz, {}).at(0).noise_uv == Approx(truth).epsilon(0.04));
  }
}
