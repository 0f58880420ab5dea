#include "libemg/measure/twitch/spread.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/random.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

constexpr double kSeconds = 600;

MuscleEvents muscle(const std::string& name, const std::string& side, const std::string& region, std::vector<double> times, double amplitude = 100) {
  MuscleEvents m{"r1", name + " " + side, name, side, region, std::move(times), {}, {{0, kSeconds}}};
  m.amplitudes_uv.assign(m.times_s.size(), amplitude);
  return m;
}

std::vector<double> poisson(Random& random, double per_min) {
  std::vector<double> times;
  for (double t = random.exponential() * 60 / per_min; t < kSeconds; t += random.exponential() * 60 / per_min) times.push_back(t);
  return times;
}

}  // namespace

TEST_CASE("independent muscles are hardly ever flagged") {
  int flagged = 0;
  for (std::uint64_t run = 0; run < 1000; ++run) {
    Random random(31, run);
    const auto row = muscle_coincidence(muscle("a", "L", "", poisson(random, 40)), muscle("b", "L", "", poisson(random, 40)));
    flagged += row.finding != Coincidence::none;
  }
  CHECK(flagged <= 3);
}

TEST_CASE("a source seen by two channels is flagged and counted once") {
  for (std::uint64_t run = 0; run < 20; ++run) {
    Random random(32, run);
    auto a = poisson(random, 28), b = poisson(random, 28);
    const auto shared = poisson(random, 12);   // 30 % of each
    for (const double t : shared) a.push_back(t), b.push_back(t + 0.004 + 0.0003 * random.normal());
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    auto first = muscle("a", "L", "cervical", a, 100), second = muscle("b", "L", "cervical", b, 50);
    for (auto& v : first.amplitudes_uv) v *= std::exp(0.05 * random.normal());
    for (auto& v : second.amplitudes_uv) v *= std::exp(0.05 * random.normal());
    const auto row = muscle_coincidence(first, second);
    CHECK(row.finding == Coincidence::same_source_suspected);
    CHECK(*row.lag_median_ms == Approx(4).margin(0.5));
    const auto spread = twitch_spread({first, second});
    const double truth = static_cast<double>(a.size() + b.size() - shared.size());
    CHECK(std::fabs(static_cast<double>(spread.distinct_events) - truth) <= 0.02 * truth);
  }
}

TEST_CASE("active out of recorded, by muscle, side and region") {
  auto few = muscle("deltoid", "R", "cervical", {});
  few.usable = {{0, 30}};
  auto unnamed = muscle("", "", "", {5});
  unnamed.name = "r1 channel 7";
  const auto spread = twitch_spread({muscle("biceps", "L", "cervical", {1, 2, 3}), muscle("biceps", "R", "cervical", {}), muscle("tibialis anterior", "L", "lumbosacral", {}),
                                     muscle("tongue", "", "bulbar", {7}), few, unnamed});
  CHECK(spread.recorded_muscles == 4);
  CHECK(spread.active_muscles == 2);
  CHECK(spread.recorded_regions == 3);
  CHECK(spread.active_regions == 2);
  CHECK(spread.not_assessable == 1);
  CHECK(spread.distinct_events == 5);
  CHECK(*spread.busiest_share == Approx(0.75));
  CHECK(spread.busiest == "biceps L");
  const auto leg = std::find_if(spread.rows.begin(), spread.rows.end(), [](const auto& r) { return r.region == "lumbosacral"; });
  REQUIRE(leg != spread.rows.end());
  CHECK(leg->active_muscles == 0);
  CHECK(*leg->detectable_rate_per_min == Approx(0.29957).margin(1e-5));   // nothing seen, and what would have been
  CHECK(std::any_of(spread.rows.begin(), spread.rows.end(), [](const auto& r) { return r.reason.find("no muscle") != std::string::npos; }));
  CHECK(*twitch_spread({muscle("a", "L", "", {1, 2}), muscle("b", "L", "", {3, 4})}).evenness == Approx(1));
  CHECK(!twitch_spread({muscle("a", "L", "", {1})}).evenness);
  CHECK(twitch_spread({}).recorded_muscles == 0);
}

TEST_CASE("regions come from a table, the most specific name first") {
  CHECK(region_of("Biceps brachii", shipped_regions()) == "cervical");
  CHECK(region_of("m. biceps femoris", shipped_regions()) == "lumbosacral");
  CHECK(region_of("Extensor digitorum brevis", shipped_regions()) == "lumbosacral");
  CHECK(region_of("extensor digitorum communis", shipped_regions()) == "cervical");
  CHECK(region_of("lumbar paraspinal L4", shipped_regions()) == "lumbosacral");
  CHECK(region_of("nonsense", shipped_regions()).empty());
  CHECK(region_of("nonsense", {{"nonsense", "thoracic"}}) == "thoracic");
}

TEST_CASE("a regular source on three muscles looks like a heart") {
  CHECK(looks_like_heart(0.05, 72, 3));
  CHECK(!looks_like_heart(0.05, 72, 2));
  CHECK(!looks_like_heart(0.3, 72, 3));
  CHECK(!looks_like_heart(0.05, 300, 3));
}

TEST_CASE("a source on a grid has its place") {
  std::vector<double> x, y, squares(9, 0.0), noise(9, 1.0);
  for (int c = 0; c < 9; ++c) x.push_back(8.0 * (c % 3)), y.push_back(8.0 * (c / 3));
  squares[4] = 400, squares[5] = 100, squares[6] = 8.9;
  const auto position = grid_position(squares, x, y, noise);
  REQUIRE(position);
  CHECK(position->x_mm == Approx((400 * 8 + 100 * 16) / 500.0));
  CHECK(position->y_mm == Approx(8));
  CHECK(position->electrodes == 2);
  CHECK(position->radius_mm == Approx(3.2));
  CHECK(!grid_position(std::vector<double>(9, 0.0), x, y, noise));
}
