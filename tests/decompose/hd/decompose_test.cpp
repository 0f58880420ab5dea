#include "libemg/decompose/hd/decompose.h"

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/decompose/duplicates.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

using hd::mixture;
using hd::MixtureOptions;

// True units found: a reported one agrees with F1 above 0.9.
int found_units(const std::vector<hd::Train>& truth, const Decomposition& result, std::int64_t max_lag = 60) {
  return static_cast<int>(std::count_if(truth.begin(), truth.end(), [&](const hd::Train& train) {
    return std::any_of(result.units.begin(), result.units.end(),
                       [&](const MotorUnit& unit) { return pair_agreement(train, unit.discharges.sample, max_lag, 1).roa > 0.82; });
  }));
}

std::vector<std::vector<std::int64_t>> trains_of(const Decomposition& result) {
  std::vector<std::vector<std::int64_t>> trains;
  for (const auto& unit : result.units) trains.push_back(unit.discharges.sample);
  return trains;
}

}  // namespace

TEST_CASE("all units of a clean mixture are found, each once, and accepted") {
  const auto data = mixture({});
  const auto result = decompose(data.recording);
  CHECK(found_units(data.trains, result) == 5);
  CHECK(result.units.size() == 5);
  for (const auto& row : result.rows) CHECK(row.status == "accepted");
  CHECK(result.explained_variance > 0.8);
  CHECK(result.complete);
  CHECK(std::is_sorted(result.rows.begin(), result.rows.end(), [](const UnitRow& a, const UnitRow& b) { return a.first_s < b.first_s; }));
}

TEST_CASE("the same bits for 1, 2 and 7 threads") {
  const auto data = mixture({});
  const auto one = decompose(data.recording, {}, 1);
  for (const int threads : {2, 7}) {
    const auto other = decompose(data.recording, {}, threads);
    CHECK(trains_of(other) == trains_of(one));
    CHECK(other.pulse_trains == one.pulse_trains);
    REQUIRE(other.filters.units.size() == one.filters.units.size());
    for (std::size_t u = 0; u < one.filters.units.size(); ++u) CHECK(other.filters.units[u].taps == one.filters.units[u].taps);
  }
}

TEST_CASE("a power of two in amplitude changes no discharge, nor does the sign") {
  auto data = mixture({});
  const auto reference = trains_of(decompose(data.recording));
  data.recording.samples *= 1024;
  CHECK(trains_of(decompose(data.recording)) == reference);
  data.recording.samples *= -1;
  CHECK(trains_of(decompose(data.recording)) == reference);
}

TEST_CASE("noise alone gives no unit", "[long]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    MixtureOptions options;
    options.units = 0;
    options.seed = seed;
    options.duration_s = 8;
    const auto result = decompose(mixture(options).recording);
    CHECK(std::none_of(result.rows.begin(), result.rows.end(), [](const UnitRow& row) { return row.status == "accepted"; }));
  }
}

TEST_CASE("bad channels are left out by name and do not stop the others") {
  auto data = mixture({});
  data.recording.samples.row(3).setConstant(7);
  data.recording.samples.row(9) *= 400;
  data.recording.channels[12].status = "bad";
  const auto result = decompose(data.recording);
  CHECK(result.channel_reasons[3] == "constant");
  CHECK_THAT(result.channel_reasons[9], ContainsSubstring("unlike the others"));
  CHECK(result.channel_reasons[12] == "marked bad");
  CHECK(result.filters.channels.size() == 13);
  CHECK(found_units(data.trains, result) >= 4);
  CHECK(std::isnan(result.units[0].waveform(3, 0)));
}

TEST_CASE("no discharge lies near a gap, and units are found on both sides") {
  auto data = mixture({});
  data.recording.samples.middleCols(9000, 1500).setZero();
  data.recording.gaps.push_back({-1, 9000, 1500, "lost"});
  const auto result = decompose(data.recording);
  REQUIRE(result.units.size() >= 4);
  for (const auto& unit : result.units) {
    CHECK(std::none_of(unit.discharges.sample.begin(), unit.discharges.sample.end(), [](std::int64_t t) { return t >= 9000 && t < 10500; }));
    CHECK(unit.discharges.sample.front() < 9000);
    CHECK(unit.discharges.sample.back() > 10500);
  }
}

TEST_CASE("mains of ten times the signal is notched away") {
  auto data = mixture({});
  const double level = 10 * std::sqrt(data.recording.samples.squaredNorm() / static_cast<double>(data.recording.samples.size()));
  for (Index t = 0; t < data.recording.sample_count(); ++t) {
    data.recording.samples.col(t).array() += level * std::sin(2 * 3.14159265358979 * 50 * static_cast<double>(t) / 2048);
  }
  CHECK(found_units(data.trains, decompose(data.recording)) >= 4);
}

TEST_CASE("a rate far above the band is searched at a fraction, times are those of the recording") {
  MixtureOptions options;
  options.rate_hz = 10240;
  options.duration_s = 6;
  const auto data = mixture(options);
  const auto result = decompose(data.recording);
  CHECK(result.filters.step == 5);
  int found = 0;
  for (const auto& train : data.trains) {
    found += std::any_of(result.units.begin(), result.units.end(), [&](const MotorUnit& unit) { return pair_agreement(train, unit.discharges.sample, 200, 5).roa > 0.82; });
  }
  CHECK(found >= 4);
}

TEST_CASE("refusals name what is missing") {
  auto data = mixture({});
  CHECK_THROWS_WITH(decompose(select_channels(data.recording, {0, 1, 2, 3, 4})), ContainsSubstring("5 usable channels, need 8; use needle decomposition"));
  CHECK_THROWS_WITH(decompose(window_of(data.recording, 0, 300)), ContainsSubstring("too short"));
  auto broken = data.recording;
  broken.samples(2, 17) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(decompose(broken), "channel 2, sample 17 is not finite");
  auto copies = data.recording;
  for (Index c = 1; c < copies.channel_count(); ++c) copies.samples.row(c) = copies.samples.row(0);
  CHECK_THROWS_WITH(decompose(copies), ContainsSubstring("copies of each other"));
  auto silent = data.recording;
  silent.samples.setZero();
  CHECK_THROWS_WITH(decompose(silent), ContainsSubstring("0 usable channels"));
  DecomposeOptions options;
  options.starts_per_round = 0;
  CHECK_THROWS_WITH(decompose(data.recording, options), ContainsSubstring("starts_per_round"));
  options = {};
  options.low_hz = 600;
  CHECK_THROWS_WITH(decompose(data.recording, options), ContainsSubstring("low_hz"));
}

TEST_CASE("cancelling returns the units so far") {
  const auto data = mixture({});
  const auto result = decompose(data.recording, {}, 1, [](const DecomposeProgress& now) { return now.units < 3; });
  CHECK_FALSE(result.complete);
  CHECK(result.units.size() >= 3);
}

TEST_CASE("the units are found whether or not the residual is whitened anew") {
  MixtureOptions options;
  options.units = 10;
  const auto data = mixture(options);
  DecomposeOptions plain;
  plain.rewhiten = false;
  CHECK(found_units(data.trains, decompose(data.recording, plain)) >= 9);
  CHECK(found_units(data.trains, decompose(data.recording)) >= 9);
}

}  // namespace emg
