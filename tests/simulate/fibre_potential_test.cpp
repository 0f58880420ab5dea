#include "libemg/simulate/fibre_potential.h"

#include <algorithm>
#include <cmath>

#include "tests/support/catch.h"

using namespace emg;

namespace {

struct Shape {
  double peak_to_peak_uv, rise_us;
};

// A long fibre seen far from its ends: only the passing wave.
Shape passing_wave(double radial_mm, double scale) {
  Fibre fibre;
  fibre.positive_mm = fibre.negative_mm = 400;
  const double z_e = 200;
  const double cell = std::min(0.1, 0.5 * kAnisotropy * radial_mm) / 4;
  const auto wave = fibre_wave(
      fibre, [&](double z) { return infinite_kernel(radial_mm, z_e - z); }, scale, cell);
  const auto from = wave.begin() + static_cast<std::ptrdiff_t>(150 / cell), to = wave.begin() + static_cast<std::ptrdiff_t>(260 / cell);
  const auto low = std::min_element(from, to);
  const auto high = std::max_element(from, low);
  return {*high - *low, static_cast<double>(low - high) * cell / fibre.velocity_m_s * 1000};
}

}  // namespace

TEST_CASE("intracellular wave") {
  // Peak of A x^3 e^-x - 90 at x = 3: 39.05 mV.
  double potential = -90;
  const double step = 1e-4;
  for (double z = step / 2; z < 3; z += step) potential += wave_slope(z, 1) * step;
  CHECK(potential == Approx(39.05).margin(0.01));
  CHECK(wave_slope(3, 1) == Approx(0).margin(1e-12));
  CHECK(wave_slope(-1, 1) == 0);
  CHECK(wave_slope(0.5, 2) == Approx(2 * wave_slope(1, 1)));
}

TEST_CASE("velocity by diameter") {
  CHECK(fibre_velocity_m_s(55) == Approx(3.77).margin(0.005));
  CHECK(fibre_velocity_m_s(10) == 2.2);
  CHECK(fibre_velocity_m_s(200) == Approx(5.2));
}

TEST_CASE("peak to peak and rise of a passing wave at a point") {
  struct Row {
    double radial_mm, scale, uv, us;
  };
  for (const auto& row :
       {Row{0.05, 1, 1689, 504}, Row{0.1, 1, 1117, 520}, Row{0.2, 1, 631, 553}, Row{0.5, 1, 209, 683}, Row{1, 1, 64.1, 959},
        Row{2, 1, 14.2, 1590}, Row{0.1, 1.4, 1699, 379}, Row{0.3, 1.4, 524, 461}, Row{1, 1.4, 62.8, 860}, Row{2, 1.4, 12.0, 1516},
        Row{0.1, 2, 2525, 276}, Row{0.5, 2, 256, 480}, Row{5, 2, 0.680, 3540}}) {
    const auto shape = passing_wave(row.radial_mm, row.scale);
    CAPTURE(row.radial_mm, row.scale);
    CHECK(shape.peak_to_peak_uv == Approx(row.uv).epsilon(0.01));
    CHECK(shape.rise_us == Approx(row.us).epsilon(0.02).margin(8));
  }
  CHECK(passing_wave(0.1, 1).peak_to_peak_uv / passing_wave(2, 1).peak_to_peak_uv == Approx(79).epsilon(0.01));
}

TEST_CASE("phases: passing positive - negative - positive, at the end-plate negative first, at the tendon positive first") {
  Fibre fibre;
  const auto wave_at = [&](double z_e) {
    return fibre_wave(
        fibre, [z_e](double z) { return infinite_kernel(0.2, z_e - z); }, 1.4, 0.05);
  };
  const auto passing = wave_at(25);
  const auto low = std::min_element(passing.begin(), passing.end());
  CHECK(*std::max_element(passing.begin(), low) > 0.2 * -*low);
  CHECK(*std::max_element(low, passing.end()) > 0.02 * -*low);
  const auto endplate = wave_at(0);
  CHECK(*std::max_element(endplate.begin(), std::min_element(endplate.begin(), endplate.end())) < 1);
  const auto tendon = wave_at(60);
  const auto high = std::max_element(tendon.begin(), tendon.end());
  CHECK(*high == Approx(380).epsilon(0.02));
  CHECK(*std::min_element(tendon.begin(), tendon.end()) == Approx(-232).epsilon(0.02));
  CHECK(high < std::min_element(tendon.begin(), tendon.end()));
}

TEST_CASE("the potential of a complete fibre has no net area, grows with the square of the diameter and linearly with the kernel") {
  Fibre fibre;
  const auto kernel = [](double z) { return infinite_kernel(0.5, 25 - z); };
  const auto wave = fibre_wave(fibre, kernel, 1.4, 0.1);
  double net = 0, all = 0;
  for (const double v : wave) {
    net += v;
    all += std::fabs(v);
  }
  CHECK(std::fabs(net) < 1e-3 * all);
  Fibre thick = fibre;
  thick.diameter_um *= 2;
  const auto quadruple = fibre_wave(thick, kernel, 1.4, 0.1);
  const auto triple = fibre_wave(
      fibre, [&](double z) { return 3 * kernel(z); }, 1.4, 0.1);
  for (std::size_t i = 0; i < wave.size(); i += 17) {
    CHECK(quadruple[i] == Approx(4 * wave[i]).margin(1e-9));
    CHECK(triple[i] == Approx(3 * wave[i]).margin(1e-9));
  }
  Fibre none;
  none.positive_mm = none.negative_mm = 0;
  for (const double v : fibre_wave(none, kernel, 1.4, 0.1)) CHECK(v == 0);
}

TEST_CASE("a tendon between two cells moves the wave smoothly") {
  const auto end_peak = [](double length) {
    Fibre fibre;
    fibre.positive_mm = length;
    const auto wave = fibre_wave(
        fibre, [](double z) { return infinite_kernel(0.3, 60 - z); }, 1.4, 0.1);
    return *std::max_element(wave.begin(), wave.end());
  };
  const double a = end_peak(60.00), b = end_peak(60.05), c = end_peak(60.10);
  CHECK(b == Approx((a + c) / 2).epsilon(0.01));
}

TEST_CASE("cubic interpolation is exact for cubics, zero outside, and delays shift") {
  std::vector<double> values;
  for (int i = 0; i < 10; ++i) values.push_back(0.1 * i * i * i - i * i + 2);
  CHECK(cubic_at(values, 4.3) == Approx(0.1 * 4.3 * 4.3 * 4.3 - 4.3 * 4.3 + 2).epsilon(1e-12));
  CHECK(cubic_at(values, 30) == 0);
  CHECK(cubic_at(values, -5) == 0);
  Fibre fibre;
  fibre.velocity_m_s = 4;
  fibre.delay_ms = 1;
  std::vector<double> sum(60);
  const std::vector<double> wave{0, 1, 2, 3, 2, 1, 0};
  add_fibre_wave(fibre, wave, 0.4, 2, 10000, sum);
  CHECK(sum[13] == Approx(6));
  CHECK(sum[9] == 0);
  CHECK(sum[30] == 0);
}
