#pragma once
// Directions in which extended observations have unit variance, those of noise left out.
//
// covariance: (R width) x (R width), uV^2, symmetric. Result: projection (rank x R width), rows of variance 1 on the data of `covariance`;
// directions at or below the floor are dropped. Channels beyond channel_count (zero padding) never enter.
// Throws NumericalError if fewer than 5 directions remain.
// Cost: an eigen-decomposition of R channel_count rows; `rewhitened` 2 products and a Cholesky factor.
// Method: truncated principal component whitening, floor = mean of the lower half of the eigenvalues (Holobar & Zazula 2007, IEEE Trans
// Signal Process 55; Negro et al. 2016); Cholesky whitening of the projected residual.

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

struct Whitening {
  RowMatrix projection;       ///< rank x (R width)
  double floor_uv2 = 0;
  Eigen::VectorXd variances;  ///< kept eigenvalues, uV^2, descending
};

/// `floor_uv2` open: mean of the lower half of the eigenvalues. `channels`: which of the first channel_count channels take part.
Whitening whiten(const RowMatrix& covariance, Index lags, const std::vector<Index>& channels, std::optional<double> floor_uv2 = std::nullopt);

/// Rows spanning those of `projection` with unit variance on the data of `covariance`; directions without variance are dropped.
RowMatrix rewhitened(const RowMatrix& projection, const RowMatrix& covariance, int threads = 1);

}  // namespace emg::hd
