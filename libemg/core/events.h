#pragma once
// Spikes, bursts, stimuli: ascending instants on a sampled time axis.

#include <cstdint>
#include <vector>

namespace emg {

/// Ascending sample indices at a rate. Sub-sample offsets, if any, are in samples, one for each event, within [-0.5, 0.5].
struct EventTrain {
  double rate_hz = 0;
  std::vector<std::int64_t> sample;
  std::vector<double> offset_samples;

  /// Seconds from sample 0 of event `i`.
  double time_s(std::size_t i) const {
    return (static_cast<double>(sample[i]) + (offset_samples.empty() ? 0.0 : offset_samples[i])) / rate_hz;
  }
};

}  // namespace emg
