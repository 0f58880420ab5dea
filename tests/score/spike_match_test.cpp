#include "libemg/score/spike_match.h"

#include "tests/score/score_support.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("counts and shares of a pair of trains") {
  const auto agreement = spike_agreement({100, 200, 300, 400}, {105, 205, 306, 600}, 1, 20);
  CHECK(agreement.lag_samples == 5);
  CHECK(agreement.tp == 3);
  CHECK(agreement.fp == 1);
  CHECK(agreement.fn == 1);
  CHECK(agreement.roa == Approx(0.6));
  CHECK(agreement.f1 == Approx(2 * agreement.roa / (1 + agreement.roa)));
  CHECK(agreement.precision == Approx(0.75));
  CHECK(agreement.recall == Approx(0.75));
}

TEST_CASE("one empty train: everything of the other is wrong") {
  const auto missed = spike_agreement({1, 2, 3}, {}, 1, 10), invented = spike_agreement({}, {1, 2}, 1, 10), nothing = spike_agreement({}, {}, 1, 10);
  CHECK(missed.fn == 3);
  CHECK(missed.roa == 0);
  CHECK(invented.fp == 2);
  CHECK(invented.f1 == 0);
  CHECK(nothing.precision == 0);
}

TEST_CASE("instants are sorted, repeats left out, rates converted") {
  auto unit = unit_of(4, {30, 10, 20, 10}, 1000);
  unit.discharges.offset_samples = {0.25, 0, -0.25, 0};
  int repeated = 0;
  CHECK(instants_of(unit, 1000, true, &repeated) == std::vector<double>{10, 20, 30});
  CHECK(repeated == 1);
  CHECK(instants_of(unit, 1000, false) == std::vector<double>{10, 19.75, 30.25});
  CHECK(instants_of(unit, 2000, false) == std::vector<double>{20, 39.5, 60.5});
  unit.discharges.rate_hz = 0;
  CHECK_THROWS_WITH(instants_of(unit, 2000, true), ContainsSubstring("unit 4"));
}

TEST_CASE("a tolerance is whole samples, at least one unless it is 0") {
  CHECK(tolerance_samples(0.5, 2048) == 1);
  CHECK(tolerance_samples(0.5, 10000) == 5);
  CHECK(tolerance_samples(0.5, 1000) == 1);
  CHECK(tolerance_samples(1, 2048) == 2);
  CHECK(tolerance_samples(1, 1000) == 1);
  CHECK(tolerance_samples(0, 2048) == 0);
}
