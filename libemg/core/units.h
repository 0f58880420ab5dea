#pragma once
// A motor unit as decompositions find it, simulations know it and scores compare it.

#include <string>
#include <vector>

#include "libemg/core/events.h"
#include "libemg/core/signal.h"

namespace emg {

struct MotorUnit {
  int unit_id = 0;
  EventTrain discharges;
  RowMatrix waveform;          ///< template, channels x samples, microvolts
  Index waveform_zero = 0;     ///< column of `waveform` that falls on the discharge
  std::string status;          ///< "accepted", "doubtful", "rejected"; "" if nobody judged
};

}  // namespace emg
