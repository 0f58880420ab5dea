#pragma once
// Agreement of two discharge trains at their best constant lag.
//
// Experts and programs mark different features of one potential, so every pair of units has a lag of its own.
// Instants in samples of one rate, ascending, none repeated (`instants_of`). Either train empty: all counts of the other are wrong, RoA 0.
// Cost: see core/event_match.h.

#include <vector>

#include "libemg/core/event_match.h"
#include "libemg/core/units.h"

namespace emg {

/// The discharges of `unit` in samples at `rate_hz`: ascending, equal ones once, sub-sample offsets added; whole samples if
/// `whole_samples`. `repeated` is raised by the number left out. Throws InvalidArgument if rates are needed and unknown.
std::vector<double> instants_of(const MotorUnit& unit, double rate_hz, bool whole_samples, int* repeated = nullptr);

struct SpikeAgreement {
  double lag_samples = 0;        ///< prediction minus reference
  int tp = 0, fp = 0, fn = 0;
  int runner_up = 0;             ///< differences gathered at the next best lag: what chance or a common rhythm gives
  double roa = 0;                ///< tp / (tp + fp + fn)
  double precision = 0, recall = 0, f1 = 0;
};

/// Agreement at the best lag within +-max_lag; tolerance and lag in samples.
SpikeAgreement spike_agreement(const std::vector<double>& reference, const std::vector<double>& predicted, double tolerance, double max_lag,
                               MatchWindow window = MatchWindow::closed);

/// Whole samples in `tolerance_ms`: rounded down, but at least 1 unless it is 0.
double tolerance_samples(double tolerance_ms, double rate_hz);

}  // namespace emg
