#include "libemg/simulate/instrument.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/simulate/render.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

Recording ramp_record(double low, double high) {
  Recording recording;
  recording.rate_hz = 1000;
  recording.channels.resize(1);
  recording.samples = RowMatrix(1, 5000);
  for (Index i = 0; i < 5000; ++i) recording.samples(0, i) = low + (high - low) * static_cast<double>(i) / 4999;
  return recording;
}

UnitPotential bump() {
  UnitPotential unit;
  unit.fine = RowMatrix::Zero(1, 20 * kPhases);
  for (Index i = 0; i < unit.fine.cols(); ++i)
    unit.fine(0, i) = std::sin(std::numbers::pi * static_cast<double>(i) / static_cast<double>(unit.fine.cols()));
  return unit;
}

}  // namespace

TEST_CASE("the converter clips at its rails and errs uniformly by its step") {
  auto recording = ramp_record(-1200, 1200);
  const RowMatrix before = recording.samples;
  InstrumentOptions o{.adc_bits = 10, .adc_range_uv = 1000};
  digitise(o, 1, recording);
  const double step = 2000.0 / 1024;
  CHECK(recording.samples.minCoeff() == -1000);
  CHECK(recording.samples.maxCoeff() == 1000 - step);
  double square = 0, worst = 0;
  int inside = 0;
  for (Index i = 0; i < 5000; ++i) {
    if (std::fabs(before(0, i)) > 998) continue;
    const double error = recording.samples(0, i) - before(0, i);
    worst = std::max(worst, std::fabs(error));
    square += error * error;
    ++inside;
  }
  CHECK(worst <= step / 2 + 1e-9);
  CHECK(std::sqrt(square / inside) == Approx(step / std::sqrt(12.0)).epsilon(0.02));
  CHECK(*recording.channels[0].count_uv == step);
  CHECK(*recording.channels[0].adc_max == 511);
}

TEST_CASE("the filter on a template is the filter on the signal") {
  for (const auto phase : {FilterPhase::causal, FilterPhase::zero}) {
    const InstrumentOptions o{.amplifier_high_hz = 20, .amplifier_low_hz = 400, .filter_phase = phase};
    const std::vector<double> times{0.6123, 1.10004};
    const auto unit = bump();
    auto filtered = unit;
    amplify(o, 2000, filtered);
    RowMatrix signal = RowMatrix::Zero(1, 4000), direct = signal;
    render({{&unit, times, {}}}, 2000, signal, 1);
    amplify(o, 2000, signal, 1);
    render({{&filtered, times, {}}}, 2000, direct, 1);
    CHECK((signal - direct).cwiseAbs().maxCoeff() < 1e-4);
    CHECK(direct.cwiseAbs().maxCoeff() > 0.3);
  }
}

TEST_CASE("corners lie at -3 dB and the gain for noise is what noise keeps") {
  const InstrumentOptions o{.amplifier_high_hz = 50, .amplifier_low_hz = 300};
  for (const double hz : {50.0, 300.0}) {
    RowMatrix tone(1, 20000);
    for (Index i = 0; i < tone.cols(); ++i) tone(0, i) = std::sin(2 * std::numbers::pi * hz * static_cast<double>(i) / 10000);
    amplify({.amplifier_high_hz = hz == 50 ? 50.0 : 0, .amplifier_low_hz = hz == 300 ? 300.0 : 0}, 10000, tone, 1);
    CHECK(tone.rightCols(10000).cwiseAbs().maxCoeff() == Approx(std::sqrt(0.5)).epsilon(1e-3));
  }
  RowMatrix noise = RowMatrix::Zero(1, 200000);
  add_white_noise(1, 1, noise, 1);
  amplify(o, 2000, noise, 1);
  CHECK(noise.norm() / std::sqrt(200000.0) == Approx(amplifier_noise_gain(o, 2000)).epsilon(0.02));
  CHECK(amplifier_noise_gain({}, 2000) == 1);
}

TEST_CASE("losses are listed, hold or zero, and become gaps on request") {
  auto recording = ramp_record(10, 20);
  InstrumentOptions o{.dropout_rate_per_min = 120, .dropout_ms = 30};
  const auto losses = digitise(o, 3, recording);
  REQUIRE(losses.size() > 3);
  for (const auto& loss : losses) CHECK(recording.samples(0, static_cast<Index>(std::lround(loss.start_s * 1000))) == 0);
  CHECK(recording.gaps.empty());
  recording = ramp_record(10, 20);
  o.dropout_value = DropoutValue::hold;
  digitise(o, 3, recording);
  CHECK(recording.samples.minCoeff() >= 10);
  recording = ramp_record(10, 20);
  o.mark_gaps = true;
  const auto listed = digitise(o, 3, recording);
  CHECK(listed.size() == recording.gaps.size());
}

TEST_CASE("corners that cannot be are refused") {
  CHECK_THROWS_WITH(require_instrument({.amplifier_low_hz = 1000}, 2000), ContainsSubstring("amplifier_low_hz 1000"));
  CHECK_THROWS_WITH(require_instrument({.amplifier_high_hz = 500, .amplifier_low_hz = 400}, 2000),
                    ContainsSubstring("amplifier_high_hz 500"));
}
