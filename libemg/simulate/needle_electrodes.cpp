#include "libemg/simulate/needle_electrodes.h"

#include <cmath>

namespace emg {

Channel needle_channel() {
  Channel channel;
  channel.name = "needle";
  channel.electrode_kind = "concentric needle";
  return channel;
}

Electrodes needle_electrodes(const NeedleAnatomy& anatomy, double rate_hz, std::int64_t seed) {
  constexpr double kNearestMm = 0.1, kFarthestMm = 0.5, kSizeRatio = 30, kQuarterTurn = 1.5;
  constexpr double kLowUm = 35, kHighUm = 60;
  Electrodes e;
  e.rate_hz = rate_hz;
  e.unit = [anatomy, rate_hz, seed](std::uint64_t index, double place) {
    const MotorNeuron neuron{place, 0, std::pow(kSizeRatio, place)};
    return needle_unit(anatomy, neuron, kSizeRatio, rate_hz, seed, index);
  };
  e.fibre = [anatomy, rate_hz](Random& random, double from_endplate_mm, std::optional<double> beyond_mm) {
    const double distance = random.uniform(kNearestMm, kFarthestMm), angle = random.uniform(-kQuarterTurn, kQuarterTurn);
    Fibre fibre;
    fibre.x_mm = distance * std::cos(angle);
    fibre.y_mm = distance * std::sin(angle);
    fibre.diameter_um = random.uniform(kLowUm, kHighUm);
    fibre.velocity_m_s = fibre_velocity_m_s(fibre.diameter_um);
    // Seen from the needle the end-plate lies `from_endplate_mm` back.
    fibre.endplate_mm = anatomy.electrode_from_endplate_mm - from_endplate_mm;
    fibre.positive_mm = beyond_mm ? from_endplate_mm + *beyond_mm : anatomy.fibre_half_length_mm;
    fibre.negative_mm = anatomy.fibre_half_length_mm;
    return needle_fibre(anatomy, fibre, rate_hz);
  };
  return e;
}

}  // namespace emg
