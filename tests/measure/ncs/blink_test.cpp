#include "libemg/measure/ncs/blink.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/measure/ncs/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

// R1 a short biphasic wave, R2 a burst of noise; `db`: burst RMS over noise RMS.
SweepSet blinks(double db, std::uint64_t seed) {
  const scenes::Scene scene{10000, 50, 150};
  constexpr int kStimuli = 10;
  auto set = scenes::empty_set(scene, 2 * kStimuli);
  for (int r = 0; r < 2 * kStimuli; ++r) {
    auto& s = set.sweeps[static_cast<std::size_t>(r)];
    s.sweep = r / 2, s.channel = r % 2 ? "left" : "right", s.nerve = "supraorbital", s.side = "R", s.clock_s = 8.0 * (r / 2);
    const double onset = r % 2 ? 36 : 34, noise = 5, burst = noise * std::pow(10, db / 20);
    if (r % 2 == 0)
      scenes::add(set, scene, r, [&](double ms) { return ms > 11 && ms < 16 ? -300 * std::sin(2 * scenes::kPi * (ms - 11) / 5) : 0; });
    Random random(seed, static_cast<std::uint64_t>(r));
    for (Index i = 0; i < set.samples.cols(); ++i) {
      const double ms = scene.ms(i);
      set.samples(r, i) += noise * random.normal() + (ms > onset && ms < onset + 35 ? burst * random.normal() : 0);
    }
  }
  return set;
}

}  // namespace

TEST_CASE("R1 and both R2 are found within 2 ms at 10 dB") {
  for (const double db : {10.0, 20.0}) {
    const auto rows = blink_reflex(blinks(db, 4));
    REQUIRE(rows.size() == 3);
    CAPTURE(db, rows[1].latencies_ms, rows[2].latencies_ms);
    CHECK(rows[0].response == "R1");
    CHECK(*rows[0].latency_median_ms == Approx(11).margin(1));
    CHECK(*rows[0].amplitude_uv == Approx(600).epsilon(0.1));
    CHECK(*rows[1].latency_median_ms == Approx(34).margin(2));
    CHECK(*rows[2].latency_median_ms == Approx(36).margin(2));
    CHECK(*rows[2].difference_ms == Approx(2).margin(2));
    CHECK(*rows[1].area_uvms > 0);
    CHECK(rows[1].response_count >= 8);
    CHECK(rows[1].quality == "ok");
  }
}

TEST_CASE("few sweeps and unknown channels are refused, fast stimuli flagged") {
  auto set = blinks(20, 1);
  BlinkOptions o;
  o.ipsi = "nose";
  CHECK_THROWS_WITH(blink_reflex(set, o), ContainsSubstring("ipsi \"nose\""));
  auto few = set;
  few.samples = RowMatrix(set.samples.topRows(8));
  few.sweeps.resize(8);
  CHECK_THROWS_WITH(blink_reflex(few), ContainsSubstring("has 4 sweeps"));
  for (auto& s : set.sweeps) s.clock_s = 1.0 * s.sweep;
  CHECK(blink_reflex(set).at(0).quality == "habituation");
  set.samples.setZero();
  CHECK(blink_reflex(set).at(0).reason == "no response");
}
