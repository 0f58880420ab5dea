#include "libemg/decompose/hd/refit.h"

#include "libemg/core/error.h"
#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

std::vector<MotorUnit> units_of(const hd::Mixture& data) {
  std::vector<MotorUnit> units;
  for (const auto& train : data.trains) {
    MotorUnit unit;
    unit.unit_id = 10 + 3 * static_cast<int>(units.size());
    unit.discharges = {data.recording.rate_hz, train, {}};
    units.push_back(unit);
  }
  return units;
}

}  // namespace

TEST_CASE("known discharges become filters that find them, ids kept, and the bank finds them in the same recording") {
  const auto data = hd::mixture({});
  const auto result = refit(data.recording, units_of(data));
  REQUIRE(result.rows.size() == 5);
  for (const auto& row : result.rows) CHECK(row.roa > 0.95);
  CHECK(result.rows[1].unit_id == 13);
  const auto again = apply_filters(data.recording, result.filters);
  for (std::size_t u = 0; u < again.units.size(); ++u) CHECK(again.units[u].discharges.sample == result.units[u].discharges.sample);
}

TEST_CASE("a discharge outside the recording is refused with its position; a silent unit is told") {
  const auto data = hd::mixture({});
  auto units = units_of(data);
  units[2].discharges.sample.clear();
  CHECK(refit(data.recording, units).warnings.size() == 1);
  units[0].discharges.sample.push_back(data.recording.sample_count());
  CHECK_THROWS_WITH(refit(data.recording, units), ContainsSubstring("of unit 10 lies at sample 20480"));
}

}  // namespace emg
