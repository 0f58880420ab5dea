#include "libemg/simulate/hermite.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kDecay = 0.7;     // variance of a coefficient over that of the order below
constexpr double kReach = 6;       // widths on either side: e^-18 is left
constexpr double kSmoothMm = 20;   // distance over which coefficients become others
constexpr double kFallMm = 12;     // distance across the fibres at which the height is 1/e
constexpr double kVelocity = 4;    // mm/ms along the fibres
constexpr double kScatterMm = 12;  // of the units across the fibres

// Orthonormal Hermite functions of orders 0 to `order` at x.
std::vector<double> hermite_functions(int order, double x) {
  std::vector<double> h(static_cast<std::size_t>(order) + 1);
  h[0] = std::exp(-x * x / 2) / std::pow(std::numbers::pi, 0.25);
  if (order > 0) h[1] = std::numbers::sqrt2 * x * h[0];
  for (int k = 2; k <= order; ++k) {
    const auto i = static_cast<std::size_t>(k);
    h[i] = std::sqrt(2.0 / k) * x * h[i - 1] - std::sqrt((k - 1.0) / k) * h[i - 2];
  }
  return h;
}

}  // namespace

UnitPotential hermite_unit(const WaveformOptions& options, const std::vector<HermitePlace>& places, double size, double rate_hz,
                           std::int64_t seed, std::uint64_t index) {
  Random random = random_of(seed, RandomDomain::hermite, index);
  const auto order = static_cast<std::size_t>(options.hermite_order);
  std::vector<double> here(order + 1), there(order + 1);
  for (std::size_t k = 1; k <= order; ++k) {
    const double sd = std::pow(kDecay, static_cast<double>(k) / 2);
    here[k] = sd * random.normal();
    there[k] = sd * random.normal();
  }
  const double peak = random.log_normal(options.hermite_peak_uv, options.hermite_peak_cv) * size;
  const double unit_x = kScatterMm * random.normal();
  UnitPotential unit;
  unit.territory_x_mm = places.size() > 1 ? unit_x : 0;
  unit.velocity_m_s = kVelocity;
  double farthest = 0;
  for (const auto& place : places) farthest = std::max(farthest, std::fabs(place.z_mm));
  const double reach_ms = kReach * options.hermite_width_ms, last_ms = 2 * reach_ms + farthest / kVelocity;
  const auto points = static_cast<Index>(std::ceil(last_ms * rate_hz / 1000) + 1) * kPhases;
  unit.fine = RowMatrix::Zero(static_cast<Index>(places.size()), points);
  for (std::size_t c = 0; c < places.size(); ++c) {
    const double along = std::fabs(places[c].z_mm) / kVelocity;
    const double across = places.size() > 1 ? places[c].x_mm - unit_x : 0;
    // Coefficients turn from one set to another with the place along the fibres.
    const double turn = places[c].z_mm / kSmoothMm, gain = std::exp(-std::fabs(across) / kFallMm);
    auto row = unit.fine.row(static_cast<Index>(c));
    for (Index i = 0; i < points; ++i) {
      const double t_ms = static_cast<double>(i) * 1000 / (rate_hz * kPhases);
      const double x = (t_ms - reach_ms - along) / options.hermite_width_ms;
      if (std::fabs(x) > kReach) continue;
      const auto h = hermite_functions(options.hermite_order, x);
      for (std::size_t k = 1; k <= order; ++k) row(i) += gain * (std::cos(turn) * here[k] + std::sin(turn) * there[k]) * h[k];
    }
    // The window tapers what removing the mean leaves at the ends to nothing.
    const double total = row.sum();
    double weight = 0;
    const auto bell = [&](Index i) {
      const double x = (static_cast<double>(i) * 1000 / (rate_hz * kPhases) - reach_ms - along) / options.hermite_width_ms;
      return std::fabs(x) > kReach ? 0.0 : std::exp(-x * x / 4);
    };
    for (Index i = 0; i < points; ++i) weight += bell(i);
    for (Index i = 0; i < points; ++i) row(i) -= total / weight * bell(i);
  }
  const double largest = unit.fine.cwiseAbs().maxCoeff();
  if (largest > 0) unit.fine *= peak / largest;
  return unit;
}

}  // namespace emg
