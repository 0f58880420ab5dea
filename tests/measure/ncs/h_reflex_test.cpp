#include "libemg/measure/ncs/h_reflex.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

double sigmoid(double i, double i50, double s) {
  return 1 / (1 + std::exp(-(i - i50) / s));
}

SweepSet recruitment(double noise_uv) {
  const scenes::Scene scene{20000, 10, 60};
  constexpr int kSweeps = 41;
  auto set = scenes::empty_set(scene, kSweeps);
  for (int r = 0; r < kSweeps; ++r) {
    const double current = 2 + 0.6 * r;
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    s.intensity_ma = current, s.nerve = "tibial", s.muscle = "soleus", s.clock_s = 3.0 * r;
    const double m = 6000 * sigmoid(current, 16, 1.2), h = 3000 * sigmoid(current, 8, 0.7) * (1 - sigmoid(current, 15, 1.5));
    scenes::add(set, scene, r, [&](double ms) { return -m * scenes::sine((ms - 4) * 1.5) - h * scenes::sine((ms - 30) * 1.5); });
    scenes::add_noise(set, r, noise_uv, 3);
  }
  return set;
}

HReflexOptions soleus() {
  HReflexOptions o;
  o.h_window_ms = {25, 45};
  return o;
}

}  // namespace

TEST_CASE("recruitment curves of H and M are found again") {
  for (const double noise : {0.0, 8.0}) {
    const auto row = h_reflex(recruitment(noise), soleus()).at(0);
    CAPTURE(noise, row.reason);
    CHECK(*row.m_i50_ma == Approx(16).epsilon(0.05));
    CHECK(*row.m_slope_ma == Approx(1.2).epsilon(0.1));
    CHECK(*row.h_i50_ma == Approx(8).epsilon(0.05));
    double h_max = 0;
    for (int r = 0; r < 41; ++r) h_max = std::max(h_max, 3000 * sigmoid(2 + 0.6 * r, 8, 0.7) * (1 - sigmoid(2 + 0.6 * r, 15, 1.5)));
    CHECK(*row.h_over_m == Approx(h_max / (6000 * sigmoid(26, 16, 1.2))).epsilon(0.05));
    CHECK(*row.h_onset_ms == Approx(30).margin(0.3));
    CHECK(*row.h_threshold_ma < *row.m_threshold_ma);
    CHECK(row.converged);
    CHECK(row.quality == "ok");
  }
}

TEST_CASE("windows, intensities and rate are asked for") {
  auto set = recruitment(0);
  CHECK_THROWS_WITH(h_reflex(set), ContainsSubstring("h_window_ms is missing"));
  auto fast = set;
  for (std::size_t r = 0; r < fast.sweeps.size(); ++r) fast.sweeps[r].clock_s = 0.5 * static_cast<double>(r);
  CHECK(h_reflex(fast, soleus()).at(0).quality == "rate");
  for (auto& s : set.sweeps) s.intensity_ma.reset();
  const auto row = h_reflex(set, soleus()).at(0);
  CHECK(row.reason.find("intensity missing") != std::string::npos);
  CHECK(*row.h_over_m > 0.3);
  set.samples.setZero();
  CHECK(h_reflex(set, soleus()).at(0).reason.find("no H reflex") == 0);
  CHECK(expected_h_latency_ms(40, 50) == Approx(9.14 + 18.4 + 5));
}

TEST_CASE("a band of M picks its sweeps") {
  auto o = soleus();
  o.m_band_percent = 25;
  int accepted = 0;
  for (const auto& row : h_reflex_sweeps(recruitment(0), o)) {
    if (!row.accepted) continue;
    ++accepted;
    CHECK(row.m_uv > 0.14 * 12000);
    CHECK(row.m_uv < 0.36 * 12000);
    CHECK(*row.shape_correlation > 0.95);
  }
  CHECK(accepted >= 2);
}
