#include "libemg/decompose/hd/frames.h"

#include "tests/support/catch.h"

namespace emg::hd {

TEST_CASE("frames hold samples by time, with zeros around them and beyond the channels") {
  RowMatrix x(3, 4);
  x << 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12;
  const Frames frames(x, 2);
  CHECK(frames.width() == 8);
  CHECK(frames.at(2)[1] == 7);
  CHECK(frames.at(-2)[0] == 0);
  CHECK(frames.at(5)[2] == 0);
  CHECK(frames.at(1)[3] == 0);
  CHECK(frames.energy() == Approx(650));
  // The extended observation ends with the newest frame.
  CHECK(frames.extended(3, 2)[0] == 3);
  CHECK(frames.extended(3, 2)[8] == 4);
}

TEST_CASE("pieces of time cover a record once, whatever its length") {
  for (const Index count : {0, 1, 7, 128, 129, 66560}) {
    Index next = 0;
    for (Index i = 0; i < kPieces; ++i) {
      const auto piece = piece_of(count, i);
      CHECK(piece.first == next);
      next += piece.count;
    }
    CHECK(next == count);
  }
}

}  // namespace emg::hd
