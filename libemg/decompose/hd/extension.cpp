#include "libemg/decompose/hd/extension.h"

#include <algorithm>
#include <vector>

#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/kernels_internal.h"

namespace emg::hd {
namespace {

// Samples turned into double at a time.
constexpr Index kTile = 256;

}  // namespace

RowMatrix lag_products(const Frames& frames, Index lags, int threads) {
  const Index width = frames.width(), rows = lags * width;
  const Index columns = (width + hd_kernels::kDoubleColumns - 1) / hd_kernels::kDoubleColumns * hd_kernels::kDoubleColumns;
  const auto multiply = hd_kernels::kernels().multiply_double;
  std::vector<RowMatrix> partial(kPieces);
  parallel_for(kPieces, threads, [&](Index i) {
    const auto piece = piece_of(frames.count(), i);
    if (piece.count == 0) return;
    RowMatrix& sum = partial[static_cast<std::size_t>(i)];
    sum = RowMatrix::Zero(rows, columns);
    RowMatrix left(kTile + lags - 1, width), right = RowMatrix::Zero(kTile, columns);
    for (Index t = 0; t < piece.count; t += kTile) {
      const Index here = std::min(kTile, piece.count - t), first = piece.first + t;
      std::copy_n(frames.extended(first, lags), (here + lags - 1) * width, left.data());
      for (Index k = 0; k < here; ++k) std::copy_n(left.data() + (k + lags - 1) * width, width, right.data() + k * columns);
      multiply(left.data(), 1, width, right.data(), columns, sum.data(), columns, rows, here, columns);
    }
  });
  RowMatrix total = RowMatrix::Zero(rows, width);
  for (const auto& sum : partial) {
    if (sum.size() > 0) total += sum.leftCols(width);
  }
  return total;
}

RowMatrix extended_covariance(const RowMatrix& products, Index lags, double sample_count) {
  const Index width = products.cols();
  RowMatrix covariance(lags * width, lags * width);
  const double scale = 1.0 / sample_count;
  // Block row i holds lag R - 1 - i. E[x(t - a) x(t - b)^T] is the product at lag a - b, turned if b > a.
  for (Index i = 0; i < lags; ++i) {
    for (Index j = 0; j < lags; ++j) {
      const Index lag = j - i;
      const auto block = products.middleRows((lags - 1 - std::abs(lag)) * width, width);
      auto to = covariance.block(i * width, j * width, width, width);
      if (lag >= 0) {
        to = block * scale;
      } else {
        to = block.transpose() * scale;
      }
    }
  }
  return covariance;
}

}  // namespace emg::hd
