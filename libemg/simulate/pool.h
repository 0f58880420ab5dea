#pragma once
// Motor neurons of a muscle: thresholds and firing rates.
//
// Excitation is a fraction of the largest, 0 to 1; rates in discharges a second.
// Source: `onion_skin` De Luca & Hostage 2010 (J Neurophysiol 104), equation 5 with its constants for three muscles: later units fire
// slower at every excitation. `fuglevand` Fuglevand, Winter, Patla 1993 (J Neurophysiol 70): 120 units, range of thresholds 30, rate
// gain 1. `normalised`: thresholds 0.015 to 0.75, rates from 10 - 5 r to 40 - 10 r with slope 50 - 20 r, r the threshold over the largest.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

enum class RateModel { onion_fdi, onion_vl, onion_ta, fuglevand, normalised };
constexpr auto enum_names(RateModel) {
  using M = RateModel;
  return std::array<std::pair<M, std::string_view>, 5>{{{M::onion_fdi, "onion_fdi"},
                                                        {M::onion_vl, "onion_vl"},
                                                        {M::onion_ta, "onion_ta"},
                                                        {M::fuglevand, "fuglevand"},
                                                        {M::normalised, "normalised"}}};
}

struct MotorNeuron {
  double place = 0;      ///< in the order of recruitment, 0 first to 1 last
  double threshold = 0;  ///< excitation from which it fires
  double size = 1;       ///< innervation number relative to the first unit
};

/// `count` neurons, one from each of `count` equal parts of the pool. `index_offset` keeps the draws of several pools apart.
/// Thresholds run from 0.015 to 0.75 exponentially (`fuglevand`: exp(a i) / E_max), sizes from 1 to `size_ratio`.
std::vector<MotorNeuron> sample_pool(std::int64_t seed, RateModel model, int count, double size_ratio, std::uint64_t index_offset = 0);

/// Rate at an excitation; 0 below the threshold, at least `min_rate_hz` from it on.
double firing_rate_hz(RateModel model, const MotorNeuron& neuron, double excitation, double min_rate_hz);

/// Threshold of unit i = 1..120 of the model of Fuglevand et al., in its own units (1.03 to 30).
double fuglevand_threshold(int i);

}  // namespace emg
