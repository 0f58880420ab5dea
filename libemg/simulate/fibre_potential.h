#pragma once
// Extracellular potential of one muscle fibre: the intracellular wave leaves the end-plate in both directions and dies at the tendons.
//
// Lengths in mm, times in ms, velocities in m/s = mm/ms, potentials in microvolts, conductivities in S/m. Physical sign: a passing wave is
// positive - negative - positive.
// Degenerate input: a fibre of zero length gives zeros.
// Cost: cells of the fibre x cells of the wave multiplications.
// Method: phi(t) = C sum_sigma sigma int_0^L V'(v t - z) G(z_i + sigma z) dz, the dipole form of the source of Farina & Merletti 2001 (IEEE
// TBME 48): integration by parts turns their slab and point sources at end-plate and tendons into this one integral, so generation and
// extinction and charge neutrality hold by construction. V is the wave of Rosenfalck 1969; anisotropy of Andreassen & Rosenfalck 1981.
// Error: with cells of 0.1 mm 1.3e-4 at 0.1 mm from the fibre, 1.1 % at its ends.

#include <functional>
#include <span>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// A fibre runs along z; `endplate_mm` is the z of its end-plate.
struct Fibre {
  double x_mm = 0;
  double y_mm = 0;
  double endplate_mm = 0;
  double positive_mm = 60;  ///< length from the end-plate towards +z
  double negative_mm = 60;  ///< length from the end-plate towards -z
  double diameter_um = 55;
  double velocity_m_s = 4;
  double delay_ms = 0;  ///< from the discharge of the neuron to the start at the end-plate
  double weight = 1;    ///< number of fibres that this one stands for
};

/// Velocity of a fibre: 2.2 m/s at 22 um to 5.2 m/s at 85 um, straight between, constant beyond.
double fibre_velocity_m_s(double diameter_um);

/// Slope of the intracellular potential `behind_mm` behind the front, mV/mm; `scale` 1 is the wave of Rosenfalck, larger is shorter.
double wave_slope(double behind_mm, double scale);

/// Length behind the front beyond which the slope is taken as 0.
double wave_length_mm(double scale);

/// Potential at the electrode per unit dipole at axial position z of the fibre, 1/(mm2 S/m): the mean of g(z_e - z) over its surface.
using DipoleKernel = std::function<double(double z_mm)>;

/// g in infinite anisotropic muscle at radial distance r and axial distance q.
double infinite_kernel(double radial_mm, double axial_mm);

/// Square root of the ratio of axial to radial conductivity.
inline constexpr double kAnisotropy = 2.2886885410853175;  // sqrt(0.33 / 0.063), Andreassen & Rosenfalck 1981

/// The wave on a grid, made once for many fibres.
class WaveSlope {
 public:
  /// `reach`: lengths 1 / scale behind the front after which the wave is cut; e^-reach of it is left.
  WaveSlope(double scale, double cell_mm, double reach = 30);

  /// Potential at v t = m * cell_mm, m = 0, 1, ...; delay and weight are left to the caller. Microvolts. `kernel(z)` as DipoleKernel.
  template <class Kernel>
  std::vector<double> fibre_wave(const Fibre& fibre, const Kernel& kernel) const {
    std::vector<double> phi(size(fibre));
    for (const double sigma : {1.0, -1.0}) {
      const double length = sigma > 0 ? fibre.positive_mm : fibre.negative_mm;
      const auto whole = static_cast<std::size_t>(length / cell_mm_);
      for (std::size_t j = 0; j < whole; ++j) {
        add_cell(j, sigma * kernel(fibre.endplate_mm + sigma * (static_cast<double>(j) + 0.5) * cell_mm_), phi);
      }
      // The cell cut by the tendon counts by its covered part, taken at the middle of it.
      const double rest = length - static_cast<double>(whole) * cell_mm_, z = length - rest / 2;
      if (rest > 1e-9) add_cut_cell(whole, z, sigma * kernel(fibre.endplate_mm + sigma * z) * rest / cell_mm_, phi);
    }
    finish(fibre, phi);
    return phi;
  }

 private:
  std::size_t size(const Fibre& fibre) const;
  void add_cell(std::size_t j, double g, std::vector<double>& phi) const;
  void add_cut_cell(std::size_t whole, double z_mm, double g, std::vector<double>& phi) const;
  void finish(const Fibre& fibre, std::vector<double>& phi) const;

  double scale_, cell_mm_;
  std::vector<double> slope_;
};

/// The wave of one fibre by a kernel chosen at run time: see WaveSlope::fibre_wave.
std::vector<double> fibre_wave(const Fibre& fibre, const DipoleKernel& kernel, double scale, double cell_mm);

/// Adds `wave` of `fibre` (see fibre_wave), delayed and weighted by `gain`, to `sum` sampled at `rate_hz` from the discharge on.
void add_fibre_wave(const Fibre& fibre, std::span<const double> wave, double cell_mm, double gain, double rate_hz, std::span<double> sum);

/// Value at `place` (in cells, 0 = first) by the cubic through four neighbours; 0 outside.
double cubic_at(std::span<const double> values, double place);

}  // namespace emg
