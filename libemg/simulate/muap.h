#pragma once
// Potentials of motor units: the fibres of a unit, where they lie, and what the electrodes see of them together.
//
// Lengths in mm, templates in microvolts on a grid of kPhases points for each sample, from the discharge of the neuron on.
// Cost: about 30 ms for each needle unit; units below skin electrodes are in surface_muscle.h.
// Source: fibre density 4.5 /mm2 of one unit gives the fibre density of single-fibre EMG (1.64) of normal muscle; innervation numbers,
// territories and end-plate scatter as in Stashuk 1993 (Med Eng Phys) and Nandedkar & Stalberg 1983; kernels in electrode.h.

#include <cstdint>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/simulate/electrode.h"
#include "libemg/simulate/pool.h"

namespace emg {

/// Points of a template for each sample of the recording: rendering interpolates linearly between them.
inline constexpr int kPhases = 16;

struct UnitPotential {
  RowMatrix fine;             ///< channels x points, kPhases points a sample, from the discharge on
  Index lead = 0;             ///< points before the discharge, a multiple of kPhases
  int fibre_count = 0;        ///< fibres that the unit has (surface) or has in the pick-up area (needle)
  double territory_x_mm = 0;  ///< centre; of a needle unit relative to the needle
  double territory_y_mm = 0;
  double territory_mm = 0;  ///< diameter
  double velocity_m_s = 0;  ///< mean of its fibres
};

struct NeedleAnatomy {
  double fibre_density_mm2 = 4.5;
  double territory_mm = 7;
  double pickup_mm = 4;
  double fibre_half_length_mm = 60;
  double electrode_from_endplate_mm = 25;
  double endplate_sd_mm = 2;
  double diameter_sd_um = 6;
  double wave_scale = 1.4;
  double amplitude_scale = 0.65;

  static constexpr auto fields() {
    using O = NeedleAnatomy;
    return std::tuple{
        field("fibre_density_mm2", &O::fibre_density_mm2, {0, 100}, "fibres of one unit per square millimetre of its territory"),
        field("territory_mm", &O::territory_mm, {0.5, 30}, "diameter of the territory of the middle unit"),
        field("pickup_mm", &O::pickup_mm, {0.2, 20}, "fibres within this distance are computed"),
        field("fibre_half_length_mm", &O::fibre_half_length_mm, {5, 150}, "from the end-plate zone to the tendons"),
        field("electrode_from_endplate_mm", &O::electrode_from_endplate_mm, {-100, 100}, "needle from the end-plate zone"),
        field("endplate_sd_mm", &O::endplate_sd_mm, {0, 20}, "spread of the branches along the fibres"),
        field("diameter_sd_um", &O::diameter_sd_um, {0, 40}, "spread of fibre diameters within a unit"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
        field("amplitude_scale", &O::amplitude_scale, {0, 10}, "of all potentials; the default brings normal units to the published mean"),
    };
  }
};
static_assert(fully_described<NeedleAnatomy>());

struct ConcentricOptions {
  double cannula_mm = 5;

  static constexpr auto fields() {
    using O = ConcentricOptions;
    return std::tuple{field("cannula_mm", &O::cannula_mm, {0, 30}, "bare length of the cannula, the reference; 0: none")};
  }
};
static_assert(fully_described<ConcentricOptions>());

/// Fibres of needle unit `index` within reach, the needle at the origin.
std::vector<Fibre> needle_fibres(const NeedleAnatomy& anatomy, const MotorNeuron& neuron, double size_ratio, std::int64_t seed,
                                 std::uint64_t index, UnitPotential& about);

/// Needle unit `index` of a pool as one channel at `rate_hz`. `fibres` receives the potential of each fibre; their sum is the unit.
UnitPotential needle_unit(const NeedleAnatomy& anatomy, const MotorNeuron& neuron, double size_ratio, double rate_hz, std::int64_t seed,
                          std::uint64_t index, const ConcentricOptions& electrode = {}, std::vector<RowMatrix>* fibres = nullptr);

/// One fibre seen by the needle.
UnitPotential needle_fibre(const NeedleAnatomy& anatomy, const Fibre& fibre, double rate_hz, const ConcentricOptions& electrode = {});

/// Channel with the largest absolute value of the template.
Index largest_channel(const UnitPotential& unit);

/// Point of the template with the largest absolute value on `channel`.
Index reference_point(const UnitPotential& unit, Index channel);

/// Template at the recording rate with its reference point on a sample; `zero` receives the column of that sample.
RowMatrix sampled_template(const UnitPotential& unit, Index channel, Index& zero);

}  // namespace emg
