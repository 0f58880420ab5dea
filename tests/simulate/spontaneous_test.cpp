#include "libemg/simulate/spontaneous.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/simulate/needle_electrodes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

struct Stats {
  double rate_hz = 0, cv = 0;
};

// Of the intervals within episodes.
Stats stats(const ActivityTrain& a) {
  std::vector<double> gaps;
  for (const auto& [start, end] : a.episodes) {
    for (std::size_t i = 1; i < a.train.time_s.size(); ++i) {
      if (a.train.time_s[i - 1] >= start && a.train.time_s[i] < end) gaps.push_back(a.train.time_s[i] - a.train.time_s[i - 1]);
    }
  }
  Stats s;
  double mean = 0, square = 0;
  for (const double g : gaps) mean += g / static_cast<double>(gaps.size());
  for (const double g : gaps) square += (g - mean) * (g - mean) / static_cast<double>(gaps.size());
  s.rate_hz = 1 / mean;
  s.cv = std::sqrt(square) / mean;
  return s;
}

}  // namespace

TEST_CASE("every kind discharges within its published range") {
  struct Row {
    Activity activity;
    double low_hz, high_hz, low_cv, high_cv;
  };
  for (const auto& row : {Row{Activity::fibrillation, 0.4, 16, 0, 0.2}, Row{Activity::irregular_fibrillation, 0.4, 20, 0.35, 0.9},
                          Row{Activity::positive_sharp_wave, 0.4, 16, 0, 0.2}, Row{Activity::complex_repetitive, 5, 96, 0, 0.02},
                          Row{Activity::myotonic, 20, 110, 0.1, 0.6}, Row{Activity::neuromyotonic, 120, 310, 0, 0.4},
                          Row{Activity::continuous_unit, 1.4, 17, 0.01, 0.06}, Row{Activity::cramp, 8, 70, 0.2, 0.5}}) {
    for (std::uint64_t source = 0; source < 12; ++source) {
      const auto s = stats(activity_train(row.activity, {}, 120, 1, 1000 + source, source));
      CAPTURE(name_of(row.activity), source, s.rate_hz, s.cv);
      CHECK((s.rate_hz > row.low_hz && s.rate_hz < row.high_hz));
      CHECK((s.cv >= row.low_cv && s.cv < row.high_cv));
    }
  }
}

TEST_CASE("groups share their bursts; given rates and runs hold") {
  const auto a = activity_train(Activity::myokymic, {}, 60, 1, 5, 1), b = activity_train(Activity::myokymic, {}, 60, 1, 5, 2);
  REQUIRE(a.episodes.size() == b.episodes.size());
  for (std::size_t i = 0; i < a.episodes.size(); ++i) CHECK(a.episodes[i].first == b.episodes[i].first);
  SpontaneousOptions o{.activity_rate_hz = 10, .run_s = 4, .run_pause_s = 1};
  const auto c = activity_train(Activity::complex_repetitive, o, 60, 1, 5, 1);
  CHECK(stats(c).rate_hz == Approx(10).epsilon(0.02));
  for (std::size_t i = 0; i + 1 < c.episodes.size(); ++i) CHECK(c.episodes[i].second - c.episodes[i].first == Approx(4));
  const auto h = activity_train(Activity::hemifacial, {}, 20, 1, 5, 1), k = activity_train(Activity::hemifacial, {}, 20, 1, 5, 2);
  REQUIRE(h.train.time_s.size() == k.train.time_s.size());
  for (std::size_t i = 0; i < h.train.time_s.size(); ++i) CHECK(std::fabs(h.train.time_s[i] - k.train.time_s[i]) < 0.006);
}

TEST_CASE("needle waveforms: fibrillation starts positive, end-plate spike negative, positive sharp wave is long") {
  const auto electrodes = needle_electrodes({}, 20000, 1);
  int positive = 0, negative = 0;
  for (std::int64_t seed = 1; seed <= 10; ++seed) {
    std::vector<TruthEvent> events;
    const auto units =
        spontaneous_units({.activity = {"fibrillation", "end_plate_spike", "positive_sharp_wave"}}, electrodes, 20, seed, 0, 0, events, 1);
    REQUIRE(units.size() == 3);
    const auto first_sign = [&](const SimulatedUnit& unit) {
      const double limit = 0.1 * unit.potential.fine.cwiseAbs().maxCoeff();
      for (Index i = 0; i < unit.potential.fine.cols(); ++i) {
        if (std::fabs(unit.potential.fine(0, i)) > limit) return unit.potential.fine(0, i);
      }
      return 0.0;
    };
    positive += first_sign(units[0]) > 0;
    negative += first_sign(units[1]) < 0;
    CHECK(twitch_event(units[0], 0, 20000, 0).duration_s < 0.006);
    const double sharp = twitch_event(units[2], 0, 20000, 0).duration_s;
    CHECK((sharp > 0.008 && sharp < 0.04));
    CHECK_FALSE(events.empty());
  }
  CHECK(positive == 10);
  CHECK(negative == 10);
}

TEST_CASE("complex repetitive discharges lose and regain a component; a cramp recruits many units") {
  std::vector<TruthEvent> events;
  const auto electrodes = needle_electrodes({}, 10000, 1);
  const auto units = spontaneous_units({.activity = {"complex_repetitive"}}, electrodes, 60, 2, 0, 0, events, 1);
  REQUIRE(units[0].parts.size() == 2);
  CHECK(units[0].parts[0].time_s.size() + units[0].parts[1].time_s.size() == units[0].train.time_s.size());
  CHECK_FALSE(units[0].parts[1].time_s.empty());
  CHECK(spontaneous_units({.activity = {"cramp"}}, electrodes, 20, 2, 0, 0, events, 1).size() >= 10);
}

TEST_CASE("same bits for any threads; unknown kinds are refused") {
  const auto electrodes = needle_electrodes({}, 10000, 1);
  SpontaneousOptions all;
  for (const auto& [activity, name] : enum_names(Activity{})) all.activity.emplace_back(name);
  std::vector<TruthEvent> one, two;
  const auto a = spontaneous_units(all, electrodes, 5, 2, 0, 0, one, 1), b = spontaneous_units(all, electrodes, 5, 2, 0, 0, two, 7);
  REQUIRE(a.size() == b.size());
  for (std::size_t u = 0; u < a.size(); ++u) CHECK((a[u].potential.fine == b[u].potential.fine && a[u].train.time_s == b[u].train.time_s));
  CHECK_THROWS_WITH(activity_named("fibrilation"), ContainsSubstring("did you mean fibrillation?"));
}
