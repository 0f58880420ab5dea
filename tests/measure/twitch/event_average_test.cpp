#include "libemg/measure/twitch/event_average.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

constexpr double kRate = 1000;

// Bursts of 100 ms every 3 s on every channel, `lag_ms` after those of the first; the last channel shifts by -5 uV in the half second before.
RowMatrix jerks(const std::vector<double>& lag_ms, double duration_s = 62) {
  const auto count = static_cast<Index>(duration_s * kRate);
  RowMatrix signal(static_cast<Index>(lag_ms.size()) + 1, count);
  for (Index c = 0; c < signal.rows(); ++c) {
    const auto noise = scenes::band_noise(static_cast<std::size_t>(count), kRate, 10 + static_cast<std::uint64_t>(c));
    const bool muscle = c + 1 < signal.rows();
    for (Index i = 0; i < count; ++i) {
      double gain = 1, shift = 0;
      for (double t = 3; t < duration_s - 3; t += 3) {
        const double after_s = static_cast<double>(i) / kRate - t;
        if (muscle && after_s >= lag_ms[static_cast<std::size_t>(c)] / 1000 && after_s < lag_ms[static_cast<std::size_t>(c)] / 1000 + 0.1) gain = 20;
        if (!muscle && after_s >= -0.5 && after_s < 0) shift = -5;
      }
      signal(c, i) = gain * noise[static_cast<std::size_t>(i)] + shift;
    }
  }
  return signal;
}

}  // namespace

TEST_CASE("the average around bursts keeps what is locked to them") {
  const auto signal = jerks({0});
  const auto average = event_average(signal, kRate, {});
  REQUIRE(average.events >= 15);
  REQUIRE(average.mean_uv.cols() == 2500);
  CHECK(average.time_s.front() == Approx(-2));
  CHECK(average.mean_uv.row(1).segment(1550, 400).mean() == Approx(-5).margin(0.3));
  CHECK(average.noise_uv.row(1).segment(1550, 400).mean() == Approx(0).margin(0.5));
  CHECK(average.se_uv.row(1).maxCoeff() < 1);
  const auto rows = event_potentials(signal, kRate, {});
  REQUIRE(rows.size() == 2);
  CHECK(*rows[1].late_area_uvs == Approx(-2.5).margin(4 * *rows[1].late_se_uvs + 0.05));
  CHECK(*rows[1].late_se_uvs < 0.1);
}

TEST_CASE("without bursts there is no average; the trigger must be a channel") {
  const auto x = scenes::band_noise(10000, kRate, 3);
  CHECK(event_average(scenes::as_matrix(x), kRate, {}).events == 0);
  CHECK(!event_potentials(scenes::as_matrix(x), kRate, {})[0].late_area_uvs);
  EventAverageOptions wrong;
  wrong.trigger = 1;
  CHECK_THROWS_WITH(event_average(scenes::as_matrix(x), kRate, wrong), ContainsSubstring("trigger 1"));
}

TEST_CASE("velocity along a pathway, or none") {
  const auto v = pathway_velocity({0, 100, 200, 300}, {0, 10.2, 19.9, 30.1});
  CHECK(*v.velocity_mps == Approx(10).epsilon(0.01));
  CHECK(*v.velocity_low_mps < 10);
  CHECK(!pathway_velocity({0, 100, 200, 300}, {0, 5, -5, 1}).velocity_mps);
  CHECK(pathway_velocity({0, 1}, {0, 1}).reason == "fewer than three channels with bursts");
  const RowMatrix signal = jerks({0, 20, 40}).topRows(3);
  PathwayOptions options;
  options.distance_mm = {0, 200, 400};
  const auto rows = pathway_velocity_of(signal, kRate, options);
  REQUIRE(rows.size() == 1);
  CHECK(*rows[0].velocity_mps == Approx(10).epsilon(0.1));
  options.distance_mm = {};
  CHECK(pathway_velocity_of(signal, kRate, options)[0].reason == "not assessable: distance_mm missing");
  options.distance_mm = {0};
  CHECK_THROWS_WITH(pathway_velocity_of(signal, kRate, options), ContainsSubstring("distance_mm has 1 values for 3 channels"));
}
