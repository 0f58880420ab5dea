#include "libemg/simulate/sensory_ncs.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

SensoryNcsScene plain(double sd) {
  SensoryNcsScene scene;
  scene.sensory.velocity_law = VelocityLaw::quantile;
  scene.sensory.velocity_sd_m_s = sd;
  scene.sensory.site = {"a", "b", "c", "d"};
  scene.sensory.distance_mm = {70, 140, 210, 280};
  scene.sensory.sweeps_per_site = 1;
  scene.stimulus.artefact_uv = scene.noise.noise_uv = 0;
  return scene;
}

}  // namespace

TEST_CASE("phase cancellation takes the amplitude that the oracle says") {
  for (const auto& [sd, second, third, fourth] :
       {std::tuple{4.0, 0.591, 0.330, 0.191}, std::tuple{5.0, 0.504, 0.253, 0.137}, std::tuple{6.0, 0.442, 0.205, 0.106}}) {
    const auto simulation = simulate_sensory_ncs(plain(sd));
    const auto& size = std::get<std::vector<double>>(simulation.table("truth_sweeps")->find("peak_to_peak_uv")->values);
    CAPTURE(sd);
    CHECK(size[0] == Approx(30).epsilon(1e-9));
    CHECK(size[1] / size[0] == Approx(second).epsilon(0.01));
    CHECK(size[2] / size[0] == Approx(third).epsilon(0.01));
    CHECK(size[3] / size[0] == Approx(fourth).epsilon(0.015));
  }
}

TEST_CASE("the fastest fibre arrives first; loss of fibres takes amplitude; refusals") {
  auto scene = plain(4);
  const auto whole = simulate_sensory_ncs(scene);
  const auto arrival = std::get<std::vector<double>>(whole.table("truth_sweeps")->find("arrival_ms")->values);
  CHECK((arrival[1] - arrival[0]) == Approx((arrival[2] - arrival[1])).epsilon(1e-9));
  scene.sensory.responding_share = 0.3;
  CHECK(simulate_sensory_ncs(scene).sweeps->samples.row(0).minCoeff() > 0.5 * whole.sweeps->samples.row(0).minCoeff());
  scene.sensory.site = {"a"};
  CHECK_THROWS_WITH(simulate_sensory_ncs(scene), ContainsSubstring("distance_mm has 4 values for 1 sites"));
}
