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

TEST_CASE("needle properties: two units of one shape that fire by turns are flagged, never one valid train") {
  // Alternating at 8/s each: together a train of 16/s as regular as one unit's, but its intervals alternate and meet now and then.
  const TestUnit shape{25, 0.3, 2, 0, 120, 0.12};
  auto record = test_record({}, 12, 21);
  for (std::uint64_t k = 0; k < 2; ++k) {
    MotorUnit truth;
    truth.unit_id = static_cast<int>(k);
    truth.discharges.rate_hz = record.rate_hz;
    auto unit = shape;
    unit.mean_ms = k == 0 ? 118 : 123;
    for (const double t : test_train(unit, 12, 21, 30 + k)) {
      add_potential(record.signal, record.rate_hz, shape, t);
      truth.discharges.sample.push_back(std::llround(t * record.rate_hz));
    }
    record.truth.push_back(std::move(truth));
  }
  const auto found = run(record.signal, record.rate_hz);
  REQUIRE(!found.units.empty());
  for (const auto& row : found.unit_rows) CHECK(row.status != "accepted");
}

TEST_CASE("needle properties: doublets are kept and counted, and are no licence for false pairs") {
  const TestUnit unit{25, 0.3, 1, 0, 100, 0.12}, other{16, 0.3, 2, 0, 90, 0.12};
  auto record = test_record({unit, other}, 10, 22);
  auto& train = record.truth[0].discharges.sample;
  const auto single = train;
  int doublets = 0;
  for (std::size_t i = 4; i < single.size(); i += 8, ++doublets) {
    const double second = static_cast<double>(single[i]) / record.rate_hz + 0.007;
    add_potential(record.signal, record.rate_hz, unit, second);
    train.push_back(std::llround(second * record.rate_hz));
  }
  std::sort(train.begin(), train.end());
  const auto found = run(record.signal, record.rate_hz);
  UnitScoreOptions options;
  options.max_lag_ms = 10;
  for (const auto& pair : score_units(record.truth, found.units, options).units) {
    if (pair.verdict == UnitVerdict::missed || *pair.reference_unit != 0) continue;
    CHECK(pair.recall > 0.97);
    const auto row = std::find_if(found.unit_rows.begin(), found.unit_rows.end(), [&](const NeedleUnit& r) { return r.unit_id == *pair.predicted_unit; });
    CHECK(std::abs(row->doublet_count - doublets) <= 2);
  }
  CHECK(compare(record.truth, found.units).matched == 2);
  const auto without = run(test_record({unit, other}, 10, 22).signal, record.rate_hz);
  for (const auto& row : without.unit_rows) CHECK(row.doublet_count <= 1);
}

TEST_CASE("needle properties: a potential seen a few times stays in what no unit explains or is a unit, it is never lost") {
  auto record = test_record(three_units(), 10, 23);
  const TestUnit rare{60, 0.45, 3, 3.0};
  const std::vector<double> times{1.234, 3.9, 6.412, 8.77};
  for (const double t : times) add_potential(record.signal, record.rate_hz, rare, t);
  const auto found = run(record.signal, record.rate_hz);
  CHECK(compare(record.truth, found.units).matched == 3);
  for (const double t : times) {
    const bool left = std::any_of(found.unassigned.begin(), found.unassigned.end(),
                                  [t](const UnassignedActivity& a) { return t > a.start_s - 0.005 && t < a.start_s + a.duration_s + 0.005; });
    const bool own = std::any_of(found.discharges.begin(), found.discharges.end(), [&](const NeedleDischarge& d) {
      return std::abs(d.time_s - t) < 0.004 && found.unit_rows[static_cast<std::size_t>(d.unit_id)].discharge_count <= 6;
    });
    CHECK((left || own));
  }
}

TEST_CASE("needle properties: an irregular train stays irregular, whatever the prior of its intervals says") {
  const TestUnit irregular{20, 0.3, 1, 0, 110, 0.45}, regular{28, 0.25, 2, 0, 90, 0.12};
  const auto record = test_record({irregular, regular}, 14, 24);
  const auto found = run(record.signal, record.rate_hz);
  UnitScoreOptions options;
  options.max_lag_ms = 10;
  int seen = 0;
  for (const auto& pair : score_units(record.truth, found.units, options).units) {
    if (pair.verdict != UnitVerdict::matched || *pair.reference_unit != 0) continue;
    const auto& row = found.unit_rows[static_cast<std::size_t>(*pair.predicted_unit)];
    REQUIRE(row.cov_isi);
    REQUIRE(row.cov_isi_shape);
    // Intervals of 0.4 to 1.6 local means: those of a gamma law of CV 0.45 vary by a quarter to a third.
    CHECK(*row.cov_isi > 0.22);
    CHECK(*row.cov_isi_shape > 0.22);
    ++seen;
  }
  CHECK(seen == 1);
}

TEST_CASE("needle properties: variation from discharge to discharge is kept in the discharges, not averaged away") {
  // Two components of one unit, the second 40 us of jitter late: the instants follow the first, the unit stays one.
  auto record = test_record({}, 10, 25, 20000);
  const TestUnit first{40, 0.25, 2, 0, 90, 0.15}, second{18, 0.25, 2};
  MotorUnit truth;
  truth.discharges.rate_hz = record.rate_hz;
  Random random(5);
  for (const double t : test_train(first, 10, 25, 1)) {
    add_potential(record.signal, record.rate_hz, first, t);
    add_potential(record.signal, record.rate_hz, second, t + 0.002 + 4e-5 * random.normal());
    truth.discharges.sample.push_back(std::llround(t * record.rate_hz));
  }
  record.truth.push_back(truth);
  const auto found = run(record.signal, record.rate_hz);
  REQUIRE(found.units.size() == 1);
  CHECK(compare(record.truth, found.units).mean_roa > 0.99);
}

TEST_CASE("needle properties: one record at 10, 20 and 50 kHz holds the same units") {
  for (const double rate : {10000.0, 20000.0, 50000.0}) {
    const auto record = test_record(three_units(), 6, 26, rate);
    const auto found = run(record.signal, rate);
    CHECK(found.units.size() == 3);
    CHECK(compare(record.truth, found.units).mean_roa > 0.97);
  }
}

TEST_CASE("needle properties: one unit whose potential shrinks by half in a minute is one unit") {
  auto record = test_record({}, 60, 27);
  const TestUnit unit{40, 0.3, 1, 0, 100, 0.15};
  MotorUnit truth;
  truth.discharges.rate_hz = record.rate_hz;
  for (const double t : test_train(unit, 60, 27, 1)) {
    add_potential(record.signal, record.rate_hz, unit, t, 1 - 0.5 * t / 60);
    truth.discharges.sample.push_back(std::llround(t * record.rate_hz));
  }
  record.truth.push_back(truth);
  const auto found = run(record.signal, record.rate_hz);
  CHECK(found.units.size() == 1);
  CHECK(compare(record.truth, found.units).mean_roa > 0.95);
}

TEST_CASE("needle properties: the more discharges coincide, the less sure they are") {
  const std::vector<TestUnit> units{{30, 0.3, 1, 0, 70, 0.15}, {24, 0.25, 2, 0, 75, 0.15}, {18, 0.4, 3, 2.0, 80, 0.2}, {22, 0.35, 3, 0, 65, 0.15}, {26, 0.5, 1, 0, 85, 0.15}};
  const auto record = test_record(units, 10, 28);
  double alone = 0, alone_count = 0, crowded = 0, crowded_count = 0;
  for (const auto& d : run(record.signal, record.rate_hz).discharges) {
    if (d.overlap_count == 0) alone += d.confidence, ++alone_count;
    if (d.overlap_count >= 3) crowded += d.confidence, ++crowded_count;
  }
  REQUIRE(alone_count > 100);
  REQUIRE(crowded_count > 10);
  CHECK(alone / alone_count > 0.98);
  CHECK(crowded / crowded_count < 0.85);
}
