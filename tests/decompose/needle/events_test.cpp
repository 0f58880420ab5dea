#include "libemg/decompose/needle/events.h"

#include "tests/decompose/needle/needle_support.h"
#include "tests/support/catch.h"

using namespace emg;
using namespace emg::needle;

TEST_CASE("potentials make events, noise does not") {
  auto record = test_record({}, 3, 1, 20000);
  CHECK(find_events(record.signal, 20000, {6, 1.5, 1, 30}).empty());
  const TestUnit unit;
  for (const double t : {0.5, 1.0, 2.0}) add_potential(record.signal, 20000, unit, t);
  const auto events = find_events(record.signal, 20000, {6, 1.5, 1, 30});
  REQUIRE(events.size() == 3);
  for (std::size_t k = 0; k < 3; ++k) {
    const double truth[] = {0.5, 1.0, 2.0};
    CHECK(static_cast<double>(events[k].peak) / 20000 == Approx(truth[k]).margin(0.001));
    CHECK(events[k].peak_sigma == Approx(20).margin(4));
    CHECK(static_cast<double>(events[k].last - events[k].first) / 20 < 6);
  }
}

TEST_CASE("near potentials are one event, long ones are split where they are weakest") {
  auto record = test_record({}, 2, 2, 20000);
  const TestUnit unit;
  for (int i = 0; i < 30; ++i) add_potential(record.signal, 20000, unit, 0.5 + 0.002 * i);
  const auto events = find_events(record.signal, 20000, {6, 1.5, 1, 30});
  REQUIRE(events.size() >= 2);
  for (std::size_t k = 0; k < events.size(); ++k) {
    CHECK(events[k].last - events[k].first <= samples_in_ms(30, 20000));
    if (k > 0) CHECK(events[k].first >= events[k - 1].last);
  }
}

TEST_CASE("an empty record has no events") { CHECK(find_events(RowMatrix(1, 0), 20000, {}).empty()); }
