#include "libemg/filter/rectify.h"

#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

void rectify_rows(const ChannelsView& in, Rectification kind, RowMatrix& out, Index first, Index count) {
  if (kind == Rectification::full) {
    out.middleRows(first, count) = in.middleRows(first, count).cwiseAbs();
  } else {
    out.middleRows(first, count) = in.middleRows(first, count).cwiseMax(0.0);
  }
}

class RectifyStage final : public Stage {
 public:
  RectifyStage(double rate_hz, Rectification kind) : rate_hz_(rate_hz), kind_(kind) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    require_finite(block, received_);
    received_ += block.cols();
    RowMatrix out(block.rows(), block.cols());
    rectify_rows(block, kind_, out, 0, block.rows());
    sink(out);
  }
  void finish(const BlockSink&) override {}
  Index look_ahead() const override { return 0; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  double rate_hz_;
  Rectification kind_;
  Index received_ = 0;
};

}  // namespace

RowMatrix rectify(const ChannelsView& signal, double rate_hz, const RectifyOptions& options, int threads) {
  require_signal(signal, rate_hz);
  RowMatrix out = unset_matrix(signal.rows(), signal.cols());
  parallel_for(signal.rows(), threads, [&](Index c) { rectify_rows(signal, options.kind, out, c, 1); });
  return out;
}

std::unique_ptr<Stage> rectify_stage(Index, double rate_hz, const RectifyOptions& options) {
  require_rate(rate_hz);
  return std::make_unique<RectifyStage>(rate_hz, options.kind);
}

}  // namespace emg
