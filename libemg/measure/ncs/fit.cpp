#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "libemg/measure/ncs/fit_internal.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg::ncs_detail {
namespace {

constexpr int kMostSteps = 200, kReweightings = 5;
constexpr double kSettled = 1e-10, kBisquare = 4.685;

double weighted_error(const std::vector<double>& x, const std::vector<double>& y, const std::vector<double>& w,
                      const std::vector<double>& p, const std::function<double(double, const std::vector<double>&)>& model) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double e = y[i] - model(x[i], p);
    sum += w[i] * e * e;
  }
  return sum;
}

CurveFit levenberg(const std::vector<double>& x, const std::vector<double>& y, const std::vector<double>& w, std::vector<double> p,
                   const std::function<double(double, const std::vector<double>&)>& model) {
  const auto n = static_cast<Eigen::Index>(x.size()), k = static_cast<Eigen::Index>(p.size());
  CurveFit fit{p, weighted_error(x, y, w, p, model), false};
  double damping = 1e-3;
  for (int step = 0; step < kMostSteps; ++step) {
    Eigen::MatrixXd jacobian(n, k);
    Eigen::VectorXd residual(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double root = std::sqrt(w[at]);
      residual[i] = root * (y[at] - model(x[at], fit.parameters));
      for (Eigen::Index j = 0; j < k; ++j) {
        auto up = fit.parameters, down = fit.parameters;
        const double h = 1e-6 * std::max(1e-3, std::abs(fit.parameters[static_cast<std::size_t>(j)]));
        up[static_cast<std::size_t>(j)] += h, down[static_cast<std::size_t>(j)] -= h;
        jacobian(i, j) = root * (model(x[at], up) - model(x[at], down)) / (2 * h);
      }
    }
    const Eigen::MatrixXd normal = jacobian.transpose() * jacobian;
    const Eigen::VectorXd gradient = jacobian.transpose() * residual;
    bool better = false;
    for (int attempt = 0; attempt < 12 && !better; ++attempt) {
      Eigen::MatrixXd damped = normal;
      for (Eigen::Index j = 0; j < k; ++j) damped(j, j) += damping * std::max(normal(j, j), 1e-12);
      const Eigen::VectorXd move = damped.ldlt().solve(gradient);
      auto next = fit.parameters;
      for (Eigen::Index j = 0; j < k; ++j) next[static_cast<std::size_t>(j)] += move[j];
      const double error = weighted_error(x, y, w, next, model);
      if (std::isfinite(error) && error <= fit.error) {
        const double gain = fit.error - error;
        better = true;
        fit.parameters = std::move(next), fit.error = error;
        damping = std::max(1e-12, damping / 5);
        if (gain <= kSettled * (error + 1e-300)) fit.converged = true;
      } else {
        damping *= 5;
      }
    }
    if (!better) fit.converged = true;  // no direction lowers the error any more
    if (fit.converged) break;
  }
  return fit;
}

}  // namespace

CurveFit fit_curve(const std::vector<double>& x, const std::vector<double>& y, std::vector<double> start,
                   const std::function<double(double, const std::vector<double>&)>& model, bool robust) {
  std::vector<double> weight(x.size(), 1.0);
  auto fit = levenberg(x, y, weight, std::move(start), model);
  for (int round = 0; robust && round < kReweightings; ++round) {
    std::vector<double> residual;
    for (std::size_t i = 0; i < x.size(); ++i) residual.push_back(y[i] - model(x[i], fit.parameters));
    const double scale = kBisquare * robust_sd(residual);
    if (!(scale > 0)) break;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double u = residual[i] / scale;
      weight[i] = std::abs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
    }
    fit = levenberg(x, y, weight, fit.parameters, model);
  }
  return fit;
}

}  // namespace emg::ncs_detail
