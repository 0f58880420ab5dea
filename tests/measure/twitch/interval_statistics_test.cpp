#include "libemg/measure/twitch/interval_statistics.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> poisson_times(double rate_hz, std::size_t count, std::uint64_t seed, std::uint64_t stream = 0) {
  Random random(seed, stream);
  std::vector<double> times{0};
  while (times.size() < count) times.push_back(times.back() + random.exponential() / rate_hz);
  return times;
}

IntervalRow statistics(const std::vector<double>& times) {
  return interval_statistics({times}, {{times.front(), times.back() + 1e-9}});
}

}  // namespace

TEST_CASE("irregularity of a Poisson train is 1, of a regular one 0") {
  const auto poisson = statistics(poisson_times(1, 100001, 5));
  CHECK(*poisson.cv == Approx(1).margin(0.02));
  CHECK(*poisson.cv2 == Approx(1).margin(0.02));
  CHECK(*poisson.lv == Approx(1).margin(0.02));
  CHECK(*poisson.cv_local == Approx(1.2286).margin(0.02));
  std::vector<double> regular;
  for (int i = 0; i < 100; ++i) regular.push_back(0.25 * i);
  const auto even = statistics(regular);
  CHECK(*even.cv == 0);
  CHECK(*even.cv2 == 0);
  CHECK(*even.cv_local == 0);
}

TEST_CASE("cv_local does not see drift") {
  const auto local = [](double drift) {
    Random random(2, 0);
    std::vector<double> times{0};
    for (int i = 0; i < 5000; ++i) times.push_back(times.back() + 0.1 * (1 + drift * i / 5000) * (1 + 0.1 * random.normal()));
    const auto row = statistics(times);
    return std::pair(*row.cv_local, *row.cv);
  };
  const auto [steady, cv_steady] = local(0);
  const auto [drifting, cv_drifting] = local(3);
  CHECK(steady == Approx(0.1).epsilon(0.05));
  CHECK(drifting == Approx(steady).epsilon(0.1));
  CHECK(cv_drifting > 3 * cv_steady);
}

TEST_CASE("the test of the exponential law keeps its level and finds what is not exponential") {
  int rejected = 0;
  for (std::uint64_t run = 0; run < 100; ++run) {
    const auto row = statistics(poisson_times(2, 60, 9, run));
    rejected += *row.ks_p < 0.05;
  }
  CHECK(rejected <= 12);   // the textbook table would reject hardly any: its level is far below 5 %
  std::vector<double> times{0};
  Random random(4, 0);
  for (int i = 0; i < 60; ++i) times.push_back(times.back() + random.log_normal(1, 0.2));
  CHECK(*statistics(times).ks_p < 0.01);
}

TEST_CASE("intervals that span an exclusion are dropped") {
  const std::vector<double> times{1, 2, 3, 13, 14, 15};
  const std::vector<Stretch> usable{{0, 5}, {10, 20}};
  const auto row = interval_statistics(event_runs(times, usable), usable);
  CHECK(row.intervals == 4);
  CHECK(row.dropped == 1);
  CHECK(*row.median_s == 1);
  CHECK(row.reason == "few intervals");
  CHECK(!row.cv);
  CHECK(!interval_statistics({}, usable).median_s);
  CHECK_THROWS_AS(interval_statistics({{2, 1}}, usable), InvalidArgument);
}

TEST_CASE("planted doublets and late pairs are recovered, none in a Poisson train", "[long]") {
  int doublets = 0, late = 0, planted_doublets = 0, planted_late = 0, flagged = 0;
  for (std::uint64_t run = 0; run < 20; ++run) {
    Random random(6, run);
    std::vector<double> times;
    for (double t = random.exponential() * 1.5; t < 1500; t += 0.12 + random.exponential() * 1.5) {
      times.push_back(t);
      const double u = random.uniform();
      if (u < 0.05) times.push_back(t + 0.008), ++planted_doublets;
      else if (u < 0.09) times.push_back(t + 0.032 + 0.001 * random.normal()), ++planted_late;
    }
    const std::vector<Stretch> usable{{0, 1502}};
    const auto found = pair_intervals({times}, total_s(usable));
    doublets += found.doublets;
    late += found.late_pairs;
    const auto row = interval_statistics({times}, usable);
    REQUIRE(row.late_pair_peak_ms);
    CHECK(std::fabs(*row.late_pair_peak_ms - 32) <= 2);
    const auto none = interval_statistics({poisson_times(0.6, 900, 77, run)}, {{0, 1500}});
    flagged += none.late_pair_peak_ms.has_value();
  }
  CHECK(std::fabs(doublets - planted_doublets) <= 0.15 * planted_doublets);
  CHECK(std::fabs(late - planted_late) <= 0.15 * planted_late);
  CHECK(flagged <= 1);   // 20 tests at level 0.01
}

TEST_CASE("chains of events are doublets, triplets, multiplets") {
  const auto pairs = pair_intervals({{0, 0.008, 1, 1.01, 1.02, 2, 2.005, 2.01, 2.015, 3}}, 10);
  CHECK(pairs.doublets == 1);
  CHECK(pairs.triplets == 1);
  CHECK(pairs.multiplets == 1);
  CHECK(pairs.chain == std::vector<int>{0, 0, 1, 1, 1, 2, 2, 2, 2, -1});
}

TEST_CASE("spikes of a burst that slow and shrink have the slopes") {
  std::vector<double> times{0}, amplitudes{100};
  for (int i = 1; i < 10; ++i) times.push_back(times.back() + 0.005 * std::exp(0.05 * (i - 1))), amplitudes.push_back(100 * std::exp(-0.1 * i));
  const auto slope = burst_slope(times, amplitudes);
  CHECK(slope->ln_interval_per_spike == Approx(0.05).epsilon(1e-9));
  CHECK(slope->ln_amplitude_per_spike == Approx(-0.1).epsilon(1e-9));
  CHECK(!burst_slope(std::vector<double>{0, 1}, std::vector<double>{1, 1}));
}

TEST_CASE("the histogram of intervals has 20 bins in a decade") {
  const auto h = interval_histogram({{0, 1, 2, 12}});
  CHECK(h.first_s == Approx(1));
  CHECK(h.counts.size() == 21);
  CHECK(h.counts.front() == 2);
  CHECK(h.counts.back() == 1);
}
