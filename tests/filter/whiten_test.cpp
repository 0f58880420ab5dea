#include "libemg/filter/whiten.h"

#include <numeric>

#include "libemg/core/random.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

// Noise with the poles of 1 - 1.3 / z + 0.7 / z^2, ten times stronger in the second half.
RowMatrix coloured(Index channels, Index samples) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    Random random(7, static_cast<std::uint64_t>(c));
    double one = 0, two = 0;
    for (Index i = 0; i < samples; ++i) {
      const double v = 3 * random.normal() + 1.3 * one - 0.7 * two;
      two = std::exchange(one, v);
      x(c, i) = i < samples / 2 ? v : 10 * v;
    }
  }
  return x;
}

double sd(const RowMatrix& x, Index first, Index count) {
  const auto part = x.row(0).segment(first, count).array();
  return std::sqrt((part - part.mean()).square().mean());
}

double correlation(const RowMatrix& x, Index first, Index count, Index lag) {
  return x.row(0).segment(first, count).dot(x.row(0).segment(first + lag, count)) / x.row(0).segment(first, count).squaredNorm();
}

}  // namespace

TEST_CASE("the model of known noise is found, and its span comes out white with standard deviation 1") {
  const auto x = coloured(1, 20000);
  const auto a = burg_coefficients({x.data(), 10000}, {{0, 10000}}, 2);
  CHECK(a[0] == Approx(-1.3).margin(0.03));
  CHECK(a[1] == Approx(0.7).margin(0.03));
  const RowMatrix y = whiten(x, 2000, {.baseline_start_s = 1, .baseline_stop_s = 4});
  CHECK(sd(y, 2000, 6000) == Approx(1).epsilon(1e-9));
  CHECK(std::abs(correlation(x, 2000, 6000, 1)) > 0.7);
  for (const Index lag : {1, 2, 3}) CHECK(std::abs(correlation(y, 2000, 6000, lag)) < 0.04);
  CHECK(sd(whiten(x, 2000, {.baseline_start_s = 0, .baseline_stop_s = 4}), 0, 8000) == Approx(1).epsilon(1e-9));
}

TEST_CASE("without a span the quiet half is taken; the first samples repeat the next; scale does not matter") {
  const auto x = coloured(1, 40000);
  const RowMatrix y = whiten(x, 2000, {});
  CHECK(sd(y, 0, 20000) == Approx(1).margin(0.1));
  CHECK(sd(y, 20000, 20000) == Approx(10).margin(1));
  CHECK(y.leftCols(10) == y.middleCols(10, 10));
  CHECK(largest_error(whiten(RowMatrix(5 * x), 2000, {}), y) < 1e-9);
}

TEST_CASE("whiten: the same bits for any block size, thread count and company") {
  const auto x = coloured(9, 9000);
  for (const WhitenOptions& options : {WhitenOptions{}, WhitenOptions{.order = 3, .baseline_start_s = 0.5, .baseline_stop_s = 2}}) {
    const auto in_blocks = [&](Index size) {
      return resolve_whiten(
          [&](const BlockSink& sink) {
            for (Index i = 0; i < x.cols(); i += size) sink(x.middleCols(i, std::min(size, x.cols() - i)));
          },
          x.rows(), 1000, options);
    };
    const auto resolved = in_blocks(x.cols());
    CHECK(in_blocks(7).coefficients == resolved.coefficients);
    CHECK(in_blocks(1).noise_uv == resolved.noise_uv);
    CHECK(same_bits_everywhere(x, [&](const ChannelsView& v, int threads) { return whiten(v, 1000, options, threads); }, {}));
    for (const Index block : {Index{1}, Index{7}, Index{4096}, x.cols()}) {
      CHECK(run_in_blocks(*whiten_stage(9, 1000, resolved), x, block) == whiten(x, 1000, options));
    }
  }
}

TEST_CASE("whiten refusals") {
  RowMatrix x = coloured(3, 3000);
  CHECK_THROWS_WITH(whiten(x, 1000, {.order = 33}), ContainsSubstring("order 33"));
  CHECK_THROWS_WITH(whiten(x, 1000, {.baseline_start_s = 1, .baseline_stop_s = 4}), ContainsSubstring("baseline_stop_s 4"));
  CHECK_THROWS_WITH(whiten(x, 1000, {.baseline_start_s = 2.99}), ContainsSubstring("baseline_start_s 2.99"));
  CHECK_THROWS_WITH(whiten(x.leftCols(20), 1000, {}), ContainsSubstring("order 10 needs a record of more than 20 samples"));
  CHECK_THROWS_WITH(whiten(x, 1000, {.coefficients = {1}}), ContainsSubstring("coefficients has 1 values"));
  CHECK_THROWS_WITH(whiten(RowMatrix(0, 5), 1000, {}), ContainsSubstring("signal is empty"));
  RowMatrix flat = x;
  flat.row(1).setConstant(3);
  CHECK_THROWS_WITH(whiten(flat, 1000, {}), ContainsSubstring("channel 1 is constant"));
  x(2, 17) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(whiten(x, 1000, {}), ContainsSubstring("channel 2, sample 17 is not finite"));
}

}  // namespace emg
