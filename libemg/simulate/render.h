#pragma once
// From trains and templates to a signal.
//
// Times in seconds, templates as in muap.h. A discharge adds its template at its exact instant, linear between 16 phases of a sample
// (3e-8 of the energy at 10 kHz). What lies outside the record is left out.
// Cost: discharges x samples of the template x channels x 2 multiplications.
// Sums run in the order of the units, each channel by itself: same bits for any number of threads.

#include <vector>

#include "libemg/core/signal.h"
#include "libemg/simulate/muap.h"

namespace emg {

/// Discharges of one template. `factor` scales each of them; empty: 1.
struct RenderedTrain {
  const UnitPotential* unit = nullptr;
  std::vector<double> time_s;
  std::vector<double> factor;
};

/// Adds all trains to `signal`, channels x samples at `rate_hz`.
void render(const std::vector<RenderedTrain>& trains, double rate_hz, RowMatrix& signal, int threads);

}  // namespace emg
