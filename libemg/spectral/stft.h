#pragma once
// How the spectrum of each channel changes: short-time transform and its density.
//
// signal: channels x samples, microvolts. A window starts every hop, without padding; its time is its middle, (length / 2 + k hop) / rate.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a record shorter than one window.
// Cost: one transform a window. The result holds bins x windows numbers a channel: use frequency-track where only its measures are wanted.
// Method: equals scipy.signal.spectrogram(mode="psd") and scipy.signal.stft(boundary=None, padded=False) to 1e-12.

#include <complex>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/trend.h"
#include "libemg/spectral/windows.h"

namespace emg {

struct SpectrogramOptions {
  double window_ms = 250;
  double hop_ms = 62.5;
  Window window = Window::hann;
  Trend detrend = Trend::mean;

  static constexpr auto fields() {
    using O = SpectrogramOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {1e-3, 1e7}, "length of a window"),
        field("hop_ms", &O::hop_ms, {1e-3, 1e7}, "distance of the starts of windows"),
        field("window", &O::window, {}, "shape of a window"),
        field("detrend", &O::detrend, {}, "what is subtracted from a window first"),
    };
  }
};
static_assert(fully_described<SpectrogramOptions>());

struct Spectrogram {
  std::vector<double> frequency_hz;
  std::vector<double> time_s;
  Cube density_uv2_per_hz;

  static constexpr auto fields() {
    using S = Spectrogram;
    return std::tuple{
        field("frequency_hz", &S::frequency_hz, {}, "centre of each bin"),
        field("time_s", &S::time_s, {}, "middle of each window"),
        field("density_uv2_per_hz", &S::density_uv2_per_hz, {}, "one-sided density, channels x bins x windows"),
    };
  }
};
static_assert(fully_described<Spectrogram>());

/// One-sided power spectral density of every window.
Spectrogram spectrogram(const ChannelsView& signal, double rate_hz, const SpectrogramOptions& options = {}, int threads = 1);

/// Complex transform of every window, scaled by 1 / (sum of the window): a sine of amplitude 2 has magnitude 1.
struct Stft {
  std::vector<double> frequency_hz;
  std::vector<double> time_s;
  Index channel_count = 0;
  std::vector<std::complex<double>> values;  ///< channels x bins x windows, microvolts

  std::complex<double> operator()(Index channel, Index bin, Index window) const {
    const auto bins = static_cast<Index>(frequency_hz.size()), windows = static_cast<Index>(time_s.size());
    return values[static_cast<std::size_t>((channel * bins + bin) * windows + window)];
  }
};

Stft stft(const ChannelsView& signal, double rate_hz, const SpectrogramOptions& options = {}, int threads = 1);

}  // namespace emg
