#pragma once
// Linear filters from known spikes: what a decomposition, another program or a person says becomes a filter that finds the spikes again.
//
// frames, projection (whitening of these frames), trains inside the record. Result for each train: filter, the delay at which the mean
// observation is largest, its source's spikes (moved back by the delay) and their quality. A train without spikes gives an empty result.
// Cost: for each train spikes x R width x delays operations, and `refinements` sources.
// Method: the filter against the covariance of the record is the whitened mean observation at the spikes (Holobar & Zazula 2007, CKC).

#include "libemg/decompose/hd/source_spikes.h"

namespace emg::hd {

struct RefitSettings {
  Index max_delay = 31;
  int refinements = 5;
  double kept_agreement = 0.5;  ///< a refinement that shares less with the train before it is not taken
  Index tolerance = 1;
  SpikeSettings spikes;
};

struct RefitUnit {
  FloatMatrix filter;           ///< (R width) x 1, acts on `Frames::extended`; unit variance of its source
  Index delay = 0;              ///< samples from a spike to the peak of the source
  SourceSpikes source;          ///< spikes moved back by `delay`
};

std::vector<RefitUnit> refit_filters(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Train>& trains,
                                     const std::vector<Span>& runs, const RefitSettings& settings, int threads = 1);

/// `train` moved by `by` samples, those that leave [0, count) left out.
Train moved(const Train& train, Index by, Index count);

}  // namespace emg::hd
