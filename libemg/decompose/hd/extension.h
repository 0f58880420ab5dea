#pragma once
// Covariance of extended observations from products of the samples at each lag, without the extended observations themselves.
//
// frames: samples by time (frames.h), zero outside the record. Result: (R width) x (R width), uV^2, order of `Frames::extended` (lags
// descending, channels inside a lag), for t = 0 .. count + R - 2. Zero frames give zeros.
// Cost: 2 width^2 R count operations (R^2 for the dense product).
// Method: block Toeplitz covariance of a sequence (Negro et al. 2016, J Neural Eng 13, extension), sums in double.

#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

/// sum over t of x~(t) x(t)^T: (R width) x width.
RowMatrix lag_products(const Frames& frames, Index lags, int threads = 1);

/// Covariance of the extended observations, divided by `sample_count`.
RowMatrix extended_covariance(const RowMatrix& lag_products, Index lags, double sample_count);

}  // namespace emg::hd
