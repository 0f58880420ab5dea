#include "libemg/measure/units/delta_f.h"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "libemg/core/error.h"

namespace emg {
namespace {

// Beauchamp et al. 2022: kernel width, box and tube of the regression; intervals at both ends weigh more.
constexpr double kGamma = 1 / 1.6, kBox = 1 / 0.370, kTubeShare = 1.0 / 11, kEndWeight = 5;
constexpr std::size_t kEndIntervals = 4;
constexpr double kSolverTolerance = 1e-4;
constexpr int kMostSteps = 200000;
constexpr double kGrid_s = 0.02;

double kernel(double a, double b) { return std::exp(-kGamma * (a - b) * (a - b)); }

double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const auto high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

// Support vector regression with an epsilon tube: minimises half b' K b - y' b + tube |b|_1 with sum b = 0 and |b_i| <= box_i, by steps along
// the pair that violates the optimality conditions most (sequential minimal optimisation, Platt 1998). Returns the offset.
double regress(const Eigen::MatrixXd& k, const std::vector<double>& y, const std::vector<double>& box, double tube, std::vector<double>& b) {
  const auto n = static_cast<Index>(y.size());
  b.assign(y.size(), 0.0);
  Eigen::VectorXd gradient(n);
  for (Index i = 0; i < n; ++i) gradient[i] = -y[static_cast<std::size_t>(i)];
  const auto rise = [&](Index i) { return gradient[i] + (b[static_cast<std::size_t>(i)] >= 0 ? tube : -tube); };
  const auto fall = [&](Index i) { return -gradient[i] + (b[static_cast<std::size_t>(i)] <= 0 ? tube : -tube); };
  for (int step = 0; step < kMostSteps; ++step) {
    Index up = -1, down = -1;
    for (Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (b[at] < box[at] && (up < 0 || rise(i) < rise(up))) up = i;
      if (b[at] > -box[at] && (down < 0 || fall(i) < fall(down))) down = i;
    }
    if (up < 0 || down < 0 || up == down || rise(up) + fall(down) > -kSolverTolerance) break;
    auto& high = b[static_cast<std::size_t>(up)];
    auto& low = b[static_cast<std::size_t>(down)];
    double move = -(rise(up) + fall(down)) / std::max(1e-12, k(up, up) + k(down, down) - 2 * k(up, down));
    move = std::min({move, box[static_cast<std::size_t>(up)] - high, low + box[static_cast<std::size_t>(down)]});
    // The slope changes where a coefficient passes zero.
    if (high < 0) move = std::min(move, -high);
    if (low > 0) move = std::min(move, low);
    high += move;
    low -= move;
    gradient += move * (k.col(up) - k.col(down));
  }
  double least = -std::numeric_limits<double>::infinity(), most = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < n; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (b[at] < box[at]) most = std::min(most, rise(i));
    if (b[at] > -box[at]) least = std::max(least, -fall(i));
  }
  return -0.5 * (least + most);
}

double correlation_of(const std::vector<double>& a, const std::vector<double>& b) {
  const auto n = static_cast<Index>(a.size());
  const Eigen::Map<const Eigen::ArrayXd> x(a.data(), n), y(b.data(), n);
  const Eigen::ArrayXd dx = x - x.mean(), dy = y - y.mean();
  const double scale = std::sqrt(dx.square().sum() * dy.square().sum());
  return scale > 0 ? (dx * dy).sum() / scale : 0;
}

DeltaFRow pair_row(const MotorUnit& control, const SmoothRate& control_rate, const MotorUnit& test, const SmoothRate& test_rate,
                   const DeltaFOptions& options) {
  DeltaFRow row;
  row.control_unit = control.unit_id;
  row.test_unit = test.unit_id;
  row.recruitment_difference_s = test_rate.first_s() - control_rate.first_s();
  const double first = std::max(control_rate.first_s(), test_rate.first_s()), last = std::min(control_rate.last_s(), test_rate.last_s());
  if (last <= first) {
    row.reason = "not active together";
    return row;
  }
  std::vector<double> of_control, of_test;
  for (double t = first; t <= last; t += kGrid_s) {
    of_control.push_back(control_rate.at(t));
    of_test.push_back(test_rate.at(t));
  }
  const auto [low, high] = std::minmax_element(of_control.begin(), of_control.end());
  row.modulation_hz = *high - *low;
  row.correlation = correlation_of(of_control, of_test);
  row.rate_at_recruitment_hz = control_rate.at(first);
  row.rate_at_derecruitment_hz = control_rate.at(last);
  if (row.recruitment_difference_s <= options.recruitment_difference_s) {
    row.reason = "recruited too soon after the control";
  } else if (*row.correlation <= options.least_correlation) {
    row.reason = "rates not correlated";
  } else if (*row.modulation_hz <= options.least_modulation_hz) {
    row.reason = "control not modulated";
  } else {
    row.delta_f_hz = *row.rate_at_recruitment_hz - *row.rate_at_derecruitment_hz;
  }
  return row;
}

}  // namespace

SmoothRate::SmoothRate(const MotorUnit& unit, const DeltaFOptions& options) {
  const auto& d = unit.discharges;
  for (std::size_t i = 1; i < d.sample.size(); ++i) {
    const double interval_s = static_cast<double>(d.sample[i] - d.sample[i - 1]) / d.rate_hz;
    times_.push_back(d.time_s(i));
    rates_.push_back(1 / interval_s);
  }
  fit(options);
}

void SmoothRate::fit(const DeltaFOptions& options) {
  if (options.smoothing == RateSmoothing::hann) {
    hann_s_ = options.hann_s;
    return;
  }
  const auto n = static_cast<Index>(times_.size());
  Eigen::MatrixXd k(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < n; ++j) k(i, j) = kernel(times_[static_cast<std::size_t>(i)], times_[static_cast<std::size_t>(j)]);
  }
  std::vector<double> box(times_.size(), kBox);
  for (std::size_t i = 0; i < box.size(); ++i) {
    if (i < kEndIntervals || i + kEndIntervals >= box.size()) box[i] *= kEndWeight;
  }
  const double tube = kTubeShare * (quantile(rates_, 0.75) - quantile(rates_, 0.25));
  bias_ = regress(k, rates_, box, tube, weights_);
}

double SmoothRate::at(double time_s) const {
  double sum = 0, weight = 0;
  if (hann_s_ > 0) {
    for (std::size_t i = 0; i < times_.size(); ++i) {
      const double distance = std::abs(times_[i] - time_s) / (0.5 * hann_s_);
      if (distance >= 1) continue;
      const double w = 0.5 * (1 + std::cos(std::numbers::pi * distance));
      sum += w * rates_[i];
      weight += w;
    }
    if (weight > 0) return sum / weight;
    const auto next = std::min(std::lower_bound(times_.begin(), times_.end(), time_s) - times_.begin(), static_cast<std::ptrdiff_t>(times_.size()) - 1);
    return rates_[static_cast<std::size_t>(next)];
  }
  for (std::size_t i = 0; i < times_.size(); ++i) {
    if (weights_[i] != 0) sum += weights_[i] * kernel(times_[i], time_s);
  }
  return sum + bias_;
}

std::vector<DeltaFRow> delta_f(const std::vector<MotorUnit>& units, const DeltaFOptions& options) {
  validate_options(options);
  std::vector<const MotorUnit*> usable;
  for (const auto& unit : units) {
    if (unit.discharges.rate_hz != units.front().discharges.rate_hz) {
      throw InvalidArgument(fmt::format("unit {} has rate_hz {}, unit {} {}", unit.unit_id, unit.discharges.rate_hz, units.front().unit_id,
                                        units.front().discharges.rate_hz));
    }
    if (static_cast<int>(unit.discharges.sample.size()) >= options.fewest_spikes) usable.push_back(&unit);
  }
  std::vector<SmoothRate> rates;
  for (const auto* unit : usable) rates.emplace_back(*unit, options);
  std::vector<std::size_t> order(usable.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rates[a].first_s() < rates[b].first_s(); });
  std::vector<DeltaFRow> rows;
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      rows.push_back(pair_row(*usable[order[i]], rates[order[i]], *usable[order[j]], rates[order[j]], options));
    }
  }
  return rows;
}

std::vector<DeltaFUnitRow> delta_f_by_unit(const std::vector<DeltaFRow>& pairs) {
  std::vector<DeltaFUnitRow> rows;
  for (const auto& pair : pairs) {
    if (!pair.delta_f_hz) continue;
    auto row = std::find_if(rows.begin(), rows.end(), [&](const DeltaFUnitRow& r) { return r.unit_id == pair.test_unit; });
    if (row == rows.end()) row = rows.insert(rows.end(), {pair.test_unit, 0, 0.0});
    // Running mean: every pair counts once, whatever pairs were left out between.
    ++row->pair_count;
    row->delta_f_hz = *row->delta_f_hz + (*pair.delta_f_hz - *row->delta_f_hz) / row->pair_count;
  }
  return rows;
}

}  // namespace emg
