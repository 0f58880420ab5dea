#pragma once
// Sources s(t) = f^T x~(t) of many filters at once, and means of x~ at spikes.
//
// filters: (R width) x K, order of `Frames::extended`. Result of `sources`: K x count. Zero frames give zeros.
// Cost: 2 R width K count operations.

#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

FloatMatrix sources(const Frames& frames, const FloatMatrix& filters, Index lags, int threads = 1);

/// Mean of x~ over `train`, for each train a column: (R width) x trains. An empty train gives zeros.
RowMatrix mean_observations(const Frames& frames, const std::vector<Train>& trains, Index lags, int threads = 1);

/// Raw taps P^T w of directions w (columns) in the space of `projection`, normed to unit length there: padded to what the kernels take.
FloatMatrix raw_filters(const RowMatrix& projection, const RowMatrix& directions, int threads = 1);

}  // namespace emg::hd
