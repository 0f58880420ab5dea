#pragma once
// Instants at which the fixed point starts: where many directions are active at once.
//
// Result: `count` samples at least `separation` apart, drawn without replacement with the square root of the activity as weight, dealt in
// turn over 8 equal stretches of time so that units recruited late get a chance; fewer if the record has fewer local maxima.
// Cost: one pass of 32 sources.
// Method: activity ||z(t)||^2 estimated by 32 random directions (Johnson & Lindenstrauss); weighted draw by adding Gumbel noise to the
// logarithm of the weight (Efraimidis & Spirakis 2006).

#include "libemg/core/random.h"
#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

std::vector<Index> draw_starts(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Span>& runs, Index separation,
                               Index count, Random random, int threads = 1);

}  // namespace emg::hd
