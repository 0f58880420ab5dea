#include "libemg/measure/twitch/voluntary.h"

#include "libemg/core/random.h"
#include "libemg/measure/twitch/rest_analysis.h"
#include "tests/measure/twitch/rest_scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

double marked_share(const std::vector<VoluntaryRow>& rows, double first_s, double end_s) {
  std::vector<double> at;
  int inside = 0, all = 0;
  for (double t = first_s; t < end_s; t += 0.01, ++all) {
    inside += std::any_of(rows.begin(), rows.end(), [&](const auto& r) { return t >= r.start_s && t < r.end_s; });
  }
  return static_cast<double>(inside) / all;
}

}  // namespace

TEST_CASE("a unit that fires regularly for 20 s is excluded") {
  auto scene = scenes::twitching(0, scenes::triphasic, 3, 0, 120, false);
  Random random(5);
  std::vector<double> discharges;
  for (double t = 50; t < 70; t += 0.1 * (1 + 0.15 * random.normal())) discharges.push_back(t), scenes::add_shape(scene.samples, scene.rate_hz, t, 100, scenes::triphasic);
  const auto rows = mark_voluntary(scenes::as_matrix(scene.samples), scene.rate_hz, {});
  std::size_t inside = 0;
  for (const double t : discharges) inside += std::any_of(rows.begin(), rows.end(), [&](const auto& r) { return t >= r.start_s && t < r.end_s; });
  CHECK(static_cast<double>(inside) >= 0.9 * static_cast<double>(discharges.size()));
  CHECK(marked_share(rows, 0, 48) == 0);
  TwitchAnalysisOptions keep;
  keep.keep_regular = true;   // its variation of 0.15 is not that of a single continuous unit
  CHECK(!mark_voluntary(scenes::as_matrix(scene.samples), scene.rate_hz, keep).empty());
}

TEST_CASE("interference of ten times the resting amplitude is excluded") {
  auto scene = scenes::twitching(0, scenes::triphasic, 4, 0, 60, false);
  const auto burst = scenes::band_noise(scene.samples.size(), scene.rate_hz, 99);
  for (std::size_t i = static_cast<std::size_t>(20 * scene.rate_hz); i < static_cast<std::size_t>(25 * scene.rate_hz); ++i) scene.samples[i] += 70 * burst[i];
  const auto rows = mark_voluntary(scenes::as_matrix(scene.samples), scene.rate_hz, {});
  CHECK(marked_share(rows, 20, 25) >= 0.95);
  REQUIRE(!rows.empty());
  CHECK(rows.front().rule == "a");
  CHECK(marked_share(rows, 0, 19) + marked_share(rows, 26, 60) == 0);
}

TEST_CASE("independent twitches are not taken for voluntary activity") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto scene = scenes::twitching(100, scenes::biphasic, seed);
    const auto rates = twitch_rate(scenes::as_matrix(scene.samples), scene.rate_hz, {});
    CHECK(rates.front().excluded_voluntary_s <= 0.02 * 600);
  }
}

TEST_CASE("rules by themselves") {
  std::vector<double> times;
  std::vector<int> sources;
  for (int i = 0; i < 6; ++i) times.push_back(10 + 0.1 * i), sources.push_back(0);
  const VoluntaryInput input{{}, 0.05, times, sources, 60};
  CHECK(voluntary_marks(input, VoluntaryPreset::off, false).empty());
  CHECK(voluntary_marks(input, VoluntaryPreset::screening, false).empty());
  CHECK(voluntary_marks(input, VoluntaryPreset::specific, false).empty());   // six are not eight in a row
  const auto marks = voluntary_marks(input, VoluntaryPreset::standard, false);
  REQUIRE(marks.size() == 1);
  CHECK(marks[0].rule == 'b');
  CHECK(marks[0].stretch.first_s == Approx(9.75));
  CHECK(marks[0].stretch.end_s == Approx(10.75));
  CHECK(voluntary_marks(input, VoluntaryPreset::standard, true).empty());    // variation 0
  // Ten events in a second, two sources in turn: rule c; of one source, irregularly: not.
  times.clear(), sources.clear();
  for (int i = 0; i < 10; ++i) times.push_back(20 + 0.09 * i + (i % 3 ? 0.03 : 0)), sources.push_back(i % 2);
  const auto dense = voluntary_marks({{}, 0.05, times, sources, 60}, VoluntaryPreset::specific, false);
  CHECK(dense.empty());   // ten are not more than twelve
  const auto standard = voluntary_marks({{}, 0.05, times, sources, 60}, VoluntaryPreset::standard, false);
  CHECK(std::any_of(standard.begin(), standard.end(), [](const auto& m) { return m.rule == 'c'; }));
  const std::vector<int> one(times.size(), 0);
  const auto single = voluntary_marks({{}, 0.05, times, one, 60}, VoluntaryPreset::standard, false);
  CHECK(std::none_of(single.begin(), single.end(), [](const auto& m) { return m.rule == 'c'; }));
}
