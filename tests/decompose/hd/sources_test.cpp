#include "libemg/decompose/hd/sources.h"

#include "tests/decompose/hd/mixture.h"
#include "tests/support/catch.h"

namespace emg::hd {

TEST_CASE("a source is the scalar product of its taps with the extended observation") {
  const Frames frames(mixture({}).recording.samples, 16);
  Random random(5);
  FloatMatrix filters(6 * 16, 3);
  for (Index i = 0; i < filters.size(); ++i) filters.data()[i] = static_cast<float>(random.normal());
  const auto s = sources(frames, filters, 6);
  REQUIRE(s.rows() == 3);
  for (const Index t : {0, 3, 5, 777, 20479}) {
    for (Index k = 0; k < 3; ++k) {
      double expected = 0;
      for (Index i = 0; i < filters.rows(); ++i) expected += static_cast<double>(filters(i, k)) * static_cast<double>(frames.extended(t, 6)[i]);
      CHECK(static_cast<double>(s(k, t)) == Approx(expected).margin(1e-3));
    }
  }
  CHECK(s == sources(frames, filters, 6, 7));
}

TEST_CASE("mean observations: the average over the spikes, zero without any") {
  const Frames frames(mixture({}).recording.samples, 16);
  const auto means = mean_observations(frames, {{100, 300}, {}}, 4);
  CHECK(means(17, 0) == Approx(0.5 * (static_cast<double>(frames.extended(100, 4)[17]) + static_cast<double>(frames.extended(300, 4)[17]))));
  CHECK(means.col(1).isZero());
}

}  // namespace emg::hd
