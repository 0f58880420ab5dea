#include "libemg/simulate/planar_conductor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"

namespace emg {
namespace {

constexpr double kAcrossMm = 60, kAlongMm = 160;  // reach of a table
constexpr double kAcrossStep = 1, kAlongStep = 0.5, kDepthStep = 0.5;
constexpr double kFrequencyStep = 2 * std::numbers::pi / 1024;
constexpr double kReach = 16;  // k times depth beyond which the transfer function is gone (e^-16)

void require_positive(const char* name, double value) {
  if (!(value > 0)) throw InvalidArgument(fmt::format("{} {} is not above 0", name, value));
}

}  // namespace

double disc_factor(double x) {
  // The power series loses e^x digits to cancellation: 1e-9 at 15, where the factor itself is below 0.03 and falls as x^-1.5.
  constexpr double kSeriesBelow = 15;
  if (x < kSeriesBelow) {
    double term = 1, sum = 1;
    for (int m = 1; m < 60 && std::fabs(term) > 1e-17; ++m) {
      term *= -x * x / 4 / (m * (m + 1.0));
      sum += term;
    }
    return sum;
  }
  // Asymptotic form of J1, two terms (Abramowitz & Stegun 9.2.5).
  const double phase = x - 0.75 * std::numbers::pi;
  return 2 / x * std::sqrt(2 / (std::numbers::pi * x)) * (std::cos(phase) - 0.375 / x * std::sin(phase));
}

double planar_transfer(const PlanarConductor& c, double kx, double kz, double depth_mm) {
  const double k = std::hypot(kx, kz);
  const double anisotropy = c.muscle_along_s_m / c.muscle_across_s_m;
  const double k_muscle = std::sqrt(kx * kx + anisotropy * kz * kz);
  const double r_c = c.skin_s_m / c.fat_s_m, r_m = c.fat_s_m / c.muscle_across_s_m;
  const double h = c.fat_mm, d = c.skin_mm;
  // Everything divided by cosh(k (h + d)), so that nothing overflows: cosh(k (h - d)) / cosh(k (h + d)) <= 1.
  const double near =
      std::exp(-k * (h + d) + k * std::fabs(h - d)) * (1 + std::exp(-2 * k * std::fabs(h - d))) / (1 + std::exp(-2 * k * (h + d)));
  const double a = (1 + r_c) * (k_muscle + k * r_m * std::tanh(k * (h + d)));
  const double b = (1 - r_c) * near * (k_muscle + k * r_m * std::tanh(k * (h - d)));
  const double inverse_cosh = 2 * std::exp(-k * (h + d)) / (1 + std::exp(-2 * k * (h + d)));
  return 2 / c.muscle_across_s_m * std::exp(-k_muscle * std::fabs(depth_mm)) * inverse_cosh / (a + b);
}

RowMatrix planar_table(const PlanarConductor& conductor, double depth_mm) {
  const double k_max = kReach / (std::fabs(depth_mm) + conductor.fat_mm + conductor.skin_mm);
  const auto k_count = static_cast<Index>(std::ceil(k_max / kFrequencyStep));
  const auto frequency = [](Index j) { return (static_cast<double>(j) + 0.5) * kFrequencyStep; };
  RowMatrix transfer(k_count, k_count);
  for (Index i = 0; i < k_count; ++i) {
    for (Index j = 0; j < k_count; ++j) {
      const double disc =
          conductor.electrode_radius_mm > 0 ? disc_factor(conductor.electrode_radius_mm * std::hypot(frequency(i), frequency(j))) : 1;
      transfer(i, j) = disc * frequency(j) * planar_transfer(conductor, frequency(i), frequency(j), depth_mm);
    }
  }
  const auto across = static_cast<Index>(kAcrossMm / kAcrossStep) + 1, along = static_cast<Index>(kAlongMm / kAlongStep) + 1;
  RowMatrix cosines(across, k_count), sines(k_count, along);
  for (Index x = 0; x < across; ++x) {
    for (Index i = 0; i < k_count; ++i) cosines(x, i) = std::cos(frequency(i) * static_cast<double>(x) * kAcrossStep);
  }
  for (Index j = 0; j < k_count; ++j) {
    for (Index z = 0; z < along; ++z) sines(j, z) = std::sin(frequency(j) * static_cast<double>(z) * kAlongStep);
  }
  const double cell = kFrequencyStep * kFrequencyStep / (std::numbers::pi * std::numbers::pi);
  const RowMatrix half = cosines * transfer;
  return cell * (half * sines);
}

PlanarKernels::PlanarKernels(const PlanarConductor& conductor) : conductor_(conductor) {
  require_positive("fat_mm + skin_mm", conductor.fat_mm + conductor.skin_mm);
  require_positive("muscle_across_s_m", conductor.muscle_across_s_m);
  require_positive("muscle_along_s_m", conductor.muscle_along_s_m);
  require_positive("fat_s_m", conductor.fat_s_m);
  require_positive("skin_s_m", conductor.skin_s_m);
}

void PlanarKernels::prepare(double depth_mm) {
  const auto step = static_cast<long>(std::floor(depth_mm / kDepthStep));
  for (const long s : {step, step + 1}) {
    if (!tables_.contains(s)) tables_.emplace(s, planar_table(conductor_, static_cast<double>(s) * kDepthStep));
  }
}

std::vector<double> PlanarKernels::profile(double across_mm, double depth_mm) const {
  const double level = depth_mm / kDepthStep;
  const auto step = static_cast<long>(std::floor(level));
  const double deeper = level - static_cast<double>(step);
  const RowMatrix& upper = table(step);
  const RowMatrix& lower = table(step + 1);
  const double place = std::min(std::fabs(across_mm) / kAcrossStep, static_cast<double>(upper.rows() - 1) - 1e-9);
  const auto x = static_cast<Index>(place);
  const double wx = place - static_cast<double>(x);
  std::vector<double> g(static_cast<std::size_t>(upper.cols()));
  for (Index z = 0; z < upper.cols(); ++z) {
    const double near = (1 - wx) * upper(x, z) + wx * upper(x + 1, z);
    const double far = (1 - wx) * lower(x, z) + wx * lower(x + 1, z);
    g[static_cast<std::size_t>(z)] = (1 - deeper) * near + deeper * far;
  }
  return g;
}

double profile_at(const std::vector<double>& profile, double axial_mm) {
  const double place = std::fabs(axial_mm) / kAlongStep;
  const auto last = static_cast<double>(profile.size() - 1);
  if (place >= last - 1) return 0;
  double value;
  if (place < 1) {
    // The function is odd: the neighbour before 0 is minus the one after it.
    const double four[4] = {-profile[1], profile[0], profile[1], profile[2]};
    value = cubic_at(four, 1 + place);
  } else {
    value = cubic_at(profile, place);
  }
  return axial_mm < 0 ? -value : value;
}

}  // namespace emg
