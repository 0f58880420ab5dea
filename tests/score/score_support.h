#pragma once
// Units made of sample lists.

#include <initializer_list>

#include "libemg/core/random.h"
#include "libemg/core/units.h"

namespace emg {

inline MotorUnit unit_of(int id, std::vector<std::int64_t> samples, double rate_hz = 2048) {
  MotorUnit unit;
  unit.unit_id = id;
  unit.discharges.rate_hz = rate_hz;
  unit.discharges.sample = std::move(samples);
  return unit;
}

/// Regular firing with 15 % variation.
inline MotorUnit firing_unit(int id, double interval_samples, std::size_t count, std::uint64_t stream, double rate_hz = 2048) {
  Random random(1, stream);
  std::vector<std::int64_t> samples;
  double t = 200 + interval_samples * random.uniform();
  for (std::size_t i = 0; i < count; ++i, t += interval_samples * (1 + 0.15 * random.normal())) samples.push_back(static_cast<std::int64_t>(t));
  return unit_of(id, samples, rate_hz);
}

}  // namespace emg
