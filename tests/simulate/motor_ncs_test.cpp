#include "libemg/simulate/motor_ncs.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// 100 equal half-sine units of 0.1 mV, quantile velocities around 52 m/s, residual latency 2 ms, nothing else.
MotorNcsScene plain(double sd, double distal_mv) {
  MotorNcsScene o;
  o.axons.axon_count = 100;
  o.axons.velocity_law = VelocityLaw::quantile;
  o.nerve.velocity_m_s = 52;
  o.axons.velocity_sd_m_s = sd;
  o.sizes.size_cv = 0;
  o.nerve.residual_latency_ms = 2;
  o.axons.residual_latency_sd_ms = 0;
  o.nerve.cmap_mv = distal_mv;
  o.sites.distance_mm = {80, 300, 500};
  o.sites.sweeps_per_site = 1;
  o.stimulus.artefact_uv = o.noise.noise_uv = 0;
  return o;
}

const std::vector<double>& numbers(const Simulation& s, const std::string& table, const std::string& name) {
  return std::get<std::vector<double>>(s.table(table)->find(name)->values);
}

}  // namespace

TEST_CASE("dispersion takes amplitude, area and duration as the oracle says") {
  struct Row {
    double sd;
    double amplitude[3], area[3], duration[3];
  };
  for (const auto& row : {Row{4, {9.980, 9.725, 9.256}, {38.16, 37.67, 36.78}, {6.26, 7.00, 7.64}},
                          Row{10, {9.840, 8.302, 6.690}, {37.89, 34.63, 30.57}, {6.56, 8.04, 9.20}}}) {
    const auto simulation = simulate_motor_ncs(plain(row.sd, row.amplitude[0]));
    for (std::size_t k = 0; k < 3; ++k) {
      CAPTURE(row.sd, k);
      CHECK(numbers(simulation, "truth_sweeps", "negative_peak_mv")[k] == Approx(row.amplitude[k]).epsilon(2e-3));
      CHECK(numbers(simulation, "truth_sweeps", "negative_area_mv_ms")[k] == Approx(row.area[k]).epsilon(2e-3));
      CHECK(numbers(simulation, "truth_sweeps", "negative_duration_ms")[k] == Approx(row.duration[k]).epsilon(5e-3));
    }
    CHECK(numbers(simulation, "truth_axons", "size_uv")[0] == Approx(100).epsilon(2e-3));
  }
}

TEST_CASE("velocity is recovered from arrivals exactly, and the sweeps show it") {
  const auto simulation = simulate_motor_ncs(plain(4, 10));
  const auto& arrival = numbers(simulation, "truth_sweeps", "arrival_ms");
  double fastest = 0;
  for (const double v : numbers(simulation, "truth_axons", "velocity_m_s")) fastest = std::max(fastest, v);
  CHECK((300 - 80) / (arrival[1] - arrival[0]) == Approx(fastest).epsilon(1e-9));
  const auto& set = *simulation.sweeps;
  REQUIRE(set.samples.rows() == 3);
  CHECK(set.zero_sample == 150);
  CHECK(set.sweeps[1].site == "elbow");
  CHECK(*set.sweeps[2].distance_mm == 500);
  const auto onset = static_cast<Index>(arrival[0] * 30) + set.zero_sample;
  CHECK(set.samples.row(0).head(onset).isZero());
  CHECK(set.samples(0, onset + 2) < 0);
  CHECK(set.samples.row(0).minCoeff() == Approx(-10000).epsilon(1e-6));
}

TEST_CASE("block without dispersion halves the proximal response, delay moves it") {
  auto options = plain(0, 10);
  options.axons.axon_count = 1000;
  options.lesion.lesion_block = 0.5;
  options.lesion.lesion_delay_ms = 1.5;
  const auto simulation = simulate_motor_ncs(options);
  const auto& peak = numbers(simulation, "truth_sweeps", "negative_peak_mv");
  CHECK(peak[0] == Approx(10).epsilon(1e-6));
  CHECK(peak[1] == Approx(5).margin(3 * 10 * std::sqrt(0.25 / 1000)));
  const auto& arrival = numbers(simulation, "truth_sweeps", "arrival_ms");
  CHECK(arrival[1] - arrival[0] == Approx(220 / 52.0 + 1.5).epsilon(1e-9));
}

TEST_CASE("weak stimuli excite the large axons first, none below all thresholds") {
  auto options = plain(4, 10);
  options.sizes.size_cv = 0.5;
  options.current.intensity_ma = 10;
  const auto half = simulate_motor_ncs(options);
  const auto responding = numbers(half, "truth_sweeps", "responding_axon_count")[0];
  CHECK(responding == Approx(50).margin(8));
  CHECK(numbers(half, "truth_sweeps", "negative_peak_mv")[0] > 5.5);
  options.current.intensity_ma = 1;
  const auto none = simulate_motor_ncs(options);
  CHECK(none.sweeps->samples.isZero());
  CHECK(none.table("truth_sweeps")->find("arrival_ms") == nullptr);
}

TEST_CASE("artefact and noise come on top, noise differs between sweeps") {
  auto options = plain(4, 0);
  options.sites.sweeps_per_site = 2;
  options.stimulus.artefact_uv = 500;
  const auto artefact = simulate_motor_ncs(options);
  CHECK(artefact.sweeps->samples.row(0).head(150).isZero());
  CHECK(artefact.sweeps->samples(0, 150) == 1000);
  CHECK(artefact.sweeps->samples.row(0) == artefact.sweeps->samples.row(1));
  options.noise.noise_uv = 5;
  const auto noisy = simulate_motor_ncs(options);
  CHECK(noisy.sweeps->samples.row(0) != noisy.sweeps->samples.row(1));
  CHECK(simulate_motor_ncs(options, 7).sweeps->samples == noisy.sweeps->samples);
}

TEST_CASE("motor-ncs refusals") {
  auto options = plain(4, 10);
  options.sites.site = {"wrist"};
  CHECK_THROWS_WITH(simulate_motor_ncs(options), ContainsSubstring("distance_mm has 3 values for 1 sites"));
  options = plain(4, 10);
  options.sites.distance_mm = {80, 60, 500};
  CHECK_THROWS_WITH(simulate_motor_ncs(options), ContainsSubstring("distance_mm 60"));
  options = plain(4, 10);
  options.sweep.after_ms = 2;
  CHECK_THROWS_WITH(simulate_motor_ncs(options), ContainsSubstring("after_ms 2"));
  options = plain(4, 10);
  options.lesion.lesion_block = 2;
  CHECK_THROWS_WITH(simulate_motor_ncs(options), ContainsSubstring("lesion_block 2"));
  options = plain(4, 10);
  options.axons.axon_count = 0;
  CHECK(simulate_motor_ncs(options).sweeps->samples.isZero());
}

TEST_CASE("normal quantiles") {
  CHECK(normal_quantile(0.5) == Approx(0).margin(1e-12));
  CHECK(normal_quantile(0.975) == Approx(1.959963984540054).epsilon(1e-11));
  CHECK(normal_quantile(1e-6) == Approx(-4.753424308822899).epsilon(1e-9));
}

TEST_CASE("inching: a lesion makes one step, in the place where it is") {
  InchingScene scene;
  scene.lesion.lesion_mm = 255;
  scene.lesion.lesion_delay_ms = 1;
  scene.noise.noise_uv = scene.stimulus.artefact_uv = 0;
  const auto simulation = simulate_inching(scene);
  const auto& arrival = numbers(simulation, "truth_sweeps", "arrival_ms");
  REQUIRE(arrival.size() == 13);
  for (std::size_t k = 1; k < arrival.size(); ++k) {
    const double step = arrival[k] - arrival[k - 1];
    CHECK(step == Approx(k == 6 ? 1.155 : 0.155).margin(0.03));
  }
}

TEST_CASE("a warm limb is faster") {
  auto warm = plain(4, 10), cool = plain(4, 10);
  cool.axons.temperature_c = 30;
  CHECK(numbers(simulate_motor_ncs(cool), "truth_sweeps", "arrival_ms")[0] >
        numbers(simulate_motor_ncs(warm), "truth_sweeps", "arrival_ms")[0] + 0.6);
}
