#pragma once
// How far a unit can be trusted, from the data alone: does a filter from one half of the time find its spikes in the other, and do odd and
// even channels agree?
//
// Works on the residual of a decomposition plus the contribution of the unit. Fewer than 4 spikes, or fewer than 16 channels for the split, give
// no value. Cost: about 4 sources for each unit and two eigen-decompositions of half the size.
// Method: silhouettes of noise reach 0.98 for trains of 10 to 35 spikes; agreement of independent estimates does not (two-source method of
// Mambrito & De Luca 1984 for the channels).

#include <optional>

#include "libemg/decompose/hd/frames.h"
#include "libemg/decompose/hd/source_spikes.h"

namespace emg::hd {

struct ReliabilityInput {
  const Frames& residual;
  const RowMatrix& projection;             ///< whitening of the residual
  const RowMatrix& residual_covariance;
  Index lags;
  const std::vector<Train>& trains;
  const std::vector<FloatMatrix>& shapes;  ///< what was subtracted
  const std::vector<Span>& runs;
  double sample_count;
  SpikeSettings spikes;
  Index tolerance;
};

/// Agreement of each train with the spikes that filters from the other half of its spikes find; mean of both directions.
std::vector<std::optional<double>> halves_agreement(const ReliabilityInput& input, int threads = 1);

/// Agreement between the trains that filters of the odd and of the even channels find.
std::vector<std::optional<double>> channels_agreement(const ReliabilityInput& input, int threads = 1);

}  // namespace emg::hd
