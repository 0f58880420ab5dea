#pragma once
// What the options `stream` and `channels` mean among the streams of a file.

#include <vector>

#include "libemg/io/recording_file.h"

namespace emg {

/// Position of the stream that `options` mean. Throws InvalidArgument listing the streams if there are several or none.
std::size_t selected_stream_of(const std::vector<StreamInfo>& streams, const ReadOptions& options);

/// Channels of `stream` that `options` mean, in the order asked for, each once. Throws InvalidArgument naming what was not found.
std::vector<Index> selected_channels_of(const StreamInfo& stream, const ReadOptions& options);

}  // namespace emg
