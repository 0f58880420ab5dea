#pragma once
// A pool of motor neurons that follows a profile of effort.

#include <cstdint>
#include <vector>

#include "libemg/simulate/firing.h"
#include "libemg/simulate/pool.h"

namespace emg {

struct ContractionLaw {
  RateModel rate_model = RateModel::onion_ta;
  double min_rate_hz = 4;
  double common_spread = 0.12;   ///< SD of the common fluctuation of the drive
  double private_spread = 0.05;  ///< SD of that of each unit
  IntervalLaw intervals;
};

/// Trains of `pool` under `profile` (effort at kDriveRateHz). `index_offset` keeps the draws of several muscles apart.
/// Throws InvalidArgument if the shortest interval exceeds the mean interval of the fastest unit.
std::vector<Train> contraction_trains(const std::vector<MotorNeuron>& pool, const std::vector<double>& profile, const ContractionLaw& law,
                                      std::int64_t seed, std::uint64_t index_offset, int threads);

}  // namespace emg
