#include "libemg/simulate/evoked.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("quantiles of the normal law") {
  CHECK(normal_quantile(0.5) == Approx(0).margin(1e-12));
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-11));
  CHECK(normal_probability(-1.2815515655446004) == Approx(0.1).epsilon(1e-11));
}

TEST_CASE("large axons have low thresholds; an axon fires around its threshold") {
  const auto axons = motor_axons({}, {.axon_count = 50}, 0.5, 1);
  for (const auto& a : axons) {
    for (const auto& b : axons) {
      if (a.size_uv > b.size_uv) CHECK(a.threshold_ma <= b.threshold_ma);
    }
  }
  int low = 0, at = 0, high = 0;
  const std::vector<TruthAxon> one{{.threshold_ma = 10}};
  for (int s = 0; s < 1000; ++s) {
    low += excited_axons(one, 9.5, 1, s)[0];
    at += excited_axons(one, 10, 1, s)[0];
    high += excited_axons(one, 10.5, 1, s)[0];
  }
  CHECK(low < 10);
  CHECK(at == Approx(500).margin(60));
  CHECK(high > 990);
}

TEST_CASE("a unit wave starts negative at its exact latency") {
  std::vector<double> wave(600);
  add_unit_wave({}, 3.014, 100, 20000, wave);
  CHECK(wave[60] == 0);
  CHECK(wave[61] == Approx(-100 * std::sin(3.141592653589793 * (3.05 - 3.014) / 6)));
  CHECK(*std::min_element(wave.begin(), wave.end()) == Approx(-100).epsilon(1e-3));
  CHECK(peak_to_peak(wave, 20000, 0, 30) == Approx(200).epsilon(1e-3));
}

TEST_CASE("artefacts alternate on request and the rail holds") {
  SweepOptions sweep{.after_ms = 20};
  Simulation simulation;
  SweepWriter writer(sweep, {.artefact_uv = 1000, .artefact_alternates = true, .rail_uv = 1500});
  for (int s = 0; s < 2; ++s) writer.add(writer.empty(), {}, {});
  writer.finish(simulation, {.noise_uv = 0}, 1);
  CHECK((simulation.sweeps->samples.row(0) + simulation.sweeps->samples.row(1)).isZero());
  CHECK(simulation.sweeps->samples.maxCoeff() == 1500);
  CHECK(simulation.sweeps->zero_sample == 150);
}
