#include "libemg/core/stage.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "libemg/core/parallel.h"

namespace emg {
namespace {

class GroupedStage final : public Stage {
 public:
  GroupedStage(const StageFactory& make_stage, Index channel_count, int threads) : threads_(threads), channels_(channel_count) {
    for (Index first = 0; first < channel_count; first += kChannelGroup) {
      stages_.push_back(make_stage(std::min(kChannelGroup, channel_count - first)));
    }
    pending_.resize(stages_.size());
  }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    parallel_for(static_cast<Index>(stages_.size()), threads_, [&](Index g) {
      const Index first = g * kChannelGroup;
      const Index count = std::min(kChannelGroup, channels_ - first);
      stages_[static_cast<std::size_t>(g)]->push(block.middleRows(first, count), collector(g));
    });
    hand_on(sink);
  }

  void finish(const BlockSink& sink) override {
    parallel_for(static_cast<Index>(stages_.size()), threads_, [&](Index g) { stages_[static_cast<std::size_t>(g)]->finish(collector(g)); });
    hand_on(sink);
  }

  Index look_ahead() const override { return stages_.front()->look_ahead(); }
  double output_rate_hz() const override { return stages_.front()->output_rate_hz(); }
  Index output_count(Index input_count) const override { return stages_.front()->output_count(input_count); }

 private:
  BlockSink collector(Index group) {
    auto& blocks = pending_[static_cast<std::size_t>(group)];
    return [&blocks](const ChannelsView& block) { blocks.emplace_back(block); };
  }

  // Every group has had the same input, so all have the same blocks ready.
  void hand_on(const BlockSink& sink) {
    for (std::size_t b = 0; b < pending_.front().size(); ++b) {
      RowMatrix joined(channels_, pending_.front()[b].cols());
      for (std::size_t g = 0; g < pending_.size(); ++g) {
        joined.middleRows(static_cast<Index>(g) * kChannelGroup, pending_[g][b].rows()) = pending_[g][b];
      }
      sink(joined);
    }
    for (auto& blocks : pending_) blocks.clear();
  }

  int threads_;
  Index channels_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<std::vector<RowMatrix>> pending_;
};

class ChainedStage final : public Stage {
 public:
  ChainedStage(std::unique_ptr<Stage> first, std::unique_ptr<Stage> second) : first_(std::move(first)), second_(std::move(second)) {}

  void push(const ChannelsView& block, const BlockSink& sink) override {
    first_->push(block, [&](const ChannelsView& between) { second_->push(between, sink); });
  }
  void finish(const BlockSink& sink) override {
    first_->finish([&](const ChannelsView& between) { second_->push(between, sink); });
    second_->finish(sink);
  }
  Index look_ahead() const override { return first_->look_ahead() + second_->look_ahead(); }
  double output_rate_hz() const override { return second_->output_rate_hz(); }
  Index output_count(Index input_count) const override { return second_->output_count(first_->output_count(input_count)); }

 private:
  std::unique_ptr<Stage> first_;
  std::unique_ptr<Stage> second_;
};

}  // namespace

RowMatrix run_stage(const StageFactory& make_stage, const ChannelsView& signal, int threads) {
  const auto channels_of = [&](Index group) { return std::min(kChannelGroup, signal.rows() - group * kChannelGroup); };
  const Index groups = (signal.rows() + kChannelGroup - 1) / kChannelGroup;
  if (groups == 0) return RowMatrix(0, 0);
  std::vector<std::unique_ptr<Stage>> stages(static_cast<std::size_t>(groups));
  stages[0] = make_stage(channels_of(0));
  RowMatrix output = unset_matrix(signal.rows(), stages[0]->output_count(signal.cols()));
  parallel_for(groups, threads, [&](Index g) {
    auto& stage = stages[static_cast<std::size_t>(g)];
    if (!stage) stage = make_stage(channels_of(g));
    Index written = 0;
    stage->write_into(output.middleRows(g * kChannelGroup, channels_of(g)));
    const BlockSink sink = [&](const ChannelsView& block) {
      output.block(g * kChannelGroup, written, block.rows(), block.cols()) = block;
      written += block.cols();
    };
    stage->push(signal.middleRows(g * kChannelGroup, channels_of(g)), sink);
    stage->finish(sink);
    stage.reset();
  });
  return output;
}

std::unique_ptr<Stage> grouped_stage(const StageFactory& make_stage, Index channel_count, int threads) {
  if (channel_count <= kChannelGroup) return make_stage(channel_count);
  return std::make_unique<GroupedStage>(make_stage, channel_count, threads);
}

std::unique_ptr<Stage> chained_stage(std::unique_ptr<Stage> first, std::unique_ptr<Stage> second) {
  return std::make_unique<ChainedStage>(std::move(first), std::move(second));
}

}  // namespace emg
