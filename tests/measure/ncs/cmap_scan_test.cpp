#include "libemg/measure/ncs/cmap_scan.h"

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/io/mem.h"
#include "libemg/measure/ncs/stair_fit.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"
#include "tests/support/reference.h"

using namespace emg;

namespace {

CmapScan read_scan(const std::filesystem::path& path) {
  const auto m = read_mem(path);
  return {m.scan->stimulus_ma, m.scan->amplitude_mv, m.scan->plateau_end, m.scan->scan_end, m.scan->after_end};
}

// A scan of equal units without noise: plateau, falling staircase, foot.
CmapScan staircase(int units, int repeats) {
  CmapScan s;
  for (int k = 0; k < 12; ++k) s.stimulus_ma.push_back(20), s.amplitude_mv.push_back(8);
  s.plateau_end = s.stimulus_ma.size();
  for (int u = units; u >= 0; --u) {
    for (int k = 0; k < repeats; ++k) s.stimulus_ma.push_back(5 + 10.0 * u / units), s.amplitude_mv.push_back(8.0 * u / units);
  }
  s.scan_end = s.stimulus_ma.size();
  for (int k = 0; k < 12; ++k) s.stimulus_ma.push_back(4), s.amplitude_mv.push_back(0);
  s.after_end = s.stimulus_ma.size();
  return s;
}

}  // namespace

TEST_CASE("the 30 real scans have the numbers of their tables") {
  const auto folder = emg_test::shared_data("cmapscan_caedm");
  if (folder.empty()) return;
  int count = 0, cdix_exact = 0;
  double seconds = 0;
  for (const auto& c : reference_cases("cmap_scan.txt", "scan")) {
    const auto scan = read_scan(folder / "scans" / (c.text("file") + ".MEM"));
    const auto& v = c.values;
    CAPTURE(c.text("file"));
    const auto start = std::chrono::steady_clock::now();
    CmapScanOptions o;
    o.stair_threshold_uv = 15;
    auto row = cmap_scan(scan, o);
    CHECK(row.stimulus_count == v[0]);
    CHECK(*row.stair_units == v[1]);
    CHECK(*row.d50_sequential == v[5]);
    CHECK(*row.cdix == Approx(v[8]).margin(0.0051));
    CHECK(*row.stepix == v[9]);
    CHECK(*row.ampix_uv == Approx(v[10]).epsilon(1e-9));
    CHECK(*row.d50_sorted == v[11]);
    CHECK(*row.s5_ma == Approx(v[12]).epsilon(0.02));
    CHECK(*row.s50_ma == Approx(v[13]).epsilon(0.012));
    CHECK(*row.s95_ma == Approx(v[14]).epsilon(0.04));
    o.stair_threshold_uv = 10, o.cdix_bin = CdixBin::mixture;
    row = cmap_scan(scan, o);
    CHECK(*row.stair_units == v[2]);
    CHECK_FALSE(row.converged);
    CHECK(*row.cdix_width_uv == Approx(v[6]).margin(0.15));
    CHECK(*row.cdix == Approx(v[7]).margin(0.07));
    cdix_exact += std::abs(*row.cdix - v[7]) <= 0.0051;
    const auto stairs = stair_fit(scan_amplitudes(scan), 0, std::nullopt, 40);
    CHECK(1000 * stairs.distance_mv[19] == Approx(v[3]).margin(0.001));
    CHECK(1000 * stairs.distance_mv[39] == Approx(v[4]).margin(0.001));
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++count;
  }
  CHECK(count == 30);
  // One scan has equal currents whose order the recipe leaves open.
  CHECK(cdix_exact >= 29);
  CHECK(seconds < 10);
}

TEST_CASE("40 equal noiseless steps: both definitions of D50 give 20, the stair fit 40") {
  const auto scan = staircase(40, 4);
  CmapScanOptions o;
  o.stair_threshold_uv = 1, o.step_noise_factor = 1;
  const auto row = cmap_scan(scan, o);
  // 20 steps reach half, the next one exceeds it; rounding may let the twentieth do so.
  CHECK(*row.d50_sequential >= 20);
  CHECK(*row.d50_sequential <= 21);
  CHECK(*row.d50_sorted >= 20);
  CHECK(*row.d50_sorted <= 21);
  CHECK(*row.stair_units == 40);
  CHECK(row.step_count == 40);
  CHECK(row.steps_pct == Approx(100));
  CHECK(row.cmap_max_mv == 8);
  CHECK(*row.noise_uv >= 0);
  CHECK(*row.s50_ma == Approx(10).margin(0.3));
}

TEST_CASE("gain changes amplitudes and nothing that is relative") {
  auto scan = staircase(25, 5);
  Random random(4, 0);
  for (double& a : scan.amplitude_mv) a += 0.004 * random.normal();
  auto twice = scan;
  for (double& a : twice.amplitude_mv) a *= 2;
  const auto one = cmap_scan(scan), two = cmap_scan(twice);
  CHECK(two.cmap_max_mv == Approx(2 * one.cmap_max_mv));
  CHECK(*two.s50_ma == Approx(*one.s50_ma));
  CHECK(*two.d50_sorted == *one.d50_sorted);
  CHECK(*two.cdix == Approx(*one.cdix));
}

TEST_CASE("bad scans are refused by name") {
  auto scan = staircase(20, 3);
  auto bad = scan;
  bad.amplitude_mv.pop_back();
  CHECK_THROWS_WITH(cmap_scan(bad), ContainsSubstring("amplitude_mv"));
  bad = scan;
  bad.amplitude_mv[30] = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(cmap_scan(bad), ContainsSubstring("row 31"));
  bad = scan;
  bad.scan_end = bad.plateau_end + 5;
  CHECK_THROWS_WITH(cmap_scan(bad), ContainsSubstring("5 rows"));
  bad = scan;
  bad.after_end = 10000;
  CHECK_THROWS_WITH(cmap_scan(bad), ContainsSubstring("after_end 10000"));
  CmapScanOptions o;
  o.cdix_percent = 90;
  CHECK_THROWS_WITH(cmap_scan(scan, o), ContainsSubstring("cdix_percent"));
}
