#pragma once
// Amplitude of each channel over time: moving RMS or mean of |x|, low-passed |x|, or the magnitude of the analytic signal.
//
// signal: channels x samples, microvolts. Result: the same shape and unit, never negative (low-passed: if clip_negative).
// rms, arv: the centred window of w samples around sample i covers i - floor(w/2) ... + w - 1 (as scipy.ndimage.uniform_filter1d), the
// trailing one i - w + 1 ... i; at the ends only samples inside the record count. With hop_ms only every hop-th value comes out.
// hilbert: over the whole record it equals np.abs(scipy.signal.hilbert(x)), circular at the ends: the first samples of a 33.3 Hz sine of
// amplitude 1 come out as 1.52, ... With hilbert_method = fir memory is bounded; outside samples count as zero and the gain error is below
// 4e-4 for low_hz <= f <= rate/2 - low_hz.
// Throws InvalidArgument for an empty or non-finite signal or an option outside its range; NumericalError if squares overflow.
// Cost: rms about 2 ns a sample and channel; hilbert two transforms of the record.
// Method: rms and arv by prefix and suffix sums inside blocks of w samples (van Herk): only non-negative numbers are added, so a large
// artefact leaves no error behind, as running sums do. Relative error below w eps.

#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class EnvelopeMethod { rms, arv, lowpass, hilbert };
constexpr auto enum_names(EnvelopeMethod) {
  using M = EnvelopeMethod;
  return std::array<std::pair<M, std::string_view>, 4>{
      {{M::rms, "rms"}, {M::arv, "arv"}, {M::lowpass, "lowpass"}, {M::hilbert, "hilbert"}}};
}

enum class WindowAlignment { centred, trailing };
constexpr auto enum_names(WindowAlignment) {
  using A = WindowAlignment;
  return std::array<std::pair<A, std::string_view>, 2>{{{A::centred, "centred"}, {A::trailing, "trailing"}}};
}

enum class HilbertMethod { fft, fir };
constexpr auto enum_names(HilbertMethod) {
  using M = HilbertMethod;
  return std::array<std::pair<M, std::string_view>, 2>{{{M::fft, "fft"}, {M::fir, "fir"}}};
}

struct EnvelopeOptions {
  EnvelopeMethod method = EnvelopeMethod::rms;
  double window_ms = 100;
  WindowAlignment alignment = WindowAlignment::centred;
  double hop_ms = 0;
  double cutoff_hz = 6;
  int order = 2;
  bool clip_negative = true;
  HilbertMethod hilbert_method = HilbertMethod::fft;
  double low_hz = 20;

  static constexpr auto fields() {
    using O = EnvelopeOptions;
    return std::tuple{
        field("method", &O::method, {}, "moving RMS, moving mean of |x| (arv), low-passed |x|, or magnitude of the analytic signal"),
        field("window_ms", &O::window_ms, {1, 60000}, "rms, arv: length of the window"),
        field("alignment", &O::alignment, {}, "rms, arv: window around the sample, or ending there"),
        field("hop_ms", &O::hop_ms, {0, 60000}, "rms, arv: distance of the values; 0: one for every sample"),
        field("cutoff_hz", &O::cutoff_hz, {0.5, 200}, "lowpass: Butterworth corner, zero phase"),
        field("order", &O::order, {1, 8}, "lowpass: Butterworth order"),
        field("clip_negative", &O::clip_negative, {}, "lowpass: undershoot becomes 0"),
        field("hilbert_method", &O::hilbert_method, {},
              "hilbert: transform of the whole record (files too), or a filter in bounded memory"),
        field("low_hz", &O::low_hz, {0.1, 1e6}, "hilbert fir: lowest frequency that is right"),
    };
  }
};
static_assert(fully_described<EnvelopeOptions>());

/// Rate of the result: that of the signal but with hop_ms.
double envelope_rate_hz(double rate_hz, const EnvelopeOptions& options);

RowMatrix envelope(const ChannelsView& signal, double rate_hz, const EnvelopeOptions& options = {}, int threads = 1);

/// Block by block; nullptr for hilbert_method = fft, which needs the whole record.
std::unique_ptr<Stage> envelope_stage(Index channel_count, double rate_hz, const EnvelopeOptions& options);

}  // namespace emg
