#pragma once
// Trains of discharges with a rate that varies: renewal intervals in rescaled time.
//
// Rates in discharges a second at kDriveRateHz, linear between; times in seconds, ascending. A rate of 0 gives no discharge.
// Cost: a few operations for each discharge and each sample of the rate.
// Method: a unit fires when the integral of its rate since its last discharge reaches a new draw of mean 1 and the given coefficient of
// variation; correct for any rate (Brown et al. 2002, Neural Comput 14, time rescaling). Intervals below the shortest are drawn again.
// Spread of the intervals: constant, or falling with the drive above the threshold (Moritz et al. 2005, J Neurophysiol 93), or an SD of
// 9.1e-4 mean^2 + 4 ms (Clamann 1969, Biophys J 9).

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/random.h"

namespace emg {

enum class IntervalModel { gamma, log_normal, weibull, gauss };
constexpr auto enum_names(IntervalModel) {
  using M = IntervalModel;
  return std::array<std::pair<M, std::string_view>, 4>{
      {{M::gamma, "gamma"}, {M::log_normal, "log_normal"}, {M::weibull, "weibull"}, {M::gauss, "gauss"}}};
}

enum class SpreadModel { constant, moritz, clamann };
constexpr auto enum_names(SpreadModel) {
  using M = SpreadModel;
  return std::array<std::pair<M, std::string_view>, 3>{{{M::constant, "constant"}, {M::moritz, "moritz"}, {M::clamann, "clamann"}}};
}

struct IntervalLaw {
  double cv = 0.15;
  double shortest_s = 0.020;
  double doublet_probability = 0;  ///< that a discharge is followed by another 3-10 ms later
  IntervalModel model = IntervalModel::gamma;
  double first_doublet_probability = 0;  ///< the same for the first discharge after a silence
  std::vector<double> cv_profile;        ///< coefficient of variation over time at kDriveRateHz; empty: `cv`
};

struct Train {
  std::vector<double> time_s;
  std::vector<std::uint8_t> doublet;  ///< 1: the second of a doublet
};

/// A draw of mean 1 and the given coefficient of variation; 0 gives 1.
double draw_interval(Random& random, IntervalModel model, double cv);

/// Discharges under `rate_hz` (at kDriveRateHz). After a silence the first interval is cut at a uniform place.
Train renewal_train(Random random, const std::vector<double>& rate_hz, const IntervalLaw& law);

/// Events over `duration_s` at a mean rate with log-normal intervals of the given CV; cv = 1 exactly with `poisson`.
std::vector<double> event_times(Random random, double rate_hz, double cv, bool poisson, double duration_s);

}  // namespace emg
