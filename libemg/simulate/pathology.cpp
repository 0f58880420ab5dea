#include "libemg/simulate/pathology.h"

#include "libemg/simulate/stream.h"

namespace emg {

NeedleAnatomy diseased(const PathologyOptions& o, NeedleAnatomy anatomy) {
  constexpr double kScatter = 1.5;
  if (o.unit_loss > 0 && o.reinnervation > 0) {
    anatomy.fibre_density_mm2 *= 1 + o.reinnervation * o.unit_loss / (1 - o.unit_loss);
    anatomy.endplate_sd_mm *= kScatter;
  }
  anatomy.fibre_density_mm2 *= 1 - o.fibre_loss;
  return anatomy;
}

void remove_lost_units(const PathologyOptions& o, std::int64_t seed, std::vector<SimulatedUnit>& units) {
  constexpr std::uint64_t kLossStream = std::uint64_t{1} << 28;
  std::erase_if(units, [&](const SimulatedUnit& unit) {
    return random_of(seed, RandomDomain::pool, kLossStream + static_cast<std::uint64_t>(unit.unit_id)).chance(o.unit_loss);
  });
}

}  // namespace emg
