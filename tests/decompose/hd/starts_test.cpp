#include "libemg/decompose/hd/starts.h"

#include <algorithm>
#include <set>

#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {

TEST_CASE("starts are distinct, spread over the record, follow the seed and keep to the runs") {
  const Frames frames(mixture({}).recording.samples, 16);
  RowMatrix projection = RowMatrix::Identity(16, 16);
  const std::vector<Span> runs{{0, 9000}, {12000, 8480}};
  const auto draw = [&](std::uint64_t seed, int threads) { return draw_starts(frames, projection, 1, runs, 20, 64, Random(seed, 1), threads); };
  const auto starts = draw(1, 1);
  CHECK(starts.size() == 64);
  CHECK(std::set<Index>(starts.begin(), starts.end()).size() == 64);
  CHECK(starts == draw(1, 7));
  CHECK(starts != draw(2, 1));
  CHECK(std::none_of(starts.begin(), starts.end(), [](Index t) { return t >= 9000 && t < 12000; }));
  CHECK(std::count_if(starts.begin(), starts.end(), [](Index t) { return t > 15000; }) > 8);
  CHECK(std::count_if(starts.begin(), starts.end(), [](Index t) { return t < 5000; }) > 8);
}

TEST_CASE("a silent record has no starts") {
  const Frames frames(RowMatrix::Zero(8, 2000), 4);
  CHECK(draw_starts(frames, RowMatrix::Identity(8, 8), 1, {{0, 2000}}, 20, 8, Random(1)).empty());
}

}  // namespace emg::hd
