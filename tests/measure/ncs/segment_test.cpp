#include "libemg/measure/ncs/segment.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// Quantile of the standard normal by bisection of erf.
double quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 100; ++i) {
    const double m = (low + high) / 2;
    (0.5 * (1 + std::erf(m / std::sqrt(2.0))) < p ? low : high) = m;
  }
  return low;
}

// 100 units of one period of 0.1 sin(2 pi u / 12) mV, velocities 52 + sd z_i, stimulated at two distances, 100 kHz.
SweepSet dispersion_set(double sd, int dropped_proximally = 0) {
  const scenes::Scene scene{100000, 5, 60};
  auto set = scenes::empty_set(scene, 2);
  for (Index r = 0; r < 2; ++r) {
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    s.site = r == 0 ? "distal" : "proximal", s.distance_mm = r == 0 ? 80 : 500;
    for (int i = 0; i < 100; ++i) {
      if (r == 1 && i % 10 < dropped_proximally / 10) continue;
      const double latency = *s.distance_mm / (52 + sd * quantile((i + 0.5) / 100)) + 2;
      scenes::add(set, scene, r, [&](double ms) { return -100 * scenes::sine(ms - latency); });
    }
  }
  return set;
}

// Onset as the arrival of the first unit: the smallest threshold.
SegmentOptions by_arrival() {
  SegmentOptions o;
  o.onset_method = LatencyMethod::threshold, o.window_high_ms = 55;
  return o;
}

}  // namespace

TEST_CASE("dispersion alone: the oracle of the specification") {
  struct Case {
    double sd, amplitude_1, amplitude_2, area_1, area_2;
  };
  for (const auto& c : {Case{4, 9.980, 9.256, 38.16, 36.78}, Case{10, 9.840, 6.690, 37.89, 30.57}}) {
    MWaveOptions m;
    m.onset_method = LatencyMethod::threshold, m.floor_mv = 0.001, m.window_high_ms = 55;
    const auto set = dispersion_set(c.sd);
    const auto rows = m_wave(set, m);
    CHECK(*rows[0].amplitude_mv == Approx(c.amplitude_1).epsilon(0.0005));
    CHECK(*rows[1].amplitude_mv == Approx(c.amplitude_2).epsilon(0.0005));
    CHECK(*rows[0].negative_area_mvms == Approx(c.area_1).epsilon(0.0005));
    CHECK(*rows[1].negative_area_mvms == Approx(c.area_2).epsilon(0.0005));
    CHECK(*rows[0].negative_duration_ms == Approx(c.sd == 4 ? 6.26 : 6.57).epsilon(0.005));
    CHECK(*rows[1].negative_duration_ms == Approx(c.sd == 4 ? 7.63 : 9.19).epsilon(0.005));
    const auto change = segment_changes(set, by_arrival()).at(0);
    CHECK(*change.amplitude_change_pct == Approx(100 * (c.amplitude_2 / c.amplitude_1 - 1)).margin(0.1));
    CHECK(*change.area_change_pct == Approx(100 * (c.area_2 / c.area_1 - 1)).margin(0.1));
    CHECK(*change.segment_mm == 420);
  }
}

TEST_CASE("block alone keeps the duration") {
  const auto change = segment_changes(dispersion_set(0, 40), by_arrival()).at(0);
  CHECK(*change.amplitude_ratio == Approx(0.6).epsilon(1e-6));
  CHECK(*change.area_ratio == Approx(0.6).epsilon(1e-4));
  CHECK(*change.duration_ratio == Approx(1).epsilon(0.002));
}

TEST_CASE("a small distal response is not compared") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 2);
  set.sweeps[0].site = "wrist", set.sweeps[1].site = "elbow";
  set.sweeps[0].distance_mm = 80, set.sweeps[1].distance_mm = 300;
  for (Index r = 0; r < 2; ++r) {
    scenes::add(set, scene, r, [&](double ms) { return -300 * scenes::sine(ms - 4 - 4 * static_cast<double>(r)); });
    scenes::add_noise(set, r, 5, 3);
  }
  const auto row = segment_changes(set).at(0);
  CHECK(row.reason.find("not_assessable (small)") == 0);
  CHECK_FALSE(row.amplitude_change_pct);
  set.samples.row(1).setZero();
  set.samples.row(0) *= 10;
  const auto gone = segment_changes(set).at(0);
  CHECK(*gone.amplitude_change_pct == -100);
  CHECK(gone.reason == "no proximal response");
}

TEST_CASE("inching finds a step of 1 ms among steps of 10 mm at 30 dB") {
  const scenes::Scene scene{20000, 5, 30};
  int hits = 0;
  constexpr int kRuns = 60, kSites = 9;
  for (int run = 0; run < kRuns; ++run) {
    auto set = scenes::empty_set(scene, kSites);
    const int lesion = 1 + run % (kSites - 1);
    for (int k = 0; k < kSites; ++k) {
      auto& s = set.sweeps[static_cast<std::size_t>(k)];
      s.site = std::to_string(k), s.distance_mm = 60 + 10 * k;
      const double onset = 3 + 10.0 * k / 52 + (k >= lesion ? 1.0 : 0);
      scenes::add(set, scene, k, [&](double ms) { return -6000 * scenes::gamma_shape(ms - onset); });
      scenes::add_noise(set, k, 6000 * std::pow(10, -1.5), static_cast<std::uint64_t>(run) + 100);
    }
    const auto rows = inching(set);
    REQUIRE(rows.size() == kSites - 1);
    if (rows[static_cast<std::size_t>(lesion - 1)].largest) ++hits;
  }
  CAPTURE(hits);
  CHECK(hits >= 0.95 * kRuns);
}

TEST_CASE("inching refuses sites without order") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 3);
  for (int k = 0; k < 3; ++k) set.sweeps[static_cast<std::size_t>(k)].site = std::string(1, static_cast<char>('a' + k));
  CHECK_THROWS_WITH(inching(set), ContainsSubstring("site \"a\" has no distance_mm"));
  set.sweeps[0].distance_mm = 10, set.sweeps[1].distance_mm = 30, set.sweeps[2].distance_mm = 20;
  CHECK_THROWS_WITH(inching(set), ContainsSubstring("breaks the order"));
  set.sweeps[2].distance_mm = 30;
  CHECK_THROWS_WITH(inching(set), ContainsSubstring("same distance_mm 30"));
}
