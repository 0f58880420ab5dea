#include "libemg/measure/ncs/late_sweep_internal.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

namespace emg::ncs_detail {
namespace {

constexpr double kSmoothMs = kLateSmoothMs, kTailTimesMs[] = {4, 10, 30}, kQuietMs = 3;

// Robust constant, or constant + exponentials (bisquare, 12 rounds), of the samples from the start of the window on.
void remove_tail(Trace& t, Index first, Index last, bool exponentials) {
  const Index n = last - first + 1, terms = exponentials ? 4 : 1;
  Eigen::MatrixXd basis(n, terms);
  Eigen::VectorXd y(n), weight = Eigen::VectorXd::Ones(n);
  for (Index i = 0; i < n; ++i) {
    const double ms = static_cast<double>(i) * t.step_ms();
    basis(i, 0) = 1;
    for (Index k = 1; k < terms; ++k) basis(i, k) = std::exp(-ms / kTailTimesMs[k - 1]);
    y[i] = t.at(first + i);
  }
  Eigen::VectorXd tail = Eigen::VectorXd::Zero(n);
  for (int round = 0; round < 12; ++round) {
    const Eigen::MatrixXd gram = basis.transpose() * weight.asDiagonal() * basis;
    const Eigen::VectorXd target = basis.transpose() * (weight.array() * y.array()).matrix();
    const Eigen::VectorXd factors = (gram + 1e-9 * gram.trace() * Eigen::MatrixXd::Identity(terms, terms)).ldlt().solve(target);
    tail = basis * factors;
    const Eigen::VectorXd error = y - tail;
    const double scale = 4.685 * robust_sd({error.data(), error.data() + n});
    if (!(scale > 0)) break;
    for (Index i = 0; i < n; ++i) {
      const double u = error[i] / scale;
      weight[i] = std::abs(u) < 1 ? (1 - u * u) * (1 - u * u) : 1e-6;
    }
  }
  for (Index i = 0; i < n; ++i) t.y[static_cast<std::size_t>(first + i)] -= tail[i];
}

}  // namespace

std::vector<double> common_tail(const SweepSet& set, const std::vector<Index>& rows, Index first, Index last) {
  Trace median = trace_of(set, rows.front());
  std::vector<double> values(rows.size()), levels;
  for (const Index row : rows) {
    const auto level = baseline_of(trace_of(set, row), 0, 1);
    levels.push_back(level.before_stimulus ? level.level_uv : 0);
  }
  for (Index i = first; i <= last; ++i) {
    for (std::size_t k = 0; k < rows.size(); ++k) values[k] = set.samples(rows[k], i) - levels[k];
    median.y[static_cast<std::size_t>(i)] = median_of(values);
  }
  std::vector<double> tail(median.y.begin() + first, median.y.begin() + last + 1);
  remove_tail(median, first, last, true);
  for (std::size_t i = 0; i < tail.size(); ++i) tail[i] -= median.y[static_cast<std::size_t>(first) + i];
  return tail;
}

LateSweep late_sweep(const SweepSet& set, Index row, Index first, Index last, const std::vector<double>& tail, double floor_uv) {
  LateSweep s;
  s.rest = trace_of(set, row);
  const auto before = baseline_of(s.rest, s.rest.ms(static_cast<double>(first)), s.rest.ms(static_cast<double>(last)));
  s.sigma = before.sigma_uv;
  const auto white = s.sigma / std::sqrt(std::max(1.0, kSmoothMs * s.rest.rate_hz / 1000));
  const auto raw = smoothed(s.rest.y, kSmoothMs, s.rest.rate_hz);
  s.smooth_sigma = std::max(white, s.rest.ms(0) < -kQuietMs ? sd_of({raw.data(), static_cast<std::size_t>(s.rest.sample(-kSmoothMs))}) : 0.0);
  for (Index i = first; i <= last; ++i) s.rest.y[static_cast<std::size_t>(i)] -= tail[static_cast<std::size_t>(i - first)];
  // The level before the stimulus, if there is one: an F wave that fills half of the window would pass for a level of its own.
  if (before.before_stimulus) {
    for (double& v : s.rest.y) v -= before.level_uv;
  } else {
    remove_tail(s.rest, first, last, false);
  }
  s.from = first;
  // Nothing before the window may leak into it.
  for (Index i = 0; i < first; ++i) s.rest.y[static_cast<std::size_t>(i)] = 0;
  s.smooth = s.rest;
  s.smooth.y = smoothed(s.rest.y, kSmoothMs, s.rest.rate_hz);
  // What is left of the M wave where the window begins is no late response: it ends before one can begin.
  const double level = std::max(floor_uv / 2, 4 * s.sigma / std::sqrt(std::max(1.0, kSmoothMs * s.rest.rate_hz / 1000)));
  while (s.from < first + (last - first) / 2 && std::abs(s.smooth.at(s.from)) > level) ++s.from;
  return s;
}

}  // namespace emg::ncs_detail
