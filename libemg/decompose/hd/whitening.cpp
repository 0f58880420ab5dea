#include "libemg/decompose/hd/whitening.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/decompose/hd/product_internal.h"

namespace emg::hd {
namespace {

constexpr Index kFewestDirections = 5;
// Below this share of the largest eigenvalue lies rounding.
constexpr double kSmallestShare = 1e-12;
// Pivot of the Cholesky factor below which a direction holds nothing any more; whitened data have 1.
constexpr double kSmallestPivot = 1e-10;
// Rows solved together in forward substitution.
constexpr Index kBlock = 64;

// Lower factor of `c`, directions with a vanishing pivot taken out of `c`, `rows` says which stayed.
Eigen::MatrixXd lower_factor(RowMatrix c, std::vector<Index>& rows) {
  rows.resize(static_cast<std::size_t>(c.rows()));
  for (Index i = 0; i < c.rows(); ++i) rows[static_cast<std::size_t>(i)] = i;
  while (true) {
    const Eigen::LLT<Eigen::MatrixXd> factor(c);
    if (factor.info() == Eigen::Success) {
      const Eigen::MatrixXd lower = factor.matrixL();
      std::vector<Index> kept;
      for (Index i = 0; i < c.rows(); ++i) {
        if (lower(i, i) * lower(i, i) >= kSmallestPivot) kept.push_back(i);
      }
      if (static_cast<Index>(kept.size()) == c.rows()) return lower;
      RowMatrix smaller = c(kept, kept);
      std::vector<Index> names;
      for (const auto i : kept) names.push_back(rows[static_cast<std::size_t>(i)]);
      c = std::move(smaller);
      rows = std::move(names);
    } else {
      // Rounding made a direction negative: lift all by what rounding can do.
      c.diagonal().array() += 1e-12 * c.diagonal().maxCoeff();
      if (!c.allFinite() || c.diagonal().maxCoeff() <= 0) throw NumericalError("decompose: the residual has no covariance");
    }
  }
}

}  // namespace

Whitening whiten(const RowMatrix& covariance, Index lags, const std::vector<Index>& channels, std::optional<double> floor_uv2) {
  const Index width = covariance.rows() / lags;
  std::vector<Index> used;
  for (Index l = 0; l < lags; ++l) {
    for (const auto c : channels) used.push_back(l * width + c);
  }
  const Eigen::MatrixXd compact = covariance(used, used);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(compact);
  const auto& values = solver.eigenvalues();
  const Index count = values.size();
  Whitening result;
  result.floor_uv2 = floor_uv2.value_or(values.head(count / 2).mean());
  const double least = std::max(result.floor_uv2, kSmallestShare * values[count - 1]);
  Index rank = 0;
  while (rank < count && values[count - 1 - rank] > least) ++rank;
  if (rank < kFewestDirections) {
    throw NumericalError(fmt::format("decompose: rank {} after truncation, need {}: channels are copies of each other", rank, kFewestDirections));
  }
  result.variances = values.tail(rank).reverse();
  result.projection = RowMatrix::Zero(rank, covariance.rows());
  for (Index i = 0; i < rank; ++i) {
    const double scale = 1 / std::sqrt(result.variances[i]);
    const auto direction = solver.eigenvectors().col(count - 1 - i);
    for (std::size_t k = 0; k < used.size(); ++k) result.projection(i, used[k]) = scale * direction[static_cast<Index>(k)];
  }
  return result;
}

RowMatrix rewhitened(const RowMatrix& projection, const RowMatrix& covariance, int threads) {
  const RowMatrix half = product(projection, covariance, threads);
  const RowMatrix turned = projection.transpose();
  std::vector<Index> rows;
  RowMatrix inside = product(half, turned, threads);
  inside = (0.5 * (inside + inside.transpose())).eval();
  const RowMatrix lower = lower_factor(inside, rows);
  RowMatrix result = static_cast<Index>(rows.size()) == projection.rows() ? projection : RowMatrix(projection(rows, Eigen::all));
  const Index count = lower.rows();
  for (Index first = 0; first < count; first += kBlock) {
    const Index here = std::min(kBlock, count - first);
    if (first > 0) {
      const RowMatrix left = lower.block(first, 0, here, first), above = result.topRows(first);
      result.middleRows(first, here) -= product(left, above, threads);
    }
    const RowMatrix corner = lower.block(first, first, here, here);
    RowMatrix inverse = RowMatrix::Identity(here, here);
    corner.triangularView<Eigen::Lower>().solveInPlace(inverse);
    const RowMatrix block = result.middleRows(first, here);
    result.middleRows(first, here) = product(inverse, block, threads);
  }
  return result;
}

}  // namespace emg::hd
