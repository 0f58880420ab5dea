#pragma once
// Block processing: whatever can run in bounded memory is a Stage, and the in-memory function drives the same Stage.
//
// A stage gives the same bits for every way of cutting its input into blocks, because all its arithmetic runs on a grid anchored at sample
// 0; pushes only fill buffers.

#include <functional>
#include <memory>

#include "libemg/core/signal.h"

namespace emg {

/// Receives consecutive blocks of output, all channels, borrowed for the duration of the call.
using BlockSink = std::function<void(const ChannelsView& block)>;

class Stage {
 public:
  virtual ~Stage() = default;

  /// Takes the next samples of every channel (any number, also none) and hands on what is ready.
  virtual void push(const ChannelsView& block, const BlockSink& sink) = 0;

  /// Says that the record ends here and hands on the rest. The stage is spent afterwards.
  virtual void finish(const BlockSink& sink) = 0;

  /// Asks the stage to put all its output straight into the rows of `output` (channels x output_count, kept alive by the caller) instead of
  /// handing it on, which saves a copy. False if it cannot.
  virtual bool write_into(ChannelsRef) { return false; }

  /// Samples of input after an output sample that the stage must have seen.
  virtual Index look_ahead() const = 0;

  /// Rate of what the stage hands on.
  virtual double output_rate_hz() const = 0;

  /// Samples that come out for `input_count` samples going in.
  virtual Index output_count(Index input_count) const { return input_count; }
};

/// Makes a stage for a number of channels.
using StageFactory = std::function<std::unique_ptr<Stage>(Index channel_count)>;

/// Channels that one stage works on side by side: the width of the widest vector unit in doubles.
inline constexpr Index kChannelGroup = 8;

/// Runs the whole of `signal` through stages of at most kChannelGroup channels, groups in parallel.
/// Result: channels x output_count. Every channel has the same bits as if it were alone.
RowMatrix run_stage(const StageFactory& make_stage, const ChannelsView& signal, int threads);

/// A stage over many channels made of stages over groups of kChannelGroup channels, first channels first, which run in parallel within a push.
std::unique_ptr<Stage> grouped_stage(const StageFactory& make_stage, Index channel_count, int threads);

/// A stage that hands on the output of `first` to `second`.
std::unique_ptr<Stage> chained_stage(std::unique_ptr<Stage> first, std::unique_ptr<Stage> second);

/// Reads a record from its start, block by block, as often as it is called: what two-pass operations look at first.
using BlockSource = std::function<void(const BlockSink& sink)>;

}  // namespace emg
