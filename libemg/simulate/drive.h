#pragma once
// Excitation over time: a profile of effort and the slow common and private fluctuations around it.
//
// Effort is a fraction of the largest excitation, 0 to 1, sampled at 200 Hz and linear between. Times in seconds.
// Source: common drive as low-pass noise of 2.5 Hz, second order (De Luca & Erim 1994; spread 0.12 gives the published coefficients).

#include <cstdint>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// Values at k / kDriveRateHz, linear between, the ends held beyond.
inline constexpr double kDriveRateHz = 200;

/// One contraction: effort rises from 0 over `rise_s` after `start_s`, holds, and falls over `rise_s` to 0 at `end_s`.
struct Bout {
  double start_s = 0;
  double end_s = 0;
  double effort = 0;
};

/// Sum of trapezoids, at kDriveRateHz over `duration_s`. A bout shorter than two rises is a triangle that stays below its effort.
std::vector<double> bout_profile(const std::vector<Bout>& bouts, double rise_s, double duration_s);

/// Unit-variance noise at kDriveRateHz, second-order low-pass at 2.5 Hz; `index` 0 is the common one, n + 1 that of unit n.
std::vector<double> drive_noise(std::int64_t seed, std::uint64_t index, std::size_t count);

/// profile (1 + common_spread common + private_spread own), not below 0.
std::vector<double> unit_drive(const std::vector<double>& profile, const std::vector<double>& common, const std::vector<double>& own,
                               double common_spread, double private_spread);

}  // namespace emg
