#pragma once
// Potentials of motor units: the fibres of a unit, where they lie, and what the electrodes see of them together.
//
// Lengths in mm, templates in microvolts on a grid of kPhases points for each sample, from the discharge of the neuron on.
// Cost: needle about 30 ms, surface about 10 ms for each unit.
// Source: fibre density 4.5 /mm2 of one unit gives the fibre density of single-fibre EMG (1.64) of normal muscle; innervation numbers,
// territories and end-plate scatter as in Stashuk 1993 (Med Eng Phys) and Nandedkar & Stalberg 1983; kernels in electrode.h and
// planar_conductor.h.

#include <cstdint>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/simulate/electrode.h"
#include "libemg/simulate/planar_conductor.h"
#include "libemg/simulate/pool.h"

namespace emg {

/// Points of a template for each sample of the recording: rendering interpolates linearly between them.
inline constexpr int kPhases = 16;

struct UnitPotential {
  RowMatrix fine;             ///< channels x points, kPhases points a sample, from the discharge on
  int fibre_count = 0;        ///< fibres that the unit has (surface) or has in the pick-up area (needle)
  double territory_x_mm = 0;  ///< centre; of a needle unit relative to the needle
  double territory_y_mm = 0;
  double territory_mm = 0;  ///< diameter
  double velocity_m_s = 0;  ///< mean of its fibres
};

struct NeedleAnatomy {
  double fibre_density_mm2 = 4.5;
  double territory_mm = 7;  ///< of the middle unit of the pool
  double pickup_mm = 4;
  double half_length_mm = 60;
  double electrode_from_endplate_mm = 25;
  double endplate_sd_mm = 2;  ///< of the branches along the fibres
  double diameter_sd_um = 6;
  double wave_scale = 1.4;
  double amplitude_scale = 0.65;  ///< brings normal units to the published mean amplitude
  ConcentricNeedle needle;
};

/// Fibres of needle unit `index` within reach, the needle at the origin.
std::vector<Fibre> needle_fibres(const NeedleAnatomy& anatomy, const MotorNeuron& neuron, double size_ratio, std::int64_t seed,
                                 std::uint64_t index, UnitPotential& about);

/// Needle unit `index` of a pool as one channel at `rate_hz`.
UnitPotential needle_unit(const NeedleAnatomy& anatomy, const MotorNeuron& neuron, double size_ratio, double rate_hz, std::int64_t seed,
                          std::uint64_t index);

struct SurfaceAnatomy {
  double muscle_width_mm = 30;
  double muscle_depth_mm = 16;
  double fibre_total = 60000;  ///< of the whole muscle
  int fibre_samples = 30;      ///< that stand for the fibres of a unit
  double half_length_mm = 70;
  double electrode_from_endplate_mm = 25;
  double interelectrode_mm = 20;
  double wave_scale = 1.4;
  PlanarConductor conductor;
};

/// Centre of a muscle and of the electrode pair over it, across the fibres.
struct SurfacePlace {
  double muscle_x_mm = 0;
  std::vector<double> electrode_x_mm;  ///< one for each channel: pairs along the fibres
};

/// Makes the tables that units of this anatomy need.
PlanarKernels surface_kernels(const SurfaceAnatomy& anatomy);

/// Unit `index` with `fibre_count` fibres, seen by every electrode pair at `rate_hz`. `share` is its part of the fibres of the muscle and
/// sets its territory.
UnitPotential surface_unit(const SurfaceAnatomy& anatomy, const PlanarKernels& kernels, const SurfacePlace& place, double share,
                           double size_place, double rate_hz, std::int64_t seed, std::uint64_t index);

/// Point of the template with the largest absolute value on `channel`.
Index reference_point(const UnitPotential& unit, Index channel);

/// Template at the recording rate with its reference point on a sample; `zero` receives the column of that sample.
RowMatrix sampled_template(const UnitPotential& unit, Index channel, Index& zero);

}  // namespace emg
