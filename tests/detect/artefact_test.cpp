#include "libemg/detect/artefact.h"

#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "tests/detect/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

namespace {

std::vector<double> sine(std::size_t count, double amplitude) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = amplitude * std::sin(2 * std::numbers::pi * 3.01 * static_cast<double>(i) / 1000);
  return x;
}

std::vector<double> rounded(std::vector<double> x, double count = 1) {
  for (auto& v : x) v = count * std::round(v / count);
  return x;
}

bool is_clipped(const std::vector<double>& x) {
  const auto c = find_clipping(x, smallest_difference(x));
  return c.low_uv || c.high_uv;
}

int count(const std::vector<ArtefactRow>& rows, ArtefactKind kind) {
  return static_cast<int>(std::count_if(rows.begin(), rows.end(), [&](const auto& r) { return r.kind == kind; }));
}

}  // namespace

TEST_CASE("clipping is a pile-up at an extreme, not a crest and not coarse noise") {
  auto clipped = sine(10000, 100);
  Index at_rails = 0;
  for (auto& v : clipped) {
    if (std::fabs(v) >= 80) ++at_rails;
    v = std::clamp(v, -80.0, 80.0);
  }
  const auto found = find_clipping(clipped, smallest_difference(clipped));
  CHECK(found.fraction == Approx(static_cast<double>(at_rails) / 10000).margin(0.01));
  CHECK(*found.low_uv == -80);
  CHECK(*found.high_uv == 80);
  CHECK_FALSE(is_clipped(sine(10000, 100)));
  for (const double amplitude : {100.0, 1000.0}) CHECK_FALSE(is_clipped(rounded(sine(100000, amplitude))));
  for (const double sd : {0.7, 1.0, 3.0, 30.0}) CHECK_FALSE(is_clipped(rounded(scenes::white(100000, 3, sd))));
  CHECK(is_clipped(rounded(clipped, 0.1)));
}

TEST_CASE("one side alone, and the declared limit of the converter") {
  auto x = scenes::white(20000, 4, 100);
  for (auto& v : x) v = std::min(std::round(v), 120.0);
  const auto found = find_clipping(x, 1);
  CHECK(found.high_uv);
  CHECK_FALSE(found.low_uv);
  auto few = rounded(scenes::white(20000, 5, 100));
  for (std::size_t i = 0; i < 12; ++i) few[i * 1000] = 511;
  const DigitalLimits limits{-512, 511, 1};
  CHECK(find_clipping(few, 1, limits).high_uv);
  few[0] = few[1000] = few[2000] = 0;
  CHECK_FALSE(find_clipping(few, 1, limits).low_uv);
  CHECK_FALSE(find_clipping({}, 1).low_uv);
}

TEST_CASE("smallest difference is one count") {
  CHECK(smallest_difference(rounded(scenes::white(5000, 1, 20), 0.25)) == 0.25);
  CHECK(smallest_difference(std::vector<double>(10, 3)) == 0);
}

TEST_CASE("steps, spikes, rails and flat stretches are told apart") {
  auto x = scenes::white(10000, 6);
  for (std::size_t i = 3000; i < x.size(); ++i) x[i] += 300;
  x[6000] += 500;
  for (std::size_t i = 8000; i < 8100; ++i) x[i] = x[8000];
  const auto rows = artefacts(scenes::matrix(x), 1000);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].kind == ArtefactKind::step);
  CHECK(rows[0].start_s == Approx(3).margin(0.002));
  CHECK(rows[1].kind == ArtefactKind::spike);
  CHECK(rows[1].start_s == Approx(6).margin(0.002));
  CHECK(rows[2].kind == ArtefactKind::flat);
  CHECK(rows[2].end_s == Approx(8.1).margin(0.002));
  auto clipped = sine(3010, 100);
  for (auto& v : clipped) v = std::min(v, 70.0);
  CHECK(count(artefacts(scenes::matrix(clipped), 1000), ArtefactKind::rail) == 9);
  CHECK(artefacts(scenes::matrix(scenes::white(10000, 7)), 1000).empty());
}

TEST_CASE("artefacts of constant, tiny and wrong input") {
  const auto flat = artefacts(scenes::matrix(std::vector<double>(1000, 5)), 1000);
  REQUIRE(flat.size() == 1);
  CHECK(flat[0].kind == ArtefactKind::flat);
  CHECK(artefacts(scenes::matrix({1.0}), 1000).empty());
  CHECK_THROWS_WITH(artefacts(scenes::matrix({1, 2}), 1000, {.factor = 1}), ContainsSubstring("factor 1"));
  CHECK_THROWS_AS(artefacts(RowMatrix(0, 0), 1000), InvalidArgument);
}
