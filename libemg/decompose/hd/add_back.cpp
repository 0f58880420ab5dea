#include "libemg/decompose/hd/add_back.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "libemg/decompose/hd/kernels_internal.h"
#include "libemg/decompose/hd/product_internal.h"

namespace emg::hd {
namespace {

// `shape` between zeros, so that the extended observation j = 0 .. length + R - 2 samples after the start of the window, for one occurrence
// alone, starts at row j; rows for what the kernels take at a time.
FloatMatrix among_zeros(const FloatMatrix& shape, Index lags, Index rows) {
  FloatMatrix padded = FloatMatrix::Zero(rows + lags - 1, shape.cols());
  padded.middleRows(lags - 1, shape.rows()) = shape;
  return padded;
}

Index rounded_up(Index value, Index step) { return (value + step - 1) / step * step; }

}  // namespace

TurnedProjection turned_projection(const RowMatrix& projection) {
  TurnedProjection turned{FloatMatrix::Zero(projection.cols(), padded_columns(projection.rows())), projection.rows()};
  turned.taps.leftCols(turned.rank) = projection.transpose().cast<float>();
  return turned;
}

UnitFilter unit_filter(const TurnedProjection& turned, const FloatMatrix& shape, Index lags, double spike_share, Index near) {
  const auto multiply = hd_kernels::kernels().multiply_float;
  const Index width = shape.cols(), count = shape.rows() + lags - 1, rows = rounded_up(count, hd_kernels::kRows), rank = turned.taps.cols();
  const FloatMatrix padded = among_zeros(shape, lags, rows);
  FloatMatrix seen = FloatMatrix::Zero(rows, rank);  // A^T
  multiply(padded.data(), width, 1, turned.taps.data(), rank, seen.data(), rank, rows, lags * width, rank);
  const Index columns = padded_columns(rows);
  FloatMatrix seen_turned = FloatMatrix::Zero(rank, columns);
  seen_turned.leftCols(rows) = seen.transpose();
  FloatMatrix products = FloatMatrix::Zero(rows, columns);
  multiply(seen.data(), rank, 1, seen_turned.data(), columns, products.data(), columns, rows, rank, columns);
  const Eigen::MatrixXd gram = products.topLeftCorner(count, count).cast<double>();
  UnitFilter filter;
  filter.direction = Eigen::VectorXd::Zero(turned.rank);
  filter.response.assign(static_cast<std::size_t>(count), 0.0f);
  if (!(gram.trace() > 0) || !(spike_share > 0)) return filter;
  // Where the whitened waveform is largest. At the ends of the window copies of the unit itself would be suppressed best, but little of it is
  // seen there.
  Index best = 0;
  gram.diagonal().maxCoeff(&best);
  std::vector<Index> others;
  for (Index j = 0; j < count; ++j) {
    if (std::abs(j - best) > near) others.push_back(j);
  }
  Eigen::MatrixXd loaded = gram(others, others);
  loaded.diagonal().array() += 1 / spike_share;
  const Eigen::VectorXd weights = loaded.llt().solve(Eigen::VectorXd(gram(others, best)));
  const auto at = [&](Index j) { return seen.row(j).head(turned.rank).transpose().cast<double>(); };
  filter.direction = at(best);
  for (std::size_t k = 0; k < others.size(); ++k) filter.direction -= weights[static_cast<Index>(k)] * at(others[k]);
  const double norm = filter.direction.norm();
  if (norm > 0) filter.direction /= norm;
  for (Index j = 0; j < count; ++j) filter.response[static_cast<std::size_t>(j)] = static_cast<float>(at(j).dot(filter.direction));
  filter.delay = best;
  filter.shift = best - shape.rows() / 2;
  return filter;
}

std::vector<float> response_of(const TurnedProjection& turned, const Eigen::VectorXd& direction, const FloatMatrix& shape, Index lags) {
  const Eigen::VectorXf taps = turned.taps.leftCols(turned.rank) * direction.cast<float>();
  const Index count = shape.rows() + lags - 1, width = shape.cols();
  const FloatMatrix padded = among_zeros(shape, lags, count);
  std::vector<float> response;
  for (Index j = 0; j < count; ++j) response.push_back(Eigen::Map<const Eigen::VectorXf>(padded.data() + j * width, lags * width).dot(taps));
  return response;
}

void add_responses(std::span<float> source, const Train& train, const std::vector<float>& response, Index half) {
  const auto count = static_cast<Index>(source.size()), length = static_cast<Index>(response.size());
  for (const Index spike : train) {
    const Index first = spike - half;
    for (Index j = std::max<Index>(0, -first); j < std::min(length, count - first); ++j) {
      source[static_cast<std::size_t>(first + j)] += response[static_cast<std::size_t>(j)];
    }
  }
}

}  // namespace emg::hd
