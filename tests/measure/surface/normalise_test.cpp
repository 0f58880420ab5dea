#include "libemg/measure/surface/normalise.h"

#include <cmath>

#include "libemg/core/error.h"
#include "tests/filter/filter_support.h"
#include "tests/support/catch.h"

namespace emg {

TEST_CASE("normalised values are 100 x / reference, to the bit, whole and in blocks") {
  const RowMatrix x = test_signal(3, 5000).cwiseAbs();
  for (const auto method : {NormaliseMethod::mvc, NormaliseMethod::task_peak, NormaliseMethod::task_mean, NormaliseMethod::none}) {
    NormaliseOptions options{.method = method};
    if (method == NormaliseMethod::mvc) options.reference_uv = {37.3};
    const auto run = [&](const ChannelsView& view, int threads) { return normalise(view, 1000, options, threads); };
    const RowMatrix whole = run(x, 1);
    for (const Index block : {Index{1}, Index{7}, Index{4096}}) {
      const BlockSource source = [&](const BlockSink& sink) {
        for (Index i = 0; i < x.cols(); i += block) sink(x.middleCols(i, std::min(block, x.cols() - i)));
      };
      const auto stage = normalise_stage(3, 1000, resolve_normalise(source, 3, 1000, options));
      CHECK(run_in_blocks(*stage, x, block) == whole);
    }
    CHECK((run(x, 2) == whole && run(x, 7) == whole && run(x.row(1), 1) == whole.row(1)));
  }
  const NormaliseOptions options{.method = NormaliseMethod::mvc, .reference_uv = {37.3}};
  CHECK(normalise(x, 1000, options)(1, 77) == 100.0 * x(1, 77) / 37.3);
  const auto each = normalise(x, 1000, {.method = NormaliseMethod::mmax, .reference_uv = {10, 20, 30}});
  CHECK(each(2, 9) == 100.0 * x(2, 9) / 30.0);
  CHECK(normalised_unit(options) == "%");
}

TEST_CASE("the peak or the mean of the record; none leaves microvolts") {
  const RowMatrix x = test_signal(2, 3000).cwiseAbs();
  CHECK(normalise(x, 1000, {}).rowwise().maxCoeff().isApproxToConstant(100, 1e-14));
  CHECK(normalise(x, 1000, {.method = NormaliseMethod::task_mean}).rowwise().mean().isApproxToConstant(100, 1e-12));
  CHECK(normalise(x, 1000, {.method = NormaliseMethod::none}) == x);
  CHECK(normalised_unit({.method = NormaliseMethod::none}).empty());
}

TEST_CASE("a reference that is missing, or noise, is refused naming the channel") {
  const RowMatrix x = test_signal(2, 3000).cwiseAbs();
  CHECK_THROWS_WITH(normalise(x, 1000, {.method = NormaliseMethod::mvc}), ContainsSubstring("reference_uv of channel 0 is missing"));
  CHECK_THROWS_WITH(normalise(x, 1000, {.method = NormaliseMethod::mvc, .reference_uv = {90, 2}, .noise_uv = 3}),
                    ContainsSubstring("reference_uv 2 of channel 1 is not above noise_uv 3"));
  CHECK_THROWS_WITH(normalise(x, 1000, {.method = NormaliseMethod::mvc, .reference_uv = {1, 2, 3}}),
                    ContainsSubstring("3 values for 2 channels"));
  CHECK_THROWS_WITH(normalise(x, 1000, {.reference_uv = {1}}), ContainsSubstring("method task_peak finds it in the record"));
  CHECK_THROWS_WITH(normalise(RowMatrix::Zero(1, 10), 1000, {}), ContainsSubstring("channel 0 is not above noise_uv 0"));
}

TEST_CASE("the maximal contraction: largest plateau of all trials") {
  RowMatrix x = RowMatrix::Constant(1, 20000, 1);
  x.block(0, 3000, 1, 400).setConstant(90);  // too short a peak
  x.block(0, 6000, 1, 600).setConstant(-60);
  x.block(0, 15000, 1, 1000).setConstant(50);
  MvcReferenceOptions options;
  options.trial_start_s = {0, 5, 12};
  options.trial_stop_s = {5, 10, 20};
  const auto rows = mvc_reference(x, 1000, options);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].plateau_uv == Approx(std::sqrt((90.0 * 90 * 400 + 100) / 500)).epsilon(1e-12));
  CHECK(rows[1].plateau_uv == Approx(60).epsilon(1e-12));
  CHECK(rows[1].plateau_start_s == Approx(1).margin(0.1001));
  CHECK(rows[2].plateau_uv == Approx(50).epsilon(1e-12));
  CHECK(rows[2].reference_uv == rows[0].plateau_uv);
  CHECK(*rows[1].cv_percent > 10);
  options.envelope = EnvelopeKind::arv;
  CHECK(mvc_reference(x, 1000, options)[0].plateau_uv == Approx((90.0 * 400 + 100) / 500).epsilon(1e-12));
  const auto whole = mvc_reference(x, 1000, {});
  REQUIRE(whole.size() == 1);
  CHECK(!whole[0].cv_percent);
}

TEST_CASE("an artefact does not reach windows after it; trials must lie in the record") {
  RowMatrix x = test_signal(1, 8000, 0);
  MvcReferenceOptions options;
  options.trial_start_s = {4};
  options.trial_stop_s = {8};
  const double before = mvc_reference(x, 1000, options)[0].plateau_uv;
  x(0, 1000) = 1e15;
  CHECK(mvc_reference(x, 1000, options)[0].plateau_uv == before);
  options.trial_stop_s = {9};
  CHECK_THROWS_WITH(mvc_reference(x, 1000, options), ContainsSubstring("trial_stop_s 9 does not lie within the record"));
  options.trial_stop_s = {4.2};
  CHECK_THROWS_WITH(mvc_reference(x, 1000, options), ContainsSubstring("plateau_ms 500 is longer than a trial"));
  options.trial_stop_s = {};
  CHECK_THROWS_WITH(mvc_reference(x, 1000, options), ContainsSubstring("trial_start_s has 1 values, trial_stop_s 0"));
}

}  // namespace emg
