#include "libemg/measure/ncs/late_response.h"

#include <cmath>
#include <set>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

struct Truth {
  int count = 0;
  double min_ms = 1e9, max_ms = 0, sum_ms = 0;
  std::vector<int> shape;  // of each sweep, -1: none
};

// F wave of one axon: two to four phases over 5 to 9 ms, peak-to-peak 1, differing from axon to axon.
double f_shape(double u, int axon) {
  const double length = 5 + 0.9 * (axon % 5), cycles = 1 + 0.5 * (axon % 4);
  if (u <= 0 || u >= length) return 0;
  return 0.55 * std::sin(2 * scenes::kPi * cycles * u / length) * std::pow(std::sin(scenes::kPi * u / length), 0.6 + 0.2 * (axon % 4));
}

SweepSet f_set(double persistence, double amplitude_uv, double noise_uv, std::uint64_t seed, Truth& truth, int sweeps = 20,
               bool a_wave = false) {
  const scenes::Scene scene{20000, 10, 60};
  auto set = scenes::empty_set(scene, sweeps);
  Random random(seed, 99);
  for (int r = 0; r < sweeps; ++r) {
    scenes::add(set, scene, r,
                [&](double ms) { return -8000 * scenes::soft(ms - 3.5) + 400 * (ms > 3.5 ? std::exp(-(ms - 3.5) / 14) : 0); });
    const bool present = random.uniform() < persistence;
    truth.shape.push_back(-1);
    if (present) {
      const int axon = static_cast<int>(random.uniform() * 12);
      const double onset = 26 + 0.35 * axon, size = amplitude_uv * (0.9 + 0.1 * (axon % 5));
      scenes::add(set, scene, r, [&](double ms) { return (axon % 2 ? size : -size) * f_shape(ms - onset, axon); });
      ++truth.count, truth.sum_ms += onset;
      truth.min_ms = std::min(truth.min_ms, onset), truth.max_ms = std::max(truth.max_ms, onset);
      truth.shape.back() = axon;
    }
    if (a_wave && r % 5 != 0) {
      const double jitter = 0.02 * random.normal();
      scenes::add(set, scene, r, [&](double ms) { return -180 * f_shape(ms - 20 - jitter, 0); });
    }
    scenes::add_noise(set, r, noise_uv, seed);
  }
  return set;
}

FWaveOptions arm() {
  FWaveOptions o;
  o.window_ms = {19, 48};
  return o;
}

}  // namespace

TEST_CASE("persistence and latencies of F waves of 100 uV in noise of 10 uV") {
  for (const double persistence : {0.3, 0.5, 0.8, 1.0}) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      Truth truth;
      const auto set = f_set(persistence, 110, 10, seed, truth);
      const auto row = f_waves(set, arm()).at(0);
      CAPTURE(persistence, seed, truth.count, row.f_count);
      CHECK(std::abs(row.f_count - truth.count) <= 1);
      if (truth.count < 2) continue;
      CAPTURE(truth.min_ms, *row.f_min_ms, truth.sum_ms / truth.count, *row.f_mean_ms);
      CHECK(std::abs(*row.f_min_ms - truth.min_ms) < 1.0);
      CHECK(std::abs(*row.f_mean_ms - truth.sum_ms / truth.count) < 1.0);
      CAPTURE(truth.max_ms, *row.f_max_ms);
      CHECK(std::abs(*row.chronodispersion_ms - (truth.max_ms - truth.min_ms)) < 1.0);
      CHECK(row.persistence_low_pct < row.persistence_pct + 1e-9);
      CHECK(*row.m_latency_ms == Approx(3.5).margin(0.5));  // the tail begins with a step of its own
    }
  }
}

TEST_CASE("A waves are found and never counted as F waves") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Truth truth;
    const auto set = f_set(0.4, 110, 10, seed, truth, 20, true);
    const auto late = late_responses(set, arm());
    REQUIRE(late.a_waves.size() == 1);
    CHECK(late.a_waves[0].a_count == 16);
    CHECK(late.a_waves[0].latency_ms == Approx(20).margin(1.2));
    CHECK_FALSE(late.a_waves[0].position.empty());
    CAPTURE(seed, truth.count, late.f_waves[0].f_count);
    CHECK(std::abs(late.f_waves[0].f_count - truth.count) <= 1);
    CHECK(late.f_waves[0].f_sweeps_with_a == 16);
    // What is left of an A wave may still begin one F wave of the 20 sweeps too early.
    int early = 0;
    for (const auto& sweep : late.sweeps) early += sweep.present && *sweep.latency_ms < 23;
    CHECK(early <= 1);
  }
}

TEST_CASE("repeaters are the sweeps of the same axon") {
  int hits = 0, said = 0, real = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Truth truth;
    const auto late = late_responses(f_set(0.9, 200, 5, seed, truth, 30), arm());
    for (std::size_t a = 0; a < late.sweeps.size(); ++a) {
      for (std::size_t b = a + 1; b < late.sweeps.size(); ++b) {
        const bool same = truth.shape[a] >= 0 && truth.shape[a] == truth.shape[b];
        const bool found = late.sweeps[a].repeater > 0 && late.sweeps[a].repeater == late.sweeps[b].repeater;
        hits += same && found, said += found, real += same;
      }
    }
  }
  const double f1 = 2.0 * hits / (said + real);
  CAPTURE(hits, said, real, f1);
  CHECK(f1 >= 0.95);
}

TEST_CASE("the interval of a share is that of Clopper and Pearson") {
  // R: binom.test(16, 20)$conf.int
  const auto i = share_interval(16, 20, 0.95);
  CHECK(i.low == Approx(0.563386).margin(1e-6));
  CHECK(i.high == Approx(0.942666).margin(1e-6));
  CHECK(share_interval(0, 10, 0.95).low == 0);
  CHECK(share_interval(10, 10, 0.95).high == 1);
}

TEST_CASE("F waves need a window, single sweeps, and enough of them") {
  Truth truth;
  auto set = f_set(0.8, 150, 5, 1, truth);
  CHECK_THROWS_WITH(f_waves(set, FWaveOptions{}), ContainsSubstring("window_ms is missing"));
  FWaveOptions o;
  o.window_ms = {200, 300};
  CHECK_THROWS_WITH(f_waves(set, o), ContainsSubstring("window_ms"));
  auto few = f_set(0.8, 150, 5, 1, truth, 4);
  CHECK_THROWS_WITH(f_waves(few, arm()), ContainsSubstring("4 sweeps"));
  set.averaged = true;
  CHECK_THROWS_WITH(f_waves(set, arm()), ContainsSubstring("averages"));
}

TEST_CASE("no F wave gives persistence 0 and empty latencies") {
  Truth truth;
  const auto row = f_waves(f_set(0, 100, 10, 3, truth), arm()).at(0);
  CHECK(row.f_count == 0);
  CHECK_FALSE(row.f_min_ms);
  CHECK(row.reason == "no F wave");
  CHECK(row.quality.find("few_chronodispersion") != std::string::npos);
}
