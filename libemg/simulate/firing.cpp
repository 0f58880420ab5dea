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

}  // namespace

Train renewal_train(Random random, const std::vector<double>& rate_hz, const IntervalLaw& law) {
  const double shape = law.cv > 0 ? 1 / (law.cv * law.cv) : 0;
  const auto draw = [&] { return law.cv > 0 ? random.gamma(shape) / shape : 1.0; };
  const RateIntegral integral(rate_hz);
  RateIntegral::Place place;
  Train train;
  bool silent = true;
  while (integral.awake(place)) {
    const auto start = place;
    std::optional<double> at;
    for (int i = 0; i < kMostRedraws; ++i) {
      place = start;
      at = integral.reach(place, silent ? draw() * random.uniform() : draw());
      if (!at || train.time_s.empty() || *at - train.time_s.back() >= law.shortest_s) break;
    }
    if (!at) {
      // `reach` stopped at the last cell with a rate.
      place = {place.cell + 1, 0};
      silent = true;
      continue;
    }
    silent = false;
    train.time_s.push_back(*at);
    train.doublet.push_back(0);
    if (law.doublet_probability > 0 && random.chance(law.doublet_probability)) {
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
