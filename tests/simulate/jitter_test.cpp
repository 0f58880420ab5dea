#include "libemg/simulate/jitter.h"

#include <cmath>

#include "libemg/simulate/render.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// A unit of two equal fibres, spikes of 1 ms.
SimulatedUnit unit_of(std::vector<RowMatrix>& fibres, double rate_hz, std::size_t discharges) {
  SimulatedUnit unit;
  const auto points = static_cast<Index>(0.01 * rate_hz) * kPhases;
  for (const double at_ms : {3.0, 6.0}) {
    RowMatrix wave = RowMatrix::Zero(1, points);
    for (Index i = 0; i < points; ++i) {
      const double x = (static_cast<double>(i) * 1000 / (rate_hz * kPhases) - at_ms) / 0.2;
      wave(0, i) = -100 * std::exp(-x * x);
    }
    fibres.push_back(wave);
  }
  unit.potential.fine = fibres[0] + fibres[1];
  for (std::size_t e = 0; e < discharges; ++e) unit.train.time_s.push_back(0.05 + 0.1 * static_cast<double>(e));
  unit.train.doublet.assign(discharges, 0);
  return unit;
}

}  // namespace

TEST_CASE("a jitter of 20 us is there at 50 kHz and at 10 kHz") {
  for (const double rate_hz : {50000.0, 10000.0}) {
    std::vector<RowMatrix> fibres;
    auto unit = unit_of(fibres, rate_hz, 600);
    add_jitter({.jitter = JitterModel::fixed, .jitter_us = 20}, fibres, rate_hz, 1, 0, unit);
    CHECK(*unit.jitter_us == Approx(20).epsilon(0.06));
    RowMatrix signal = RowMatrix::Zero(1, static_cast<Index>(61 * rate_hz));
    std::vector<RenderedTrain> trains;
    for (const auto& part : unit.parts) trains.push_back({&part.potential, part.time_s, part.factor});
    render(trains, rate_hz, signal, 1);
    // Peak of the first fibre by a parabola.
    double sum = 0, square = 0;
    for (const double t : unit.train.time_s) {
      const auto from = static_cast<Index>((t + 0.002) * rate_hz);
      Index at = 0;
      signal.row(0).segment(from, static_cast<Index>(0.002 * rate_hz)).minCoeff(&at);
      at += from;
      const double a = signal(0, at - 1), b = signal(0, at), c = signal(0, at + 1);
      const double la = std::log(-a), lb = std::log(-b), lc = std::log(-c);  // exact for a Gaussian
      const double place = static_cast<double>(at) + 0.5 * (la - lc) / (la - 2 * lb + lc);
      const double shift = place / rate_hz - t - 0.003;
      sum += shift;
      square += shift * shift;
    }
    const double n = 600;
    CHECK(std::sqrt(square / n - sum / n * sum / n) * 1e6 == Approx(20).margin(1.3));
  }
}

TEST_CASE("blocked fibres are missing and counted; no jitter changes nothing") {
  std::vector<RowMatrix> fibres;
  auto unit = unit_of(fibres, 10000, 500);
  add_jitter({.jitter = JitterModel::fixed, .jitter_us = 10, .block_probability = 0.2}, fibres, 10000, 1, 0, unit);
  CHECK(*unit.block_probability == Approx(0.2).margin(0.05));
  double share = 0;
  for (const double b : unit.blocked_share) share += b / 500;
  CHECK(share == Approx(*unit.block_probability));
  CHECK(unit.parts[0].time_s.size() < 500);
  std::vector<RowMatrix> again;
  auto still = unit_of(again, 10000, 5);
  add_jitter({}, again, 10000, 1, 0, still);
  CHECK(still.parts.empty());
}

TEST_CASE("transmission gives delays of mean 0 and the published spread") {
  double spread = 0;
  for (std::uint64_t plate = 0; plate < 300; ++plate) {
    const auto delays = end_plate_delays_us({.jitter = JitterModel::transmission}, 300, 1, plate);
    double sum = 0, square = 0;
    for (const double d : delays) {
      sum += d;
      square += d * d;
    }
    CHECK(std::fabs(sum) < 1e-6);
    spread += std::sqrt(square / 300) / 300;
  }
  CHECK(spread == Approx(16.8).epsilon(0.1));
}
