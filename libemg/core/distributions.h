#pragma once
// F, Student t and normal distributions.
//
// Degenerate input: NaN gives NaN.
// Method: F and t by the continued fraction of the regularised incomplete beta function (Abramowitz & Stegun 26.5.8, evaluated after
// Lentz), quantiles by bisection. Relative error below 1e-10 for 1 to 1e6 degrees of freedom.

namespace emg {

/// Probability that F with `first` and `second` degrees of freedom exceeds `f` >= 0.
double f_tail(double f, double first, double second);

/// Probability that |t| with `freedom` degrees of freedom exceeds |`t`|.
double student_t_two_sided(double t, double freedom);

/// Quantile of Student's t, probability in (0, 1).
double student_t_quantile(double probability, double freedom);

/// Quantile of the standard normal distribution, probability in (0, 1); absolute error below 1e-14.
double standard_normal_quantile(double probability);

}  // namespace emg
