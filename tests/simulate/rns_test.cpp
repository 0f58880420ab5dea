#include "libemg/simulate/rns.h"

#include <algorithm>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> shares(const RnsScene& scene) {
  return std::get<std::vector<double>>(simulate_rns(scene, 0).table("truth_sweeps")->find("fired_share")->values);
}

}  // namespace

TEST_CASE("decrement by safety factor at 3 Hz, none in normal muscle even at 50 Hz") {
  for (const auto& [safety, decrement] : {std::pair{4.0, 0.0}, std::pair{2.2, 0.07}, std::pair{1.7, 0.20}, std::pair{1.3, 0.41}}) {
    RnsScene scene;
    scene.transmission.safety_factor = safety;
    scene.transmission.facilitation = 0;
    scene.rns.end_plate_count = 4000;
    const auto s = shares(scene);
    CAPTURE(safety);
    CHECK(1 - s[3] / s[0] == Approx(decrement).margin(0.03));
    if (safety < 2) CHECK(s[9] > s[4] - 0.01);
  }
  for (const double hz : {30.0, 50.0}) {
    RnsScene scene;
    scene.rns.train_hz = hz;
    const auto s = shares(scene);
    CHECK(1 - *std::min_element(s.begin(), s.end()) < 0.006);
  }
}

TEST_CASE("presynaptic failure: small at first, increment at high rates") {
  RnsScene scene;
  scene.transmission = {0.6, 0.3, 8, 0.04, 0.4};
  scene.rns.end_plate_count = 4000;
  const auto slow = shares(scene);
  CHECK(slow[0] == Approx(0.11).margin(0.04));
  CHECK(slow[3] < 0.95 * slow[0]);
  scene.rns.train_hz = 50;
  scene.rns.stimulus_count = 60;
  const auto fast = shares(scene);
  CHECK(*std::max_element(fast.begin(), fast.end()) > 3 * fast[0]);
}

TEST_CASE("faults are marked, exercise repairs and exhausts, threads leave the bits") {
  RnsScene scene;
  scene.transmission.safety_factor = 1.7;
  scene.rns.train_s = {0, 62, 240};
  scene.rns.exercise_end_s = 60;
  const auto s = shares(scene);
  REQUIRE(s.size() == 30);
  CHECK(s[13] > s[3]);
  CHECK(s[23] < s[3]);
  scene.rns.fault = RnsFault::movement;
  const auto a = simulate_rns(scene, 1), b = simulate_rns(scene, 7);
  CHECK(a.sweeps->samples == b.sweeps->samples);
  const auto& fault = std::get<std::vector<std::string>>(a.table("truth_sweeps")->find("fault")->values);
  CHECK(fault[4].empty());
  CHECK(fault[5] == "movement");
}
