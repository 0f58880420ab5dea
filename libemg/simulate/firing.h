#pragma once
// Trains of discharges with a rate that varies: renewal intervals in rescaled time.
//
// Rates in discharges a second at kDriveRateHz, linear between; times in seconds, ascending. A rate of 0 gives no discharge.
// Cost: a few operations for each discharge and each sample of the rate.
// Method: a unit fires when the integral of its rate since its last discharge reaches a new gamma draw of mean 1 and the given coefficient
// of variation; correct for any rate (Brown et al. 2002, Neural Comput 14, time rescaling). Intervals below the shortest are drawn again.

#include <cstdint>
#include <vector>

#include "libemg/core/random.h"

namespace emg {

struct IntervalLaw {
  double cv = 0.15;
  double shortest_s = 0.020;
  double doublet_probability = 0;  ///< that a discharge is followed by another 3-10 ms later
};

struct Train {
  std::vector<double> time_s;
  std::vector<std::uint8_t> doublet;  ///< 1: the second of a doublet
};

/// Discharges under `rate_hz` (at kDriveRateHz). After a silence the first interval is cut at a uniform place.
Train renewal_train(Random random, const std::vector<double>& rate_hz, const IntervalLaw& law);

/// Events over `duration_s` at a mean rate with log-normal intervals of the given CV; cv = 1 exactly with `poisson`.
std::vector<double> event_times(Random random, double rate_hz, double cv, bool poisson, double duration_s);

}  // namespace emg
