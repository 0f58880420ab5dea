#pragma once
// What a needle record is before it is decomposed: a detection band, its noise, how crowded it is, and a whitened copy on a fine grid.
//
// signal: channels x samples, microvolts, finite. Result: see Conditioned.
// Throws InvalidArgument for a rate below 2 kHz, a record below 1 s, a constant channel (all channels flat), corners that do not fit.
// Cost: about 60 ns a sample and channel.
// Method: Butterworth band, order 2, forward and backward. Noise from a low quantile of the RMS of short windows, corrected for the degrees of
// freedom of the band, twice (5 ms, 10 %; 2 ms, 2 %): the second holds while the first is already lifted by potentials, and their ratio
// says how crowded the record is. The median absolute deviation reads 2 to 50 times too high in active muscle and is not used. Whitening:
// prediction error of order 8 (Levinson) with the autocovariance of the quiet windows. The whitened copy is sampled at four times the band
// or more, so that correlations can be interpolated between samples.

#include <optional>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg::needle {

struct BandOptions {
  double highpass_hz = 500, lowpass_hz = 5000;
  double detection_factor = 4.5;
};

struct Conditioned {
  double rate_hz = 0;          ///< of the record
  RowMatrix band;              ///< detection band at rate_hz, microvolts
  double highpass_hz = 0, lowpass_hz = 0;
  std::vector<double> sigma_uv;          ///< noise of the band, by channel
  std::vector<Index> channels;           ///< channels in use (flat ones are left out)
  double crowding = 0;                   ///< noise by the 10 % quantile over that by the 2 % quantile
  double mean_active = 0;                ///< potentials active at a mean instant
  bool whitened = false;                 ///< false: too little quiet time, the band was only scaled
  double work_rate_hz = 0;
  RowMatrix white;             ///< channels in use x work samples; noise SD 1
  double energy_scale = 1;     ///< sums of squares on the work grid times this are sums over independent samples
  std::vector<char> blocked;   ///< work samples inside gaps, flat or clipped stretches
  double blocked_s = 0;
};

/// `gaps` in samples of the record.
Conditioned condition(const ChannelsView& signal, double rate_hz, const BandOptions& options, const std::vector<Gap>& gaps, int threads = 1);

/// Noise SD of `band` (the detection band of white noise has autocorrelation `rho`): windows of `window_ms`, quantile `share`; windows that
/// hold a sample marked in `blocked` (same length, or empty) are left out.
double quantile_noise(std::span<const double> band, double rate_hz, std::span<const double> rho, double window_ms, double share,
                      std::span<const char> blocked = {});

/// Autocorrelation of white noise after the detection band, from its impulse response.
std::vector<double> band_autocorrelation(double rate_hz, double highpass_hz, double lowpass_hz);

}  // namespace emg::needle
