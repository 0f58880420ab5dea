#include "libemg/measure/twitch/interference.h"

#include <cmath>

#include "libemg/core/random.h"
#include "libemg/measure/twitch/rest_analysis.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// QRS of about 80 ms and a T wave, peak 1.
double beat(double t) {
  const auto bump = [&](double at, double width, double height) { return height * std::exp(-(t - at) * (t - at) / (2 * width * width)); };
  return bump(0, 0.010, 1) + bump(-0.025, 0.008, -0.15) + bump(0.028, 0.010, -0.25) + bump(0.25, 0.045, 0.25);
}

std::vector<double> add_heart(std::vector<double>& x, double rate_hz, double height_uv, double per_min, std::uint64_t seed) {
  Random random(seed, 44);
  std::vector<double> times;
  const double duration_s = static_cast<double>(x.size()) / rate_hz;
  for (double t = 0.4; t < duration_s - 0.5;) {
    times.push_back(t);
    for (auto i = static_cast<Index>(std::max(0.0, (t - 0.1) * rate_hz)); i < static_cast<Index>((t + 0.45) * rate_hz) && i < static_cast<Index>(x.size()); ++i) {
      x[static_cast<std::size_t>(i)] += height_uv * beat(static_cast<double>(i) / rate_hz - t);
    }
    // Breathing and a little of everything else.
    t += 60 / per_min * (1 + 0.05 * std::sin(2 * std::acos(-1.0) * t / 4) + 0.02 * random.normal());
  }
  return times;
}

RestAnalysis analyzed(const std::vector<double>& x, double rate_hz) {
  Recording recording;
  recording.rate_hz = rate_hz;
  recording.channels.resize(1);
  recording.samples = scenes::as_matrix(x);
  return analyze_rest(recording, {});
}

}  // namespace

TEST_CASE("heart beats are found and do not count, twitches between them do") {
  for (const double height : {60.0, 200.0, 800.0}) {
    auto scene = scenes::twitching(100, scenes::triphasic, 8, 20, 300, false);
    const auto beats = add_heart(scene.samples, scene.rate_hz, height, 68, 3);
    const auto set = analyzed(scene.samples, scene.rate_hz).sets[0];
    REQUIRE(set.beats);
    CHECK(set.beats->rate_per_min == Approx(68).epsilon(0.05));
    CHECK(set.rate.excluded_ecg_s > 0.08 * 300);
    std::vector<double> counted, truth;
    for (const auto& e : set.events) {
      if (e.excluded.empty()) counted.push_back(e.time_s);
    }
    for (const double t : scene.times_s) {
      if (std::any_of(set.usable.begin(), set.usable.end(), [&](const auto& u) { return t >= u.first_s && t < u.end_s; })) truth.push_back(t);
    }
    const auto result = scenes::matched(truth, counted);
    INFO("heart of " << height << " uV: sensitivity " << result.sensitivity << ", ppv " << result.ppv);
    CHECK(result.sensitivity >= 0.92);
    CHECK(result.ppv >= 0.95);
  }
}

TEST_CASE("twitches of one unit, and a unit that fires regularly, are no heart") {
  const auto poisson = scenes::twitching(100, scenes::triphasic, 5, 70, 300, false);
  CHECK(!analyzed(poisson.samples, poisson.rate_hz).sets[0].beats);
  auto regular = scenes::twitching(0, scenes::triphasic, 5, 0, 300, false);
  Random random(7);
  for (double t = 1; t < 299; t += 0.6 * (1 + 0.035 * random.normal())) scenes::add_shape(regular.samples, regular.rate_hz, t, 100, scenes::biphasic);
  const auto set = analyzed(regular.samples, regular.rate_hz).sets[0];
  CHECK(!set.beats);
  CHECK(set.rate.events > 400);
}

TEST_CASE("movement is excluded, twitches are not taken for it") {
  auto scene = scenes::twitching(100, scenes::biphasic, 9, 30, 300, false);
  const double pi = std::acos(-1.0);
  for (const double at : {50.0, 120.0, 200.0}) {
    for (auto i = static_cast<Index>(at * scene.rate_hz); i < static_cast<Index>((at + 0.8) * scene.rate_hz); ++i) {
      const double t = static_cast<double>(i) / scene.rate_hz - at;
      scene.samples[static_cast<std::size_t>(i)] += 1500 * std::sin(pi * t / 0.8) * std::sin(2 * pi * 3 * t) + (t > 0.3 && t < 0.5 ? 400 : 0);
    }
  }
  const auto set = analyzed(scene.samples, scene.rate_hz).sets[0];
  CHECK(set.rate.excluded_movement_s > 3 * 0.8);
  CHECK(set.rate.excluded_movement_s < 3 * 3.0);
  for (const auto& e : set.events) {
    for (const double at : {50.0, 120.0, 200.0}) {
      if (e.time_s > at && e.time_s < at + 0.8) CHECK(e.excluded == "movement");
    }
  }
  const auto quiet = scenes::twitching(400, scenes::triphasic, 10, 60, 300, false);
  CHECK(analyzed(quiet.samples, quiet.rate_hz).sets[0].rate.excluded_movement_s == 0);
}

TEST_CASE("nothing is found in what is too short or constant") {
  const std::vector<float> slow(100, 0.0f), envelope(16, 1.0f);
  CHECK(!heart_beats({slow, 0.008, envelope, 0.05}));
  CHECK(movement_stretches({slow, 0.008, envelope, 0.05}).empty());
  const std::vector<float> longer(5000, 2.0f), flat(800, 0.0f);
  CHECK(!heart_beats({longer, 0.008, flat, 0.05}));
  CHECK(movement_stretches({longer, 0.008, flat, 0.05}).empty());
}
