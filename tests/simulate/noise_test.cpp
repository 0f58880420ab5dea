#include "libemg/simulate/noise.h"

#include <cmath>
#include <complex>
#include <numbers>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("white noise has its level, tiles, and a stream for each channel") {
  RowMatrix signal = RowMatrix::Zero(3, 100000);
  add_white_noise(1, 5, signal, 1);
  for (Index c = 0; c < 3; ++c) CHECK(std::sqrt(signal.row(c).squaredNorm() / 1e5) == Approx(5).epsilon(0.02));
  CHECK(std::fabs(signal.row(0).dot(signal.row(1))) < 4 * 25 * std::sqrt(1e5));
  RowMatrix shorter = RowMatrix::Zero(3, 9000), threaded = RowMatrix::Zero(3, 100000);
  add_white_noise(1, 5, shorter, 1);
  CHECK(shorter == signal.leftCols(9000));
  add_white_noise(1, 5, threaded, 7);
  CHECK(threaded == signal);
  RowMatrix none = RowMatrix::Zero(1, 10);
  add_white_noise(1, 0, none, 1);
  CHECK(none.isZero());
}

TEST_CASE("mains stands at its frequency with its level, the same on all channels") {
  RowMatrix signal = RowMatrix::Zero(2, 40000);
  add_line(1, 20, 50, 2000, signal);
  CHECK(signal.row(0) == signal.row(1));
  const auto power = [&](double hz) {
    std::complex<double> sum = 0;
    for (Index i = 0; i < 2000; ++i) sum += signal(0, i) * std::polar(1.0, -2 * std::numbers::pi * hz * static_cast<double>(i) / 2000);
    return std::abs(sum) / 1000;
  };
  CHECK(power(50) == Approx(20).epsilon(0.4));
  CHECK(power(150) / power(50) == Approx(0.4).margin(0.05));
  CHECK(power(75) < 0.05 * power(50));
  RowMatrix slow = RowMatrix::Zero(1, 1000);
  add_line(1, 20, 60, 100, slow);
  CHECK(slow.isZero());
}

TEST_CASE("electrode noise: band, steps, modulation, factors") {
  ContaminantOptions o{.noise_low_hz = 20, .noise_high_hz = 450};
  RowMatrix signal = RowMatrix::Zero(2, 120000);
  add_electrode_noise(o, 7, 1, 2048, signal, 1);
  CHECK(std::sqrt(signal.row(0).squaredNorm() / 120000) == Approx(7).epsilon(0.02));
  // Below the band: nothing in means over 0.2 s.
  double slow = 0;
  for (Index i = 0; i + 410 <= signal.cols(); i += 410) slow += std::pow(signal.row(0).segment(i, 410).mean(), 2) / 292;
  CHECK(std::sqrt(slow) < 0.5);
  ContaminantOptions steps{.noise_step_s = {10, 20}, .noise_step_uv = {15, 5}};
  RowMatrix stepped = RowMatrix::Zero(1, 60000);
  add_electrode_noise(steps, 5, 1, 2000, stepped, 1);
  const auto rms = [&](Index from) { return std::sqrt(stepped.row(0).segment(from, 20000).squaredNorm() / 20000); };
  CHECK(rms(0) == Approx(5).epsilon(0.03));
  CHECK(rms(20000) == Approx(15).epsilon(0.03));
  CHECK(rms(40000) == Approx(5).epsilon(0.03));
  RowMatrix threaded = RowMatrix::Zero(2, 120000);
  add_electrode_noise(o, 7, 1, 2048, threaded, 7);
  CHECK(threaded == signal);
  ContaminantOptions bad{.bad_channels = {1}};
  CHECK(channel_noise_factor(bad, 1, 1) == 20);
  CHECK(channel_noise_factor(bad, 1, 0) == 1);
}

TEST_CASE("1/f noise falls with a slope of -1") {
  ContaminantOptions o{.pink_uv = 10};
  constexpr Index kCount = 1 << 18;
  RowMatrix signal = RowMatrix::Zero(1, kCount);
  add_electrode_noise(o, 0, 1, 1024, signal, 1);
  CHECK(std::sqrt(signal.squaredNorm() / kCount) == Approx(10).epsilon(0.15));
  // Mean power of sines of blocks of 1 s around two frequencies four octaves apart.
  const auto power = [&](int hz) {
    double sum = 0;
    for (Index block = 0; block < kCount / 1024; ++block) {
      for (int f = hz; f < hz + hz / 4 + 1; ++f) {
        std::complex<double> z = 0;
        for (Index i = 0; i < 1024; ++i) {
          const double hann = 1 - std::cos(2 * std::numbers::pi * static_cast<double>(i) / 1024);
          z += hann * signal(0, block * 1024 + i) * std::polar(1.0, -2 * std::numbers::pi * f * static_cast<double>(i) / 1024);
        }
        sum += std::norm(z) / (hz / 4 + 1);
      }
    }
    return sum;
  };
  CHECK(std::log2(power(4) / power(64)) / 4 == Approx(1).margin(0.15));
}

TEST_CASE("heart, movement and base line") {
  ContaminantOptions o{.ecg_uv = 100, .motion_uv = 200, .cable_uv = 50, .baseline_uv = 30};
  RowMatrix signal = RowMatrix::Zero(2, 120000);
  const auto beats = add_ecg(o, 1, 2000, signal);
  CHECK(beats.size() == Approx(60 / 0.85).margin(5));
  CHECK(signal.row(0).maxCoeff() == Approx(100).epsilon(0.05));
  for (const auto& beat : beats) CHECK(signal(0, static_cast<Index>(beat.time_s * 2000)) > 80);
  RowMatrix moved = RowMatrix::Zero(2, 120000);
  const auto events = add_motion(o, 1, 2000, moved);
  CHECK(events.size() > 8);
  CHECK(moved.cwiseAbs().maxCoeff() > 100);
  CHECK(add_motion({}, 1, 2000, moved).empty());
}

TEST_CASE("noise that cannot be is refused") {
  RowMatrix signal = RowMatrix::Zero(1, 100);
  CHECK_THROWS_WITH(add_electrode_noise({.noise_high_hz = 600}, 1, 1, 1000, signal, 1), ContainsSubstring("noise_high_hz 600"));
  CHECK_THROWS_WITH(add_electrode_noise({.noise_step_s = {1}}, 1, 1, 1000, signal, 1), ContainsSubstring("noise_step_uv has 0 values"));
}
