#include "libemg/measure/ncs/average.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("the standard error of mean, median and trimmed mean is that of theory") {
  // 1000 averages of 16 sweeps of white noise: the spread of a sample of the average.
  const scenes::Scene scene{2000, 2, 3};
  constexpr int kRuns = 1000, kSweeps = 16;
  for (const auto kind : {AverageKind::mean, AverageKind::median, AverageKind::trimmed}) {
    auto set = scenes::empty_set(scene, kRuns * kSweeps);
    for (int r = 0; r < kRuns * kSweeps; ++r) {
      set.sweeps[static_cast<std::size_t>(r)].site = std::to_string(r / kSweeps);
      scenes::add_noise(set, r, 10, 5);
    }
    AverageOptions o;
    o.kind = kind, o.window_low_ms = 0.5, o.window_high_ms = 2;
    const auto found = averages(set, o);
    double squares = 0, stated = 0;
    for (int k = 0; k < kRuns; ++k) {
      squares += found.sweeps.samples.row(k).squaredNorm() / static_cast<double>(set.samples.cols()) / kRuns;
      stated += *found.rows[static_cast<std::size_t>(k)].standard_error_uv / kRuns;
    }
    CAPTURE(name_of(kind), std::sqrt(squares), stated);
    // The median of 16 has 0.96 of the asymptotic 1.2533 sigma / sqrt(N).
    CHECK(std::sqrt(squares) == Approx(stated).epsilon(0.05));
    if (kind == AverageKind::mean) CHECK(stated == Approx(10 / 4.0).epsilon(0.02));
  }
}

TEST_CASE("planted outliers are rejected, exactly they") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 20);
  for (Index r = 0; r < 20; ++r) {
    const bool other = r == 4 || r == 11 || r == 12;
    scenes::add(set, scene, r, [&](double ms) { return 1000 * (other ? -scenes::gamma_shape(ms - 12) : scenes::gamma_shape(ms - 4)); });
    scenes::add_noise(set, r, 30, 2);
  }
  set.samples.row(7) *= 4;
  AverageOptions o;
  o.limit_uv = 3000, o.r_min = 0.8;
  const auto row = average_report(set, o).at(0);
  CHECK(row.rejected == "4,7,11,12");
  CHECK(row.kept_count == 16);
  CHECK(*row.noise_uv == Approx(30 / 4.0).epsilon(0.1));
  o.limit_uv = 10;
  CHECK_THROWS_WITH(average_sweeps(set, o), ContainsSubstring("limit_uv 10"));
}

TEST_CASE("one sweep is its own mean; supramaximal needs two intensities") {
  const scenes::Scene scene;
  auto set = scenes::empty_set(scene, 2);
  set.sweeps[1].site = "elbow";
  scenes::add_noise(set, 0, 1, 1);
  const auto found = averages(set);
  CHECK(found.sweeps.samples.row(0) == set.samples.row(0));
  CHECK_FALSE(found.rows[0].standard_error_uv);
  CHECK(found.rows[0].supramaximal == "not_assessable (intensity missing)");
  auto graded = scenes::empty_set(scene, 4);
  for (Index r = 0; r < 4; ++r) {
    graded.sweeps[static_cast<std::size_t>(r)].intensity_ma = r < 2 ? 20 : 30;
    scenes::add(graded, scene, r, [&](double ms) { return (r < 2 ? 5000 : 5100) * scenes::sine(ms - 4); });
  }
  CHECK(average_report(graded).at(0).supramaximal == "yes");
  graded.samples.topRows(2) *= 0.9;
  CHECK(average_report(graded).at(0).supramaximal == "no");
  for (auto& s : graded.sweeps) s.intensity_ma = 20;
  CHECK(average_report(graded).at(0).supramaximal == "not_assessable (one intensity)");
}
