#include "libemg/simulate/pathology.h"

#include "libemg/simulate/needle.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("losses and adoption change the anatomy as counted") {
  const NeedleAnatomy normal;
  CHECK(diseased({}, normal).fibre_density_mm2 == normal.fibre_density_mm2);
  const auto neurogenic = diseased({.unit_loss = 0.5, .reinnervation = 0.6}, normal);
  CHECK(neurogenic.fibre_density_mm2 == Approx(normal.fibre_density_mm2 * 1.6));
  CHECK(neurogenic.endplate_sd_mm == Approx(3));
  CHECK(diseased({.fibre_loss = 0.5}, normal).fibre_density_mm2 == Approx(2.25));
  std::vector<SimulatedUnit> units(1000);
  for (int i = 0; i < 1000; ++i) units[static_cast<std::size_t>(i)].unit_id = i;
  remove_lost_units({.unit_loss = 0.7}, 1, units);
  CHECK(units.size() == Approx(300).margin(45));
}

TEST_CASE("neurogenic units are larger, myopathic smaller, in every group of seeds", "[long]") {
  const auto mean_peak = [](const PathologyOptions& p) {
    double sum = 0;
    int count = 0;
    for (std::int64_t seed = 1; seed <= 6; ++seed) {
      NeedleScene scene;
      scene.needle.seed = seed;
      scene.needle.duration_s = 0.1;
      scene.needle.rate_hz = 10000;
      scene.pathology = p;
      for (const auto& unit : simulate_needle(scene, 0).truth_units) {
        sum += unit.waveform.maxCoeff() - unit.waveform.minCoeff();
        ++count;
      }
    }
    return sum / count;
  };
  const double normal = mean_peak({});
  CHECK(mean_peak({.unit_loss = 0.7, .reinnervation = 0.9}) > 1.3 * normal);
  CHECK(mean_peak({.fibre_loss = 0.6}) < 0.8 * normal);
}
