#pragma once
// Features of one window, one function each. Windows are at least as long as their feature needs (`shortest_window`).

#include <span>
#include <vector>

#include "libemg/core/signal.h"

namespace emg::surface {

/// Central moments of order 2, 3 and 4, divided by the number of samples.
struct Moments {
  double mean = 0, second = 0, third = 0, fourth = 0;
};
Moments moments_of(std::span<const double> x);

/// Variances (divided by n) of x, its first and its second differences.
struct DifferenceVariances {
  double x = 0, first = 0, second = 0;
};
DifferenceVariances difference_variances(std::span<const double> x);

/// Polynomial 1 + sum a_k z^-k of the autoregression and the power of what it leaves; NaN for a constant window.
struct Autoregression {
  std::vector<double> coefficients;
  double noise = 0;
};
Autoregression burg(std::span<const double> x, Index order);
Autoregression yule_walker(std::span<const double> x, Index order);

/// Cepstrum of 1 / polynomial.
std::vector<double> cepstrum_of(const std::vector<double>& coefficients);

/// -ln(A / B) for templates of length 2 and 3 within tolerance x SD; NaN if there is no pair.
double sample_entropy(std::span<const double> x, double tolerance);

/// Geometric mean of |x|, not below 1e-12.
double log_detector(std::span<const double> x);

/// Sum of squared first differences.
double squared_lengths(std::span<const double> x);

/// How many first differences (samples) exceed `threshold` in size.
Index differences_above(std::span<const double> x, double threshold);
Index samples_above(std::span<const double> x, double threshold);

}  // namespace emg::surface
