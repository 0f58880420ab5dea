#include "libemg/simulate/muap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kDiameterLowUm = 46, kDiameterHighUm = 64;  // unit means, rising with size
constexpr double kDiameterMinUm = 20, kDiameterMaxUm = 95;
constexpr double kWithinBranchMm = 0.7;
constexpr double kTendonSdMm = 2;
constexpr double kBranchVelocity = 5, kTerminalVelocity = 2;  // m/s
constexpr double kTransmissionMs = 0.7;
constexpr double kSurfaceCellMm = 0.2;  // the kernel is smooth at electrode distance

double unit_diameter_um(double place) {
  return kDiameterLowUm + (kDiameterHighUm - kDiameterLowUm) * place;
}

struct Branch {
  double x_mm, y_mm, z_mm;
};

// Branches of the axon: one for every doubling of e in size beyond the middle, at least one, more for larger units.
std::vector<Branch> axon_branches(Random& random, int count, double centre_x, double centre_y, double radius, double endplate_sd_mm) {
  std::vector<Branch> branches;
  for (int b = 0; b < count; ++b) {
    const double r = radius * std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
    branches.push_back({centre_x + r * std::cos(angle), centre_y + r * std::sin(angle), endplate_sd_mm * random.normal()});
  }
  return branches;
}

const Branch& nearest(const std::vector<Branch>& branches, double x, double y) {
  return *std::min_element(branches.begin(), branches.end(), [&](const Branch& a, const Branch& b) {
    return std::hypot(a.x_mm - x, a.y_mm - y) < std::hypot(b.x_mm - x, b.y_mm - y);
  });
}

// Length, end-plate, diameter, velocity and delay of a fibre at (x, y).
Fibre grow_fibre(Random& random, double x, double y, const std::vector<Branch>& branches, double half_length_mm, double mean_um,
                 double sd_um) {
  Fibre fibre;
  fibre.x_mm = x;
  fibre.y_mm = y;
  fibre.diameter_um = std::clamp(mean_um + sd_um * random.normal(), kDiameterMinUm, kDiameterMaxUm);
  fibre.velocity_m_s = fibre_velocity_m_s(fibre.diameter_um);
  const Branch& branch = nearest(branches, x, y);
  fibre.endplate_mm = branch.z_mm + kWithinBranchMm * random.normal();
  const double tendon_up = half_length_mm + kTendonSdMm * random.normal(), tendon_down = -half_length_mm + kTendonSdMm * random.normal();
  fibre.positive_mm = std::max(0.0, tendon_up - fibre.endplate_mm);
  fibre.negative_mm = std::max(0.0, fibre.endplate_mm - tendon_down);
  fibre.delay_ms =
      std::fabs(branch.z_mm) / kBranchVelocity + std::fabs(fibre.endplate_mm - branch.z_mm) / kTerminalVelocity + kTransmissionMs;
  return fibre;
}

// Points that hold every fibre of the unit to its end.
Index points_for(const std::vector<Fibre>& fibres, double wave_scale, double rate_hz) {
  double last_ms = 1;
  for (const auto& f : fibres) {
    last_ms = std::max(last_ms, f.delay_ms + (std::max(f.positive_mm, f.negative_mm) + wave_length_mm(wave_scale)) / f.velocity_m_s);
  }
  const auto samples = static_cast<Index>(std::ceil(last_ms * rate_hz / 1000)) + 1;
  return samples * kPhases;
}

double mean_velocity(const std::vector<Fibre>& fibres) {
  double sum = 0;
  for (const auto& f : fibres) sum += f.velocity_m_s;
  return fibres.empty() ? 0 : sum / static_cast<double>(fibres.size());
}

}  // namespace

std::vector<Fibre> needle_fibres(const NeedleAnatomy& a, const MotorNeuron& neuron, double size_ratio, std::int64_t seed,
                                 std::uint64_t index, UnitPotential& about) {
  Random random = random_of(seed, RandomDomain::anatomy, index);
  const double relative = neuron.size / std::sqrt(size_ratio);  // to the middle unit of the pool
  about.territory_mm = std::clamp(a.territory_mm * std::sqrt(relative), a.territory_mm * 5 / 7, a.territory_mm * 10 / 7);
  const double radius = about.territory_mm / 2;
  // The needle stands uniformly inside 0.9 of the territory.
  const double away = 0.9 * radius * std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
  about.territory_x_mm = away * std::cos(angle);
  about.territory_y_mm = away * std::sin(angle);
  const int branch_count = std::max(1, 3 + static_cast<int>(std::lround(std::log(relative))));
  const auto branches = axon_branches(random, branch_count, about.territory_x_mm, about.territory_y_mm, radius, a.endplate_sd_mm);
  const auto candidates = random.poisson(a.fibre_density_mm2 * std::numbers::pi * a.pickup_mm * a.pickup_mm);
  std::vector<Fibre> fibres;
  for (std::int64_t k = 0; k < candidates; ++k) {
    const double r = a.pickup_mm * std::sqrt(random.uniform()), phi = 2 * std::numbers::pi * random.uniform();
    const double x = r * std::cos(phi), y = r * std::sin(phi);
    const Fibre fibre = grow_fibre(random, x, y, branches, a.half_length_mm, unit_diameter_um(neuron.place), a.diameter_sd_um);
    if (std::hypot(x - about.territory_x_mm, y - about.territory_y_mm) <= radius) fibres.push_back(fibre);
  }
  about.fibre_count = static_cast<int>(fibres.size());
  about.velocity_m_s = mean_velocity(fibres);
  return fibres;
}

UnitPotential needle_unit(const NeedleAnatomy& a, const MotorNeuron& neuron, double size_ratio, double rate_hz, std::int64_t seed,
                          std::uint64_t index) {
  UnitPotential unit;
  const auto fibres = needle_fibres(a, neuron, size_ratio, seed, index, unit);
  unit.fine = RowMatrix::Zero(1, points_for(fibres, a.wave_scale, rate_hz));
  std::span<double> sum(unit.fine.data(), static_cast<std::size_t>(unit.fine.cols()));
  for (const auto& fibre : fibres) {
    const double cell = cell_for_distance(std::max(std::hypot(fibre.x_mm, fibre.y_mm), fibre.diameter_um / 2000));
    const auto wave = fibre_wave(fibre, concentric_kernel(a.needle, fibre, a.electrode_from_endplate_mm), a.wave_scale, cell);
    add_fibre_wave(fibre, wave, cell, a.amplitude_scale, rate_hz * kPhases, sum);
  }
  return unit;
}

PlanarKernels surface_kernels(const SurfaceAnatomy& a) {
  PlanarKernels kernels(a.conductor);
  for (double depth = 0.5; depth <= a.muscle_depth_mm + 0.5; depth += 0.5) kernels.prepare(depth);
  return kernels;
}

UnitPotential surface_unit(const SurfaceAnatomy& a, const PlanarKernels& kernels, const SurfacePlace& place, double share,
                           double size_place, double rate_hz, std::int64_t seed, std::uint64_t index) {
  constexpr double kShallowest = 0.5, kSurfaceEndplateSdMm = 2, kLargestPart = 0.25;
  Random random = random_of(seed, RandomDomain::anatomy, index);
  const double half_width = a.muscle_width_mm / 2, half_depth = a.muscle_depth_mm / 2;
  // Territory: area in proportion to the fibres, a quarter of the muscle for the largest unit, centre uniform in the ellipse.
  const double part = kLargestPart * share, r = std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
  UnitPotential unit;
  unit.territory_x_mm = place.muscle_x_mm + half_width * r * std::cos(angle);
  unit.territory_y_mm = half_depth * (1 + r * std::sin(angle));
  unit.territory_mm = 2 * std::sqrt(part * half_width * half_depth);
  const auto branches = axon_branches(random, 3, unit.territory_x_mm, unit.territory_y_mm, unit.territory_mm / 2, kSurfaceEndplateSdMm);
  const double sigma = unit.territory_mm / 2 / 3.7;  // 99.9 % of a planar normal law lies within 3.7 SD
  std::vector<Fibre> fibres;
  for (int k = 0; k < a.fibre_samples; ++k) {
    const double x = unit.territory_x_mm + sigma * random.normal();
    const double y = std::clamp(unit.territory_y_mm + sigma * random.normal(), kShallowest, a.muscle_depth_mm);
    fibres.push_back(grow_fibre(random, x, y, branches, a.half_length_mm, unit_diameter_um(size_place), 6));
  }
  unit.velocity_m_s = mean_velocity(fibres);
  const auto channels = static_cast<Index>(place.electrode_x_mm.size());
  unit.fine = RowMatrix::Zero(channels, points_for(fibres, a.wave_scale, rate_hz));
  const double first = a.electrode_from_endplate_mm - a.interelectrode_mm / 2, second = first + a.interelectrode_mm;
  for (const auto& fibre : fibres) {
    for (Index c = 0; c < channels; ++c) {
      const auto profile = kernels.profile(fibre.x_mm - place.electrode_x_mm[static_cast<std::size_t>(c)], fibre.y_mm);
      const auto kernel = [&](double z) { return profile_at(profile, first - z) - profile_at(profile, second - z); };
      const auto wave = fibre_wave(fibre, kernel, a.wave_scale, kSurfaceCellMm);
      std::span<double> sum(unit.fine.row(c).data(), static_cast<std::size_t>(unit.fine.cols()));
      add_fibre_wave(fibre, wave, kSurfaceCellMm, 1.0 / a.fibre_samples, rate_hz * kPhases, sum);
    }
  }
  return unit;
}

Index reference_point(const UnitPotential& unit, Index channel) {
  Index at = 0;
  unit.fine.row(channel).cwiseAbs().maxCoeff(&at);
  return at;
}

RowMatrix sampled_template(const UnitPotential& unit, Index channel, Index& zero) {
  const Index reference = reference_point(unit, channel);
  zero = reference / kPhases;
  const Index first = reference - zero * kPhases;
  const Index count = (unit.fine.cols() - first + kPhases - 1) / kPhases;
  RowMatrix sampled(unit.fine.rows(), count);
  for (Index c = 0; c < sampled.rows(); ++c) {
    for (Index k = 0; k < count; ++k) sampled(c, k) = unit.fine(c, first + k * kPhases);
  }
  return sampled;
}

}  // namespace emg
