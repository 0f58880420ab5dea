#include "libemg/detect/burst.h"

#include <cmath>

#include "tests/detect/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

bool same(const std::vector<Span>& a, const std::vector<Span>& b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](const Span& x, const Span& y) { return x.first == y.first && x.count == y.count; });
}

}  // namespace

TEST_CASE("spans above a level are those of the plain loop") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    auto x = scenes::white(500 + 7 * seed, seed);
    for (std::size_t i = 100; i < 300; ++i) x[i] += seed % 3 == 0 ? 5 : 0;
    std::vector<Span> plain;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!(x[i] > 1)) continue;
      if (i > 0 && x[i - 1] > 1) {
        ++plain.back().count;
      } else {
        plain.push_back({static_cast<Index>(i), 1});
      }
    }
    CHECK(same(spans_above(x, 1), plain));
  }
  CHECK(spans_above({}, 0).empty());
  CHECK(same(spans_above(std::vector<double>(200, 3), 1), {{0, 200}}));
}

TEST_CASE("gaps are closed before short bursts are dropped") {
  const std::vector<Span> spans{{0, 3}, {5, 3}, {20, 2}, {40, 10}};
  CHECK(same(joined_spans(spans, 3, 4), {{0, 8}, {40, 10}}));
  CHECK(same(joined_spans(spans, 2, 1), spans));
  CHECK(same(joined_spans(spans, 0, 0), spans));
  CHECK(joined_spans({}, 3, 3).empty());
}

TEST_CASE("window sums are sums, also after an artefact") {
  const auto x = scenes::white(1000, 4);
  for (const Index width : {1, 2, 7, 50, 999, 1000}) {
    const auto sums = window_sums(x, width);
    REQUIRE(static_cast<Index>(sums.size()) == 1001 - width);
    for (std::size_t k = 0; k < sums.size(); k += 13) {
      double sum = 0;
      for (Index i = 0; i < width; ++i) sum += x[k + static_cast<std::size_t>(i)];
      CHECK(sums[k] == Approx(sum).margin(1e-11));
    }
  }
  CHECK(window_sums(x, 1001).empty());
  std::vector<double> spoiled(1000, 1.0);
  spoiled[200] = 1e18;
  CHECK(window_sums(spoiled, 50)[300] == 50);
}

TEST_CASE("moving mean is centred and averages what there is at the ends") {
  const auto mean = moving_mean(std::vector<double>{1, 2, 3, 4, 5, 6}, 3);
  CHECK(mean == std::vector<double>{1.5, 2, 3, 4, 5, 5.5});
  // uniform_filter1d of even length looks one sample further back.
  CHECK(moving_mean(std::vector<double>{0, 0, 0, 4, 0, 0}, 2) == std::vector<double>{0, 0, 0, 2, 2, 0});
  CHECK(moving_mean(std::vector<double>{1, 3}, 10) == std::vector<double>{2, 2});
}

TEST_CASE("sizes") {
  const std::vector<double> x{0, 3, -4, 0, 100};
  const auto size = burst_size(x, {1, 2});
  CHECK(size.peak_uv == 4);
  CHECK(size.rms_uv == Approx(std::sqrt(12.5)));
  CHECK(rms_over(x, {{0, 1}, {1, 2}}) == Approx(std::sqrt(25.0 / 3)));
  CHECK(rms_over(x, {}) == 0);
}

TEST_CASE("quiet stretches avoid the activity") {
  auto x = scenes::white(10000, 5);
  for (std::size_t i = 3000; i < 9000; ++i) x[i] *= 10;
  const auto quiet = quiet_spans(x, 1000);
  REQUIRE_FALSE(quiet.empty());
  for (const auto& span : quiet) CHECK((span.first + span.count <= 3000 || span.first >= 9000));
  CHECK(quiet_spans(scenes::white(900, 1), 1000).empty());
}

TEST_CASE("selection lowers the level as foretold") {
  const auto x = scenes::white(200000, 6);
  const double level = rms_over(x, quiet_spans(x, 1000));
  CHECK(level == Approx(quiet_selection_factor(250)).margin(0.01));
}
