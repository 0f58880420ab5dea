#pragma once
// What disease does to units: some are lost, survivors adopt orphaned fibres, fibres are lost or change in size.
//
// Method: a share of the units is removed at random; an orphaned fibre is adopted with a probability by a surviving unit, whose fibre
// density grows by p q / (1 - q), with new branches (end-plates scattered 1.5 times as far). Fibre loss thins every unit and widens the
// spread of diameters.

#include <cstdint>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/muap.h"
#include "libemg/simulate/truth.h"

namespace emg {

struct PathologyOptions {
  double unit_loss = 0;
  double reinnervation = 0.65;
  double fibre_loss = 0;

  static constexpr auto fields() {
    using O = PathologyOptions;
    return std::tuple{
        field("unit_loss", &O::unit_loss, {0, 0.99}, "share of the motor units that is lost"),
        field("reinnervation", &O::reinnervation, {0, 1}, "probability that an orphaned fibre is adopted by another unit"),
        field("fibre_loss", &O::fibre_loss, {0, 0.99}, "share of the fibres of every unit that is lost"),
    };
  }
};
static_assert(fully_described<PathologyOptions>());

/// Anatomy of a surviving unit.
NeedleAnatomy diseased(const PathologyOptions& options, NeedleAnatomy anatomy);

/// Takes the lost units out; the others keep their numbers.
void remove_lost_units(const PathologyOptions& options, std::int64_t seed, std::vector<SimulatedUnit>& units);

}  // namespace emg
