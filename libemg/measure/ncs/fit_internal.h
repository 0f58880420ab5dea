#pragma once
// Robust nonlinear least squares for curves of few parameters.

#include <functional>
#include <vector>

namespace emg::ncs_detail {

struct CurveFit {
  std::vector<double> parameters;
  double error = 0;  ///< weighted squared error
  bool converged = false;
};

/// Levenberg-Marquardt with numerical derivatives; `robust`: bisquare weights from the residuals, renewed after each fit, five times.
CurveFit fit_curve(const std::vector<double>& x, const std::vector<double>& y, std::vector<double> start,
                   const std::function<double(double, const std::vector<double>&)>& model, bool robust = true);

}  // namespace emg::ncs_detail
