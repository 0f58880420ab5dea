#include "libemg/decompose/needle/needle_decomposition.h"

#include <limits>

#include "libemg/score/decomposition.h"
#include "libemg/simulate/needle.h"
#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

NeedleDecomposition run(const RowMatrix& signal, double rate_hz, const NeedleOptions& options = {}) {
  return decompose_needle(signal, rate_hz, options);
}

UnitScoreSummary compare(const std::vector<MotorUnit>& a, const std::vector<MotorUnit>& b) {
  UnitScoreOptions options;
  options.max_lag_ms = 10;
  return score_units(a, b, options).summary;
}

bool same_trains(const NeedleDecomposition& a, const NeedleDecomposition& b) {
  if (a.units.size() != b.units.size()) return false;
  for (std::size_t u = 0; u < a.units.size(); ++u) {
    if (a.units[u].discharges.sample != b.units[u].discharges.sample) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("needle properties: simulated units are found, accepted, and timed at their peak") {
  NeedleScene simulation;
  simulation.pool.unit_count = 5;
  simulation.needle.duration_s = 10;
  simulation.needle.seed = 3;
  const auto truth = simulate_needle(simulation);
  const auto found = decompose_needle(truth.recording, {});
  const auto s = compare(truth.truth_units, found.units);
  CHECK(s.missed <= 1);
  CHECK(s.mean_roa > 0.93);
  for (const auto& row : score_units(truth.truth_units, found.units, {}).units) {
    if (row.verdict == UnitVerdict::matched && row.roa > 0.9) CHECK(std::abs(*row.lag_ms) < 3);
  }
  CHECK(found.summary.accepted >= 3);
  CHECK(found.summary.explained_energy > 0.95);
  CHECK(found.units.size() == found.unit_rows.size());
  for (const auto& d : found.discharges) CHECK((d.confidence >= 0.5 && d.confidence <= 1));
}

TEST_CASE("needle properties: polarity, gain, offset and threads change nothing but the amplitude") {
  const auto record = test_record(three_units(), 6, 11);
  const auto plain = run(record.signal, record.rate_hz);
  REQUIRE(plain.units.size() == 3);
  const auto flipped = run(-record.signal, record.rate_hz), louder = run(7.3 * record.signal, record.rate_hz),
             moved = run(record.signal.array() + 1000.0, record.rate_hz);
  CHECK(same_trains(plain, flipped));
  CHECK(same_trains(plain, louder));
  CHECK(same_trains(plain, moved));
  for (std::size_t u = 0; u < 3; ++u) {
    CHECK(louder.unit_rows[u].peak_uv == Approx(7.3 * plain.unit_rows[u].peak_uv).epsilon(1e-9));
    CHECK(flipped.unit_rows[u].peak_uv == Approx(-plain.unit_rows[u].peak_uv).epsilon(1e-9));
  }
  const auto threaded = decompose_needle(record.signal, record.rate_hz, {}, 7);
  CHECK(same_trains(plain, threaded));
  CHECK(threaded.discharges[5].confidence == plain.discharges[5].confidence);
}

TEST_CASE("needle properties: time reversal, other rates, mains") {
  const auto record = test_record(three_units(), 8, 12);
  const auto plain = run(record.signal, record.rate_hz);
  auto backwards = run(record.signal.rowwise().reverse(), record.rate_hz);
  for (auto& unit : backwards.units) {
    for (auto& s : unit.discharges.sample) s = record.signal.cols() - 1 - s;
    std::reverse(unit.discharges.sample.begin(), unit.discharges.sample.end());
    unit.discharges.offset_samples.clear();
  }
  CHECK(compare(plain.units, backwards.units).mean_roa >= 0.95);
  for (const double rate : {12500.0, 23437.5, 50000.0}) {
    const auto other = test_record(three_units(), 8, 12, rate);
    const auto s = compare(other.truth, run(other.signal, rate).units);
    CHECK(s.matched == 3);
    CHECK(s.mean_roa >= 0.95);
  }
  RowMatrix mains = record.signal;
  const double rms = std::sqrt(record.signal.squaredNorm() / static_cast<double>(record.signal.cols()));
  for (Index i = 0; i < mains.cols(); ++i) mains(0, i) += 10 * rms * 1.414 * std::sin(2 * 3.14159265358979 * 50 * static_cast<double>(i) / record.rate_hz);
  CHECK(compare(plain.units, run(mains, record.rate_hz).units).mean_roa >= 0.95);
}

TEST_CASE("needle properties: interference is refused with its density, noise and silence hold no unit") {
  std::vector<TestUnit> crowd;
  for (int i = 0; i < 50; ++i) crowd.push_back({15 * std::pow(1.06, i), 0.2 + 0.004 * i, 1 + i % 3, 2.5, 80.0 + i % 40, 0.15});
  const auto refused = run(test_record(crowd, 4, 2, 20000).signal, 20000);
  CHECK(refused.summary.refused);
  CHECK(refused.summary.reason == "interference");
  CHECK(refused.summary.mean_active > 1.8);
  CHECK(refused.units.empty());
  int invented = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) invented += static_cast<int>(run(test_record({}, 3, seed).signal, 10000).units.size());
  CHECK(invented == 0);
  CHECK(run(test_record({}, 3, 50).signal, 10000).summary.reason == "no_activity");
}

TEST_CASE("needle properties: mode template is precise, doubtful discharges stay out") {
  auto units = three_units();
  for (auto& u : units) u.peak *= 0.5;
  const auto record = test_record(units, 10, 13);
  NeedleOptions options;
  options.mode = NeedleMode::templates;
  const auto precise = run(record.signal, record.rate_hz, options), complete = run(record.signal, record.rate_hz);
  CHECK(compare(record.truth, precise.units).precision >= 0.98);
  for (const auto& d : precise.discharges) {
    CHECK(d.confidence >= 0.9);
    CHECK(d.source != "gap_fill");
  }
  CHECK(compare(record.truth, complete.units).recall >= compare(record.truth, precise.units).recall);
}

TEST_CASE("needle properties: clipped stretches and gaps hold no discharge") {
  auto record = test_record(three_units(), 6, 14);
  Recording recording;
  recording.rate_hz = record.rate_hz;
  record.signal.row(0).segment(20000, 2000).setConstant(0);
  recording.samples = record.signal;
  Gap gap;
  gap.first_sample = 40000;
  gap.sample_count = 1000;
  recording.gaps = {gap};
  const auto found = decompose_needle(recording, {});
  REQUIRE(!found.units.empty());
  for (const auto& d : found.discharges) {
    CHECK((d.sample < 20000 || d.sample >= 22000));
    CHECK((d.sample < 40000 || d.sample >= 41000));
  }
  CHECK(found.summary.masked_s > 0.3);
}

TEST_CASE("needle properties: two channels are used together, a silent one is left out") {
  const auto a = test_record(three_units(), 8, 15);
  RowMatrix two(2, a.signal.cols());
  Random random(3);
  two.row(0) = a.signal.row(0);
  for (Index i = 0; i < two.cols(); ++i) two(1, i) = 0.6 * (a.signal(0, std::max<Index>(0, i - 5))) + random.normal();
  CHECK(compare(a.truth, run(two, a.rate_hz).units).mean_roa > 0.95);
  two.row(1).setZero();
  CHECK(compare(a.truth, run(two, a.rate_hz).units).mean_roa > 0.95);
}

TEST_CASE("needle properties: refusals name option, channel or index") {
  const auto record = test_record(three_units(), 3, 16);
  NeedleOptions options;
  options.beam_width = 0;
  CHECK_THROWS_WITH(run(record.signal, record.rate_hz, options), ContainsSubstring("beam_width"));
  CHECK_THROWS_WITH(run(record.signal, 1000), ContainsSubstring("rate_hz"));
  CHECK_THROWS_WITH(run(record.signal.leftCols(5000), record.rate_hz), ContainsSubstring("0.5 s"));
  CHECK_THROWS_WITH(run(RowMatrix::Constant(1, 30000, 4.0), 10000), ContainsSubstring("constant"));
  auto broken = record.signal;
  broken(0, 123) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(run(broken, record.rate_hz), ContainsSubstring("123"));
  const auto low = test_record(three_units(), 4, 17, 4000);
  const auto found = run(low.signal, 4000);
  REQUIRE(!found.warnings.empty());
  CHECK(found.warnings[0].code == "rate_low");
}
