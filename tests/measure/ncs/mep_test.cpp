#include "libemg/measure/ncs/mep.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("the spline passes through its samples and keeps cubic polynomials") {
  std::vector<double> y;
  for (int i = 0; i < 30; ++i) y.push_back(0.01 * std::pow(i - 12.0, 3) - 0.3 * i * i + 2);
  const auto points = spline_points(y, 300);
  for (int k = 0; k < 300; ++k) {
    const double x = 29.0 * k / 299;
    CHECK(points[static_cast<std::size_t>(k)] == Approx(0.01 * std::pow(x - 12.0, 3) - 0.3 * x * x + 2).margin(1e-9));
  }
  CHECK_THROWS_WITH(spline_points({1, 2, 3}, 30), ContainsSubstring("at least 4"));
}

TEST_CASE("a potential put in comes out, nothing gives no latency") {
  const scenes::Scene scene{3000, 50, 100};
  auto set = scenes::empty_set(scene, 3);
  const auto wave = [](double ms) { return ms > 0 && ms < 14 ? 800 * std::sin(2 * scenes::kPi * ms / 14) : 0; };
  scenes::add(set, scene, 0, [&](double ms) { return 40 + wave(ms - 22); });
  scenes::add(set, scene, 1, [&](double ms) { return -0.02 * wave(ms - 22); });
  scenes::add(set, scene, 2, [&](double ms) { return -wave(ms - 22) + (ms > -30 && ms < -28 ? 2500 : 0); });
  for (Index r = 0; r < 3; ++r) scenes::add_noise(set, r, 2, 4);
  MepOptions o;
  o.onset_low_ms = 18, o.onset_high_ms = 28;
  const auto rows = mep(set, o);
  CHECK(rows[0].response);
  CHECK(rows[0].amplitude_uv == Approx(1600).epsilon(0.02));
  CHECK(*rows[0].latency_ms == Approx(22).margin(0.4));
  CHECK(*rows[0].end_ms == Approx(36).margin(0.6));
  CHECK(*rows[0].area_uvms == Approx(800 * 28 / scenes::kPi).epsilon(0.03));
  CHECK(*rows[0].thickness_ms == Approx(*rows[0].area_uvms / rows[0].amplitude_uv));
  CHECK(rows[0].first_peak_sign == "+");
  CHECK(*rows[0].phases == 2);
  CHECK_FALSE(rows[1].response);
  CHECK_FALSE(rows[1].latency_ms);
  CHECK(rows[1].reason.find("floor_uv 50") != std::string::npos);
  // What lies outside the window does not count.
  CHECK(rows[2].amplitude_uv == Approx(1600).epsilon(0.02));
  CHECK(rows[2].first_peak_sign == "-");
  CHECK(*rows[2].first_peak_uv > 0);
}

TEST_CASE("windows are needed and checked") {
  const scenes::Scene scene{3000, 50, 100};
  auto set = scenes::empty_set(scene, 1);
  MepOptions o;
  CHECK_THROWS_WITH(mep(set, o), ContainsSubstring("onset_low_ms is missing"));
  o.onset_low_ms = 30, o.onset_high_ms = 20;
  CHECK_THROWS_WITH(mep(set, o), ContainsSubstring("onset_low_ms 30 is not below onset_high_ms 20"));
  o.onset_low_ms = 18, o.onset_high_ms = 28, o.baseline_low_ms = -200, o.baseline_high_ms = -100;
  CHECK_THROWS_WITH(mep(set, o), ContainsSubstring("baseline_low_ms"));
  set.rate_hz = 500;
  CHECK_THROWS_WITH(mep(set, o), ContainsSubstring("rate_hz 500"));
}

TEST_CASE("the silent period ends where activity returns") {
  const scenes::Scene scene{3000, 100, 500};
  constexpr int kRuns = 200;
  struct Bound {
    double ratio, mean_ms, sd_ms, shortest_ms;
  };
  for (const auto& [ratio, most_mean, most_sd, shortest] : {Bound{2, 1.3, 3, 50}, Bound{5, 0.3, 0.9, 20}, Bound{10, 0.15, 0.35, 20}}) {
    double mean = 0, squares = 0;
    int measured = 0;
    auto set = scenes::empty_set(scene, kRuns);
    std::vector<double> truth;
    for (int r = 0; r < kRuns; ++r) {
      truth.push_back(36 + shortest + (250 - shortest) * r / kRuns);
      Random random(17, static_cast<std::uint64_t>(r));
      for (Index i = 0; i < set.samples.cols(); ++i) {
        const double ms = scene.ms(i);
        const bool quiet = ms > 22 && ms < truth.back();
        set.samples(r, i) = 10 * random.normal() + (quiet ? 0 : 10 * ratio * random.normal());
        if (ms > 22 && ms < 36) set.samples(r, i) += 1500 * std::sin(2 * scenes::kPi * (ms - 22) / 14);
      }
    }
    SilentPeriodOptions o;
    o.onset_low_ms = 18, o.onset_high_ms = 28, o.start = SilentStart::stimulus;
    if (ratio < o.background_factor) o.background_factor = 1.2;
    for (const auto& row : silent_period(set, o)) {
      if (!row.end_ms) continue;
      // The first sample with activity.
      const double error = *row.end_ms - std::ceil(truth[static_cast<std::size_t>(row.sweep)] * 3) / 3;
      ++measured, mean += error, squares += error * error;
      CHECK(*row.duration_ms == *row.end_ms);
    }
    mean /= measured;
    CAPTURE(ratio, measured, mean, std::sqrt(squares / measured - mean * mean));
    CHECK(measured == kRuns);
    CHECK(std::abs(mean) <= most_mean);
    CHECK(std::sqrt(squares / measured - mean * mean) <= most_sd);
  }
}

TEST_CASE("no activity, no potential, no return: each says so") {
  const scenes::Scene scene{3000, 100, 500};
  auto set = scenes::empty_set(scene, 2);
  for (Index r = 0; r < 2; ++r) scenes::add_noise(set, r, 10, 3);
  scenes::add(set, scene, 0, [](double ms) { return ms > 22 && ms < 36 ? 1500 * std::sin(2 * scenes::kPi * (ms - 22) / 14) : 0; });
  SilentPeriodOptions o;
  o.onset_low_ms = 18, o.onset_high_ms = 28, o.floor_uv = 200;
  const auto rows = silent_period(set, o);
  CHECK(rows[0].reason.find("not_assessable (background)") == 0);
  CHECK(rows[1].reason.find("no evoked potential") != std::string::npos);
  o.end = SilentEnd::control_limit;
  CHECK_THROWS_WITH(silent_period(set, o), ContainsSubstring("at least 10 sweeps"));
}
