#include "libemg/simulate/electrode.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/catch.h"

using namespace emg;

namespace {

double peak_to_peak(double radial_mm, double scale) {
  ConcentricNeedle needle;
  needle.cannula_mm = 0;
  Fibre fibre;
  fibre.x_mm = radial_mm;
  fibre.positive_mm = fibre.negative_mm = 400;
  const double cell = cell_for_distance(radial_mm) / 2;
  const auto wave = fibre_wave(fibre, concentric_kernel(needle, fibre, 200), scale, cell);
  const auto from = wave.begin() + static_cast<std::ptrdiff_t>(150 / cell), to = wave.begin() + static_cast<std::ptrdiff_t>(260 / cell);
  const auto low = std::min_element(from, to);
  return *std::max_element(from, low) - *low;
}

}  // namespace

TEST_CASE("quadrature weights sum to one and lie on the core") {
  const ConcentricNeedle needle;
  for (const auto& points : {core_points(needle, 1, 1), core_points(needle, 2, 4), core_points(needle, 3, 8), cannula_points(needle)}) {
    CHECK(std::accumulate(points.begin(), points.end(), 0.0, [](double sum, const auto& p) { return sum + p.weight; }) == Approx(1));
  }
  double second_y = 0, second_z = 0;
  for (const auto& p : core_points(needle, 3, 8)) {
    second_y += p.weight * p.y_mm * p.y_mm;
    second_z += p.weight * p.z_mm * p.z_mm;
  }
  // Mean square of a coordinate over an ellipse is a quarter of the half axis squared.
  CHECK(second_y == Approx(0.29 * 0.29 / 4).epsilon(1e-9));
  CHECK(second_z == Approx(0.075 * 0.075 / 4).epsilon(1e-9));
}

TEST_CASE("a concentric core reads less than a point: published amplitudes") {
  struct Row {
    double radial_mm, scale, uv;
  };
  for (const auto& row : {Row{0.05, 1.4, 1508}, Row{0.1, 1.4, 1149}, Row{0.2, 1.4, 704}, Row{0.3, 1.4, 459}, Row{0.5, 1.4, 225},
                          Row{1, 1.4, 61.4}, Row{2, 1.4, 11.9}, Row{0.1, 2, 1602}, Row{0.5, 2, 238}}) {
    CAPTURE(row.radial_mm, row.scale);
    CHECK(peak_to_peak(row.radial_mm, row.scale) == Approx(row.uv).epsilon(0.01));
  }
}

TEST_CASE("the cannula takes from far fibres and the bevel shields those behind it") {
  Fibre fibre;
  fibre.x_mm = 0.4;
  const ConcentricNeedle needle;
  ConcentricNeedle bare = needle;
  bare.cannula_mm = 0;
  Fibre behind = fibre;
  behind.x_mm = -0.4;
  const double front = concentric_kernel(bare, fibre, 0)(2);
  CHECK(concentric_kernel(bare, behind, 0)(2) == Approx(0.15 * front));
  CHECK(std::fabs(concentric_kernel(needle, fibre, 0)(2)) < std::fabs(front));
}

TEST_CASE("cells are finer near the fibre") {
  CHECK(cell_for_distance(5) == 0.1);
  CHECK(cell_for_distance(0.03) < 0.04);
}
