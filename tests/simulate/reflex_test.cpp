#include "libemg/simulate/reflex.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("blink: R1 on one side, R2 on both, nothing before; spread; recovery") {
  BlinkScene scene;
  scene.noise.noise_uv = scene.stimulus.artefact_uv = 0;
  const auto simulation = simulate_blink(scene);
  const auto& set = *simulation.sweeps;
  REQUIRE(set.samples.rows() == 16);
  const auto& r1 = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("r1_ms")->values);
  const auto& r2 = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("r2_ms")->values);
  for (Index row = 0; row < 16; ++row) {
    const auto k = static_cast<std::size_t>(row);
    const double onset = row % 2 == 0 ? r1[k] : r2[k];
    CHECK(std::isnan(r1[k]) == (row % 2 == 1));
    const auto quiet = set.zero_sample + static_cast<Index>(onset * 10) - 1;
    CHECK(set.samples.row(row).head(quiet).isZero());
    CHECK(set.samples.row(row).segment(quiet, 30).cwiseAbs().maxCoeff() > 0);
  }
  scene.blink.conditioning_s = 0.2;
  CHECK(simulate_blink(scene).sweeps->samples.row(1).norm() < 0.6 * set.samples.row(1).norm());
  scene.blink.spread_uv = 100;
  CHECK(simulate_blink(scene).sweeps->samples.rows() == 24);
}

TEST_CASE("mep: size follows the stimulator, silence follows the response") {
  MepScene weak, strong;
  weak.mep.intensity_pct = 45;
  weak.noise.noise_uv = strong.noise.noise_uv = weak.stimulus.artefact_uv = strong.stimulus.artefact_uv = 0;
  strong.mep.background_uv = 100;
  strong.mep.intensity_pct = 70;
  strong.mep.stimulus_count = weak.mep.stimulus_count = 60;
  const auto mean = [](const Simulation& s) {
    double sum = 0;
    const auto& size = std::get<std::vector<double>>(s.table("truth_sweeps")->find("peak_to_peak_uv")->values);
    for (const double v : size) sum += v / static_cast<double>(size.size());
    return sum;
  };
  const auto a = simulate_mep(weak), b = simulate_mep(strong);
  CHECK(mean(a) == Approx(4000 / (1 + std::exp(2.0))).epsilon(0.2));
  CHECK(mean(b) == Approx(4000 / (1 + std::exp(-3.0))).epsilon(0.2));
  const auto& end = std::get<std::vector<double>>(b.table("truth_sweeps")->find("silence_end_ms")->values);
  const auto& set = *b.sweeps;
  for (Index s = 0; s < 5; ++s) {
    const auto at = [&](double ms) { return set.zero_sample + static_cast<Index>(ms * 5); };
    const double stop = end[static_cast<std::size_t>(s)];
    CHECK(set.samples.row(s).segment(at(60), at(stop) - at(60) - 1).isZero());
    CHECK(set.samples.row(s).head(set.zero_sample).norm() / std::sqrt(static_cast<double>(set.zero_sample)) == Approx(100).epsilon(0.6));
    CHECK(set.samples.row(s).segment(at(stop + 40), 200).cwiseAbs().maxCoeff() > 50);
  }
  CHECK(a.sweeps->samples == simulate_mep(weak, 7).sweeps->samples);
}
