#include "libemg/score/decomposition.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "libemg/core/error.h"
#include "tests/score/score_support.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace emg;

namespace {

std::vector<MotorUnit> population() {
  return {firing_unit(3, 200, 120, 1), firing_unit(11, 170, 150, 2), firing_unit(40, 260, 90, 3), firing_unit(7, 230, 100, 4)};
}

const UnitScore& row_of(const DecompositionScore& score, std::int64_t reference) {
  return *std::find_if(score.units.begin(), score.units.end(), [&](const UnitScore& row) { return row.reference_unit == reference; });
}

std::vector<MotorUnit> read_events(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::map<int, MotorUnit> units;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    double onset, duration;
    std::int64_t sample;
    int id;
    words >> onset >> duration >> sample >> id;
    auto& unit = units.try_emplace(id, unit_of(id, {})).first->second;
    unit.discharges.sample.push_back(sample);
  }
  std::vector<MotorUnit> list;
  for (auto& [id, unit] : units) list.push_back(std::move(unit));
  return list;
}

}  // namespace

TEST_CASE("a decomposition agrees with itself at lag 0") {
  const auto units = population();
  const auto score = score_units(units, units, {});
  REQUIRE(score.units.size() == units.size());
  for (const auto& row : score.units) {
    CHECK(row.verdict == UnitVerdict::matched);
    CHECK(row.reference_unit == row.predicted_unit);
    CHECK(row.roa == 1);
    CHECK(*row.lag_samples == 0);
  }
  CHECK(score.summary.mean_roa == 1);
  CHECK(score.summary.false_units == 0);
}

TEST_CASE("lags, deletions, renumbering and order are seen through") {
  const auto truth = population();
  auto found = truth;
  Random random(2);
  for (std::size_t u = 0; u < found.size(); ++u) {
    auto& samples = found[u].discharges.sample;
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (i % 20 != 7) kept.push_back(samples[i] + static_cast<std::int64_t>(u) * 4 - 6);
    }
    std::reverse(kept.begin(), kept.end());
    samples = kept;
    found[u].unit_id = 900 - 31 * static_cast<int>(u);
  }
  std::reverse(found.begin(), found.end());
  const auto score = score_units(truth, found, {});
  CHECK(score.summary.matched == 4);
  CHECK(score.summary.mean_roa == Approx(0.95).margin(0.005));
  for (std::size_t u = 0; u < truth.size(); ++u) {
    const auto& row = row_of(score, truth[u].unit_id);
    CHECK(*row.predicted_unit == 900 - 31 * static_cast<int>(u));
    CHECK(*row.lag_samples == static_cast<double>(u) * 4 - 6);
    CHECK(*row.error_sd_ms == Approx(0).margin(1e-9));
  }
}

TEST_CASE("duplicates, splits, merged and false units are told apart") {
  const auto truth = population();
  auto found = truth;
  auto duplicate = truth[0];
  duplicate.unit_id = 100;
  duplicate.discharges.sample.resize(100);
  auto split = truth[1];
  split.unit_id = 101;
  split.discharges.sample.resize(60);
  auto merged = unit_of(102, truth[2].discharges.sample);
  merged.discharges.sample.insert(merged.discharges.sample.end(), truth[3].discharges.sample.begin(), truth[3].discharges.sample.end());
  for (const auto& unit : {duplicate, split, merged, firing_unit(103, 210, 110, 77)}) found.push_back(unit);
  const auto score = score_units(truth, found, {});
  std::map<std::int64_t, UnitVerdict> verdict;
  for (const auto& row : score.units) {
    if (row.verdict != UnitVerdict::missed) verdict[*row.predicted_unit] = row.verdict;
  }
  CHECK(verdict[100] == UnitVerdict::duplicate);
  CHECK(verdict[101] == UnitVerdict::split);
  CHECK(verdict[102] == UnitVerdict::merged);
  CHECK(verdict[103] == UnitVerdict::invented);
  CHECK(score.summary.matched == 4);
  CHECK(score.summary.duplicates == 1);
  CHECK(score.summary.splits == 1);
  CHECK(score.summary.merged == 1);
  CHECK(score.summary.false_units == 1);
}

TEST_CASE("empty prediction, empty truth, empty both, units without discharges") {
  const auto units = population();
  const auto missed = score_units(units, {}, {});
  CHECK(missed.summary.missed == 4);
  CHECK(missed.summary.fn == 460);
  CHECK(missed.summary.mean_roa == 0);
  CHECK(missed.summary.precision == 0);
  const auto invented = score_units({}, units, {});
  CHECK(invented.summary.false_units == 4);
  CHECK(invented.summary.fp == 460);
  CHECK(score_units({}, {}, {}).units.empty());
  const auto silent = score_units({unit_of(1, {})}, {unit_of(2, {})}, {});
  CHECK(silent.units.empty());
  CHECK(silent.summary.silent_units == 2);
}

TEST_CASE("equal times of one train count once and are reported") {
  const auto score = score_units({unit_of(1, {10, 200, 300})}, {unit_of(1, {10, 10, 200, 300})}, {});
  CHECK(score.summary.repeated_times == 1);
  CHECK(score.summary.roa == 1);
}

TEST_CASE("units of another rate are compared at the rate of the reference") {
  const auto truth = population();
  auto found = truth;
  for (auto& unit : found) {
    unit.discharges.rate_hz = 4096;
    for (auto& s : unit.discharges.sample) s *= 2;
  }
  CHECK(score_units(truth, found, {}).summary.mean_roa == 1);
}

TEST_CASE("a constant shift does not change the score with a closed window, it may with a half-open one") {
  const auto truth = population();
  auto near = truth;
  for (auto& unit : near) {
    for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) unit.discharges.sample[i] += static_cast<std::int64_t>(i % 3) - 1;
  }
  auto shifted = near;
  for (auto& unit : shifted) {
    for (auto& s : unit.discharges.sample) ++s;
  }
  CHECK(score_units(truth, near, {}).summary.mean_roa == 1);
  CHECK(score_units(truth, shifted, {}).summary.mean_roa == 1);
  UnitScoreOptions half_open;
  half_open.half_open = true;
  CHECK(score_units(truth, near, half_open).summary.mean_roa < 0.8);
}

TEST_CASE("options out of range are refused by name") {
  UnitScoreOptions options;
  options.min_f1 = 1.5;
  CHECK_THROWS_WITH(score_units({}, {}, options), ContainsSubstring("min_f1"));
  LabelScoreOptions label;
  label.threshold = -1;
  CHECK_THROWS_WITH(label_score({}, {}, label), ContainsSubstring("threshold"));
}

TEST_CASE("label score: repeats of a lower id are dropped, the rest assigned") {
  const auto truth = population();
  auto found = truth;
  auto repeat = truth[2];
  repeat.unit_id = 41;
  found.push_back(repeat);
  const auto score = label_score(truth, found, {});
  CHECK(score.kept == std::vector<std::int64_t>{3, 7, 11, 40});
  CHECK(score.score == 4);
  CHECK(score.pairs.size() == 4);
  CHECK(label_score(truth, {}, {}).score == 0);
  CHECK(label_score({}, found, {}).score == 0);
}

TEST_CASE("label score of the published example, to the last digit") {
  const auto folder = emg_test::shared_data("munitquest_eval");
  if (folder.empty()) return;
  const auto truth = read_events(folder / "example_reference.tsv"), found = read_events(folder / "example_prediction.tsv");
  REQUIRE(truth.size() == 25);
  REQUIRE(found.size() == 16);
  for (const double threshold : {0.3, 0.5}) {
    for (const double tolerance_ms : {0.5, 1.0, 1.5, 2.0}) {
      for (const double lag_ms : {10.0, 50.0, 100.0}) {
        LabelScoreOptions options;
        options.threshold = threshold;
        options.tolerance_ms = tolerance_ms;
        options.max_lag_ms = lag_ms;
        CHECK(label_score(truth, found, options).score == 5.976824944609641);
      }
    }
  }
  LabelScoreOptions exact;
  exact.tolerance_ms = 0;
  CHECK(label_score(truth, found, exact).score == 4.989677986934889);
  const auto score = label_score(truth, found, {});
  CHECK(score.kept.size() == 15);
  const std::vector<std::array<std::int64_t, 3>> expected{{2, 3, -3}, {8, 2, -1}, {11, 6, 3}, {18, 7, -1}, {20, 1, 3}, {22, 0, 0}};
  REQUIRE(score.pairs.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(score.pairs[i].reference_unit == expected[i][0]);
    CHECK(score.pairs[i].predicted_unit == expected[i][1]);
    CHECK(score.pairs[i].lag_samples == expected[i][2]);
  }
}
