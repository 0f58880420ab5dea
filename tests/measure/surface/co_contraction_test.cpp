#include "libemg/measure/surface/co_contraction.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

CoContractionRow of(double a, double b) {
  RowMatrix x(2, 1000);
  x.row(0).setConstant(a);
  x.row(1).setConstant(b);
  return co_contraction(x, 500, {.accept_raw = true}).front();
}

RowMatrix noise(Index channels, Index samples) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    Random random(7, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < samples; ++i) x(c, i) = random.normal();
  }
  return x;
}

Recording percent_recording(const RowMatrix& samples, const char* unit) {
  Recording r;
  r.rate_hz = 500;
  r.samples = samples;
  r.channels.resize(static_cast<std::size_t>(samples.rows()));
  for (auto& channel : r.channels) channel.unit = unit;
  return r;
}

}  // namespace

TEST_CASE("co-contraction of equal, half and absent antagonists") {
  const auto equal = of(3, 3);
  CHECK(*equal.falconer_winter_percent == Approx(100));
  CHECK(*equal.rudolph == Approx(6));
  CHECK(*equal.overlap_area == Approx(3 * 2));
  const auto half = of(1, 0.5);
  CHECK(*half.falconer_winter_percent == Approx(200.0 / 3).epsilon(1e-12));
  CHECK(*half.rudolph == Approx(0.75));
  CHECK(*half.overlap_percent == Approx(50));
  CHECK(*half.ratio_percent == Approx(100.0 / 3));
  const auto none = of(2, 0);
  CHECK(*none.falconer_winter_percent == 0);
  CHECK(*none.rudolph == 0);
  const auto silence = of(0, 0);
  CHECK(!silence.falconer_winter_percent);
  CHECK(*silence.rudolph == 0);
}

TEST_CASE("co-contraction takes normalised envelopes, or says so; gaps do not count") {
  RowMatrix x = RowMatrix::Constant(2, 1000, 4);
  x.row(1).setConstant(2);
  CHECK_THROWS_WITH(co_contraction(x, 500, {}), ContainsSubstring("accept_raw is false"));
  CHECK_THROWS_WITH(recording_co_contraction(percent_recording(x, "uV"), {}), ContainsSubstring("channel 0 is in uV"));
  auto recording = percent_recording(x, "%");
  CHECK(*recording_co_contraction(recording, {}).front().overlap_percent == Approx(50));
  recording.samples.rightCols(500).setZero();
  recording.gaps.push_back({1, 500, 500, ""});
  CHECK(*recording_co_contraction(recording, {}).front().rudolph == Approx(3));
  x(1, 33) = -1;
  CHECK_THROWS_WITH(co_contraction(x, 500, {.accept_raw = true}), ContainsSubstring("channel 1, sample 33 is -1"));
  CHECK_THROWS_WITH(co_contraction(x, 500, {.span_stop_s = 2.1, .accept_raw = true}),
                    ContainsSubstring("span_stop_s 2.1 does not lie within the record (2 s)"));
  CHECK_THROWS_WITH(co_contraction(x, 500, {.antagonist_channel = 2, .accept_raw = true}),
                    ContainsSubstring("antagonist_channel 2 does not exist"));
}

TEST_CASE("the lag of a delayed copy, and the share that another channel picks up") {
  const RowMatrix source = noise(2, 20020);
  RowMatrix x(2, 20000);
  x.row(0) = 50 * source.row(0).segment(20, 20000);
  x.row(1) = 10 * source.row(0).segment(12, 20000);  // 8 samples later
  CrosstalkOptions options;
  options.active_channel = 0;
  options.active_start_s = {2};
  options.active_stop_s = {9};
  // Quiet at the start and the end, so that there is noise to take off.
  x.leftCols(1500).setZero();
  x.rightCols(1500).setZero();
  x += 0.1 * noise(2, 20000);
  const auto rows = crosstalk(x, 2000, options);
  REQUIRE(rows.size() == 2);
  CHECK(*rows[0].lag_ms == Approx(4));
  CHECK(*rows[1].lag_ms == Approx(-4));
  CHECK(*rows[0].largest_correlation > 0.99);
  CHECK(std::abs(*rows[0].correlation) < 0.05);
  CHECK(*rows[0].crosstalk_percent == Approx(20).epsilon(0.01));
  CHECK(!rows[1].crosstalk_percent);
}

TEST_CASE("differences along the line pick up less of what is common") {
  RowMatrix x = noise(3, 20000);
  x.rowwise() += 5 * noise(4, 20000).row(3);
  const double given = *crosstalk(x, 2000, {}).front().correlation;
  const double single = *crosstalk(x, 2000, {.derivation = Derivation::single}).front().correlation;
  CHECK(given > 0.9);
  CHECK(single == Approx(-0.5).margin(0.05));
  CHECK(crosstalk(x, 2000, {}, 7)[4].correlation == crosstalk(x, 2000, {})[4].correlation);
}

TEST_CASE("cross-talk refuses a single channel, spans without a channel and spans outside the record") {
  const auto x = noise(2, 2000);
  CHECK_THROWS_WITH(crosstalk(x.row(0), 1000, {}), ContainsSubstring("needs 2 or more"));
  CrosstalkOptions options;
  options.active_start_s = {0};
  options.active_stop_s = {1};
  CHECK_THROWS_WITH(crosstalk(x, 1000, options), ContainsSubstring("active_channel and its spans"));
  options.active_channel = 1;
  options.active_stop_s = {3};
  CHECK_THROWS_WITH(crosstalk(x, 1000, options), ContainsSubstring("active_stop_s 3 does not lie within the record"));
  CHECK(!crosstalk(RowMatrix::Constant(2, 500, 1), 1000, {}).front().correlation);
}

}  // namespace emg
