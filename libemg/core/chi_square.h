#pragma once
// The chi-square distribution, which mean squares of noise and spectral estimates follow.

namespace emg {

/// Quantile of the chi-square distribution, probability in (0, 1), degrees of freedom > 0; relative error below 1e-9.
double chi_square_quantile(double probability, double degrees_of_freedom);

}  // namespace emg
