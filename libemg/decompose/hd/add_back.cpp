#include "libemg/decompose/hd/add_back.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "libemg/decompose/hd/product_internal.h"

namespace emg::hd {
namespace {

// Rows: the extended observation j = 0 .. length + R - 2 samples after the start of the window, for one occurrence of `shape` alone.
RowMatrix occurrence(const FloatMatrix& shape, Index lags) {
  const Index width = shape.cols(), length = shape.rows(), rows = length + lags - 1;
  RowMatrix extended = RowMatrix::Zero(rows, lags * width);
  for (Index j = 0; j < rows; ++j) {
    for (Index k = 0; k < lags; ++k) {
      const Index t = j - (lags - 1) + k;
      if (t >= 0 && t < length) extended.row(j).segment(k * width, width) = shape.row(t).cast<double>();
    }
  }
  return extended;
}

}  // namespace

UnitFilter unit_filter(const RowMatrix& turned, const FloatMatrix& shape, Index lags, double spike_share, Index near) {
  const RowMatrix seen = product(occurrence(shape, lags), turned);  // A^T
  const Index count = seen.rows();
  const RowMatrix seen_turned = seen.transpose();
  const Eigen::MatrixXd gram = product(seen, seen_turned);
  UnitFilter filter;
  filter.direction = Eigen::VectorXd::Zero(turned.cols());
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
  filter.direction = seen.row(best).transpose();
  for (std::size_t k = 0; k < others.size(); ++k) filter.direction -= weights[static_cast<Index>(k)] * seen.row(others[k]).transpose();
  const double norm = filter.direction.norm();
  if (norm > 0) filter.direction /= norm;
  const Eigen::VectorXd response = seen * filter.direction;
  for (Index j = 0; j < count; ++j) filter.response[static_cast<std::size_t>(j)] = static_cast<float>(response[j]);
  filter.delay = best;
  filter.shift = best - shape.rows() / 2;
  return filter;
}

std::vector<float> response_of(const RowMatrix& turned, const Eigen::VectorXd& direction, const FloatMatrix& shape, Index lags) {
  const Eigen::VectorXd taps = turned * direction;
  const Eigen::VectorXd response = occurrence(shape, lags) * taps;
  std::vector<float> result;
  for (Index j = 0; j < response.size(); ++j) result.push_back(static_cast<float>(response[j]));
  return result;
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
