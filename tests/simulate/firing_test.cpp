#include "libemg/simulate/firing.h"

#include <algorithm>
#include <cmath>

#include "libemg/simulate/drive.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> intervals(const std::vector<double>& times) {
  std::vector<double> gaps;
  for (std::size_t i = 1; i < times.size(); ++i) gaps.push_back(times[i] - times[i - 1]);
  return gaps;
}

struct Spread {
  double mean = 0, cv = 0;
};

Spread spread(const std::vector<double>& x) {
  Spread s;
  for (const double v : x) s.mean += v / static_cast<double>(x.size());
  double square = 0;
  for (const double v : x) square += (v - s.mean) * (v - s.mean) / static_cast<double>(x.size());
  s.cv = std::sqrt(square) / s.mean;
  return s;
}

std::vector<double> constant_rate(double rate_hz, double duration_s) {
  return std::vector<double>(static_cast<std::size_t>(duration_s * kDriveRateHz) + 1, rate_hz);
}

}  // namespace

TEST_CASE("intervals at a constant rate are gamma of the given mean and CV") {
  for (const double cv : {0.1, 0.15, 0.3}) {
    const auto train = renewal_train(Random(1, 7), constant_rate(10, 1000), {cv, 0.005, 0});
    const auto s = spread(intervals(train.time_s));
    CAPTURE(cv);
    CHECK(train.time_s.size() > 9900);
    CHECK(s.mean == Approx(0.1).epsilon(0.01));
    CHECK(s.cv == Approx(cv).epsilon(0.03));
  }
  const auto regular = renewal_train(Random(1), constant_rate(8, 10), {0, 0.02, 0});
  CHECK(spread(intervals(regular.time_s)).cv < 1e-9);
}

TEST_CASE("under a varying rate the rescaled intervals keep their law") {
  const double duration_s = 2000;
  std::vector<double> rate(static_cast<std::size_t>(duration_s * kDriveRateHz) + 1);
  std::vector<double> integral(rate.size());
  for (std::size_t k = 0; k < rate.size(); ++k) {
    rate[k] = 10 + 6 * std::sin(2 * 3.14159265358979 * 0.7 * static_cast<double>(k) / kDriveRateHz);
    if (k > 0) integral[k] = integral[k - 1] + (rate[k] + rate[k - 1]) / 2 / kDriveRateHz;
  }
  const auto train = renewal_train(Random(4), rate, {0.2, 0, 0});
  std::vector<double> rescaled;
  for (const double t : train.time_s) {
    const double place = t * kDriveRateHz;
    const auto k = std::min(static_cast<std::size_t>(place), rate.size() - 2);
    const double w = (place - static_cast<double>(k)) / kDriveRateHz;
    rescaled.push_back(integral[k] + w * (rate[k] + (rate[k + 1] - rate[k]) * kDriveRateHz * w / 2));
  }
  const auto s = spread(intervals(rescaled));
  CHECK(s.mean == Approx(1).epsilon(0.01));
  CHECK(s.cv == Approx(0.2).epsilon(0.03));
}

TEST_CASE("no interval is shorter than the shortest, none falls into a silence, times ascend") {
  auto rate = constant_rate(12, 60);
  for (std::size_t k = 4000; k < 6000; ++k) rate[k] = 0;
  const auto train = renewal_train(Random(2), rate, {0.35, 0.03, 0});
  for (const double gap : intervals(train.time_s)) CHECK(gap >= 0.03);
  CHECK(std::none_of(train.time_s.begin(), train.time_s.end(), [](double t) { return t > 20.005 && t < 29.99; }));
  CHECK(std::any_of(train.time_s.begin(), train.time_s.end(), [](double t) { return t > 30 && t < 30.2; }));
  CHECK(renewal_train(Random(2), constant_rate(0, 10), {}).time_s.empty());
  CHECK(renewal_train(Random(2), {}, {}).time_s.empty());
}

TEST_CASE("doublets come with their probability, 3 to 10 ms later") {
  const auto train = renewal_train(Random(3), constant_rate(10, 500), {0.15, 0.02, 0.05});
  int doublets = 0;
  for (std::size_t i = 0; i < train.time_s.size(); ++i) {
    if (!train.doublet[i]) continue;
    ++doublets;
    const double gap = train.time_s[i] - train.time_s[i - 1];
    CHECK((gap >= 0.003 && gap <= 0.010));
  }
  CHECK(doublets == Approx(250).margin(60));
  CHECK(std::is_sorted(train.time_s.begin(), train.time_s.end()));
}

TEST_CASE("every law of intervals has the mean and spread it is asked for") {
  for (const auto& [model, name] : enum_names(IntervalModel{})) {
    for (const double cv : {0.1, 0.3}) {
      CAPTURE(name, cv);
      Random random(5);
      std::vector<double> draws(20000);
      for (auto& d : draws) d = draw_interval(random, model, cv);
      const auto s = spread(draws);
      CHECK(s.mean == Approx(1).epsilon(0.01));
      CHECK(s.cv == Approx(cv).epsilon(0.03));
      CHECK(*std::min_element(draws.begin(), draws.end()) > 0);
    }
    Random random(6);
    CHECK(draw_interval(random, model, 0) == 1);
  }
}

TEST_CASE("the first discharge after a silence may be doubled, and the spread may change with time") {
  auto rate = constant_rate(10, 100);
  for (std::size_t k = 0; k < rate.size(); ++k) {
    if (k % 400 < 100) rate[k] = 0;
  }
  IntervalLaw law{0.1, 0.02, 0, IntervalModel::gamma, 1, {}};
  const auto train = renewal_train(Random(3), rate, law);
  CHECK(std::count(train.doublet.begin(), train.doublet.end(), 1) == 50);
  law = {0.1, 0.005, 0, IntervalModel::gamma, 0, std::vector<double>(constant_rate(10, 2000).size(), 0.3)};
  for (std::size_t k = 0; k < law.cv_profile.size() / 2; ++k) law.cv_profile[k] = 0.1;
  auto gaps = intervals(renewal_train(Random(3), constant_rate(10, 2000), law).time_s);
  CHECK(spread({gaps.begin(), gaps.begin() + 9500}).cv == Approx(0.1).epsilon(0.05));
  CHECK(spread({gaps.end() - 9500, gaps.end()}).cv == Approx(0.3).epsilon(0.05));
}

TEST_CASE("events: Poisson counts and log-normal intervals") {
  // P(at least one in 10, 30, 60 s) at 6 a minute.
  const auto times = event_times(Random(1), 0.1, 1, true, 600000);
  for (const auto& [window_s, expected] : {std::pair{10.0, 0.632}, std::pair{30.0, 0.950}, std::pair{60.0, 0.998}}) {
    const auto windows = static_cast<std::size_t>(600000 / window_s);
    std::vector<int> count(windows);
    for (const double t : times) ++count[std::min(windows - 1, static_cast<std::size_t>(t / window_s))];
    const auto some = std::count_if(count.begin(), count.end(), [](int n) { return n > 0; });
    CHECK(static_cast<double>(some) / static_cast<double>(windows) == Approx(expected).margin(0.01));
  }
  const auto irregular = event_times(Random(2), 0.5, 1.2, false, 200000);
  const auto s = spread(intervals(irregular));
  CHECK(s.mean == Approx(2).epsilon(0.02));
  CHECK(s.cv == Approx(1.2).epsilon(0.05));
  CHECK(event_times(Random(1), 0, 1, true, 100).empty());
}
