#include "libemg/simulate/contraction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// Coefficient of variation over time of a unit under `excitation` and `rate_hz`; empty if constant.
std::vector<double> spread_profile(const PoolOptions& o, const MotorNeuron& neuron, const std::vector<double>& excitation,
                                   const std::vector<double>& rate_hz) {
  if (o.spread_model == SpreadModel::constant) return {};
  std::vector<double> cv(rate_hz.size());
  for (std::size_t k = 0; k < cv.size(); ++k) {
    if (o.spread_model == SpreadModel::moritz) {
      cv[k] = 0.1 + 0.2 * std::exp(-100 * std::max(0.0, excitation[k] - neuron.threshold) / 2.5);
    } else if (rate_hz[k] > 0) {
      const double mean_ms = 1000 / rate_hz[k];
      cv[k] = (9.1e-4 * mean_ms * mean_ms + 4) / mean_ms;
    }
  }
  return cv;
}

}  // namespace

PoolDrive::PoolDrive(const PoolOptions& options, std::vector<double> profile, std::int64_t seed, std::uint64_t index_offset)
    : options_(options), profile_(std::move(profile)), shared_(profile_.size()), seed_(seed), offset_(index_offset) {
  const auto common = drive_noise(seed, index_offset, profile_.size());
  for (std::size_t k = 0; k < shared_.size(); ++k) shared_[k] = options.common_spread * common[k];
  if (options.beta_spread > 0) {
    const auto beta = beta_noise(seed, index_offset, profile_.size());
    for (std::size_t k = 0; k < shared_.size(); ++k) shared_[k] += options.beta_spread * beta[k];
  }
}

std::vector<double> PoolDrive::of_unit(std::size_t i) const {
  const auto own = drive_noise(seed_, offset_ + i + 1, profile_.size());
  std::vector<double> drive(profile_.size());
  for (std::size_t k = 0; k < drive.size(); ++k) {
    drive[k] = std::clamp(options_.early_recruitment * profile_[k] * (1 + shared_[k] + options_.private_spread * own[k]), 0.0, 1.0);
  }
  return drive;
}

double pool_rate_hz(const PoolOptions& options, const MotorNeuron& neuron, double excitation) {
  return options.rate_scale * firing_rate_hz(options.rate_model, neuron, excitation, options.min_rate_hz);
}

std::vector<Train> contraction_trains(const std::vector<MotorNeuron>& pool, const std::vector<double>& profile, const PoolOptions& options,
                                      std::int64_t seed, std::uint64_t index_offset, int threads) {
  const double largest = profile.empty() ? 0 : *std::max_element(profile.begin(), profile.end());
  double fastest_hz = 0;
  for (const auto& neuron : pool) {
    fastest_hz = std::max(fastest_hz, pool_rate_hz(options, neuron, std::min(1.0, largest * options.early_recruitment)));
  }
  if (options.shortest_interval_ms / 1000 * fastest_hz >= 1) {
    throw InvalidArgument(fmt::format("shortest_interval_ms {} is not below the mean interval of the fastest unit, {:.4g} ms",
                                      options.shortest_interval_ms, 1000 / fastest_hz));
  }
  const PoolDrive drive(options, profile, seed, index_offset);
  std::vector<Train> trains(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    const auto excitation = drive.of_unit(k);
    auto rate = excitation;
    for (auto& r : rate) r = pool_rate_hz(options, pool[k], r);
    IntervalLaw law{options.interval_cv,    options.shortest_interval_ms / 1000, options.doublet_probability,
                    options.interval_model, options.first_doublet_probability,   spread_profile(options, pool[k], excitation, rate)};
    trains[k] = renewal_train(random_of(seed, RandomDomain::firing, index_offset + k), rate, law);
  });
  return trains;
}

}  // namespace emg
