#include "libemg/simulate/anatomy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace emg {
namespace {

constexpr double kDiameterLowUm = 46, kDiameterHighUm = 64;  // unit means, rising with size
constexpr double kDiameterMinUm = 20, kDiameterMaxUm = 95;
constexpr double kTendonSdMm = 2;
constexpr double kBranchVelocity = 5, kTerminalVelocity = 2;  // m/s
constexpr double kTransmissionMs = 0.7;

const Branch& nearest(const std::vector<Branch>& branches, double x, double y) {
  return *std::min_element(branches.begin(), branches.end(), [&](const Branch& a, const Branch& b) {
    return std::hypot(a.x_mm - x, a.y_mm - y) < std::hypot(b.x_mm - x, b.y_mm - y);
  });
}

}  // namespace

double unit_diameter_um(double place) {
  return kDiameterLowUm + (kDiameterHighUm - kDiameterLowUm) * place;
}

std::vector<Branch> axon_branches(Random& random, int count, double centre_x, double centre_y, double radius, double endplate_sd_mm) {
  std::vector<Branch> branches;
  for (int b = 0; b < count; ++b) {
    const double r = radius * std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
    branches.push_back({centre_x + r * std::cos(angle), centre_y + r * std::sin(angle), endplate_sd_mm * random.normal()});
  }
  return branches;
}

Fibre grow_fibre(Random& random, double x, double y, const std::vector<Branch>& branches, const FibreLaw& law) {
  Fibre fibre;
  fibre.x_mm = x;
  fibre.y_mm = y;
  fibre.diameter_um = std::clamp(law.diameter_mean_um + law.diameter_sd_um * random.normal(), kDiameterMinUm, kDiameterMaxUm);
  fibre.velocity_m_s = fibre_velocity_m_s(fibre.diameter_um);
  const Branch& branch = nearest(branches, x, y);
  fibre.endplate_mm = branch.z_mm + law.within_branch_mm * random.normal();
  const double up = law.half_length_mm + kTendonSdMm * random.normal(), down = -law.half_length_mm + kTendonSdMm * random.normal();
  fibre.positive_mm = std::max(0.0, up - fibre.endplate_mm);
  fibre.negative_mm = std::max(0.0, fibre.endplate_mm - down);
  fibre.delay_ms =
      std::fabs(branch.z_mm) / kBranchVelocity + std::fabs(fibre.endplate_mm - branch.z_mm) / kTerminalVelocity + kTransmissionMs;
  return fibre;
}

double mean_velocity(const std::vector<Fibre>& fibres) {
  double sum = 0;
  for (const auto& f : fibres) sum += f.velocity_m_s;
  return fibres.empty() ? 0 : sum / static_cast<double>(fibres.size());
}

double last_activity_ms(const std::vector<Fibre>& fibres, double wave_scale) {
  double last_ms = 1;
  for (const auto& f : fibres) {
    last_ms = std::max(last_ms, f.delay_ms + (std::max(f.positive_mm, f.negative_mm) + wave_length_mm(wave_scale)) / f.velocity_m_s);
  }
  return last_ms;
}

}  // namespace emg
