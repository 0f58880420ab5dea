#pragma once

#include <memory>

#include "libemg/core/stage.h"

namespace emg {

/// What a moving window gives: square root of the mean square, or mean of |x|.
struct MovingWindow {
  bool squares = true;
  Index length = 1;  ///< samples
  Index before = 0;  ///< of them before the sample that the value belongs to
  Index hop = 1;     ///< one value for every so many samples
};

/// Moving RMS or mean of |x| of at most kChannelGroup channels.
std::unique_ptr<Stage> moving_stage(Index channel_count, double rate_hz, const MovingWindow& window);

/// Magnitude of the analytic signal by a Hilbert filter right from `low_hz` on, of any number of channels.
std::unique_ptr<Stage> hilbert_stage(Index channel_count, double rate_hz, double low_hz);

}  // namespace emg
