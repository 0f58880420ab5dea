#include "libemg/measure/twitch/cramp.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("an episode has its start, end, rise and spread") {
  constexpr double rate = 1024;
  constexpr Index count = static_cast<Index>(150 * rate);
  RowMatrix signal(3, count);
  const auto more = scenes::band_noise(count, rate, 50);
  for (Index c = 0; c < 3; ++c) {
    const auto noise = scenes::band_noise(count, rate, 1 + static_cast<std::uint64_t>(c));
    for (Index i = 0; i < count; ++i) {
      const double t = static_cast<double>(i) / rate;
      // Rises over 4 s from 70 s on, ends at 90 s; the second channel joins 5 s later, the third never.
      const double grown = t < 70 || t > 90 ? 0 : std::min(1.0, (t - 70) / 4);
      const double share = c == 0 ? 1 : c == 1 && t > 75 ? 0.5 : 0;
      signal(c, i) = 5 * noise[static_cast<std::size_t>(i)] + 100 * grown * share * more[static_cast<std::size_t>(i)];
    }
  }
  for (const double t : {30.0, 40.0, 91.5, 92.5, 120.0}) {
    std::vector<double> trace(static_cast<std::size_t>(count), 0.0);
    scenes::add_shape(trace, rate, t, 120, scenes::triphasic);
    for (Index i = 0; i < count; ++i) signal(0, i) += trace[static_cast<std::size_t>(i)];
  }
  const auto rows = cramp(signal, rate, {});
  REQUIRE(rows.size() == 1);
  const auto threshold = cramp_threshold_of(signal, rate, {.train_s = {40, 55, 66}, .train_hz = {10, 12, 14}});
  CHECK(threshold[0].followed == 1);
  CHECK(threshold[0].threshold_hz == 14);
  CHECK(threshold[0].step_hz == 2);
  CHECK_THROWS_WITH(cramp_threshold_of(signal, rate, {.train_s = {40}}), ContainsSubstring("train_hz has 0 values for 1 starts"));
  const auto& row = rows[0];
  CHECK(row.onset_s == Approx(70.5).margin(0.7));
  CHECK(row.offset_s == Approx(90.2).margin(0.4));
  CHECK(row.rise_s == Approx(3.2).margin(0.8));
  CHECK(row.channel == 0);
  CHECK(row.active_at_start == 1);
  CHECK(row.active_most == 2);
  CHECK(row.active_most_s == Approx(5).margin(1));
  CHECK(row.events_before == 2);
  CHECK(row.events_after == 3);
  CHECK(row.after_discharge_s == Approx(2.5).margin(0.6));
  CHECK(*row.mean_hz_start > 100);
}

TEST_CASE("rest has no episode") {
  const auto x = scenes::band_noise(60000, 1000, 9);
  CHECK(cramp(scenes::as_matrix(x), 1000, {}).empty());
  CHECK(cramp(RowMatrix::Zero(2, 10000), 1000, {}).empty());
  CHECK_THROWS_AS(cramp(RowMatrix(0, 0), 1000, {}), InvalidArgument);
}

TEST_CASE("the threshold frequency is the lowest that was followed by an episode") {
  const std::vector<double> hz{10, 12, 14, 16};
  const auto threshold = cramp_threshold(hz, {false, false, true, true});
  CHECK(threshold.threshold_hz == 14);
  CHECK(threshold.step_hz == 2);
  CHECK(!cramp_threshold(hz, {false, false, false, false}).threshold_hz);
  CHECK(!cramp_threshold(hz, {true, true, true, true}).step_hz);
}

TEST_CASE("bursts of two facial channels at once, and not") {
  constexpr double rate = 2000;
  const auto scene = [&](bool together) {
    Random random(4);
    RowMatrix signal(2, static_cast<Index>(60 * rate));
    for (Index c = 0; c < 2; ++c) {
      const auto noise = scenes::band_noise(static_cast<std::size_t>(signal.cols()), rate, 20 + static_cast<std::uint64_t>(c));
      for (Index i = 0; i < signal.cols(); ++i) signal(c, i) = 5 * noise[static_cast<std::size_t>(i)];
    }
    const auto loud = scenes::band_noise(static_cast<std::size_t>(signal.cols()), rate, 77);
    for (int b = 0; b < 40; ++b) {
      const double t = 1 + 1.4 * b + 0.3 * random.uniform();
      for (Index c = 0; c < 2; ++c) {
        const double at = t + (c == 1 ? (together ? 0.002 : 0.3 + 0.4 * random.uniform()) : 0);
        for (Index i = static_cast<Index>(at * rate); i < static_cast<Index>((at + 0.04) * rate); ++i) signal(c, i) += 60 * loud[static_cast<std::size_t>(i)];
      }
    }
    return facial_synchrony(signal, rate, {}).at(0);
  };
  const auto yes = scene(true), no = scene(false);
  CHECK(*yes.partner_share > 0.9);
  CHECK(yes.p < 1e-6);
  CHECK(*yes.lag_median_ms == Approx(2).margin(1));
  CHECK(yes.bursts == Approx(40).margin(2));
  CHECK(*yes.side_ratio == Approx(1).margin(0.1));
  CHECK(yes.intra_rate_hz);
  CHECK(no.partner_share.value_or(0) < 0.1);
  CHECK(no.p > 0.001);
}
