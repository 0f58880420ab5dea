#pragma once
// Makes the noise of a trace white: the inverse of an autoregressive model of its quiet stretches.
// Source: Burg 1975 (maximum entropy), errors summed over all stretches.

#include <span>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg {

/// Coefficients a_1 .. a_order of 1 + sum a_k z^-k from the stretches `spans` of `trace`, each longer than `order`; others are left out.
std::vector<double> burg_coefficients(std::span<const double> trace, const std::vector<Span>& spans, int order);

/// trace[n] + sum a_k trace[n - k]; the first `order` outputs repeat the next `order`.
std::vector<double> inverse_filtered(std::span<const double> trace, const std::vector<double>& coefficients);

}  // namespace emg
