#include "libemg/decompose/hd/source_spikes.h"

#include <cmath>

#include "libemg/core/random.h"
#include "tests/support/catch.h"

namespace emg::hd {
namespace {

std::vector<Span> whole(const std::vector<float>& s) { return {{0, static_cast<Index>(s.size())}}; }

std::vector<float> pulses(std::size_t count, const std::vector<std::size_t>& at, float height) {
  Random random(1);
  std::vector<float> s(count);
  for (auto& v : s) v = 0.1f * static_cast<float>(random.normal());
  for (const auto t : at) s[t] += height;
  return s;
}

}  // namespace

TEST_CASE("the split of heights is the exact minimum") {
  const auto split = split_heights({1, 1.2, 0.8, 1.1, 5, 5.2, 4.9, 1.0, 9.0});
  CHECK(split.cost == Approx(11.9355).epsilon(1e-6));
  CHECK(split.threshold == Approx(3.05));
  CHECK(split.upper_count == 4);
}

TEST_CASE("the split of heights equals a search over all cuts") {
  Random random(2);
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<double> heights;
    for (int i = 0; i < 30; ++i) heights.push_back(1e6 + std::abs(random.normal()) * (i % 4 == 0 ? 9 : 1));
    const auto split = split_heights(heights);
    std::sort(heights.begin(), heights.end());
    double best = 1e300;
    for (std::size_t cut = 1; cut < heights.size(); ++cut) {
      double cost = 0;
      for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, cut}, {cut, heights.size()}}) {
        double mean = 0;
        for (auto i = from; i < to; ++i) mean += heights[i] / static_cast<double>(to - from);
        for (auto i = from; i < to; ++i) cost += (heights[i] - mean) * (heights[i] - mean);
      }
      best = std::min(best, cost);
    }
    CHECK(split.cost == Approx(best).epsilon(1e-6));
  }
}

TEST_CASE("a source without peaks, with one, or with equal ones gives an empty train and no quality") {
  for (const auto& s : {std::vector<float>(100, 0.0f), std::vector<float>(100, 2.0f), std::vector<float>{}, std::vector<float>{1}}) {
    const auto found = source_spikes(s, whole(s), {});
    CHECK(found.samples.empty());
    CHECK(std::isnan(found.sil_peaks));
  }
  std::vector<float> one(100, 0.0f), equal(200, 0.0f);
  one[50] = 3;
  equal[50] = equal[100] = equal[150] = 3;
  CHECK(source_spikes(one, whole(one), {}).samples.empty());
  CHECK(source_spikes(equal, whole(equal), {}).samples.empty());
}

TEST_CASE("spikes are found whatever the sign of the source, and twice the gain changes none") {
  const std::vector<std::size_t> at{100, 250, 420, 600, 777, 900};
  auto s = pulses(1000, at, 5);
  const auto found = source_spikes(s, whole(s), {});
  REQUIRE(found.samples.size() == at.size());
  for (std::size_t i = 0; i < at.size(); ++i) CHECK(found.samples[i] == static_cast<std::int64_t>(at[i]));
  CHECK(found.sil_peaks > 0.95);
  for (auto& v : s) v *= -4;
  CHECK(source_spikes(s, whole(s), {}).samples == found.samples);
  CHECK(source_spikes(s, whole(s), {20, false}).samples != found.samples);
}

TEST_CASE("of two maxima within the refractory time the larger stays, of equals the earlier") {
  std::vector<float> v(100, 0.0f);
  v[20] = 1, v[30] = 2, v[60] = 3, v[70] = 3;
  CHECK(separated_maxima(v, whole(v), 20) == std::vector<Index>{30, 60});
  CHECK(separated_maxima(v, whole(v), 10) == std::vector<Index>{20, 30, 60, 70});
}

TEST_CASE("nothing is found outside the runs") {
  const std::vector<std::size_t> at{100, 250, 420, 600, 777, 900};
  const auto s = pulses(1000, at, 5);
  const auto found = source_spikes(s, {{200, 450}}, {});
  CHECK(found.samples == Train{250, 420, 600});
}

}  // namespace emg::hd
