#pragma once
// Fibres of a motor unit: where they lie, how long and thick they are, when the impulse reaches them.
//
// Lengths in mm, times in ms; fibres run along z, the end-plate zone lies around z = 0.
// Source: diameters, end-plate scatter and branches as in Stashuk 1993 (Med Eng Phys) and Nandedkar & Stalberg 1983.

#include <vector>

#include "libemg/core/random.h"
#include "libemg/simulate/fibre_potential.h"

namespace emg {

/// Mean fibre diameter of a unit at `place` 0 to 1 in the order of recruitment: 46 to 64 um.
double unit_diameter_um(double place);

struct Branch {
  double x_mm = 0, y_mm = 0, z_mm = 0;
};

/// `count` branches of an axon, uniform in the territory, scattered along the fibres.
std::vector<Branch> axon_branches(Random& random, int count, double centre_x, double centre_y, double radius, double endplate_sd_mm);

struct FibreLaw {
  double half_length_mm = 60;
  double diameter_mean_um = 55;
  double diameter_sd_um = 6;
  double within_branch_mm = 0.7;  ///< scatter of the end-plates of one branch along the fibres
};

/// The fibre at (x, y): end-plate on the nearest branch in the cross-section, tendons, diameter, velocity, axonal delay.
Fibre grow_fibre(Random& random, double x, double y, const std::vector<Branch>& branches, const FibreLaw& law);

double mean_velocity(const std::vector<Fibre>& fibres);

/// Milliseconds after the discharge until the last fibre has fallen silent.
double last_activity_ms(const std::vector<Fibre>& fibres, double wave_scale);

}  // namespace emg
