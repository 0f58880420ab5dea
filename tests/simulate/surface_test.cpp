#include "libemg/simulate/surface.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

SurfaceScene quick() {
  SurfaceScene options;
  options.surface.duration_s = 8;
  options.pool.unit_count = 8;
  options.muscle.fibre_samples = 8;
  return options;
}

double rms(const Recording& recording, Index channel, double from_s, double to_s) {
  const auto first = static_cast<Index>(from_s * recording.rate_hz), count = static_cast<Index>((to_s - from_s) * recording.rate_hz);
  return std::sqrt(recording.samples.row(channel).segment(first, count).squaredNorm() / static_cast<double>(count));
}

}  // namespace

TEST_CASE("surface: bursts stand where truth says, each in its own muscle") {
  auto options = quick();
  options.noise.noise_uv = 0;
  const auto simulation = simulate_surface(options, 0);
  const auto* events = simulation.table("truth_events");
  REQUIRE(events != nullptr);
  CHECK(events->row_count() == 4);
  const auto& channel = std::get<std::vector<std::int64_t>>(events->find("channel_peak")->values);
  const auto& start = std::get<std::vector<double>>(events->find("start_s")->values);
  const auto& first = std::get<std::vector<double>>(events->find("first_discharge_s")->values);
  const auto& last = std::get<std::vector<double>>(events->find("last_discharge_s")->values);
  auto end = std::get<std::vector<double>>(events->find("duration_s")->values);
  for (std::size_t i = 0; i < end.size(); ++i) end[i] += start[i];
  CHECK(start == std::vector<double>{2, 3.5, 5, 6.5});
  for (std::size_t i = 0; i < start.size(); ++i) {
    CHECK(first[i] > start[i]);
    CHECK(first[i] < start[i] + 0.12);
    CHECK(last[i] < end[i] + 0.05);
    const Index own = channel[i], other = 1 - own;
    CHECK(rms(simulation.recording, own, start[i] + 0.2, end[i] - 0.1) > 20);
    CHECK(rms(simulation.recording, own, start[i] + 0.2, end[i] - 0.1) >
          4 * rms(simulation.recording, other, start[i] + 0.2, end[i] - 0.1));
  }
  CHECK(rms(simulation.recording, 0, 0, 1.9) == 0);
}

TEST_CASE("surface: same bits for any threads; noise leaves the trains") {
  const auto a = simulate_surface(quick(), 1), b = simulate_surface(quick(), 7);
  CHECK(a.recording.samples == b.recording.samples);
  auto noisy = quick();
  noisy.noise.noise_uv = 30;
  const auto c = simulate_surface(noisy);
  for (std::size_t u = 0; u < a.truth_units.size(); ++u) CHECK(a.truth_units[u].discharges.sample == c.truth_units[u].discharges.sample);
}

TEST_CASE("surface: the record of all is the sum of the parts") {
  auto options = quick();
  options.noise.noise_uv = 2;
  options.noise.line_uv = 7;
  auto units = options, noise = options, line = options;
  units.noise.noise_uv = units.noise.line_uv = 0;
  noise.pool.unit_count = 0;
  noise.noise.line_uv = 0;
  line.pool.unit_count = 0;
  line.noise.noise_uv = 0;
  const RowMatrix sum =
      simulate_surface(units).recording.samples + simulate_surface(noise).recording.samples + simulate_surface(line).recording.samples;
  CHECK((simulate_surface(options).recording.samples - sum).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("surface: thicker fat, smaller signal") {
  auto thin = quick(), thick = quick();
  thin.noise.noise_uv = thick.noise.noise_uv = 0;
  thin.muscle.fat_mm = 1;
  thick.muscle.fat_mm = 8;
  CHECK(rms(simulate_surface(thin).recording, 0, 2.2, 2.8) > 2 * rms(simulate_surface(thick).recording, 0, 2.2, 2.8));
}

TEST_CASE("surface: refusals") {
  auto options = quick();
  options.surface.rate_hz = 500;
  CHECK_THROWS_WITH(simulate_surface(options), ContainsSubstring("rate_hz 500"));
  options = quick();
  options.surface.burst_s = 0.05;
  CHECK_THROWS_WITH(simulate_surface(options), ContainsSubstring("burst_s 0.05"));
  options = quick();
  options.surface.effort = 1.5;
  CHECK_THROWS_WITH(simulate_surface(options), ContainsSubstring("effort 1.5"));
}
