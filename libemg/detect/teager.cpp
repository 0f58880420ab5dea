#include "libemg/detect/teager.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

Index lag_samples(double rate_hz, const TeagerOptions& options) {
  return options.lag_ms ? samples_in_ms(*options.lag_ms, rate_hz) : 1;
}

// psi of x[lag .. size - lag), where `size` samples of one channel lie at `x`.
void energy(const double* x, Index size, Index lag, bool absolute, double* out) {
  const Index count = size - 2 * lag;
  for (Index i = 0; i < count; ++i) out[i] = x[i + lag] * x[i + lag] - x[i] * x[i + 2 * lag];
  if (!absolute) return;
  for (Index i = 0; i < count; ++i) out[i] = std::fabs(out[i]);
}

class TeagerStage : public Stage {
 public:
  TeagerStage(Index channel_count, double rate_hz, Index lag, bool absolute)
      : rate_hz_(rate_hz), lag_(lag), absolute_(absolute), held_(channel_count, 0) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    seen_ += block.cols();
    RowMatrix all(held_.rows(), held_.cols() + block.cols());
    all.leftCols(held_.cols()) = held_;
    all.rightCols(block.cols()) = block;
    const Index count = all.cols() - 2 * lag_;
    if (count <= 0) {
      held_ = std::move(all);
      return;
    }
    const bool first = !started_;
    RowMatrix out(all.rows(), count + (first ? lag_ : 0));
    for (Index c = 0; c < all.rows(); ++c) {
      double* row = out.row(c).data();
      energy(all.row(c).data(), all.cols(), lag_, absolute_, row + (first ? lag_ : 0));
      if (first) std::fill(row, row + lag_, row[lag_]);
    }
    started_ = true;
    last_ = out.col(out.cols() - 1);
    held_ = all.rightCols(2 * lag_).eval();
    sink(out);
  }

  void finish(const BlockSink& sink) override {
    if (!started_) {
      throw InvalidArgument(
          fmt::format("signal of {} samples is too short for lag_ms: at least {} samples are needed", seen_, 2 * lag_ + 1));
    }
    sink(RowMatrix(last_.replicate(1, lag_)));
  }

  Index look_ahead() const override { return lag_; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  double rate_hz_;
  Index lag_;
  bool absolute_;
  bool started_ = false;
  Index seen_ = 0;
  RowMatrix held_;
  Eigen::VectorXd last_;
};

}  // namespace

std::unique_ptr<Stage> teager_stage(Index channel_count, double rate_hz, const TeagerOptions& options) {
  require_rate(rate_hz);
  validate_options(options);
  return std::make_unique<TeagerStage>(channel_count, rate_hz, lag_samples(rate_hz, options), options.absolute);
}

RowMatrix teager(const ChannelsView& signal, double rate_hz, const TeagerOptions& options, int threads) {
  require_signal(signal, rate_hz);
  return run_stage([&](Index channels) { return teager_stage(channels, rate_hz, options); }, signal, threads);
}

}  // namespace emg
