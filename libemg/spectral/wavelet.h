#pragma once
// Time-frequency picture of each channel by Morlet wavelets: resolution follows the frequency, unlike that of a spectrogram.
//
// signal: channels x samples, microvolts. Result: channels x frequencies x times, from the first sample on every hop_ms (0: every sample).
// `amplitude`: a sine of amplitude A reads A at its frequency; `power`: squared magnitude; `complex`: both parts. The first and last edge_s
// of a frequency suffer from the ends of the record. Throws InvalidArgument for an empty or non-finite signal, an option outside its range,
// frequencies that are not below half the rate, a wavelet longer than the record, naming its frequency. Cost: one transform for each
// channel and stretch of the record, and one for each frequency on top. Memory: the result. Method: w(t) = (exp(2 pi i f t) - exp(-2 (pi f
// sigma)^2)) exp(-t^2 / (2 sigma^2)), sigma = cycles / (2 pi f), out to 5 sigma, scaled by 1 / (sqrt(0.5) ||w||); equals
// mne.time_frequency.tfr_array_morlet(zero_mean=True) to 1e-12 of the largest value (Tallon-Baudry et al. 1997, J Neurosci 17:722-34).
// Convolution by overlap and save.

#include <array>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class WaveletQuantity { power, complex, amplitude };
constexpr auto enum_names(WaveletQuantity) {
  using W = WaveletQuantity;
  return std::array<std::pair<W, std::string_view>, 3>{{{W::power, "power"}, {W::complex, "complex"}, {W::amplitude, "amplitude"}}};
}

struct WaveletOptions {
  std::vector<double> frequencies_hz = {};
  double cycle_count = 7;
  WaveletQuantity quantity = WaveletQuantity::power;
  double hop_ms = 0;
  bool zero_mean = true;

  static constexpr auto fields() {
    using O = WaveletOptions;
    return std::tuple{
        field("frequencies_hz", &O::frequencies_hz, {1e-3, 5e6},
              "frequencies; none given: 40 from 10 Hz to 500 Hz or 0.45 of the rate, geometric"),
        field("cycle_count", &O::cycle_count, {2, 50}, "cycles in a wavelet: more resolve frequency better and time worse"),
        field("quantity", &O::quantity, {}, "squared magnitude, both parts, or amplitude of a sine"),
        field("hop_ms", &O::hop_ms, {0, 1e7}, "distance of the times; 0: every sample"),
        field("zero_mean", &O::zero_mean, {}, "wavelets without response to an offset"),
    };
  }
};
static_assert(fully_described<WaveletOptions>());

struct WaveletPicture {
  std::vector<double> frequency_hz;
  std::vector<double> time_s;
  std::vector<double> edge_s;
  Cube power_uv2;
  Cube amplitude_uv;
  Cube real_uv;
  Cube imaginary_uv;

  static constexpr auto fields() {
    using W = WaveletPicture;
    return std::tuple{
        field("frequency_hz", &W::frequency_hz, {}, "frequency of each wavelet"),
        field("time_s", &W::time_s, {}, "times"),
        field("edge_s", &W::edge_s, {}, "stretch at either end that the ends of the record spoil, for each frequency"),
        field("power_uv2", &W::power_uv2, {}, "squared magnitude, if quantity is power"),
        field("amplitude_uv", &W::amplitude_uv, {}, "amplitude of a sine of this frequency, if quantity is amplitude"),
        field("real_uv", &W::real_uv, {}, "real part, if quantity is complex"),
        field("imaginary_uv", &W::imaginary_uv, {}, "imaginary part"),
    };
  }
};
static_assert(fully_described<WaveletPicture>());

WaveletPicture wavelet(const ChannelsView& signal, double rate_hz, const WaveletOptions& options = {}, int threads = 1);

}  // namespace emg
