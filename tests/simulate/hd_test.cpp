#include "libemg/simulate/hd.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

HdScene quick() {
  HdScene scene;
  scene.hd.duration_s = 4;
  scene.pool.unit_count = 12;
  scene.muscle.fibre_samples = 4;
  scene.grid = {.layout = GridLayout::custom, .rows = 4, .columns = 3, .pitch_mm = 8};
  return scene;
}

}  // namespace

TEST_CASE("hd: same seed, same bits, for any threads; noise leaves the truth") {
  const auto a = simulate_hd(quick(), 1), b = simulate_hd(quick(), 2), c = simulate_hd(quick(), 7);
  CHECK(a.recording.samples == b.recording.samples);
  CHECK(a.recording.samples == c.recording.samples);
  auto noisy = quick();
  noisy.noise.noise_uv = 50;
  const auto d = simulate_hd(noisy);
  for (std::size_t u = 0; u < a.truth_units.size(); ++u) {
    CHECK(a.truth_units[u].discharges.sample == d.truth_units[u].discharges.sample);
    CHECK(a.truth_units[u].waveform == d.truth_units[u].waveform);
  }
}

TEST_CASE("hd: a channel or a unit more leaves the others") {
  auto more = quick();
  more.grid.rows = 5;
  more.grid.grid_from_endplate_mm += 4;  // keeps the first rows where they are
  more.noise.noise_uv = 0;
  auto less = quick();
  less.noise.noise_uv = 0;
  const auto a = simulate_hd(less), b = simulate_hd(more);
  // Column after column: rows 0-3 of the first column are the first four channels of both.
  CHECK((a.recording.samples.topRows(4) - b.recording.samples.topRows(4)).cwiseAbs().maxCoeff() < 1e-9);
}

TEST_CASE("hd: the templates of the truth are in the signal") {
  auto scene = quick();
  scene.noise.noise_uv = 0;
  scene.pool.unit_count = 3;
  scene.effort.effort = 0.9;
  const auto simulation = simulate_hd(scene);
  RowMatrix again = RowMatrix::Zero(simulation.recording.channel_count(), simulation.recording.sample_count());
  for (const auto& unit : simulation.truth_units) {
    for (const auto at : unit.discharges.sample) {
      for (Index k = 0; k < unit.waveform.cols(); ++k) {
        const Index n = at - unit.waveform_zero + k;
        if (n >= 0 && n < again.cols()) again.col(n) += unit.waveform.col(k);
      }
    }
  }
  CHECK(simulation.recording.samples.squaredNorm() > 0);
  CHECK((simulation.recording.samples - again).squaredNorm() < 0.05 * simulation.recording.samples.squaredNorm());
}

TEST_CASE("hd: the SNR asked for is the SNR that is there") {
  auto scene = quick();
  scene.noise.snr_db = 14;
  scene.effort.profile = EffortProfile::constant;
  const auto noisy = simulate_hd(scene);
  scene.noise.snr_db.reset();
  scene.noise.noise_uv = 0;
  const auto clean = simulate_hd(scene);
  const double noise = (noisy.recording.samples - clean.recording.samples).norm();
  CHECK(20 * std::log10(clean.recording.samples.norm() / noise) == Approx(14).margin(0.3));
}

TEST_CASE("hd: force channel, fatigue, second generator") {
  auto scene = quick();
  scene.hd.force_channel = true;
  scene.noise.noise_uv = 0;
  const auto simulation = simulate_hd(scene);
  CHECK(simulation.recording.channel_count() == 13);
  CHECK(simulation.recording.channels.back().kind == ChannelKind::force);
  CHECK(simulation.recording.channels.back().unit == "%");
  CHECK(simulation.recording.samples.bottomRows(1).maxCoeff() > 5);
  scene = quick();
  scene.noise.noise_uv = 0;
  scene.hd.duration_s = 12;
  const auto fresh = simulate_hd(scene);
  scene.whole.velocity_decline_pct_per_min = 100;
  const auto tired = simulate_hd(scene);
  CHECK(fresh.truth_units[0].discharges.sample.front() <= tired.truth_units[0].discharges.sample.front());
  CHECK(fresh.truth_units[0].discharges.time_s(100) < tired.truth_units[0].discharges.time_s(100));
  scene = quick();
  scene.waveform.generator = WaveformGenerator::hermite;
  CHECK(simulate_hd(scene).truth_units[0].waveform.rows() == 12);
}

TEST_CASE("hd: nothing in, nothing out; refusals") {
  auto scene = quick();
  scene.pool.unit_count = 0;
  scene.noise.noise_uv = 0;
  CHECK(simulate_hd(scene).recording.samples.isZero());
  scene = quick();
  scene.hd.rate_hz = 900;
  CHECK_THROWS_WITH(simulate_hd(scene), ContainsSubstring("rate_hz 900"));
  scene = quick();
  scene.instrument.amplifier_high_hz = 2000;
  CHECK_THROWS_WITH(simulate_hd(scene), ContainsSubstring("amplifier_high_hz 2000"));
}
