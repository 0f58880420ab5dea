#include "libemg/simulate/endplate.h"

#include <cmath>

namespace emg {
namespace {

constexpr double kDelayMs = 0.30;
constexpr double kRefill = 0.06, kMobilisedRefill = 0.4, kMobilisation = 0.2;
constexpr double kStoreS = 2, kMobilisationS = 4, kFacilitationS = 0.1;

}  // namespace

EndPlate::EndPlate(const TransmissionOptions& o, double safety_factor, double store_factor, double release_factor)
    : safety_(safety_factor),
      content_(o.quantal_content),
      full_(store_factor * o.quantal_content / o.release_probability),
      p0_(std::min(0.999, release_factor * o.release_probability)),
      facilitation_step_(o.facilitation),
      store_(full_) {}

double EndPlate::impulse(double interval_s, Random* random) {
  if (!first_) {
    store_ = full_ - (full_ - store_) * std::exp(-interval_s / kStoreS);
    facilitated_ = (facilitated_ + facilitation_step_) * std::exp(-interval_s / kFacilitationS);
    mobilised_ *= std::exp(-interval_s / kMobilisationS);
  }
  first_ = false;
  const double p = 1 - std::pow(1 - p0_, 1 + facilitated_), mean = store_ * p;
  const double quanta = random ? std::min(store_, static_cast<double>(random->poisson(mean))) : mean;
  store_ -= quanta;
  store_ += (kRefill + kMobilisedRefill * mobilised_) * (full_ - store_);
  mobilised_ += kMobilisation * (1 - mobilised_);
  return quanta;
}

std::optional<double> transmission_delay_ms(double ratio) {
  if (!(ratio > 1)) return {};
  return -kDelayMs * std::log(1 - 1 / ratio);
}

double draw_safety_factor(const TransmissionOptions& options, Random& random) {
  return options.safety_factor * std::exp(options.safety_sd * random.normal());
}

}  // namespace emg
