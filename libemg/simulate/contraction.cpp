#include "libemg/simulate/contraction.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/stream.h"

namespace emg {

std::vector<Train> contraction_trains(const std::vector<MotorNeuron>& pool, const std::vector<double>& profile, const ContractionLaw& law,
                                      std::int64_t seed, std::uint64_t index_offset, int threads) {
  const double largest = profile.empty() ? 0 : *std::max_element(profile.begin(), profile.end());
  double fastest_hz = 0;
  for (const auto& neuron : pool) fastest_hz = std::max(fastest_hz, firing_rate_hz(law.rate_model, neuron, largest, law.min_rate_hz));
  if (law.intervals.shortest_s * fastest_hz >= 1) {
    throw InvalidArgument(fmt::format("shortest_interval_ms {} is not below the mean interval of the fastest unit, {:.4g} ms",
                                      law.intervals.shortest_s * 1000, 1000 / fastest_hz));
  }
  const auto common = drive_noise(seed, index_offset, profile.size());
  std::vector<Train> trains(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto index = index_offset + static_cast<std::uint64_t>(i);
    const auto& neuron = pool[static_cast<std::size_t>(i)];
    const auto own = drive_noise(seed, index + 1, profile.size());
    auto rate = unit_drive(profile, common, own, law.common_spread, law.private_spread);
    for (auto& r : rate) r = firing_rate_hz(law.rate_model, neuron, r, law.min_rate_hz);
    trains[static_cast<std::size_t>(i)] = renewal_train(random_of(seed, RandomDomain::firing, index), rate, law.intervals);
  });
  return trains;
}

}  // namespace emg
