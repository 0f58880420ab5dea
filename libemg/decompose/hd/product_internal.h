#pragma once
// Products of matrices with the dispatched kernels.

#include "libemg/core/signal.h"
#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

/// a b and a^T b; the same bits for any number of threads.
RowMatrix product(const RowMatrix& a, const RowMatrix& b, int threads = 1);
RowMatrix transposed_product(const RowMatrix& a, const RowMatrix& b, int threads = 1);

/// Columns rounded up to what the float kernels take.
Index padded_columns(Index columns);

}  // namespace emg::hd
