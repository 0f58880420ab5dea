#include "libemg/simulate/drive.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/simulate/stream.h"

namespace emg {

std::vector<double> bout_profile(const std::vector<Bout>& bouts, double rise_s, double duration_s) {
  std::vector<double> profile(static_cast<std::size_t>(std::ceil(duration_s * kDriveRateHz)) + 1);
  for (const auto& bout : bouts) {
    for (std::size_t k = 0; k < profile.size(); ++k) {
      const double t = static_cast<double>(k) / kDriveRateHz;
      const double from_edge = std::min(t - bout.start_s, bout.end_s - t);
      if (from_edge < 0) continue;
      profile[k] += bout.effort * (rise_s > 0 ? std::min(1.0, from_edge / rise_s) : 1.0);
    }
  }
  return profile;
}

std::vector<double> drive_noise(std::int64_t seed, std::uint64_t index, std::size_t count) {
  constexpr double kCornerHz = 2.5;
  constexpr int kWarmUp = 400;  // 2 s: five time constants of both poles
  const double pole = std::exp(-2 * std::numbers::pi * kCornerHz / kDriveRateHz);
  // Variance of white noise of SD 1 after (1 - a) / (1 - a z^-1) twice.
  const double variance = std::pow(1 - pole, 4) * (1 + pole * pole) / std::pow(1 - pole * pole, 3);
  const double gain = 1 / std::sqrt(variance);
  Random random = random_of(seed, RandomDomain::drive, index);
  double first = 0, second = 0;
  const auto next = [&] {
    first = pole * first + (1 - pole) * random.normal();
    second = pole * second + (1 - pole) * first;
    return gain * second;
  };
  for (int i = 0; i < kWarmUp; ++i) next();
  std::vector<double> noise(count);
  for (auto& v : noise) v = next();
  return noise;
}

std::vector<double> unit_drive(const std::vector<double>& profile, const std::vector<double>& common, const std::vector<double>& own,
                               double common_spread, double private_spread) {
  std::vector<double> drive(profile.size());
  for (std::size_t k = 0; k < drive.size(); ++k) {
    drive[k] = std::max(0.0, profile[k] * (1 + common_spread * common[k] + private_spread * own[k]));
  }
  return drive;
}

}  // namespace emg
