#pragma once
// Potential on the skin of a source in muscle below fat and skin: the planar three-layer conductor.
//
// Lengths in mm, conductivities in S/m. Depth of a source is below the muscle surface. Throws InvalidArgument for conductivities or
// thicknesses that are not positive (fat and skin may be 0 thick).
// Cost: one table of a depth about 10 ms; then 321 interpolations for a fibre.
// Method and source: transfer function of Farina & Merletti 2001 (IEEE TBME 48), transformed by midpoint sums in both directions (matrix
// products, no transform of a grid), k up to 16 / (total depth).
// Error: 2e-3 of the values published in its oracle table; homogeneous half space 1e-3.

#include <map>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/simulate/fibre_potential.h"

namespace emg {

struct PlanarConductor {
  double fat_mm = 3;
  double skin_mm = 1;
  double muscle_across_s_m = 0.1;
  double muscle_along_s_m = 0.5;
  double fat_s_m = 0.05;
  double skin_s_m = 1;
  double electrode_radius_mm = 0;  ///< of round electrodes, whose potential is the mean over their disc; 0: a point
};

/// 2 J1(x) / x: what a disc keeps of a plane wave, x = wave number x radius.
double disc_factor(double x);

/// Transfer function at spatial frequencies kx across and kz along the fibres (1/mm) for a source `depth_mm` below the muscle surface.
double planar_transfer(const PlanarConductor& conductor, double kx, double kz, double depth_mm);

/// g over distances across (rows, steps of 1 mm from 0) and along (columns, steps of 0.5 mm from 0); even across, odd along.
RowMatrix planar_table(const PlanarConductor& conductor, double depth_mm);

/// Tables of one conductor at depths of 0.5 mm steps, made when first asked for. Not for use from several threads at once.
class PlanarKernels {
 public:
  explicit PlanarKernels(const PlanarConductor& conductor);

  /// Makes every table that fibres at the given depth need.
  void prepare(double depth_mm);
  /// g along the fibre in steps of 0.5 mm from 0, at `across_mm` from it. The tables must have been prepared.
  std::vector<double> profile(double across_mm, double depth_mm) const;

 private:
  const RowMatrix& table(long step) const { return tables_.at(step); }

  PlanarConductor conductor_;
  std::map<long, RowMatrix> tables_;
};

/// g at axial distance `axial_mm` from a profile; 0 beyond its end.
double profile_at(const std::vector<double>& profile, double axial_mm);

}  // namespace emg
