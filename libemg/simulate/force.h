#pragma once
// Contractions and their force: twitches of the units, and the excitation that a wanted force needs.
//
// Forces are fractions of the largest voluntary force, the steady sum of all units at excitation 1.
// Throws InvalidArgument for a force that no excitation reaches.
// Source: Fuglevand, Winter, Patla 1993 (J Neurophysiol 70): twitch forces over a range of 100, contraction times 90 ms falling to 30 ms,
// twitch P t / T exp(1 - t / T), gain that follows a sigmoid of T / interval above 0.4.

#include <vector>

#include "libemg/core/table.h"
#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"

namespace emg {

struct Twitch {
  double force = 1;  ///< of one discharge, relative to the first unit
  double contraction_s = 0.09;
};

Twitch twitch_of(double place);

/// Sum of the mean forces of `pool` at an excitation, in units of the first twitch.
double steady_force(const PoolOptions& options, const std::vector<MotorNeuron>& pool, double excitation);

/// Efforts in the unit of `force_profile` (fraction of the largest force) as excitations.
std::vector<double> excitation_for_force(const PoolOptions& options, const std::vector<MotorNeuron>& pool,
                                         const std::vector<double>& force_profile);

/// Force of `trains` over `count` samples, fraction of the largest.
std::vector<double> force_of_trains(const PoolOptions& options, const std::vector<MotorNeuron>& pool, const std::vector<Train>& trains,
                                    double rate_hz, std::size_t count);

/// A contraction: neurons, what drives them, what they fire.
struct Contraction {
  std::vector<MotorNeuron> pool;
  std::vector<double> drive;  ///< excitation at kDriveRateHz
  std::vector<Train> trains;
};

/// The pool of `options` following `effort` over `duration_s`. `index_offset` keeps the draws of several muscles apart.
Contraction contract(const PoolOptions& options, const EffortOptions& effort, double duration_s, std::int64_t seed,
                     std::uint64_t index_offset, int threads);

/// Drive and force, 100 a second.
Table effort_table(const PoolOptions& options, const Contraction& contraction, double duration_s);

}  // namespace emg
