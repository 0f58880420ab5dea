#include "libemg/decompose/hd/sources.h"

#include <algorithm>

#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/kernels_internal.h"
#include "libemg/decompose/hd/product_internal.h"

namespace emg::hd {
namespace {

constexpr Index kTile = 512;

}  // namespace

FloatMatrix sources(const Frames& frames, const FloatMatrix& filters, Index lags, int threads) {
  const Index width = frames.width(), depth = lags * width, columns = padded_columns(filters.cols()), count = frames.count();
  FloatMatrix padded = FloatMatrix::Zero(depth, columns);
  padded.leftCols(filters.cols()) = filters;
  FloatMatrix result(filters.cols(), count);
  const auto multiply = hd_kernels::kernels().multiply_float;
  const Index tiles = (count + kTile - 1) / kTile;
  parallel_for(std::min<Index>(tiles, kPieces), threads, [&](Index task) {
    FloatMatrix tile(kTile, columns);
    for (Index i = task; i < tiles; i += kPieces) {
      const Index first = i * kTile, here = std::min(kTile, count - first);
      tile.setZero();
      multiply(frames.extended(first, lags), width, 1, padded.data(), columns, tile.data(), columns, (here + 7) / 8 * 8, depth, columns);
      for (Index k = 0; k < result.rows(); ++k) {
        float* to = result.data() + k * count + first;
        for (Index t = 0; t < here; ++t) to[t] = tile(t, k);
      }
    }
  });
  return result;
}

RowMatrix mean_observations(const Frames& frames, const std::vector<Train>& trains, Index lags, int threads) {
  const Index depth = lags * frames.width();
  RowMatrix means = RowMatrix::Zero(static_cast<Index>(trains.size()), depth);
  parallel_for(means.rows(), threads, [&](Index k) {
    const auto& train = trains[static_cast<std::size_t>(k)];
    double* sum = means.data() + k * depth;
    for (const Index t : train) {
      const float* x = frames.extended(t, lags);
      for (Index i = 0; i < depth; ++i) sum[i] += static_cast<double>(x[i]);
    }
    if (!train.empty()) means.row(k) /= static_cast<double>(train.size());
  });
  return means.transpose();
}

FloatMatrix raw_filters(const RowMatrix& projection, const RowMatrix& directions, int threads) {
  RowMatrix unit = directions;
  for (Index k = 0; k < unit.cols(); ++k) {
    const double norm = unit.col(k).norm();
    if (norm > 0) unit.col(k) /= norm;
  }
  return transposed_product(projection, unit, threads).cast<float>();
}

}  // namespace emg::hd
