#pragma once
// The source of a unit on the residual plus the unit's own contribution, without forming that sum.
//
// residual: the record without all units; projection: whitening of the residual; templates: what was subtracted for each unit, (2 half + 1) x
// width. With A = P ext(T) (rank x J, J = 2 half + R), a its largest column and A' the columns more than `near` samples away, the linear
// filter against the residual and the unit's own distant copies is w = (I + n/N A' A'^T)^-1 a; c = A^T w is the response to one spike, and
//   s(t) = w^T z_res(t) + sum over spikes of c(t - t_k)
// It does not confirm itself: at a false spike the residual holds -T, and adding T restores the data.
// A unit whose template is zero has a zero source. Cost: 2 rank R width J in float for each unit, and the sources.
// Method: matrix inversion lemma applied to the linear minimum mean square estimator of convolutive mixtures (Holobar & Zazula 2007).

#include <span>

#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

/// Filter of one unit on the residual.
struct UnitFilter {
  Eigen::VectorXd direction;       ///< unit vector in the whitened space
  std::vector<float> response;     ///< to one spike; entry `delay` falls on the largest value
  Index delay = 0;                 ///< of that entry
  Index shift = 0;                 ///< samples after the spike at which the source of one spike peaks
};

/// A projection, turned, for the kernels.
struct TurnedProjection {
  FloatMatrix taps;  ///< (R width) x rank, columns of zeros behind
  Index rank = 0;
};
TurnedProjection turned_projection(const RowMatrix& projection);

/// `spike_share`: spikes over samples. `near`: copies within the refractory time are no
/// rivals of the spike itself, and suppressing them costs a smooth waveform most of its height.
UnitFilter unit_filter(const TurnedProjection& turned, const FloatMatrix& shape, Index lags, double spike_share, Index near);

/// Response of the filter `direction` (in the space of the projection) to one occurrence of `shape`.
std::vector<float> response_of(const TurnedProjection& turned, const Eigen::VectorXd& direction, const FloatMatrix& shape, Index lags);

/// Adds the responses at the spikes to a source of the residual.
void add_responses(std::span<float> source, const Train& train, const std::vector<float>& response, Index half);

}  // namespace emg::hd
