#pragma once
// What every writer checks.

#include "libemg/io/recording_writer.h"

namespace emg {

/// Throws InvalidArgument naming `created` or `start_time` if it is neither "" nor ISO 8601 with zone.
void require_times(const Recording& header, const WriteOptions& options);

}  // namespace emg
