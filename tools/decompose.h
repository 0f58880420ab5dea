#pragma once
// What the commands around motor units share.

#include <vector>

#include "libemg/core/table.h"
#include "libemg/core/units.h"

namespace emg::tools {

/// Discharges of all units by time, as the events table of BIDS derivatives: onset, duration, sample, unit_id, event_type.
Table unit_events_table(const std::vector<MotorUnit>& units);

}  // namespace emg::tools
