#include "libemg/measure/ncs/repetitive.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

SweepSet train(const std::vector<double>& amplitude_mv, double interval_s, double noise_uv, std::uint64_t seed,
               const std::string& annotation = "rest", double start_s = 0) {
  const scenes::Scene scene{20000, 5, 35};
  auto set = scenes::empty_set(scene, static_cast<Index>(amplitude_mv.size()));
  for (std::size_t k = 0; k < amplitude_mv.size(); ++k) {
    set.sweeps[k].clock_s = start_s + interval_s * static_cast<double>(k);
    set.sweeps[k].annotation = annotation;
    scenes::add(set, scene, static_cast<Index>(k), [&](double ms) { return -1000 * amplitude_mv[k] * scenes::gamma_shape(ms - 4); });
    scenes::add_noise(set, static_cast<Index>(k), noise_uv, seed);
  }
  return set;
}

const std::vector<double> kMyasthenic{0, 0.15, 0.22, 0.25, 0.25, 0.24, 0.23, 0.22, 0.21, 0.20};

std::vector<double> falling(double first, const std::vector<double>& loss) {
  std::vector<double> a;
  for (const double d : loss) a.push_back(first * (1 - d));
  return a;
}

}  // namespace

TEST_CASE("a decrement put in comes out") {
  const auto a = falling(8, kMyasthenic);
  const auto row = train_changes(a, a, 0);
  CHECK(*row.amplitude_decrement_4_pct == Approx(25).epsilon(1e-12));
  CHECK(*row.amplitude_decrement_5_pct == Approx(25).epsilon(1e-12));
  CHECK(*row.amplitude_decrement_largest_pct == Approx(25).epsilon(1e-12));
  CHECK(*row.amplitude_decrement_last_pct == Approx(20).epsilon(1e-12));
  CHECK(*row.u_shape_pct == Approx(5).epsilon(1e-12));
  CHECK(row.quality == "ok");
  const auto found = repetitive_stimulation(train(a, 1 / 3.0, 0, 1)).at(0);
  CHECK(*found.amplitude_decrement_4_pct == Approx(25).epsilon(1e-9));
  CHECK(*found.stimulus_rate_hz == Approx(3).epsilon(1e-9));
  CHECK(found.quality == "ok");
}

TEST_CASE("with noise of 2 % of the response the decrement stays within a point") {
  const auto row = repetitive_stimulation(train(falling(6, kMyasthenic), 1 / 3.0, 100, 9)).at(0);
  CHECK(std::abs(*row.amplitude_decrement_4_pct - 25) < 1.0);
  CHECK_FALSE(row.within_noise);
  const auto flat = repetitive_stimulation(train(std::vector<double>(8, 6.0), 1 / 3.0, 100, 9)).at(0);
  CHECK(flat.within_noise);
}

TEST_CASE("technical faults are flagged, clean trains are not") {
  int flagged = 0, wrong = 0;
  constexpr int kRuns = 40;
  for (int run = 0; run < kRuns; ++run) {
    const auto seed = static_cast<std::uint64_t>(run) + 1;
    auto clean = train(falling(4 + 0.2 * run, kMyasthenic), 1 / 3.0, 15, seed);
    if (repetitive_stimulation(clean).at(0).quality != "ok") ++wrong;
    auto step = clean, drift = clean, intensity = clean, late = clean;
    step.samples.bottomRows(4) *= 0.85;
    for (Index r = 0; r < 10; ++r) drift.samples.row(r).array() += 0.02 * static_cast<double>(r) * (4000.0 + 200 * run);
    for (std::size_t r = 0; r < 10; ++r) intensity.sweeps[r].intensity_ma = r < 6 ? 40 : 35;
    const Index shift = 8;  // 0.4 ms
    for (Index r = 5; r < 10; ++r) {
      const Eigen::RowVectorXd row = late.samples.row(r);
      late.samples.row(r).segment(shift, row.size() - shift) = row.head(row.size() - shift);
    }
    const auto has = [](const SweepSet& set, const char* flag) {
      return repetitive_stimulation(set).at(0).quality.find(flag) != std::string::npos;
    };
    flagged += has(step, "step") + has(drift, "baseline_drift") + has(intensity, "intensity_change") + has(late, "latency_change");
  }
  CHECK(wrong == 0);
  CHECK(flagged == 4 * kRuns);
}

TEST_CASE("fast trains give the increment, exercise the facilitation") {
  std::vector<double> rising;
  for (int k = 0; k < 20; ++k) rising.push_back(2 * (1 + 0.8 * k / 19));
  const auto fast = repetitive_stimulation(train(rising, 1 / 50.0, 0, 1)).at(0);
  CHECK(*fast.increment_pct == Approx(80).epsilon(1e-9));
  auto set = train(falling(2, kMyasthenic), 1 / 3.0, 0, 1);
  const auto post = train(falling(4, std::vector<double>(10, 0.0)), 1 / 3.0, 0, 1, "0 s", 30);
  RowMatrix all(20, set.samples.cols());
  all << set.samples, post.samples;
  set.samples = all;
  set.sweeps.insert(set.sweeps.end(), post.sweeps.begin(), post.sweeps.end());
  const auto rows = repetitive_stimulation(set);
  REQUIRE(rows.size() == 2);
  CHECK(*rows[1].facilitation_pct == Approx(100).epsilon(1e-9));
  CHECK(*rows[1].repair_pct == Approx(25).epsilon(1e-9));
}

TEST_CASE("pseudofacilitation: the amplitude rises, the area does not") {
  const scenes::Scene scene{20000, 5, 35};
  auto set = scenes::empty_set(scene, 5);
  for (Index r = 0; r < 5; ++r) {
    const double narrow = 1 - 0.06 * static_cast<double>(r);
    set.sweeps[static_cast<std::size_t>(r)].clock_s = 0.05 * static_cast<double>(r);
    scenes::add(set, scene, r, [&](double ms) { return -4000 / narrow * scenes::sine((ms - 4) / narrow); });
  }
  CHECK(repetitive_stimulation(set).at(0).quality.find("pseudofacilitation") != std::string::npos);
}

TEST_CASE("short trains are refused, missing responses give a row") {
  CHECK_THROWS_WITH(repetitive_stimulation(train({5, 5, 5}, 0.3, 0, 1)), ContainsSubstring("3 stimuli"));
  auto set = train({5, 5, 5, 5}, 0.3, 0, 1);
  set.samples.setZero();
  CHECK(repetitive_stimulation(set).at(0).reason.find("not_assessable") == 0);
}
