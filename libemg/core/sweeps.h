#pragma once
// Repeated stimuli: sweeps x samples, aligned to the stimulus.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// What is known of one sweep.
struct Sweep {
  int sweep = 0;                 ///< number of the stimulus
  std::string channel;
  std::string nerve, side, muscle, site;
  std::optional<double> distance_mm, intensity_ma, pulse_ms, temperature_c, clock_s;
  std::string annotation;
};

struct SweepSet {
  double rate_hz = 0;
  Index zero_sample = 0;         ///< column of the stimulus
  RowMatrix samples;             ///< sweeps x samples, microvolts
  std::vector<Sweep> sweeps;     ///< one for each row
};

}  // namespace emg
