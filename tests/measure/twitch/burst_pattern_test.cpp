#include "libemg/measure/twitch/burst_pattern.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

constexpr double kRate = 2000;

// Added band noise in a rectangle over background of RMS 10.
std::vector<double> burst_scene(double ms, double snr_db, std::uint64_t seed, double at_s = 1, double total_s = 2) {
  const auto count = static_cast<std::size_t>(total_s * kRate);
  auto x = scenes::band_noise(count, kRate, seed);
  const auto more = scenes::band_noise(count, kRate, seed + 1000);
  // The burst's RMS is that of background and added noise together.
  const double ratio = std::pow(10, snr_db / 20), added = std::sqrt(ratio * ratio - 1);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = static_cast<double>(i) / kRate;
    x[i] = 10 * (x[i] + (t >= at_s && t < at_s + ms / 1000 ? added * more[i] : 0));
  }
  return x;
}

std::vector<BurstRow> found_in(const std::vector<double>& x) { return bursts(scenes::as_matrix(x), kRate, {}); }

}  // namespace

TEST_CASE("the limits of bursts have hardly any bias") {
  for (const double ms : {20.0, 50.0, 100.0, 300.0}) {
    for (const double snr_db : {10.0, 20.0}) {
      double sum = 0, square = 0;
      int n = 0, missed = 0;
      for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const auto rows = found_in(burst_scene(ms, snr_db, seed));
        const BurstRow* best = nullptr;
        for (const auto& row : rows) {
          if (row.onset_s < 1.02 + ms / 1000 && row.offset_s > 0.98 && (!best || row.duration_ms > best->duration_ms)) best = &row;
        }
        if (!best) {
          ++missed;
          continue;
        }
        const double error = best->duration_ms - ms;
        sum += error;
        square += error * error;
        ++n;
      }
      const double mean = sum / n, sd = std::sqrt(square / n - mean * mean);
      INFO(ms << " ms at " << snr_db << " dB: mean error " << mean << ", SD " << sd << ", missed " << missed);
      CHECK(missed == 0);
      CHECK(std::fabs(mean) <= 2.5);
      CHECK(sd <= (ms < 50 && snr_db < 20 ? 6 : 4.5));
    }
  }
}

TEST_CASE("gain and sign change no limit") {
  auto x = burst_scene(50, 20, 3);
  const auto a = found_in(x);
  for (auto& v : x) v *= -2;
  const auto b = found_in(x);
  REQUIRE(a.size() == b.size());
  REQUIRE(!a.empty());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].sample == b[i].sample);
    CHECK(b[i].rms_uv == Approx(2 * a[i].rms_uv));
  }
}

TEST_CASE("pattern of regular bursts of two muscles") {
  std::vector<BurstRow> rows;
  for (int i = 0; i < 40; ++i) {
    const double t = 1 + 0.2 * i;
    rows.push_back({.channel = 0, .onset_s = t, .offset_s = t + 0.05, .duration_ms = 50, .method = "m"});
    rows.push_back({.channel = 1, .onset_s = t + 0.03, .offset_s = t + 0.07, .duration_ms = 40, .method = "m"});
  }
  const auto pattern = burst_pattern(rows, 60);
  REQUIRE(pattern.size() == 3);
  CHECK(pattern[0].bursts == 40);
  CHECK(pattern[0].n_sufficient);
  CHECK(*pattern[0].rate_per_min == Approx(40));
  CHECK(*pattern[0].interval_median_s == Approx(0.2));
  CHECK(std::fabs(std::remainder(*pattern[0].rhythm_hz, 5.0)) < 0.1);
  CHECK(*pattern[0].rhythm_p < 1e-6);
  CHECK(*pattern[2].lag_median_ms == Approx(30));
  CHECK(*pattern[2].first_leads == 40);
  CHECK(*pattern[2].co_contraction == Approx(2 * 0.02 / 0.09));
  CHECK(*pattern[2].triphasic == 39);
  rows.back().method = "other";
  CHECK_THROWS_WITH(burst_pattern(rows, 60), Catch::Contains("must not be pooled"));
  CHECK(burst_pattern({}, 60).empty());
}

TEST_CASE("independent bursts have no rhythm") {
  int significant = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    Random random(8, run);
    std::vector<BurstRow> rows;
    for (double t = 1; rows.size() < 30; t += 0.05 + random.exponential()) rows.push_back({.channel = 0, .onset_s = t, .offset_s = t + 0.03, .duration_ms = 30, .method = "m"});
    significant += *burst_pattern(rows, 60)[0].rhythm_p < 0.01;
  }
  CHECK(significant <= 5);
}

TEST_CASE("bursts refuse what they cannot look at") {
  CHECK_THROWS_AS(bursts(RowMatrix(1, 0), kRate, {}), InvalidArgument);
  BurstOptions wrong;
  wrong.low_hz = 480;
  CHECK_THROWS_WITH(bursts(RowMatrix::Zero(1, 4000), kRate, wrong), Catch::Contains("low_hz"));
  CHECK(bursts(RowMatrix::Zero(1, 4000), kRate, {}).empty());
  RowMatrix two(2, 4000);
  for (Index c = 0; c < 2; ++c) {
    const auto x = burst_scene(50, 20, 3 + static_cast<std::uint64_t>(c));
    for (Index i = 0; i < 4000; ++i) two(c, i) = x[static_cast<std::size_t>(i)];
  }
  const auto one = bursts(two, kRate, {}, 1), many = bursts(two, kRate, {}, 7);
  REQUIRE(one.size() == many.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(values_of(one[i]) == values_of(many[i]));
}
