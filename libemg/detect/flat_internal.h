#pragma once
// Stretches without a change, shared by artefacts and quality.

#include <span>
#include <vector>

#include "libemg/core/recording.h"

namespace emg {

/// Stretches of at least `shortest` samples that stay within half a count of their first.
std::vector<Span> flat_spans(std::span<const double> x, double lsb, Index shortest);

}  // namespace emg
