#pragma once
// Whether a unit of a needle decomposition is one unit, complete and clean.

#include <vector>

#include "libemg/decompose/needle/needle_decomposition.h"

namespace emg::needle {

/// Fills what trains tell: rate, variation, misses, false discharges, class, status and reason. Ascending instants in seconds.
void judge_unit(NeedleUnit& row, const std::vector<double>& times_s, const std::vector<double>& shape_only_s, double mean_confidence,
                bool shares_shape, const NeedleOptions& options);

}  // namespace emg::needle
