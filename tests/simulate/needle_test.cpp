#include "libemg/simulate/needle.h"

#include "libemg/core/error.h"
#include "libemg/simulate/truth.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

NeedleScene quick() {
  NeedleScene options;
  options.needle.duration_s = 4;
  options.pool.unit_count = 5;
  options.effort.effort = 0.5;
  options.needle.rate_hz = 10000;
  return options;
}

}  // namespace

TEST_CASE("needle: same seed, same bits, for any threads") {
  const auto a = simulate_needle(quick(), 1), b = simulate_needle(quick(), 2), c = simulate_needle(quick(), 7);
  CHECK(a.recording.samples == b.recording.samples);
  CHECK(a.recording.samples == c.recording.samples);
  auto other = quick();
  other.needle.seed = 2;
  CHECK(simulate_needle(other).recording.samples != a.recording.samples);
}

TEST_CASE("needle: noise and one more option of the amplifier leave the discharges") {
  auto noisy = quick();
  noisy.noise.noise_uv = 20;
  noisy.noise.line_uv = 5;
  const auto a = simulate_needle(quick()), b = simulate_needle(noisy);
  REQUIRE(a.truth_units.size() == 5);
  for (std::size_t u = 0; u < 5; ++u) {
    CHECK(a.truth_units[u].discharges.sample == b.truth_units[u].discharges.sample);
    CHECK(a.truth_units[u].waveform == b.truth_units[u].waveform);
  }
}

TEST_CASE("needle: truth times templates is the noise-free signal") {
  auto options = quick();
  options.noise.noise_uv = 0;
  const auto simulation = simulate_needle(options);
  RowMatrix again = RowMatrix::Zero(1, simulation.recording.sample_count());
  double energy = 0, rest = 0;
  for (const auto& unit : simulation.truth_units) {
    for (std::size_t e = 0; e < unit.discharges.sample.size(); ++e) {
      for (Index k = 0; k < unit.waveform.cols(); ++k) {
        const Index at = unit.discharges.sample[e] - unit.waveform_zero + k;
        if (at >= 0 && at < again.cols()) again(0, at) += unit.waveform(0, k);
      }
    }
  }
  // Whole-sample placement: the difference is the half sample at most by which a discharge lies off its sample.
  energy = simulation.recording.samples.squaredNorm();
  rest = (simulation.recording.samples - again).squaredNorm();
  CHECK(energy > 0);
  CHECK(rest < 0.1 * energy);
}

TEST_CASE("needle: nothing in, nothing out") {
  auto options = quick();
  options.pool.unit_count = 0;
  options.noise.noise_uv = 0;
  const auto empty = simulate_needle(options);
  CHECK(empty.recording.samples.isZero());
  CHECK(empty.recording.sample_count() == 40000);
  auto still = quick();
  still.effort.effort = 0;
  still.noise.noise_uv = 0;
  CHECK(simulate_needle(still).recording.samples.isZero());
}

TEST_CASE("needle: plausible amplitudes and rates") {
  NeedleScene options;
  options.needle.duration_s = 10;
  const auto simulation = simulate_needle(options, 0);
  const double peak = simulation.recording.samples.cwiseAbs().maxCoeff();
  CHECK(peak > 100);
  CHECK(peak < 10000);
  int firing = 0;
  for (const auto& unit : simulation.truth_units) {
    const double rate = static_cast<double>(unit.discharges.sample.size()) / 10;
    if (rate == 0) continue;
    ++firing;
    CHECK((rate > 1 && rate < 30));
  }
  CHECK(firing >= 4);
}

TEST_CASE("needle: refusals name the option, its value and the range") {
  auto options = quick();
  options.needle.rate_hz = 3000;
  CHECK_THROWS_WITH(simulate_needle(options), ContainsSubstring("rate_hz 3000"));
  options = quick();
  options.pool.unit_count = 2001;
  CHECK_THROWS_WITH(simulate_needle(options), ContainsSubstring("unit_count 2001"));
  options = quick();
  options.needle.duration_s = 0;
  CHECK_THROWS_WITH(simulate_needle(options), ContainsSubstring("duration_s 0"));
  options = quick();
  options.pool.doublet_probability = 1.5;
  CHECK_THROWS_WITH(simulate_needle(options), ContainsSubstring("doublet_probability 1.5"));
  options = quick();
  options.pool.shortest_interval_ms = 400;
  CHECK_THROWS_WITH(simulate_needle(options), ContainsSubstring("shortest_interval_ms 400"));
}
