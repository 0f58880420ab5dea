#include "libemg/score/spike_match.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"

namespace emg {

std::vector<double> instants_of(const MotorUnit& unit, double rate_hz, bool whole_samples, int* repeated) {
  const auto& train = unit.discharges;
  const bool convert = train.rate_hz != rate_hz;
  if (convert && !(train.rate_hz > 0)) throw InvalidArgument(fmt::format("unit {}: rate_hz is {}, must be above 0", unit.unit_id, train.rate_hz));
  std::vector<double> instants(train.sample.size());
  for (std::size_t i = 0; i < instants.size(); ++i) {
    instants[i] = static_cast<double>(train.sample[i]);
    if (!train.offset_samples.empty() && !(whole_samples && !convert)) instants[i] += train.offset_samples[i];
    if (convert) instants[i] *= rate_hz / train.rate_hz;
    if (convert && whole_samples) instants[i] = std::round(instants[i]);
  }
  std::sort(instants.begin(), instants.end());
  const auto end = std::unique(instants.begin(), instants.end());
  if (repeated) *repeated += static_cast<int>(instants.end() - end);
  instants.erase(end, instants.end());
  return instants;
}

SpikeAgreement spike_agreement(const std::vector<double>& reference, const std::vector<double>& predicted, double tolerance, double max_lag,
                               MatchWindow window) {
  const auto lag = common_lag(reference, predicted, tolerance, max_lag, 1, window);
  SpikeAgreement result;
  result.lag_samples = lag.lag;
  result.runner_up = static_cast<int>(lag.runner_up);
  result.tp = static_cast<int>(lag.count);
  result.fp = static_cast<int>(predicted.size()) - result.tp;
  result.fn = static_cast<int>(reference.size()) - result.tp;
  const auto share = [tp = static_cast<double>(result.tp)](double of) { return of > 0 ? tp / of : 0.0; };
  result.roa = share(result.tp + result.fp + result.fn);
  result.precision = share(static_cast<double>(predicted.size()));
  result.recall = share(static_cast<double>(reference.size()));
  result.f1 = 2 * share(static_cast<double>(predicted.size() + reference.size()));
  return result;
}

double tolerance_samples(double tolerance_ms, double rate_hz) {
  if (tolerance_ms <= 0) return 0;
  // 1 ms of 1000 Hz is one sample although the product may fall a rounding error short of it.
  return std::max(1.0, std::floor(tolerance_ms * rate_hz / 1000 + 1e-9));
}

}  // namespace emg
