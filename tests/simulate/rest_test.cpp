#include "libemg/simulate/rest.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

RestScene quick() {
  RestScene options;
  options.rest.duration_s = 60;
  options.muscle.fibre_samples = 8;
  return options;
}

const std::vector<double>& numbers(const Simulation& s, const std::string& name) {
  return std::get<std::vector<double>>(s.table("truth_events")->find(name)->values);
}

}  // namespace

TEST_CASE("rest: the mean rate of twitches is that of the option", "[long]") {
  RestScene options = quick();
  options.rest.duration_s = 3600;
  options.noise.noise_uv = 0;
  options.twitch.source_count = 4;
  for (const auto law : {EventLaw::log_normal, EventLaw::poisson}) {
    options.twitch.interval_law = law;
    const auto simulation = simulate_rest(options, 0);
    CHECK(static_cast<double>(simulation.table("truth_events")->row_count()) / 60 == Approx(20).epsilon(0.12));
  }
}

TEST_CASE("rest: every twitch of the truth is in the record, and nothing else") {
  auto options = quick();
  options.noise.noise_uv = 0;
  const auto simulation = simulate_rest(options, 0);
  const auto& times = numbers(simulation, "time_s");
  const auto& peaks = numbers(simulation, "peak_uv");
  const auto& samples = simulation.recording.samples;
  CHECK(std::is_sorted(times.begin(), times.end()));
  REQUIRE(times.size() > 5);
  RowMatrix rest = samples;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto at = static_cast<Index>(std::lround(times[i] * options.rest.rate_hz));
    const bool alone = (i == 0 || times[i] - times[i - 1] > 0.1) && (i + 1 == times.size() || times[i + 1] - times[i] > 0.1);
    if (alone) CHECK(samples(0, at) == Approx(peaks[i]).epsilon(0.15));
    const Index from = std::max<Index>(0, at - 100), to = std::min<Index>(rest.cols(), at + 130);
    rest.middleCols(from, to - from).setZero();
  }
  CHECK(rest.isZero());
}

TEST_CASE("rest: same bits for any threads; nothing in, nothing out") {
  auto some = quick();
  some.rest.duration_s = 15;
  some.twitch.twitch_rate_per_min = {60};
  const auto once = simulate_rest(some, 1);
  REQUIRE(once.table("truth_events")->row_count() > 2);
  CHECK(once.recording.samples == simulate_rest(some, 7).recording.samples);
  auto none = quick();
  none.noise.noise_uv = 0;
  none.twitch.source_count = 0;
  CHECK(simulate_rest(none).recording.samples.isZero());
  none = quick();
  none.noise.noise_uv = 0;
  none.twitch.twitch_rate_per_min = {0};
  CHECK(simulate_rest(none).recording.samples.isZero());
}

TEST_CASE("rest: refusals") {
  auto options = quick();
  options.twitch.interval_cv = 0;
  CHECK_THROWS_WITH(simulate_rest(options), ContainsSubstring("interval_cv 0"));
  options = quick();
  options.twitch.twitch_rate_per_min = {-1};
  CHECK_THROWS_WITH(simulate_rest(options), ContainsSubstring("twitch_rate_per_min -1"));
}

TEST_CASE("rest: a grid, a needle, bouts, heart and steps of noise, all in the truth") {
  auto scene = quick();
  scene.rest.electrode = RestElectrode::grid;
  scene.grid = {.layout = GridLayout::custom, .rows = 3, .columns = 2};
  scene.rest.bout_start_s = {10, 30};
  scene.rest.bout_unit_count = 5;
  scene.noise.ecg_uv = 50;
  scene.noise.motion_uv = 100;
  scene.noise.noise_step_s = {20, 40};
  scene.noise.noise_step_uv = {15, 5};
  const auto simulation = simulate_rest(scene, 0);
  CHECK(simulation.recording.channel_count() == 6);
  const auto& kinds = std::get<std::vector<std::string>>(simulation.table("truth_events")->find("kind")->values);
  CHECK(std::count(kinds.begin(), kinds.end(), "voluntary_bout") == 2);
  CHECK(std::count(kinds.begin(), kinds.end(), "ecg") == Approx(60 / 0.85).margin(6));
  CHECK(std::count(kinds.begin(), kinds.end(), "motion") > 2);
  CHECK(std::is_sorted(numbers(simulation, "time_s").begin(), numbers(simulation, "time_s").end()));
  auto needle = quick();
  needle.rest.electrode = RestElectrode::needle;
  needle.rest.rate_hz = 10000;
  needle.rest.duration_s = 5;
  needle.spontaneous.activity = {"fibrillation", "complex_repetitive"};
  const auto record = simulate_rest(needle);
  CHECK(record.recording.channel_count() == 1);
  CHECK(record.truth_units.size() == 5);
  CHECK(simulate_rest(needle, 7).recording.samples == record.recording.samples);
  scene = quick();
  scene.twitch.twitch_rate_per_min = {1, 2};
  CHECK_THROWS_WITH(simulate_rest(scene), ContainsSubstring("twitch_rate_per_min has 2 values for 1 muscles"));
}
