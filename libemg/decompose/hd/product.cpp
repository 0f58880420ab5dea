#include <algorithm>

#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/kernels_internal.h"
#include "libemg/decompose/hd/product_internal.h"

namespace emg::hd {
namespace {

using hd_kernels::kDoubleColumns;
using hd_kernels::kRows;

Index rounded_up(Index value, Index step) { return (value + step - 1) / step * step; }

// Rows of a task: a panel of the left side that stays in the second cache.
constexpr Index kTaskRows = 64;

RowMatrix multiplied(const RowMatrix& a, bool turned, const RowMatrix& b, int threads) {
  const Index rows = turned ? a.cols() : a.rows(), depth = b.rows(), columns = b.cols();
  const Index padded_rows = rounded_up(rows, kRows), padded = rounded_up(columns, kDoubleColumns);
  RowMatrix right;
  if (padded != columns) {
    right = RowMatrix::Zero(depth, padded);
    right.leftCols(columns) = b;
  }
  const double* const from = padded != columns ? right.data() : b.data();
  RowMatrix result = RowMatrix::Zero(padded_rows, padded);
  const Index whole = rows / kRows * kRows;
  // The last rows, fewer than the kernels take, from a copy filled with zeros.
  RowMatrix rest = RowMatrix::Zero(kRows, depth);
  for (Index i = whole; i < rows; ++i) {
    for (Index d = 0; d < depth; ++d) rest(i - whole, d) = turned ? a(d, i) : a(i, d);
  }
  const auto multiply = hd_kernels::kernels().multiply_double;
  const Index row_step = turned ? 1 : a.cols(), depth_step = turned ? a.cols() : 1;
  parallel_for((padded_rows + kTaskRows - 1) / kTaskRows, threads, [&](Index task) {
    const Index first = task * kTaskRows, last = std::min(first + kTaskRows, whole);
    if (last > first) {
      multiply(a.data() + first * row_step, row_step, depth_step, from, padded, result.data() + first * padded, padded, last - first, depth, padded);
    }
    if (whole < padded_rows && whole >= first && whole < first + kTaskRows) {
      multiply(rest.data(), depth, 1, from, padded, result.data() + whole * padded, padded, kRows, depth, padded);
    }
  });
  if (padded_rows == rows && padded == columns) return result;
  return result.topLeftCorner(rows, columns);
}

}  // namespace

RowMatrix product(const RowMatrix& a, const RowMatrix& b, int threads) { return multiplied(a, false, b, threads); }

RowMatrix transposed_product(const RowMatrix& a, const RowMatrix& b, int threads) { return multiplied(a, true, b, threads); }

Index padded_columns(Index columns) { return rounded_up(columns, hd_kernels::kFloatStep); }

}  // namespace emg::hd
