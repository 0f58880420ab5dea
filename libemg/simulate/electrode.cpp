#include "libemg/simulate/electrode.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace emg {
namespace {

constexpr double kBehindTipMm = 0.6;
// Nodes and weights of Gauss-Legendre quadrature on [-1, 1] (Abramowitz & Stegun, table 25.4).
constexpr std::array kNodes2{-0.5773502691896257, 0.5773502691896257};
constexpr std::array kWeights2{1.0, 1.0};
constexpr std::array kNodes3{-0.7745966692414834, 0.0, 0.7745966692414834};
constexpr std::array kWeights3{5.0 / 9, 8.0 / 9, 5.0 / 9};
constexpr std::array kNodes8{-0.9602898564975363, -0.7966664774136267, -0.5255324099163290, -0.1834346424956498,
                             0.1834346424956498,  0.5255324099163290,  0.7966664774136267,  0.9602898564975363};
constexpr std::array kWeights8{0.1012285362903763, 0.2223810344533745, 0.3137066458778873, 0.3626837833783620,
                               0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};

// Distances up to which the quadrature of the core is needed.
constexpr double kFineBelowMm = 0.6, kCoarseBelowMm = 2;

}  // namespace

std::vector<ElectrodePoint> core_points(const ConcentricNeedle& needle, int rings, int per_ring) {
  if (rings <= 1) return {{0, 0, 0, 1}};
  std::vector<ElectrodePoint> points;
  for (int ring = 0; ring < rings; ++ring) {
    const auto r = static_cast<std::size_t>(ring);
    const double node = rings == 2 ? kNodes2[r] : kNodes3[r];
    const double weight = (rings == 2 ? kWeights2[r] : kWeights3[r]) / 2;
    const double radius = std::sqrt((node + 1) / 2);
    for (int j = 0; j < per_ring; ++j) {
      const double angle = 2 * std::numbers::pi * (j + 0.5 * ring) / per_ring;
      points.push_back(
          {0, radius * needle.major_mm / 2 * std::sin(angle), radius * needle.minor_mm / 2 * std::cos(angle), weight / per_ring});
    }
  }
  return points;
}

std::vector<ElectrodePoint> cannula_points(const ConcentricNeedle& needle) {
  std::vector<ElectrodePoint> points;
  for (std::size_t k = 0; k < kNodes8.size(); ++k) {
    points.push_back({0, -kBehindTipMm - needle.cannula_mm * (kNodes8[k] + 1) / 2, 0, kWeights8[k] / 2});
  }
  return points;
}

DipoleKernel concentric_kernel(const ConcentricNeedle& needle, const Fibre& fibre, double needle_z_mm) {
  const double distance = std::hypot(fibre.x_mm, fibre.y_mm);
  auto points = distance < kFineBelowMm     ? core_points(needle, 3, 8)
                : distance < kCoarseBelowMm ? core_points(needle, 2, 4)
                                            : core_points(needle, 1, 1);
  if (fibre.x_mm < 0) {
    for (auto& p : points) p.weight *= needle.shield;
  }
  if (needle.cannula_mm > 0) {
    for (auto p : cannula_points(needle)) {
      p.weight = -p.weight;
      points.push_back(p);
    }
  }
  struct Term {
    double radial_mm, z_mm, weight;
  };
  std::vector<Term> terms;
  for (const auto& p : points) {
    const double radial = std::max(std::hypot(fibre.x_mm - p.x_mm, fibre.y_mm - p.y_mm), fibre.diameter_um / 2000);
    terms.push_back({radial, needle_z_mm + p.z_mm, p.weight});
  }
  return [terms](double z_mm) {
    double sum = 0;
    for (const auto& t : terms) sum += t.weight * infinite_kernel(t.radial_mm, t.z_mm - z_mm);
    return sum;
  };
}

double cell_for_distance(double radial_mm) {
  return std::clamp(0.5 * kAnisotropy * radial_mm, 0.01, 0.1);
}

}  // namespace emg
