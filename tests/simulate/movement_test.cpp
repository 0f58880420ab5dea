#include "libemg/simulate/movement.h"

#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

namespace {

template <class T>
T small() {
  T scene;
  scene.pool.unit_count = 15;
  scene.muscle.fibre_samples = 3;
  scene.noise.noise_uv = 0;
  return scene;
}

}  // namespace

TEST_CASE("tremor: cycles at its frequency, muscles in turn, a limb that moves") {
  auto scene = small<TremorScene>();
  scene.tremor.duration_s = 20;
  scene.tremor.depth = 1.3;
  const auto simulation = simulate_tremor(scene, 1);
  CHECK(simulation.recording.channel_count() == 3);
  CHECK(simulation.recording.channels[2].kind == ChannelKind::acceleration);
  CHECK(simulation.table("truth_events")->row_count() == Approx(100).margin(12));
  CHECK(simulation.recording.samples.row(2).cwiseAbs().maxCoeff() > 0.05);
  // Power of each muscle in windows of 20 ms: alternating muscles correlate negatively.
  double xy = 0, x = 0, y = 0, n = 0;
  for (Index i = 4096; i + 41 < simulation.recording.sample_count(); i += 41) {
    const double a = simulation.recording.samples.row(0).segment(i, 41).norm(),
                 b = simulation.recording.samples.row(1).segment(i, 41).norm();
    xy += a * b;
    x += a;
    y += b;
    ++n;
  }
  CHECK(xy / n < x / n * y / n);
  CHECK(simulate_tremor(scene, 7).recording.samples == simulation.recording.samples);
}

TEST_CASE("bursts: in the truth and in the signal, silence elsewhere") {
  auto scene = small<BurstsScene>();
  scene.bursts.duration_s = 20;
  const auto simulation = simulate_bursts(scene, 1);
  const auto* events = simulation.table("truth_events");
  REQUIRE(events != nullptr);
  const auto& start = std::get<std::vector<double>>(events->find("start_s")->values);
  const auto& length = std::get<std::vector<double>>(events->find("duration_s")->values);
  RowMatrix rest = simulation.recording.samples;
  for (std::size_t e = 0; e < start.size(); ++e) {
    const auto from = static_cast<Index>(start[e] * 2048),
               to = std::min(rest.cols(), static_cast<Index>((start[e] + length[e] + 0.06) * 2048));
    rest.middleCols(from, to - from).setZero();
  }
  CHECK(rest.isZero());
  CHECK(simulation.recording.samples.cwiseAbs().maxCoeff() > 20);
  scene.bursts.triphasic = true;
  CHECK(simulate_bursts(scene).table("truth_events")->row_count() > events->row_count());
  scene.bursts.burst_rate_per_min = 0;
  CHECK(simulate_bursts(scene).recording.samples.isZero());
}
