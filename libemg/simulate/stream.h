#pragma once
// Streams of random numbers of a simulation, one for each part, so that changing one part leaves the draws of the others.

#include <cstdint>

#include "libemg/core/random.h"

namespace emg {

enum class RandomDomain : std::uint64_t {
  anatomy = 1,
  pool = 2,
  firing = 3,
  transmission = 4,
  noise = 5,
  line = 6,
  motion = 7,
  ecg = 8,
  spontaneous = 9,
  axons = 10,
  stimuli = 11,
  movement = 12,
  background = 13,
  drive = 14,
  hermite = 15
};

/// Generator of item `index` (unit, channel, source, sweep) of a part of the simulation.
inline Random random_of(std::int64_t seed, RandomDomain domain, std::uint64_t index = 0, std::uint64_t block = 0) {
  return Random(static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(domain) << 32 | index, block);
}

}  // namespace emg
