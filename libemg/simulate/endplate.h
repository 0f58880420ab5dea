#pragma once
// Neuromuscular transmission: one mechanism for jitter, blocking and decrement.
//
// Method: a nerve impulse releases q quanta, Poisson; the end-plate potential over the threshold is SF q / m0; the fibre fires if it
// exceeds 1, after -tau ln(1 - 1 / ratio), tau 0.30 ms. Safety factors SF of a muscle are log-normal. Under repetition a store n empties
// and refills and release is facilitated and mobilised: p = 1 - (1 - p0)^(1 + g), n <- n - q, n <- n + (rho0 + rho1 mo)(n0 - n), mo <- mo +
// kap (1 - mo), and over an interval n, g, mo relax with tau_r, tau_f, tau_m. Source: quantal release of del Castillo & Katz 1954;
// constants give the published means of jitter (concentric MCD 28 us) and decrement.

#include <cstdint>
#include <optional>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/random.h"

namespace emg {

struct TransmissionOptions {
  double safety_factor = 4;
  double safety_sd = 0.2;
  double quantal_content = 45;
  double release_probability = 0.18;
  double facilitation = 0.1;

  static constexpr auto fields() {
    using O = TransmissionOptions;
    return std::tuple{
        field("safety_factor", &O::safety_factor, {0.1, 100}, "median end-plate potential over threshold"),
        field("safety_sd", &O::safety_sd, {0, 3}, "SD of its logarithm between end-plates"),
        field("quantal_content", &O::quantal_content, {0.5, 1000}, "mean quanta of the first impulse"),
        field("release_probability", &O::release_probability, {0.001, 0.999}, "of a quantum in the store"),
        field("facilitation", &O::facilitation, {0, 5}, "what an impulse adds to the facilitation of the next"),
    };
  }
};
static_assert(fully_described<TransmissionOptions>());

/// State of one end-plate under a train of impulses. Mean release (no noise) or drawn quanta.
class EndPlate {
 public:
  EndPlate(const TransmissionOptions& options, double safety_factor, double store_factor = 1, double release_factor = 1);

  /// Next impulse after `interval_s` (ignored for the first). Quanta released; `random` null: the mean.
  double impulse(double interval_s, Random* random);
  /// End-plate potential over threshold of `quanta`.
  double ratio(double quanta) const { return safety_ * quanta / content_; }

 private:
  double safety_, content_, full_, p0_, facilitation_step_;
  double store_, facilitated_ = 0, mobilised_ = 0;
  bool first_ = true;
};

/// Latency of the fibre behind the impulse for an end-plate potential over threshold; empty if it fails.
std::optional<double> transmission_delay_ms(double ratio);

/// Safety factor of end-plate `index`.
double draw_safety_factor(const TransmissionOptions& options, Random& random);

}  // namespace emg
