#pragma once
// Two channels named by options.

#include <fmt/format.h>

#include "libemg/core/error.h"
#include "libemg/core/signal.h"

namespace emg {

/// Throws InvalidArgument if `channel`, the value of option `name`, does not exist.
inline void require_channel(const ChannelsView& signal, const char* name, int channel) {
  if (channel < signal.rows()) return;
  throw InvalidArgument(
      fmt::format("{} {} does not exist: the signal has {} channel{}", name, channel, signal.rows(), signal.rows() == 1 ? "" : "s"));
}

/// Throws InvalidArgument unless first_channel and second_channel exist and differ.
inline void require_pair(const ChannelsView& signal, int first_channel, int second_channel) {
  require_channel(signal, "first_channel", first_channel);
  require_channel(signal, "second_channel", second_channel);
  if (first_channel != second_channel) return;
  throw InvalidArgument(fmt::format("first_channel and second_channel are both {}: two channels are needed", first_channel));
}

}  // namespace emg
