#include "libemg/measure/ncs/velocity.h"

#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("velocity, its SD, residual latency and F indices are their formulas") {
  const auto v = segment_velocity(60, {3.0, 0.1}, {4.2, 0.1});
  CHECK(v.mps == Approx(50).epsilon(1e-12));
  CHECK(v.sd_mps == Approx(6.12).margin(0.01));  // the oracle of the specification
  CHECK(v.sd_mps == Approx(50 * std::sqrt(std::pow(2 / 60.0, 2) + 2 * std::pow(0.1 / 1.2, 2))).epsilon(1e-12));
  CHECK(v.segment_short);
  const auto t = terminal_indices(3.4, 70, 58);
  CHECK(t.residual_latency_ms == Approx(3.4 - 70 / 58.0).epsilon(1e-12));
  CHECK(t.terminal_latency_index == Approx(70 / (58 * 3.4)).epsilon(1e-12));
  const auto f = f_indices(26.5, 3.1, 640);
  CHECK(f.f_ratio == Approx((26.5 - 3.1 - 1) / (2 * 3.1)).epsilon(1e-12));
  CHECK(f.velocity_mps == Approx(2 * 640 / 22.4).epsilon(1e-12));
  CHECK(f_estimate_ms(640, 60, 3.1) == Approx(2 * 640 / 60.0 + 1 + 3.1).epsilon(1e-12));
  CHECK(velocity_at_reference(50, 30, 34, 1.5) == Approx(56).epsilon(1e-12));
  CHECK(latency_at_reference(4, 30, 34, 0.2) == Approx(3.2).epsilon(1e-12));
}

TEST_CASE("what gives no velocity is refused with the reason") {
  CHECK_THROWS_WITH(segment_velocity(std::nan(""), {3}, {6}), ContainsSubstring("distance_mm is missing"));
  CHECK_THROWS_WITH(segment_velocity(0, {3}, {6}), ContainsSubstring("distance_mm 0"));
  CHECK_THROWS_WITH(segment_velocity(200, {6}, {3}), ContainsSubstring("proximal latency 3.00 ms not after distal 6.00"));
  CHECK_THROWS_WITH(segment_velocity(200, {3, 0.1, LatencyMethod::hinge}, {6, 0.1, LatencyMethod::threshold}),
                    ContainsSubstring("methods hinge and threshold differ"));
  CHECK_THROWS_WITH(f_indices(3, 3, 640), ContainsSubstring("f_latency_ms 3"));
}

TEST_CASE("two sites give the velocity between them, a missing distance the reason") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 10);
  for (Index r = 0; r < 10; ++r) {
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    s.site = r < 5 ? "wrist" : "elbow", s.distance_mm = r < 5 ? 70 : 290, s.temperature_c = 31;
    scenes::add(set, scene, r, [&](double ms) { return -8000 * scenes::gamma_shape(ms - (r < 5 ? 3.2 : 7.3)); });
    scenes::add_noise(set, r, 40, 4);
  }
  ConductionOptions o;
  o.reference_c = 33, o.velocity_factor_mps = 2, o.latency_factor_ms = 0.2;
  const auto row = conduction_velocities(set, o).at(0);
  CHECK(*row.velocity_mps == Approx(220 / 4.1).epsilon(0.01));
  CHECK(*row.velocity_sd_mps > 0);
  CHECK(*row.residual_latency_ms == Approx(*row.distal_latency_ms - 70 / *row.velocity_mps).epsilon(1e-12));
  CHECK(*row.velocity_adjusted_mps == Approx(*row.velocity_mps + 4).epsilon(1e-12));
  CHECK(*row.distal_latency_adjusted_ms == Approx(*row.distal_latency_ms - 0.4).epsilon(1e-12));
  for (auto& s : set.sweeps) s.distance_mm.reset(), s.temperature_c.reset();
  const auto missing = conduction_velocities(set, o).at(0);
  CHECK_FALSE(missing.velocity_mps);
  CHECK(missing.reason.find("not_assessable (distance missing)") == 0);
  CHECK(missing.reason.find("temperature missing") != std::string::npos);
}
