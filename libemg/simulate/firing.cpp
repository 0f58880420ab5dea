#include "libemg/simulate/firing.h"

#include <cmath>
#include <optional>

#include "libemg/simulate/drive.h"

namespace emg {
namespace {

// The instant at which the integral of a rate reaches a value, walking forward only.
class RateIntegral {
 public:
  explicit RateIntegral(const std::vector<double>& rate_hz) : rate_(rate_hz) {}

  struct Place {
    std::size_t cell = 0;
    double within = 0;  ///< seconds into the cell
  };

  // Empty if the rate falls to 0 or the record ends before; then `place` stands there.
  std::optional<double> reach(Place& place, double amount) const {
    for (; place.cell + 1 < rate_.size(); ++place.cell, place.within = 0) {
      const double left = rate_[place.cell], slope = (rate_[place.cell + 1] - left) * kDriveRateHz;
      const double start = left + slope * place.within, rest = 1 / kDriveRateHz - place.within;
      const double whole = rest * (start + slope * rest / 2);
      if (whole < amount) {
        amount -= whole;
        if (rate_[place.cell + 1] == 0) return {};
        continue;
      }
      // start d + slope d^2 / 2 = amount, written so that a slope of 0 is no special case.
      const double root = std::sqrt(std::max(0.0, start * start + 2 * slope * amount));
      place.within += start + root > 0 ? 2 * amount / (start + root) : 0;
      return static_cast<double>(place.cell) / kDriveRateHz + place.within;
    }
    return {};
  }

  // Forward to the next cell with a rate; false at the end.
  bool awake(Place& place) const {
    while (place.cell + 1 < rate_.size() && rate_[place.cell] == 0 && rate_[place.cell + 1] == 0) place = {place.cell + 1, 0};
    return place.cell + 1 < rate_.size();
  }

 private:
  const std::vector<double>& rate_;
};

constexpr int kMostRedraws = 100;

// Weibull shape of a coefficient of variation: cv^2 + 1 = Gamma(1 + 2/k) / Gamma(1 + 1/k)^2, falling in k.
double weibull_shape(double cv) {
  double low = 0.3, high = 200;
  for (int i = 0; i < 60; ++i) {
    const double k = (low + high) / 2;
    const double ratio = std::exp(std::lgamma(1 + 2 / k) - 2 * std::lgamma(1 + 1 / k));
    (ratio > cv * cv + 1 ? low : high) = k;
  }
  return (low + high) / 2;
}

}  // namespace

double draw_interval(Random& random, IntervalModel model, double cv) {
  if (!(cv > 0)) return 1;
  switch (model) {
    case IntervalModel::log_normal:
      return random.log_normal(1, cv);
    case IntervalModel::weibull: {
      const double k = weibull_shape(cv);
      return std::pow(random.exponential(), 1 / k) / std::tgamma(1 + 1 / k);
    }
    case IntervalModel::gauss: {
      constexpr double kCut = 3.9;  // Fuglevand et al. 1993
      double z;
      do z = random.normal();
      while (std::fabs(z) > kCut || 1 + cv * z <= 0);
      return 1 + cv * z;
    }
    default: {
      const double shape = 1 / (cv * cv);
      return random.gamma(shape) / shape;
    }
  }
}

Train renewal_train(Random random, const std::vector<double>& rate_hz, const IntervalLaw& law) {
  const auto cv_at = [&](std::size_t cell) { return law.cv_profile.empty() ? law.cv : law.cv_profile[cell]; };
  const RateIntegral integral(rate_hz);
  RateIntegral::Place place;
  Train train;
  bool silent = true;
  while (integral.awake(place)) {
    const auto start = place;
    std::optional<double> at;
    for (int i = 0; i < kMostRedraws; ++i) {
      place = start;
      at = integral.reach(place, draw_interval(random, law.model, cv_at(start.cell)) * (silent ? random.uniform() : 1.0));
      if (!at || train.time_s.empty() || *at - train.time_s.back() >= law.shortest_s) break;
    }
    if (!at) {
      // `reach` stopped at the last cell with a rate.
      place = {place.cell + 1, 0};
      silent = true;
      continue;
    }
    const double again = silent ? std::max(law.first_doublet_probability, law.doublet_probability) : law.doublet_probability;
    silent = false;
    train.time_s.push_back(*at);
    train.doublet.push_back(0);
    if (again > 0 && random.chance(again)) {
      constexpr double kShortestS = 0.003, kLongestS = 0.010;
      train.time_s.push_back(*at + random.uniform(kShortestS, kLongestS));
      train.doublet.push_back(1);
    }
  }
  return train;
}

std::vector<double> event_times(Random random, double rate_hz, double cv, bool poisson, double duration_s) {
  std::vector<double> times;
  if (rate_hz <= 0) return times;
  const auto draw = [&] { return poisson ? random.exponential() / rate_hz : random.log_normal(1 / rate_hz, cv); };
  // A log-normal train starts long before the record, so that it has forgotten its start.
  double t = poisson ? 0 : -50 / rate_hz;
  while ((t += draw()) < duration_s) {
    if (t >= 0) times.push_back(t);
  }
  return times;
}

}  // namespace emg
