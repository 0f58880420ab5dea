#include "libemg/decompose/needle/assembly.h"

#include "libemg/score/decomposition.h"
#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

namespace {

std::vector<MotorUnit> units_of(const Assembly& assembly, const Conditioned& record) {
  std::vector<MotorUnit> units;
  for (const auto& u : assembly.units) {
    MotorUnit unit;
    unit.unit_id = static_cast<int>(units.size());
    unit.discharges.rate_hz = record.rate_hz;
    for (const auto& d : u.discharges) unit.discharges.sample.push_back(std::llround(d.position * record.rate_hz / record.work_rate_hz));
    units.push_back(std::move(unit));
  }
  return units;
}

UnitScoreSummary score(const TestRecord& record, std::vector<MotorUnit>* found = nullptr) {
  const auto c = condition(record.signal, record.rate_hz, {}, {});
  const auto units = units_of(assemble(c, {}), c);
  if (found) *found = units;
  UnitScoreOptions options;
  options.max_lag_ms = 10;
  return score_units(record.truth, units, options).summary;
}

}  // namespace

TEST_CASE("three units that overlap freely are found whole") {
  const auto s = score(test_record(three_units(), 10, 1));
  CHECK(s.matched == 3);
  CHECK(s.mean_roa > 0.95);
  CHECK(s.false_units == 0);
}

TEST_CASE("a small unit beside large ones is found") {
  auto units = three_units();
  units.push_back({7, 0.3, 2, 0, 100, 0.15});
  const auto s = score(test_record(units, 10, 2));
  CHECK(s.matched == 4);
  CHECK(s.mean_roa > 0.9);
}

TEST_CASE("positive and polyphasic potentials are as good as negative ones") {
  const std::vector<TestUnit> units{{-25, 0.3, 2}, {25, 0.25, 2, 3.5}, {20, 0.5, 3}};
  const auto s = score(test_record(units, 10, 3));
  CHECK(s.matched == 3);
  CHECK(s.mean_roa > 0.95);
}

TEST_CASE("recruitment, a pause and derecruitment: gap filling invents nothing") {
  auto record = test_record({{25, 0.3, 1, 0, 90, 0.15, 0, 1e9}}, 12, 4);
  TestUnit late{22, 0.35, 2, 0, 90, 0.15};
  MotorUnit truth;
  truth.unit_id = 1;
  truth.discharges.rate_hz = record.rate_hz;
  for (const double t : test_train(late, 12, 4, 7)) {
    if (t < 3 || t > 11 || (t > 6 && t < 9)) continue;
    add_potential(record.signal, record.rate_hz, late, t);
    truth.discharges.sample.push_back(std::llround(t * record.rate_hz));
  }
  record.truth.push_back(truth);
  std::vector<MotorUnit> found;
  const auto s = score(record, &found);
  CHECK(s.matched == 2);
  CHECK(s.mean_roa > 0.96);
  CHECK(s.fp <= 3);
}

TEST_CASE("a satellite 12 ms after the main potential is no second unit") {
  const auto s = score(test_record({{30, 0.3, 1, 12.0, 90, 0.15}, {20, 0.35, 2, 0, 100, 0.15}}, 10, 5));
  CHECK(s.predicted_count == 2);
  CHECK(s.matched == 2);
}

TEST_CASE("noise and empty records hold no unit") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto c = condition(test_record({}, 5, seed).signal, 10000, {}, {});
    CHECK(assemble(c, {}).units.empty());
  }
}

TEST_CASE("the residual of a decomposed record is noise") {
  const auto record = test_record(three_units(), 8, 6);
  const auto c = condition(record.signal, record.rate_hz, {}, {});
  const auto assembly = assemble(c, {});
  CHECK(assembly.explained > 0.97);
  CHECK(assembly.residual.squaredNorm() / static_cast<double>(assembly.residual.cols()) == Approx(1).margin(0.15));
}
