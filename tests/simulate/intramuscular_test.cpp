#include "libemg/simulate/intramuscular.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("electrodes: weights, channels") {
  for (const auto& [electrode, name] : enum_names(IntramuscularElectrode{})) {
    const auto points = intramuscular_points({.electrode = electrode});
    CAPTURE(name);
    CHECK(points.size() == (electrode == IntramuscularElectrode::line ? 16u : 1u));
    double sum = 0;
    for (const auto& p : points[0]) sum += p.weight;
    const bool difference = electrode == IntramuscularElectrode::fine_wire || electrode == IntramuscularElectrode::monopolar;
    CHECK(sum == Approx(difference ? 0 : 1).margin(1e-12));
  }
}

TEST_CASE("array: a unit is seen by the contacts near it; same bits for any threads; jitter keeps the trains") {
  ArrayScene scene;
  scene.array.duration_s = 3;
  scene.array.contacts = 6;
  scene.pool.unit_count = 3;
  scene.effort.effort = 0.9;
  const auto a = simulate_array(scene, 1), b = simulate_array(scene, 7);
  CHECK(a.recording.samples == b.recording.samples);
  REQUIRE(a.truth_units.size() == 3);
  for (const auto& unit : a.truth_units) {
    const auto heights = unit.waveform.cwiseAbs().rowwise().maxCoeff();
    CHECK(heights.maxCoeff() > 1.5 * heights.minCoeff());
    CHECK(heights.maxCoeff() > 20);
  }
  scene.jitter.jitter = JitterModel::transmission;
  const auto c = simulate_array(scene);
  for (std::size_t u = 0; u < 3; ++u) CHECK(c.truth_units[u].discharges.sample == a.truth_units[u].discharges.sample);
  CHECK(c.recording.samples != a.recording.samples);
  CHECK((c.recording.samples - a.recording.samples).squaredNorm() < 0.5 * a.recording.samples.squaredNorm());
}

TEST_CASE("single fibre: pairs jitter as the model says, spikes are steep and tall") {
  SingleFibreScene scene;
  scene.single_fibre.duration_s = 30;
  scene.noise.noise_uv = 0;
  const auto simulation = simulate_single_fibre(scene);
  REQUIRE(simulation.truth_units.size() == 2);
  const auto& first = simulation.truth_units[0].discharges;
  const auto& second = simulation.truth_units[1].discharges;
  const auto count = std::min(first.sample.size(), second.sample.size());
  REQUIRE(count > 200);
  double mcd = 0, last = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const double interval = second.time_s(e) - first.time_s(e);
    if (e > 0) mcd += std::fabs(interval - last) / static_cast<double>(count - 1);
    last = interval;
  }
  CHECK((mcd > 10e-6 && mcd < 50e-6));
  CHECK(simulation.recording.samples.cwiseAbs().maxCoeff() > 300);
  scene.single_fibre.stimulated = true;
  CHECK(simulate_single_fibre(scene).truth_units[0].discharges.sample.size() == Approx(300).margin(2));
  scene.single_fibre.nearest_mm = 0.5;
  CHECK_THROWS_WITH(simulate_single_fibre(scene), ContainsSubstring("farthest_mm 0.25"));
}
