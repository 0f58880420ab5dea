#include "libemg/measure/twitch/event_detector.h"

#include <cmath>
#include <limits>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<Channel> channels_of(Index count, bool grid = false) {
  std::vector<Channel> channels(static_cast<std::size_t>(count));
  for (Index c = 0; grid && c < count; ++c) {
    channels[static_cast<std::size_t>(c)].x_mm = 8.0 * static_cast<double>(c % 4);
    channels[static_cast<std::size_t>(c)].y_mm = 8.0 * static_cast<double>(c / 4);
  }
  return channels;
}

TwitchDetection detect(const RowMatrix& signal, double rate_hz, const TwitchAnalysisOptions& options, Index block, int threads = 1, std::vector<Gap> gaps = {}) {
  const auto channels = channels_of(signal.rows(), true);
  TwitchDetector detector(channels, channel_sets(channels, options.combination), rate_hz, options, std::move(gaps), threads);
  for (Index first = 0; first < signal.cols(); first += block) detector.push(signal.middleCols(first, std::min(block, signal.cols() - first)));
  return detector.finish();
}

bool same(const TwitchDetection& a, const TwitchDetection& b) {
  if (a.found.size() != b.found.size() || a.envelope_uv2 != b.envelope_uv2 || a.slow_uv != b.slow_uv) return false;
  for (std::size_t s = 0; s < a.found.size(); ++s) {
    const auto &x = a.found[s], &y = b.found[s];
    if (x.events.size() != y.events.size() || x.levels.noise_uv != y.levels.noise_uv || x.waveforms != y.waveforms || x.false_per_min != y.false_per_min) return false;
    for (std::size_t e = 0; e < x.events.size(); ++e) {
      if (values_of(x.events[e].row) != values_of(y.events[e].row)) return false;
    }
  }
  return true;
}

RowMatrix four_channels(double duration_s) {
  RowMatrix signal(4, static_cast<Index>(duration_s * 2048));
  for (Index c = 0; c < 4; ++c) {
    const auto scene = scenes::twitching(80, c % 2 ? scenes::biphasic : scenes::triphasic, 40 + static_cast<std::uint64_t>(c), 60, duration_s);
    for (Index i = 0; i < signal.cols(); ++i) signal(c, i) = scene.samples[static_cast<std::size_t>(i)];
  }
  return signal;
}

}  // namespace

TEST_CASE("blocks of any length and any number of threads give the same bits") {
  const auto signal = four_channels(23.4);
  for (const auto mode : {TwitchSignal::single, TwitchSignal::strongest_channel, TwitchSignal::max_minus_min, TwitchSignal::strongest_laplacian}) {
    TwitchAnalysisOptions options;
    options.combination = mode;
    const auto whole = detect(signal, 2048, options, signal.cols());
    std::size_t events = 0;
    for (const auto& set : whole.found) events += set.events.size();
    CHECK(events > 10);
    for (const Index block : {Index{7777}, Index{313}}) CHECK(same(whole, detect(signal, 2048, options, block)));
    for (const int threads : {2, 7}) CHECK(same(whole, detect(signal, 2048, options, signal.cols(), threads)));
  }
  const RowMatrix brief = signal.topLeftCorner(2, 5000);
  CHECK(same(detect(brief, 2048, {}, brief.cols()), detect(brief, 2048, {}, 1)));
}

TEST_CASE("noise alone, and noise that steps, give hardly any event") {
  double false_events = 0, minutes = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto scene = scenes::twitching(0, scenes::biphasic, seed + 50, 0);
    false_events += static_cast<double>(detect(scenes::as_matrix(scene.samples), scene.rate_hz, {}, 65536).found[0].events.size());
    minutes += 10;
  }
  INFO(false_events << " events in " << minutes << " min of noise");
  CHECK(false_events / minutes <= 0.1);
  double steps = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto x = scenes::band_noise(600 * 2048, 2048, seed + 70);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= (i / 20480) % 3 == 1 ? 15 : 5;   // twenty steps of 10 s
    steps += static_cast<double>(detect(scenes::as_matrix(x), 2048, {}, 65536).found[0].events.size()) / 3;
  }
  INFO(steps << " events at steps in 10 min");
  CHECK(steps <= 2);
}

TEST_CASE("the ends of a record make no event") {
  RowMatrix signal(300, 4 * 2048);
  Random random(11);
  for (Index i = 0; i < signal.size(); ++i) signal.data()[i] = 5 * random.normal();
  TwitchAnalysisOptions options;
  options.combination = TwitchSignal::single;
  std::size_t events = 0;
  for (const auto& found : detect(signal, 2048, options, 65536).found) events += found.events.size();
  CHECK(events <= 3);  // 20 minutes of noise
}

TEST_CASE("noise of 64 channels gives hardly any event, however they are combined", "[long]") {
  constexpr Index kSeconds = 120;
  RowMatrix signal(64, kSeconds * 2048);
  for (Index c = 0; c < 64; ++c) {
    const auto x = scenes::band_noise(static_cast<std::size_t>(signal.cols()), 2048, 90, static_cast<std::uint64_t>(c));
    for (Index i = 0; i < signal.cols(); ++i) signal(c, i) = 7 * x[static_cast<std::size_t>(i)];
  }
  for (const auto mode : {TwitchSignal::max_minus_min, TwitchSignal::strongest_channel}) {
    TwitchAnalysisOptions options;
    options.combination = mode;
    CHECK(static_cast<double>(detect(signal, 2048, options, 65536).found[0].events.size()) <= 0.2 * kSeconds / 60 + 1);
  }
}

TEST_CASE("false events of noise are as many as Rice's formula says") {
  const auto x = scenes::band_noise(3600 * 2048, 2048, 123);
  for (const double k : {4.0, 4.5}) {
    TwitchAnalysisOptions options;
    options.factor = k;
    options.contrast = false;
    options.narrow_hz = 0;
    const auto found = detect(scenes::as_matrix(x), 2048, options, 65536).found[0];
    const double per_min = static_cast<double>(found.events.size()) / 60;
    INFO("k " << k << ": " << per_min << " a minute, expected " << found.false_per_min);
    CHECK(per_min <= 2 * found.false_per_min);
    CHECK(per_min >= 0.5 * found.false_per_min);
  }
}

TEST_CASE("gain, sign and shift change what they must and nothing else") {
  const auto signal = four_channels(20);
  const auto base = detect(signal, 2048, {}, 65536), doubled = detect(2 * signal, 2048, {}, 65536), flipped = detect(-signal, 2048, {}, 65536);
  for (std::size_t s = 0; s < base.found.size(); ++s) {
    REQUIRE(base.found[s].events.size() == doubled.found[s].events.size());
    REQUIRE(base.found[s].events.size() == flipped.found[s].events.size());
    for (std::size_t e = 0; e < base.found[s].events.size(); ++e) {
      const auto &a = base.found[s].events[e].row, &b = doubled.found[s].events[e].row;
      CHECK(b.time_s == Approx(a.time_s).epsilon(1e-9));
      CHECK(b.amplitude_uv == Approx(2 * a.amplitude_uv).epsilon(1e-6));
    }
  }
  // The same record ten whole windows later.
  RowMatrix later(4, signal.cols() + 10 * 2048);
  later.leftCols(10 * 2048) = signal.leftCols(10 * 2048);
  later.rightCols(signal.cols()) = signal;
  const auto moved = detect(later, 2048, {}, 65536);
  for (const auto& event : base.found[0].events) {
    if (event.row.time_s < 4) continue;   // the beginning has other neighbours now
    CHECK(std::any_of(moved.found[0].events.begin(), moved.found[0].events.end(), [&](const auto& e) { return std::fabs(e.row.time_s - event.row.time_s - 10) < 1e-6; }));
  }
}

TEST_CASE("no event crosses a gap") {
  auto signal = four_channels(20);
  const Gap gap{-1, 10000, 4000, "lost"};
  bridge_gaps(signal, {gap});
  const auto detection = detect(signal, 2048, {}, 65536, 1, {gap});
  for (const auto& event : detection.found[0].events) {
    CHECK((event.span.first >= 14000 || event.span.first + event.span.count <= 10000));
  }
}

TEST_CASE("what cannot be looked at is refused or excluded") {
  const RowMatrix zero = RowMatrix::Zero(1, 4096);
  const auto flat = detect(zero, 2048, {}, 4096);
  CHECK(flat.found[0].events.empty());
  CHECK(flat.found[0].levels.state == std::vector<std::uint8_t>{1, 1});
  CHECK_THROWS_WITH(detect(RowMatrix::Zero(1, 2000), 2048, {}, 4096), Catch::Contains("too short"));
  CHECK_THROWS_WITH(detect(zero, 400, {}, 4096), Catch::Contains("rate_hz 400"));
  RowMatrix broken = zero;
  broken(0, 77) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(detect(broken, 2048, {}, 4096), Catch::Contains("sample 77"));
  TwitchAnalysisOptions wrong;
  wrong.factor = 1;
  CHECK_THROWS_WITH(detect(zero, 2048, wrong, 4096), Catch::Contains("factor"));
  CHECK_THROWS_AS(channel_sets(channels_of(4), TwitchSignal::strongest_laplacian), InvalidArgument);
  CHECK(channel_sets(channels_of(4), TwitchSignal::automatic).size() == 4);
  CHECK(channel_sets(channels_of(4, true), TwitchSignal::automatic).size() == 1);
}

TEST_CASE("phases and turns of a plain wave") {
  std::vector<double> wave;
  for (int i = 0; i < 60; ++i) wave.push_back(100 * std::sin(2 * std::acos(-1.0) * i / 20));
  CHECK(shape_counts(wave, 20).phases == 6);
  CHECK(shape_counts(wave, 20).turns == 5 + 1);
  CHECK(shape_counts(wave, 300).turns == 0);
  CHECK(shape_counts({}, 20).phases == 0);
}
