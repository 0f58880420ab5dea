#include "libemg/core/stage.h"

#include "libemg/core/error.h"
#include "tests/support/catch.h"

namespace emg {
namespace {

// y[i] = x[i] + 10 x[i + 1] (the last one alone): one sample of look-ahead and state of its own for each channel.
class PairSum final : public Stage {
 public:
  explicit PairSum(Index channels) : held_(channels, 0) {}
  void push(const ChannelsView& block, const BlockSink& sink) override {
    RowMatrix all(held_.rows(), held_.cols() + block.cols());
    all << held_, block;
    const Index ready = all.cols() - 1;
    if (ready > 0) sink(all.leftCols(ready) + 10 * all.rightCols(ready));
    if (all.cols() > 0) held_ = all.rightCols(1);
  }
  void finish(const BlockSink& sink) override {
    if (held_.cols() > 0) sink(held_);
  }
  Index look_ahead() const override { return 1; }
  double output_rate_hz() const override { return 1000; }

 private:
  RowMatrix held_;
};

StageFactory pair_sum() {
  return [](Index channels) { return std::make_unique<PairSum>(channels); };
}

RowMatrix signal(Index channels, Index samples) {
  RowMatrix x(channels, samples);
  for (Index c = 0; c < channels; ++c) {
    for (Index i = 0; i < samples; ++i) x(c, i) = static_cast<double>((c + 3) * (i + 1) % 17);
  }
  return x;
}

RowMatrix expected(const RowMatrix& x) {
  RowMatrix y = x;
  for (Index i = 0; i + 1 < x.cols(); ++i) y.col(i) += 10 * x.col(i + 1);
  return y;
}

RowMatrix drive(Stage& stage, const RowMatrix& x, Index block) {
  RowMatrix y(x.rows(), x.cols() + 5);
  Index written = 0;
  const BlockSink sink = [&](const ChannelsView& out) {
    y.middleCols(written, out.cols()) = out;
    written += out.cols();
  };
  for (Index first = 0; first < x.cols(); first += block) stage.push(x.middleCols(first, std::min(block, x.cols() - first)), sink);
  stage.finish(sink);
  return y.leftCols(written);
}

}  // namespace

TEST_CASE("run_stage: every channel count and thread count gives each channel its own result") {
  for (const Index channels : {1, 7, 8, 9, 16, 21}) {
    const auto x = signal(channels, 33);
    for (const int threads : {1, 2, 7}) {
      CAPTURE(channels, threads);
      CHECK(run_stage(pair_sum(), x, threads) == expected(x));
    }
    CHECK(run_stage(pair_sum(), x.bottomRows(1), 1) == expected(x).bottomRows(1));
  }
}

TEST_CASE("run_stage on a view with a stride, on one sample and on no channel") {
  const auto x = signal(3, 40);
  CHECK(run_stage(pair_sum(), x.middleCols(5, 20), 1) == expected(x.middleCols(5, 20)));
  CHECK(run_stage(pair_sum(), x.leftCols(1), 2) == x.leftCols(1));
  CHECK(run_stage(pair_sum(), RowMatrix(0, 10), 1).size() == 0);
}

TEST_CASE("a grouped stage gives the same for every block size and thread count") {
  const auto x = signal(19, 100);
  for (const int threads : {1, 3}) {
    for (const Index block : {1, 7, 64, 100}) {
      const auto stage = grouped_stage(pair_sum(), x.rows(), threads);
      CHECK(stage->look_ahead() == 1);
      CHECK(stage->output_rate_hz() == 1000);
      CHECK(stage->output_count(100) == 100);
      CAPTURE(threads, block);
      CHECK(drive(*stage, x, block) == expected(x));
    }
  }
}

TEST_CASE("a chain applies one stage after the other") {
  const auto x = signal(2, 30);
  for (const Index block : {1, 4, 30}) {
    auto chain = chained_stage(std::make_unique<PairSum>(2), std::make_unique<PairSum>(2));
    CHECK(chain->look_ahead() == 2);
    CHECK(drive(*chain, x, block) == expected(expected(x)));
  }
}

TEST_CASE("what a stage throws comes out of run_stage") {
  const StageFactory failing = [](Index channels) -> std::unique_ptr<Stage> {
    if (channels < kChannelGroup) throw InvalidArgument("too few");
    return std::make_unique<PairSum>(channels);
  };
  CHECK_THROWS_WITH(run_stage(failing, signal(9, 10), 2), "too few");
}

TEST_CASE("a large matrix given up comes back for its own size, a small one is let go") {
  RowMatrix large = unset_matrix(8, 100000);
  large.setConstant(3);
  const double* const place = large.data();
  recycle(std::move(large));
  CHECK(unset_matrix(8, 100001).data() != place);
  const RowMatrix again = unset_matrix(80, 10000);
#ifdef __linux__
  CHECK(again.data() == place);
#endif
  CHECK(again.rows() == 80);
  CHECK(unset_matrix(8, 100000).data() != place);
  recycle(RowMatrix(2, 2));
  CHECK(unset_matrix(0, 5).size() == 0);
}

}  // namespace emg
