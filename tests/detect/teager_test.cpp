#include "libemg/detect/teager.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "libemg/core/error.h"
#include "tests/detect/scenes.h"
#include "tests/support/catch.h"

using namespace emg;

TEST_CASE("the energy of a sine is A^2 sin^2(k w)") {
  const double amplitude = 50, w = 2 * std::numbers::pi * 80 / 2000;
  std::vector<double> x(4000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = amplitude * std::cos(w * static_cast<double>(i) + 0.7);
  for (const int k : {1, 3}) {
    TeagerOptions options;
    if (k > 1) options.lag_ms = k * 0.5;
    const auto psi = teager(scenes::matrix(x), 2000, options);
    const double expected = amplitude * amplitude * std::pow(std::sin(k * w), 2);
    CHECK((psi.array() - expected).abs().maxCoeff() < 1e-12 * amplitude * amplitude);
  }
}

TEST_CASE("teager repeats its ends and can take the absolute value") {
  const auto psi = teager(scenes::matrix({1, 2, 4, 3, 5}), 1000);
  CHECK(psi.cols() == 5);
  CHECK(psi(0, 0) == 0);
  CHECK(psi(0, 1) == 4 - 4);
  CHECK(psi(0, 2) == 16 - 6);
  CHECK(psi(0, 3) == 9 - 20);
  CHECK(psi(0, 4) == -11);
  CHECK(teager(scenes::matrix({1, 2, 4, 3, 5}), 1000, {.absolute = true})(0, 3) == 11);
}

TEST_CASE("teager by blocks is teager, same bits") {
  RowMatrix x(10, 5000);
  for (Index c = 0; c < x.rows(); ++c) x.row(c) = scenes::matrix(scenes::white(5000, static_cast<std::uint64_t>(c)));
  const TeagerOptions options{.lag_ms = 2};
  const RowMatrix whole = teager(x, 1000, options, 1);
  CHECK(teager(x, 1000, options, 2) == whole);
  CHECK(teager(x, 1000, options, 7) == whole);
  CHECK(teager(x.row(9), 1000, options) == whole.row(9));
  for (const Index block : {1, 7, 4096}) {
    const auto stage = teager_stage(x.rows(), 1000, options);
    CHECK(stage->look_ahead() == 2);
    RowMatrix out(x.rows(), x.cols());
    Index at = 0;
    const BlockSink sink = [&](const ChannelsView& part) {
      out.middleCols(at, part.cols()) = part;
      at += part.cols();
    };
    for (Index i = 0; i < x.cols(); i += block) stage->push(x.middleCols(i, std::min(block, x.cols() - i)), sink);
    stage->finish(sink);
    CHECK(at == x.cols());
    CHECK(out == whole);
  }
}

TEST_CASE("teager refuses short and non-finite records") {
  CHECK_THROWS_WITH(teager(scenes::matrix({1, 2}), 1000), ContainsSubstring("at least 3 samples"));
  CHECK_THROWS_WITH(teager(scenes::matrix({1, 2, 3, std::nan("")}), 1000), ContainsSubstring("sample 3 is not finite"));
  CHECK_THROWS_WITH(teager(scenes::matrix({1, 2, 3, 4}), 1000, {.lag_ms = 2000}), ContainsSubstring("lag_ms 2000"));
  CHECK_THROWS_AS(teager(RowMatrix(0, 5), 1000), InvalidArgument);
  CHECK(teager(scenes::matrix({3, 3, 3}), 1000).isZero());
}
