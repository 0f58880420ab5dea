#pragma once
// A whole muscle below skin electrodes: its units, their territories, and what every channel sees of them.
//
// Lengths in mm, templates in microvolts on a grid of kPhases points for each sample, from the discharge of the neuron on.
// Cost: 10 us for each channel and computed fibre, 300 ms for the tables of the conductor.
// Method: each unit is represented by `fibre_samples` fibres that stand for all (amplitude SD from sampling about 10 % at 30); the kernel
// of planar_conductor.h in the fibre integral of fibre_potential.h. Cells of 0.3 mm: the kernel is smooth at electrode distance. Error:
// 5e-3 of the peak against cells of 0.1 mm.

#include <cstdint>
#include <vector>

#include "libemg/simulate/contraction.h"
#include "libemg/simulate/grid.h"
#include "libemg/simulate/muap.h"
#include "libemg/simulate/planar_conductor.h"

namespace emg {

struct MuscleOptions {
  double muscle_width_mm = 30;
  double muscle_depth_mm = 16;
  int fibre_samples = 30;
  double fibre_half_length_mm = 70;
  double endplate_sd_mm = 2;
  double fat_mm = 3;
  double skin_mm = 1;
  double electrode_radius_mm = 0;
  double wave_scale = 1.4;
  double velocity_scale = 1;

  static constexpr auto fields() {
    using O = MuscleOptions;
    return std::tuple{
        field("muscle_width_mm", &O::muscle_width_mm, {4, 120}, "across the fibres"),
        field("muscle_depth_mm", &O::muscle_depth_mm, {2, 60}, "thickness"),
        field("fibre_samples", &O::fibre_samples, {1, 1000}, "fibres computed for each unit"),
        field("fibre_half_length_mm", &O::fibre_half_length_mm, {5, 150}, "from the end-plate zone to the tendons"),
        field("endplate_sd_mm", &O::endplate_sd_mm, {0, 20}, "spread of the branches along the fibres"),
        field("fat_mm", &O::fat_mm, {0.1, 40}, "thickness of the fat"),
        field("skin_mm", &O::skin_mm, {0.1, 10}, "thickness of the skin"),
        field("electrode_radius_mm", &O::electrode_radius_mm, {0, 10}, "of each round electrode; 0: a point"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
        field("velocity_scale", &O::velocity_scale, {0.2, 3}, "factor of the conduction velocity of every fibre"),
    };
  }
};
static_assert(fully_described<MuscleOptions>());

/// What a muscle has only as a whole, contracting.
struct WholeMuscleOptions {
  double fibre_total = 60000;
  double velocity_decline_pct_per_min = 0;

  static constexpr auto fields() {
    using O = WholeMuscleOptions;
    return std::tuple{
        field("fibre_total", &O::fibre_total, {1, 1e7}, "muscle fibres of each muscle"),
        field("velocity_decline_pct_per_min", &O::velocity_decline_pct_per_min, {0, 100}, "fall of the velocities over time, of the start"),
    };
  }
};
static_assert(fully_described<WholeMuscleOptions>());

/// Makes the tables that units of this muscle need.
PlanarKernels surface_kernels(const MuscleOptions& muscle);

/// One fibre of unit weight, seen by every channel.
UnitPotential surface_fibre(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                            const Fibre& fibre, double rate_hz);

/// Unit `index` of a muscle whose middle lies at `muscle_x_mm`. `share` is its part of the largest unit and sets the territory;
/// `fibre_count` fibres.
UnitPotential surface_unit(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                           double muscle_x_mm, double share, double fibre_count, double size_place, double rate_hz, std::int64_t seed,
                           std::uint64_t index);

/// Every unit of `pool`, sizes sharing the `fibre_total` fibres of the muscle.
std::vector<UnitPotential> surface_pool(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                                        double muscle_x_mm, const std::vector<MotorNeuron>& pool, double fibre_total, double size_ratio,
                                        double rate_hz, std::int64_t seed, std::uint64_t index_offset, int threads);

/// Channels of a recording as described.
std::vector<Channel> channels_about(const std::vector<SkinChannel>& channels);

}  // namespace emg
