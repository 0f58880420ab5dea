#include "libemg/measure/twitch/tremor.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

const double kPi = std::acos(-1.0);

std::vector<double> walking_sine(double step, std::uint64_t seed, double rate_hz = 100, double seconds = 60) {
  Random random(seed);
  std::vector<double> x;
  double phase = 0;
  for (int i = 0; i < static_cast<int>(seconds * rate_hz); ++i) {
    x.push_back(std::sin(2 * kPi * 5 * i / rate_hz + phase));
    phase += step * random.normal();
  }
  return x;
}

TremorOptions acceleration() {
  TremorOptions o;
  o.kind = TremorSignal::acceleration;
  return o;
}

// EMG of two muscles whose bursts come at 5 Hz, the second shifted.
RowMatrix two_muscles(double shift, double depth, std::uint64_t seed) {
  constexpr double rate = 1000;
  RowMatrix signal(2, 60000);
  for (Index c = 0; c < 2; ++c) {
    const auto noise = scenes::band_noise(60000, rate, seed + static_cast<std::uint64_t>(c));
    for (Index i = 0; i < 60000; ++i) signal(c, i) = 50 * noise[static_cast<std::size_t>(i)] * (1 + depth * std::sin(2 * kPi * 5 * static_cast<double>(i) / rate + (c == 1 ? shift : 0)));
  }
  return signal;
}

}  // namespace

TEST_CASE("the stability index of sines and noise") {
  std::vector<double> sine = walking_sine(0, 1);
  CHECK(*tremor_stability_hz(sine, 100, 5) < 1e-9);
  const auto mean_of_runs = [](double step) {
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) sum += *tremor_stability_hz(walking_sine(step, seed), 100, 5) / 20;
    return sum;
  };
  CHECK(mean_of_runs(0.1) == Approx(0.383).margin(0.03));
  CHECK(mean_of_runs(0.05) == Approx(0.199).margin(0.02));
  CHECK(mean_of_runs(0.02) == Approx(0.080).margin(0.01));
  double noise = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed, 3);
    std::vector<double> x(6000);
    for (auto& v : x) v = random.normal();
    noise += *tremor_stability_hz(x, 100, 5) / 20;
  }
  CHECK(noise == Approx(2.37).margin(0.18));
}

TEST_CASE("frequency and displacement of a known tremor") {
  constexpr double rate = 200, f = 6.13, amplitude_m = 0.001;
  std::vector<double> x;
  Random random(2);
  for (int i = 0; i < 60 * rate; ++i) x.push_back(9.81 - amplitude_m * std::pow(2 * kPi * f, 2) * std::sin(2 * kPi * f * i / rate) + 0.05 * random.normal());
  const auto row = tremor(scenes::as_matrix(x), rate, acceleration())[0];
  CHECK(row.present);
  CHECK(*row.peak_hz == Approx(f).margin(0.03));
  CHECK(*row.peak_low_hz <= *row.peak_hz + 1e-9);
  CHECK(*row.displacement_mm == Approx(1).epsilon(0.03));
  CHECK(*row.occurrence == 1);
  CHECK(*row.second_harmonic < 0.01);
  CHECK(std::fabs(*row.drift_hz_per_min) < 0.02);
}

TEST_CASE("noise has no tremor") {
  int present = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Random random(seed, 9);
    std::vector<double> x(6000);
    for (auto& v : x) v = random.normal();
    present += tremor(scenes::as_matrix(x), 100, acceleration())[0].present;
  }
  INFO(present << " of 100 records of noise");
  CHECK(present <= 4);
}

TEST_CASE("antagonists alternate or go together, or nobody knows") {
  const auto finding = [](double shift, double depth) { return tremor_pairs(two_muscles(shift, depth, 5), 1000, {})[0]; };
  CHECK(finding(kPi, 0.8).finding == "alternating");
  CHECK(finding(0, 0.8).finding == "synchronous");
  CHECK(finding(kPi / 2, 0.8).finding == "indeterminate (phase)");
  CHECK(finding(0, 0).finding.rfind("indeterminate", 0) == 0);
  const auto row = finding(1, 0.8);
  CHECK(*row.frequency_hz == Approx(5).margin(0.25));
  CHECK(*row.phase_deg == Approx(180 / kPi).margin(5));
  CHECK(*row.coherence > *row.coherence_limit);
  CHECK(tremor(two_muscles(1, 0.8, 5), 1000, {})[0].present);
}

TEST_CASE("tremor refuses what is too short or too slow") {
  const auto brief = tremor(RowMatrix::Zero(2, 2000), 100, acceleration());
  REQUIRE(brief.size() == 2);
  CHECK(brief[1].channel == 1);
  CHECK(brief[0].reason.find("needs 30 s") != std::string::npos);
  CHECK(!brief[0].total_power);
  CHECK(tremor_pairs(RowMatrix::Zero(2, 2000), 100, acceleration())[0].finding == brief[0].reason);
  CHECK_THROWS_WITH(tremor(RowMatrix::Zero(1, 2000), 50, acceleration()), Catch::Contains("rate_hz 50"));
  CHECK_THROWS_WITH(tremor(RowMatrix::Zero(1, 6000), 70, {}), Catch::Contains("acceleration"));
  const auto flat = tremor(RowMatrix::Constant(1, 6000, 9.81), 100, acceleration())[0];
  CHECK(!flat.present);
  CHECK(!flat.peak_hz);
  const auto one = tremor(two_muscles(1, 0.8, 5), 1000, {}, 1), many = tremor(two_muscles(1, 0.8, 5), 1000, {}, 7);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(values_of(one[i]) == values_of(many[i]));
}
