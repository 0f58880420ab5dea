#include "libemg/simulate/pool.h"

#include <algorithm>
#include <cmath>

#include "libemg/simulate/stream.h"

namespace emg {
namespace {

// De Luca & Hostage 2010: rate = D phi + (C - A exp(-phi / B)) tau + E.
struct OnionSkin {
  double a, b, c, d, e;
};

OnionSkin onion_skin(RateModel model) {
  switch (model) {
    case RateModel::onion_vl:
      return {116, 0.15, -21, 8.03, 19.0};
    case RateModel::onion_ta:
      return {65, 0.30, -30, 6.54, 20.2};
    default:
      return {85, 0.32, -23, 6.93, 20.9};
  }
}

// Fuglevand et al. 1993.
constexpr int kUnits = 120;
constexpr double kThresholdRange = 30, kMinRate = 8, kFirstPeakRate = 35, kPeakRateDifference = 10;

double fuglevand_peak_rate(double threshold) {
  return kFirstPeakRate - kPeakRateDifference * threshold / kThresholdRange;
}

double fuglevand_largest() {
  return kThresholdRange + fuglevand_peak_rate(kThresholdRange) - kMinRate;
}

// Range of thresholds of the other models (Fuglevand's law with the last unit at 75 % of the largest excitation).
constexpr double kLastThreshold = 0.75, kRange = 50;

}  // namespace

double fuglevand_threshold(int i) {
  return std::exp(std::log(kThresholdRange) / kUnits * i);
}

std::vector<MotorNeuron> sample_pool(std::int64_t seed, RateModel model, int count, double size_ratio, std::uint64_t index_offset) {
  std::vector<MotorNeuron> pool(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    Random random = random_of(seed, RandomDomain::pool, index_offset + static_cast<std::uint64_t>(i));
    auto& neuron = pool[static_cast<std::size_t>(i)];
    neuron.place = (i + random.uniform()) / count;
    neuron.threshold = model == RateModel::fuglevand ? std::pow(kThresholdRange, neuron.place) / fuglevand_largest()
                                                     : kLastThreshold / kRange * std::pow(kRange, neuron.place);
    neuron.size = std::pow(size_ratio, neuron.place);
  }
  return pool;
}

double firing_rate_hz(RateModel model, const MotorNeuron& neuron, double excitation, double min_rate_hz) {
  if (excitation < neuron.threshold || excitation <= 0) return 0;
  double rate;
  if (model == RateModel::fuglevand) {
    const double own = neuron.threshold * fuglevand_largest();
    rate = std::min(excitation * fuglevand_largest() - own + kMinRate, fuglevand_peak_rate(own));
  } else if (model == RateModel::normalised) {
    const double r = neuron.threshold / kLastThreshold;
    rate = std::min(10 - 5 * r + (50 - 20 * r) * (excitation - neuron.threshold), 40 - 10 * r);
  } else {
    const auto k = onion_skin(model);
    rate = k.d * excitation + (k.c - k.a * std::exp(-excitation / k.b)) * neuron.threshold + k.e;
  }
  return std::max(rate, min_rate_hz);
}

}  // namespace emg
