#include "libemg/simulate/twitch.h"

#include <cmath>

#include "libemg/simulate/rest.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

RestScene analytic(EventShape shape) {
  RestScene scene;
  scene.twitch.event_shape = shape;
  scene.twitch.source_count = 1;
  scene.twitch.amplitude_cv = 0;
  scene.twitch.doublet_probability = 0;
  scene.noise.noise_uv = 0;
  return scene;
}

std::size_t events(const Simulation& s) {
  const auto* table = s.table("truth_events");
  return table ? table->row_count() : 0;
}

}  // namespace

TEST_CASE("analytic shapes have peak 1 and the height asked for") {
  for (const auto shape : {EventShape::bi, EventShape::tri}) {
    double peak = 0;
    for (double t = -20; t < 20; t += 0.01) peak = std::max(peak, std::fabs(twitch_shape(shape, t, 2)));
    CHECK(peak == Approx(1).epsilon(1e-4));
    auto scene = analytic(shape);
    scene.twitch.event_peak_uv = 80;
    scene.twitch.twitch_rate_per_min = {10};
    const auto simulation = simulate_rest(scene);
    CHECK(events(simulation) > 10);
    CHECK(simulation.recording.samples.cwiseAbs().maxCoeff() > 70);
  }
}

TEST_CASE("rates of 1 to 1200 a minute, per muscle, with trend and after exercise", "[long]") {
  for (const double rate : {1.0, 40.0, 200.0, 1200.0}) {
    auto scene = analytic(EventShape::tri);
    scene.rest.duration_s = 3600;
    scene.rest.rate_hz = 1000;
    scene.twitch.interval_law = EventLaw::poisson;
    scene.twitch.twitch_rate_per_min = {rate};
    CAPTURE(rate);
    CHECK(static_cast<double>(events(simulate_rest(scene))) / 60 == Approx(rate).margin(4 * std::sqrt(rate / 60)));
  }
  auto scene = analytic(EventShape::tri);
  scene.rest.duration_s = 1200;
  scene.rest.muscle = {"a", "b"};
  scene.twitch.twitch_rate_per_min = {60, 0};
  scene.twitch.exercise_factor = 4;
  scene.twitch.exercise_decay_min = 2;
  const auto simulation = simulate_rest(scene, 0);
  CHECK(simulation.recording.samples.row(1).isZero());
  const auto& times = std::get<std::vector<double>>(simulation.table("truth_events")->find("time_s")->values);
  int early = 0, late = 0;
  for (const double t : times) {
    early += t < 60;
    late += t > 1140;
  }
  CHECK(early > 1.8 * late);
}

TEST_CASE("late repeats come at 30-35 ms; twitches may be shared") {
  auto scene = analytic(EventShape::bi);
  scene.twitch.late_repeat_probability = 0.5;
  scene.rest.duration_s = 600;
  const auto simulation = simulate_rest(scene);
  const auto& times = simulation.truth_units[0].discharges;
  int late = 0;
  for (std::size_t i = 1; i < times.sample.size(); ++i) {
    const double gap = times.time_s(i) - times.time_s(i - 1);
    late += gap > 0.0299 && gap < 0.0351;
  }
  CHECK(late > 0.2 * static_cast<double>(times.sample.size()));
  scene.rest.muscle = {"a", "b"};
  scene.twitch.twitch_rate_per_min = {30, 0};
  scene.twitch.shared_probability = 0.5;
  const auto shared = simulate_rest(scene);
  CHECK(shared.recording.samples.row(1).cwiseAbs().maxCoeff() > 20);
}
