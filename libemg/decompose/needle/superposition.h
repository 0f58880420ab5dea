#pragma once
// Which units discharged in a stretch of record, and when: the search behind every decision of the decomposition.
//
// x: channels x samples of unit noise in which only the discharges asked for are left; lags [first, first + count) of x may hold the zero of a
// template. prior: units x count, -2 ln(intensity of the unit there, 1/s). noise_power: of x, above 1 where potentials vary more than noise.
// Result: the discharges of least cost, none if nothing is gained. Without units: no discharge.
// Cost: about 0.2 ms for one unit in 12 ms, 1-2 ms for four of ten units with a beam of 24.
// Method: cost of a set S = |x - sum T|^2 + sum (-2 ln intensity - ln(2 pi / |T'|^2)): twice the negative log posterior with the lag integrated
// by Laplace's method (its second term weighs a discharge against the lags it could have had). Sets grow by one discharge at the three best
// lags of every unit; after each step the lags are optimised again in turn; the best `beam_width` go on, until two steps bring nothing (the
// first step towards two potentials that cancel each other costs). Amplitudes of the sets seen are then solved with a normal prior about
// 1, and sets compared again. Posteriors sum exp(-cost / (2 temperature)) over all sets seen.

#include <vector>

#include "libemg/decompose/needle/templates.h"

namespace emg::needle {

struct SolverOptions {
  double rate_hz = 0, energy_scale = 1;
  int beam_width = 24, beam_depth = 6;
  double temperature = 1.3;
  double closest_ms = 20;    ///< discharges of one unit
  double same_ms = 0.5;      ///< lags this near are one event for the posterior
  double constant_prior = 0; ///< -2 ln of the rate that `shape_only` takes for every unit
};

struct Resolution {
  std::vector<Discharge> discharges;  ///< positions in samples of x
  double gain = 0;                    ///< cost of "nothing" minus cost of the best set
  double runner_up = 0;               ///< cost of the best set of other units minus that of the best
};

class SuperpositionSolver {
 public:
  SuperpositionSolver(const std::vector<Template>& templates, const GramTables& gram, const SolverOptions& options);
  Resolution solve(const RowMatrix& x, Index first, Index count, const RowMatrix& prior, double noise_power = 1) const;

 private:
  const std::vector<Template>& templates_;
  const GramTables& gram_;
  SolverOptions options_;
};

}  // namespace emg::needle
