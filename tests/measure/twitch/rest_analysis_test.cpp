#include "libemg/measure/twitch/rest_analysis.h"

#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "libemg/filter/resample.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

Recording recording_of(const std::vector<double>& x, double rate_hz = 2048) {
  Recording recording;
  recording.rate_hz = rate_hz;
  recording.channels.resize(1);
  recording.samples = scenes::as_matrix(x);
  return recording;
}

double sum_of_reasons(const TwitchRate& r) {
  return r.excluded_gap_s + r.excluded_flat_s + r.excluded_noise_s + r.excluded_annotation_s + r.excluded_voluntary_s + r.excluded_movement_s + r.excluded_ecg_s;
}

}  // namespace

TEST_CASE("every second is usable or excluded for one reason") {
  auto scene = scenes::twitching(80, scenes::triphasic, 4, 40, 120, false);
  for (std::size_t i = 30 * 2048; i < 34 * 2048; ++i) scene.samples[i] = 0;          // flat
  const auto loud = scenes::band_noise(scene.samples.size(), 2048, 8);
  for (std::size_t i = 60 * 2048; i < 75 * 2048; ++i) scene.samples[i] += 24 * loud[i];   // too noisy, not five times rest
  auto recording = recording_of(scene.samples);
  recording.gaps = {{-1, 10 * 2048, 2 * 2048, "lost"}};
  recording.annotations = {{20, 2, "Voluntary"}, {25, std::nan(""), "needle movement"}, {90, 1, "rest"}};
  const auto set = analyze_rest(recording, {}).sets[0];
  CHECK(set.rate.excluded_gap_s == Approx(2));
  CHECK(set.rate.excluded_flat_s == Approx(4).margin(1));
  CHECK(set.rate.excluded_annotation_s == Approx(2.3));
  CHECK(set.rate.excluded_noise_s >= 10);
  CHECK(sum_of_reasons(set.rate) == Approx(set.rate.seconds_excluded));
  CHECK(total_s(set.usable) + set.rate.seconds_excluded == Approx(120));
  double last = 0;
  for (const auto& e : set.excluded) {
    CHECK(e.start_s >= last - 1e-9);
    CHECK(e.end_s > e.start_s);
    last = e.end_s;
  }
  for (const auto& e : set.events) {
    const bool inside = std::any_of(set.usable.begin(), set.usable.end(), [&](const auto& u) { return e.time_s >= u.first_s && e.time_s < u.end_s; });
    CHECK(inside == e.excluded.empty());
  }
}

TEST_CASE("nothing seen comes with the time and what would have been seen") {
  const auto scene = scenes::twitching(0, scenes::biphasic, 12, 0, 60, false);
  const auto rate = analyze_rest(recording_of(scene.samples), {}).sets[0].rate;
  CHECK(rate.events == 0);
  CHECK(*rate.rate_per_min == 0);
  CHECK(*rate.rate_high_per_min == Approx(3.6889).margin(1e-3));
  CHECK(*rate.detectable_rate_per_min == Approx(2.9957).margin(1e-3));
  CHECK(*rate.detectable_amplitude_uv == Approx(5.3 * 7).epsilon(0.05));
  CHECK(!rate.time_to_first_s);
  const auto none = analyze_rest(recording_of(std::vector<double>(8192, 1.0)), {}).sets[0].rate;
  CHECK(none.reason == "no usable time");
  CHECK(!none.rate_per_min);
  CHECK(!none.detectable_rate_per_min);
}

TEST_CASE("corrected rates hold up to many events a minute", "[long]") {
  for (const double per_min : {40.0, 300.0, 600.0, 1200.0}) {
    double corrected = 0, truth = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto scene = scenes::twitching(60, scenes::triphasic, seed, per_min, 600, false);
      TwitchAnalysisOptions options;
      options.voluntary = VoluntaryPreset::off;   // at 20 events a second it would have the last word
      const auto rate = analyze_rest(recording_of(scene.samples), options).sets[0].rate;
      truth += static_cast<double>(scene.times_s.size()) / 10;
      corrected += rate.corrected_rate_per_min.value_or(0);
    }
    INFO(per_min << " a minute: corrected " << corrected / 3 << " of " << truth / 3);
    // At twenty events a second the noise level itself is raised by them, which no dead time corrects.
    CHECK(corrected == Approx(truth).epsilon(per_min > 1000 ? 0.12 : 0.1));
  }
}

TEST_CASE("hum of the power line hides no twitch") {
  const auto scene = scenes::twitching(80, scenes::triphasic, 16, 40, 120, false);
  auto humming = scene.samples;
  for (std::size_t i = 0; i < humming.size(); ++i) {
    const double t = static_cast<double>(i) / scene.rate_hz;
    humming[i] += 60 * std::sin(2 * std::acos(-1.0) * 50.02 * t) + 15 * std::sin(2 * std::acos(-1.0) * 150.06 * t);
  }
  const auto set = analyze_rest(recording_of(humming), {}).sets[0], quiet = analyze_rest(recording_of(scene.samples), {}).sets[0];
  CHECK(set.rate.method.find("50 Hz line removed") != std::string::npos);
  CHECK(quiet.rate.method.find("line") == std::string::npos);
  std::vector<double> times;
  for (const auto& e : set.events) times.push_back(e.time_s);
  const auto result = scenes::matched(scene.times_s, times);
  CHECK(result.sensitivity >= 0.92);
  CHECK(result.ppv >= 0.95);
  TwitchAnalysisOptions none;
  none.line_hz = 0;
  CHECK(analyze_rest(recording_of(humming), none).sets[0].rate.method.find("line") == std::string::npos);
}

TEST_CASE("another sampling rate gives the same rates") {
  const auto scene = scenes::twitching(100, scenes::triphasic, 6, 40, 300, false);
  ResampleOptions up;
  up.target_hz = 4096;
  const RowMatrix fine = resample(scenes::as_matrix(scene.samples), 2048, up);
  Recording twice = recording_of(scene.samples);
  twice.rate_hz = 4096;
  twice.samples = fine;
  const auto a = analyze_rest(recording_of(scene.samples), {}).sets[0].rate, b = analyze_rest(twice, {}).sets[0].rate;
  CHECK(std::fabs(a.events - b.events) <= 0.015 * a.events);
  CHECK(*b.amplitude_median_uv == Approx(*a.amplitude_median_uv).epsilon(0.05));
}

TEST_CASE("blocks and threads give the same analysis") {
  auto scene = scenes::twitching(80, scenes::triphasic, 14, 60, 40, true);
  const auto recording = recording_of(scene.samples);
  const auto whole = analyze_rest(recording, {});
  for (const Index block : {Index{5001}, Index{262}}) {
    RestAnalyzer analyzer(recording, {}, 2);
    for (Index first = 0; first < recording.samples.cols(); first += block) analyzer.push(recording.samples.middleCols(first, std::min(block, recording.samples.cols() - first)));
    const auto parts = analyzer.finish();
    CHECK(values_of(parts.sets[0].rate) == values_of(whole.sets[0].rate));
    REQUIRE(parts.sets[0].events.size() == whole.sets[0].events.size());
    for (std::size_t i = 0; i < whole.sets[0].events.size(); ++i) CHECK(values_of(parts.sets[0].events[i]) == values_of(whole.sets[0].events[i]));
  }
}

TEST_CASE("sources, multiplets and intervals of one record") {
  auto scene = scenes::twitching(0, scenes::triphasic, 15, 0, 300, false);
  Random random(3);
  int large = 0, small = 0;
  for (double t = 2; t < 296; t += 1 + 2 * random.uniform()) {
    if (random.chance(0.5)) {
      scenes::add_shape(scene.samples, scene.rate_hz, t, 200, scenes::triphasic), ++large;
    } else {
      scenes::add_shape(scene.samples, scene.rate_hz, t, 100, scenes::biphasic), ++small;
    }
  }
  const auto set = analyze_rest(recording_of(scene.samples), {}).sets[0];
  REQUIRE(set.sources.size() == 2);
  CHECK(set.sources[0].events == large);
  CHECK(set.sources[1].events == small);
  CHECK(set.sources[0].template_consistency > 0.95);
  CHECK(set.intervals.size() == 3);
  CHECK(set.intervals[0].events == large + small);
  CHECK(!set.sources[0].descriptor.empty());
  CHECK(set.waveforms.size() == set.events.size());
}

TEST_CASE("options outside their range are refused by name") {
  const auto recording = recording_of(std::vector<double>(4096, 1.0));
  TwitchAnalysisOptions wrong;
  wrong.bin_s = 0;
  CHECK_THROWS_WITH(analyze_rest(recording, wrong), Catch::Contains("bin_s 0"));
  wrong = {};
  wrong.low_hz = 600;
  CHECK_THROWS_WITH(analyze_rest(recording, wrong), Catch::Contains("low_hz"));
  auto empty = recording;
  empty.samples.resize(1, 0);
  CHECK_THROWS_AS(analyze_rest(empty, {}), InvalidArgument);
}
