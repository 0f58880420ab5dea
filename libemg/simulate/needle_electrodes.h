#pragma once
// A concentric needle as the electrodes of resting activity.

#include "libemg/simulate/spontaneous.h"

namespace emg {

/// The one channel of a concentric needle.
Channel needle_channel();

/// Units and fibres near a needle. A fibre lies 0.1-0.5 mm before the core.
Electrodes needle_electrodes(const NeedleAnatomy& anatomy, double rate_hz, std::int64_t seed);

}  // namespace emg
