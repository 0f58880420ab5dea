#pragma once
// From what electrodes see to what a file holds: amplifier filters, converter, lost samples.
//
// Linear stages act on the templates of the truth as well, so that a template is what stands in the signal.
// Throws InvalidArgument for corners at or above half the rate and a high-pass at or above the low-pass.
// Method: first-order high-pass and low-pass (bilinear), causal as in hardware or forward and backward; rounding half to even; values
// beyond the range become its ends.

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/recording.h"
#include "libemg/simulate/muap.h"
#include "libemg/simulate/noise.h"

namespace emg {

enum class FilterPhase { causal, zero };
constexpr auto enum_names(FilterPhase) {
  using P = FilterPhase;
  return std::array<std::pair<P, std::string_view>, 2>{{{P::causal, "causal"}, {P::zero, "zero"}}};
}

enum class DropoutValue { zero, hold };
constexpr auto enum_names(DropoutValue) {
  using V = DropoutValue;
  return std::array<std::pair<V, std::string_view>, 2>{{{V::zero, "zero"}, {V::hold, "hold"}}};
}

struct InstrumentOptions {
  double amplifier_high_hz = 0;
  double amplifier_low_hz = 0;
  FilterPhase filter_phase = FilterPhase::causal;
  int adc_bits = 0;
  double adc_range_uv = 10000;
  double dropout_rate_per_min = 0;
  double dropout_ms = 20;
  DropoutValue dropout_value = DropoutValue::zero;
  bool mark_gaps = false;

  static constexpr auto fields() {
    using O = InstrumentOptions;
    return std::tuple{
        field("amplifier_high_hz", &O::amplifier_high_hz, {0, 1e5}, "corner of the amplifier's high-pass; 0: none"),
        field("amplifier_low_hz", &O::amplifier_low_hz, {0, 1e6}, "corner of its low-pass; 0: none"),
        field("filter_phase", &O::filter_phase, {}, "causal as in hardware, or forward and backward"),
        field("adc_bits", &O::adc_bits, {0, 32}, "bits of the converter; 0: values are not rounded or clipped"),
        field("adc_range_uv", &O::adc_range_uv, {1e-3, 1e9}, "values from minus this to plus this can be held"),
        field("dropout_rate_per_min", &O::dropout_rate_per_min, {0, 1000}, "losses of samples a minute, all channels"),
        field("dropout_ms", &O::dropout_ms, {0.1, 10000}, "mean length of a loss (exponential)"),
        field("dropout_value", &O::dropout_value, {}, "what stands there: 0 or the last value"),
        field("mark_gaps", &O::mark_gaps, {}, "losses are gaps of the recording"),
    };
  }
};
static_assert(fully_described<InstrumentOptions>());

/// Refuses corners that cannot be.
void require_instrument(const InstrumentOptions& options, double rate_hz);

bool has_filter(const InstrumentOptions& options);

/// The amplifier on every row of `signal`.
void amplify(const InstrumentOptions& options, double rate_hz, RowMatrix& signal, int threads);

/// The amplifier on a template, phase by phase: exactly what it does to the signal that the template makes. Grows it by the tails.
void amplify(const InstrumentOptions& options, double rate_hz, UnitPotential& unit);

/// RMS that white noise of SD 1 keeps behind the amplifier.
double amplifier_noise_gain(const InstrumentOptions& options, double rate_hz);

/// Clips, rounds and loses samples; losses are returned and, if asked for, become gaps.
std::vector<NoiseEvent> digitise(const InstrumentOptions& options, std::int64_t seed, Recording& recording);

}  // namespace emg
