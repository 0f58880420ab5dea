#include "libemg/filter/detrend.h"

#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"
#include "tests/support/reference.h"

namespace emg {
namespace {

RowMatrix sloping(Index channels, Index samples) {
  RowMatrix x = test_signal(channels, samples, 200);
  for (Index i = 0; i < samples; ++i) x.col(i).array() += 0.01 * static_cast<double>(i);
  return x;
}

const std::vector<double> kBreaks{1, 9, 13.097};

}  // namespace

TEST_CASE("mean, line, median and broken lines equal SciPy and NumPy") {
  for (const auto& c : reference_cases("filters.txt", "detrend")) {
    const auto x = sloping(1, c.count());
    INFO("count " << c.text("count") << " kind " << c.text("kind"));
    const auto kind = static_cast<DetrendKind>(c.count("kind"));
    CHECK(reference_error(detrend(x, 1000, {.kind = kind}).data(), x.cols(), c) <= 1e-12 * x.cwiseAbs().maxCoeff());
  }
  for (const auto& c : reference_cases("filters.txt", "detrend_breaks")) {
    const auto x = sloping(1, c.count());
    const RowMatrix y = detrend(x, 1000, {.kind = DetrendKind::line, .break_points_s = kBreaks});
    CHECK(reference_error(y.data(), y.cols(), c) <= 1e-12 * x.cwiseAbs().maxCoeff());
  }
}

TEST_CASE("a line vanishes, a constant vanishes, one sample is zero") {
  RowMatrix x(1, 100000);
  for (Index i = 0; i < x.cols(); ++i) x(0, i) = 1e5 - 0.3 * static_cast<double>(i);
  CHECK(detrend(x, 1000, {.kind = DetrendKind::line}).cwiseAbs().maxCoeff() < 1e-7);
  for (const auto kind : {DetrendKind::mean, DetrendKind::line, DetrendKind::median}) {
    CHECK(detrend(RowMatrix::Constant(1, 5000, 0.1), 1000, {.kind = kind}).cwiseAbs().maxCoeff() < 1e-15);
    CHECK(detrend(RowMatrix::Constant(1, 1, 12), 1000, {.kind = kind})(0, 0) == 0);
  }
}

TEST_CASE("detrend: the same bits for any block size, thread count and company") {
  const auto x = sloping(10, 20000);
  for (const DetrendOptions& options : {DetrendOptions{}, DetrendOptions{.kind = DetrendKind::line},
                                        DetrendOptions{.kind = DetrendKind::line, .break_points_s = kBreaks}}) {
    const auto in_blocks = [&](Index size) {
      return resolve_detrend(
          [&](const BlockSink& sink) {
            for (Index i = 0; i < x.cols(); i += size) sink(x.middleCols(i, std::min(size, x.cols() - i)));
          },
          x.rows(), 1000, options);
    };
    const auto resolved = in_blocks(x.cols());
    CHECK(in_blocks(7).levels_uv == resolved.levels_uv);
    CHECK(in_blocks(4096).slopes_uv_per_s == resolved.slopes_uv_per_s);
    CHECK(same_bits_everywhere(x, [&](const ChannelsView& v, int threads) { return detrend(v, 1000, options, threads); }, {}));
    for (const Index block : {Index{1}, Index{7}, Index{4096}, x.cols()}) {
      CHECK(run_in_blocks(*detrend_stage(10, 1000, resolved), x, block) == detrend(x, 1000, options));
    }
  }
  CHECK(detrend_stage(1, 1000, {.kind = DetrendKind::median}) == nullptr);
}

TEST_CASE("detrend refusals") {
  RowMatrix x = test_signal(2, 3000);
  CHECK_THROWS_WITH(detrend(x, 1000, {.break_points_s = {1}}), ContainsSubstring("break_points_s are for kind line"));
  CHECK_THROWS_WITH(detrend(x, 1000, {.kind = DetrendKind::line, .break_points_s = {2, 1}}), ContainsSubstring("break_points_s 1"));
  CHECK_THROWS_WITH(detrend(x, 1000, {.kind = DetrendKind::line, .break_points_s = {3}}),
                    ContainsSubstring("break_points_s 3 lies outside"));
  CHECK_THROWS_WITH(detrend(x, 1000, {.levels_uv = {1}}), ContainsSubstring("levels_uv has 1 values"));
  CHECK_THROWS_WITH(detrend(RowMatrix(1, 0), 1000, {}), ContainsSubstring("signal is empty"));
  x(1, 7) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(detrend(x, 1000, {}), ContainsSubstring("channel 1, sample 7 is not finite"));
}

}  // namespace emg
