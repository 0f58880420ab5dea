#pragma once
// Tails and quantiles of the usual distributions, and exact limits of counts.
//
// Degenerate input: a count of 0 has the lower limit 0; tails at the edge of their support are 0 or 1.
// Throws nothing; arguments are taken as checked (degrees of freedom > 0, probabilities in (0, 1)).
// Method: incomplete gamma and beta functions by series and continued fraction (Abramowitz & Stegun 6.5.29, 26.5.8), quantiles by bisection.
// Limits of a Poisson mean: Garwood 1936, Biometrika 28:437; of a binomial share: Clopper & Pearson 1934, Biometrika 26:404.
// Error: relative below 1e-9 in the centre and in both tails.

#include <cstdint>

namespace emg {

/// P(X > x), X chi-square.
double chi_square_upper_tail(double x, double degrees_of_freedom);
/// P(X >= count), X Poisson of this mean.
double poisson_upper_tail(std::int64_t count, double mean);
/// P(X <= count).
double poisson_lower_tail(std::int64_t count, double mean);
/// P(X > z), X standard normal.
double normal_upper_tail(double z);
/// Regularised incomplete beta function, a and b > 0.
double beta_lower_tail(double x, double a, double b);
/// P(X > f), X of the F distribution.
double f_upper_tail(double f, double numerator_freedom, double denominator_freedom);
/// P(X > t), X of Student's t distribution.
double student_upper_tail(double t, double degrees_of_freedom);

struct ExactLimits {
  double low = 0, high = 0;
};
/// Exact two-sided interval of the mean of a Poisson count, equal tails, `confidence` in (0, 1).
ExactLimits poisson_limits(std::int64_t count, double confidence);
/// Exact two-sided interval of the share `count` of `total`; total > 0.
ExactLimits binomial_limits(std::int64_t count, std::int64_t total, double confidence);
/// P(X >= count), X binomial.
double binomial_upper_tail(std::int64_t count, std::int64_t total, double share);

}  // namespace emg
