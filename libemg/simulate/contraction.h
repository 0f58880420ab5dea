#pragma once
// A pool of motor neurons that follows a profile of effort.
//
// Throws InvalidArgument if the shortest interval exceeds the mean interval of the fastest unit.

#include <cstdint>
#include <vector>

#include "libemg/simulate/firing.h"
#include "libemg/simulate/pool.h"

namespace emg {

struct PoolOptions {
  int unit_count = 60;
  RateModel rate_model = RateModel::onion_vl;
  double min_rate_hz = 4;
  double rate_scale = 1;
  double size_ratio = 30;
  IntervalModel interval_model = IntervalModel::gamma;
  SpreadModel spread_model = SpreadModel::constant;
  double interval_cv = 0.15;
  double shortest_interval_ms = 20;
  double doublet_probability = 0;
  double first_doublet_probability = 0;
  double common_spread = 0.12;
  double private_spread = 0.05;
  double beta_spread = 0;
  double early_recruitment = 1;

  static constexpr auto fields() {
    using O = PoolOptions;
    return std::tuple{
        field("unit_count", &O::unit_count, {0, 2000}, "motor units, spread evenly over the pool"),
        field("rate_model", &O::rate_model, {}, "law of firing rates"),
        field("min_rate_hz", &O::min_rate_hz, {0.1, 50}, "rate from the threshold on"),
        field("rate_scale", &O::rate_scale, {0.1, 5}, "factor of every rate"),
        field("size_ratio", &O::size_ratio, {1, 1000}, "innervation number of the last unit over that of the first"),
        field("interval_model", &O::interval_model, {}, "law of the intervals"),
        field("spread_model", &O::spread_model, {}, "law of their coefficient of variation"),
        field("interval_cv", &O::interval_cv, {0, 1}, "coefficient of variation of the intervals (constant)"),
        field("shortest_interval_ms", &O::shortest_interval_ms, {0, 500}, "shorter intervals are drawn again"),
        field("doublet_probability", &O::doublet_probability, {0, 1}, "that a discharge is doubled 3-10 ms later"),
        field("first_doublet_probability", &O::first_doublet_probability, {0, 1}, "that the first discharge after a silence is"),
        field("common_spread", &O::common_spread, {0, 1}, "SD of the common fluctuation of the drive"),
        field("private_spread", &O::private_spread, {0, 1}, "SD of the fluctuation of each unit's drive"),
        field("beta_spread", &O::beta_spread, {0, 1}, "SD of the common fluctuation of 15-30 Hz"),
        field("early_recruitment", &O::early_recruitment, {0.1, 10}, "factor of the drive: more units for the same effort"),
    };
  }
};
static_assert(fully_described<PoolOptions>());

/// Drive of every unit of a pool over time: profile (1 + common + private + beta), times early_recruitment, within 0 to 1.
class PoolDrive {
 public:
  PoolDrive(const PoolOptions& options, std::vector<double> profile, std::int64_t seed, std::uint64_t index_offset);
  /// Excitation of unit `i` at kDriveRateHz.
  std::vector<double> of_unit(std::size_t i) const;

 private:
  PoolOptions options_;
  std::vector<double> profile_, shared_;
  std::int64_t seed_;
  std::uint64_t offset_;
};

/// Rate of a neuron at an excitation, scaled.
double pool_rate_hz(const PoolOptions& options, const MotorNeuron& neuron, double excitation);

/// Trains of `pool` under `profile` (effort at kDriveRateHz). `index_offset` keeps the draws of several muscles apart.
std::vector<Train> contraction_trains(const std::vector<MotorNeuron>& pool, const std::vector<double>& profile, const PoolOptions& options,
                                      std::int64_t seed, std::uint64_t index_offset, int threads);

}  // namespace emg
