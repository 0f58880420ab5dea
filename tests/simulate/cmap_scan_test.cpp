#include "libemg/simulate/cmap_scan.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("a scan falls from all units to none") {
  CmapScanScene scene;
  const auto simulation = simulate_cmap_scan(scene);
  const auto& size = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("negative_peak_mv")->values);
  REQUIRE(size.size() == 500);
  CHECK(size.front() == Approx(10));
  CHECK(size.back() == 0);
  const auto& current = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("intensity_ma")->values);
  for (std::size_t s = 1; s < current.size(); ++s) CHECK(current[s] < current[s - 1]);
}

TEST_CASE("given units fire at their thresholds") {
  const std::vector<ScanUnit> units{{5, 100, 0}, {7, 300, 0}};
  CHECK(scan_amplitudes(units, {8, 7, 6.99, 5, 4.9}, 1) == std::vector<double>{400, 400, 100, 100, 0});
  CmapScanScene scene;
  scene.scan.unit_threshold_ma = {5, 7};
  scene.scan.unit_amplitude_uv = {100};
  CHECK_THROWS_WITH(simulate_cmap_scan(scene), ContainsSubstring("unit_amplitude_uv has 1 values for 2"));
  scene.scan.unit_amplitude_uv = {100, 300};
  CHECK(simulate_cmap_scan(scene).table("truth_axons")->row_count() == 2);
  scene.scan.first_ma = 3;
  scene.scan.last_ma = 4;
  CHECK_THROWS_WITH(simulate_cmap_scan(scene), ContainsSubstring("first_ma 3 is not above last_ma 4"));
}

TEST_CASE("epochs of graded force grow") {
  VoluntaryEpochsScene scene;
  scene.epochs.epoch_count = 4;
  scene.pool.unit_count = 30;
  scene.muscle.fibre_samples = 3;
  scene.noise.noise_uv = 0;
  const auto simulation = simulate_voluntary_epochs(scene, 0);
  const auto& samples = simulation.sweeps->samples;
  CHECK(samples.rows() == 4);
  CHECK(samples.cols() == 1024);
  for (Index k = 1; k < 4; ++k) CHECK(samples.row(k).norm() > samples.row(k - 1).norm());
  scene.epochs.highest_effort = 0;
  CHECK_THROWS_WITH(simulate_voluntary_epochs(scene), ContainsSubstring("highest_effort 0"));
}
