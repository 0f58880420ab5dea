#include "libemg/core/chi_square.h"

#include <cmath>

namespace emg {
namespace {

// Regularised lower incomplete gamma function by its series (Abramowitz & Stegun 6.5.29); all x of interest lie near a.
double gamma_p(double a, double x) {
  double term = 1 / a, sum = term;
  for (double k = a + 1; term > sum * 1e-16; k += 1) {
    term *= x / k;
    sum += term;
  }
  return sum * std::exp(-x + a * std::log(x) - std::lgamma(a));
}

}  // namespace

double chi_square_quantile(double probability, double degrees_of_freedom) {
  const double a = degrees_of_freedom / 2;
  double low = 0, high = degrees_of_freedom + 40 * std::sqrt(degrees_of_freedom) + 40;
  for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
    const double middle = (low + high) / 2;
    (gamma_p(a, middle / 2) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace emg
