#pragma once
// Moving median of each channel, or what it leaves when it is taken away.
//
// signal: channels x samples, microvolts. Result: the same shape and unit. The window of w samples (made odd upwards) is centred on its
// sample; beyond the ends the first and the last sample go on.
// Degenerate input: a constant stays (subtract: 0).
// Throws InvalidArgument for an empty or non-finite signal or an option outside its range.
// Cost: log w a sample, the sort of a block. Held memory of the stage: three windows.
// Method: blocks of w samples are sorted once; two linked lists in sorted order lose and regain samples as the window moves from one block
// to the next (Suomela 2014, "Median filtering is equivalent to sorting"). Equals scipy.ndimage.median_filter with mode = "nearest" bit
// for bit.

#include <memory>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

struct MedianFilterOptions {
  double window_ms = 200;
  bool subtract = false;

  static constexpr auto fields() {
    using O = MedianFilterOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {0.1, 10000}, "length of the window, made an odd number of samples upwards"),
        field("subtract", &O::subtract, {}, "give the signal without its moving median: removes a wandering baseline"),
    };
  }
};
static_assert(fully_described<MedianFilterOptions>());

RowMatrix median_filter(const ChannelsView& signal, double rate_hz, const MedianFilterOptions& options = {}, int threads = 1);

std::unique_ptr<Stage> median_filter_stage(Index channel_count, double rate_hz, const MedianFilterOptions& options);

}  // namespace emg
