#pragma once
// The border: what every operation checks before it computes.

#include "libemg/core/signal.h"

namespace emg {

/// Refuses a rate that is not finite or outside [1, 1e7] Hz. Throws InvalidArgument naming `rate_hz`.
void require_rate(double rate_hz);

/// Checks rate, that there is at least one channel and one sample, and that every sample is finite.
/// Throws InvalidArgument: `signal is empty`, or `channel 3, sample 1024 is not finite`.
/// Cost: one pass over the signal.
void require_signal(const ChannelsView& signal, double rate_hz);

/// Refuses samples that are not finite, counting from `first_sample` in the message.
void require_finite(const ChannelsView& block, Index first_sample = 0);

/// Refuses a corner outside (0, rate/2). `name` is the option's.
void require_corner(const char* name, double corner_hz, double rate_hz);

/// Refuses low >= high, naming both options.
void require_ascending(const char* low_name, double low, const char* high_name, double high);

}  // namespace emg
