#pragma once
// What the options `stream` and `channels` mean among the streams of a file.

#include <vector>

#include "libemg/io/recording_file.h"

namespace emg {

/// Position among `streams`, at least one, of the one that `options` mean. Throws InvalidArgument listing them if none or several are
/// meant.
std::size_t selected_stream_of(const std::vector<StreamInfo>& streams, const ReadOptions& options);

/// Channels of `stream` that `options` mean, in the order asked for, each once. Throws InvalidArgument naming what was not found.
std::vector<Index> selected_channels_of(const StreamInfo& stream, const ReadOptions& options);

}  // namespace emg
