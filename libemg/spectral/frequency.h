#pragma once
// Numbers that sum up a power spectrum: mean and median frequency, spectral moments and what is made of them, for fatigue and needle EMG.
//
// Densities are uV^2/Hz over bins of equal width df, of which those in [low_hz, high_hz] count; 0 Hz never does.
//   mnf_hz   sum f P / sum P
//   mdf_hz   where half of the power is reached; interpolated: the density is taken as constant over f +- df/2
//   finsm5   M_-1 / M_5 over its own band, M_k = sum f^k P df (Dimitrov et al. 2006, Med Sci Sports Exerc 38:1971-9); the lower edge rules
//   M_-1,
//            so the band is fixed and reported. Compressing a spectrum and the band by 10 % multiplies it by 1.1^6.
//   entropy  -sum p ln p / ln K in [0, 1], p = P / sum P over K bins; flatness: geometric over arithmetic mean
// Degenerate input: without power in the band every measure is missing (NaN).
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a band without a bin or beyond rate/2, a record
// shorter than a segment or window.
// Cost: that of the transform; the track stores no spectrogram.

#include <optional>
#include <span>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/spectral/welch.h"

namespace emg {

struct FrequencyMeasuresOptions {
  double low_hz = 20;
  double high_hz = 450;
  bool interpolate = true;
  double finsm_low_hz = 20;
  double finsm_high_hz = 500;
  double segment_s = 1.0;
  double overlap = 0.5;

  static constexpr auto fields() {
    using O = FrequencyMeasuresOptions;
    return std::tuple{
        field("low_hz", &O::low_hz, {0, 5e6}, "lower edge of the band"),
        field("high_hz", &O::high_hz, {0, 5e6}, "upper edge of the band, at most half the rate"),
        field("interpolate", &O::interpolate, {}, "median frequency inside a bin, not the bin itself"),
        field("finsm_low_hz", &O::finsm_low_hz, {0, 5e6}, "lower edge of the band of finsm5"),
        field("finsm_high_hz", &O::finsm_high_hz, {0, 5e6}, "upper edge of the band of finsm5; missing if beyond half the rate"),
        field("segment_s", &O::segment_s, {1e-6, 1e6}, "length of a Welch segment"),
        field("overlap", &O::overlap, {0, 0.95}, "overlap of Welch segments"),
    };
  }
};
static_assert(fully_described<FrequencyMeasuresOptions>());

struct FrequencyRow {
  int channel = 0;
  double low_hz = 0, high_hz = 0;
  std::optional<double> mnf_hz, mdf_hz, peak_hz, bandwidth_hz, edge95_hz;
  std::optional<double> entropy, flatness;
  std::optional<double> power_uv2;
  std::optional<double> moment_minus1, moment_1, moment_2, moment_5;
  std::optional<double> finsm5;
  double finsm_low_hz = 0, finsm_high_hz = 0;
  std::optional<double> low_third_share, middle_third_share, high_third_share;

  static constexpr auto fields() {
    using R = FrequencyRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("low_hz", &R::low_hz, {}, "lower edge of the band"),
        field("high_hz", &R::high_hz, {}, "upper edge of the band"),
        field("mnf_hz", &R::mnf_hz, {}, "mean frequency"),
        field("mdf_hz", &R::mdf_hz, {}, "median frequency"),
        field("peak_hz", &R::peak_hz, {}, "frequency of the largest density, by a parabola through its logarithm"),
        field("bandwidth_hz", &R::bandwidth_hz, {}, "standard deviation of the spectrum around its mean frequency"),
        field("edge95_hz", &R::edge95_hz, {}, "frequency below which 95 % of the power lies"),
        field("entropy", &R::entropy, {}, "spectral entropy: 1 for a flat spectrum"),
        field("flatness", &R::flatness, {}, "geometric over arithmetic mean of the density"),
        field("power_uv2", &R::power_uv2, {}, "power in the band (moment 0)"),
        field("moment_minus1", &R::moment_minus1, {}, "sum of P df / f"),
        field("moment_1", &R::moment_1, {}, "sum of f P df"),
        field("moment_2", &R::moment_2, {}, "sum of f^2 P df"),
        field("moment_5", &R::moment_5, {}, "sum of f^5 P df"),
        field("finsm5", &R::finsm5, {}, "moment -1 over moment 5, in its own band"),
        field("finsm_low_hz", &R::finsm_low_hz, {}, "lower edge of the band of finsm5"),
        field("finsm_high_hz", &R::finsm_high_hz, {}, "upper edge of the band of finsm5"),
        field("low_third_share", &R::low_third_share, {}, "share of the power in the lowest third of the band"),
        field("middle_third_share", &R::middle_third_share, {}, "share in the middle third"),
        field("high_third_share", &R::high_third_share, {}, "share in the highest third"),
    };
  }
};
static_assert(fully_described<FrequencyRow>());

/// Operation `frequency-measures`: one row a channel, from its Welch density (Hann).
std::vector<FrequencyRow> frequency_measures(const ChannelsView& signal, double rate_hz, const FrequencyMeasuresOptions& options = {},
                                             int threads = 1);

/// The same from densities at hand; segment_s and overlap do not matter.
std::vector<FrequencyRow> spectrum_measures(const std::vector<double>& frequency_hz, const ChannelsView& density_uv2_per_hz,
                                            const FrequencyMeasuresOptions& options = {});

struct FrequencyTrackOptions {
  double window_ms = 250;
  double hop_ms = 62.5;
  Window window = Window::hann;
  Trend detrend = Trend::mean;
  double low_hz = 20;
  double high_hz = 450;
  bool interpolate = true;
  double finsm_low_hz = 20;
  double finsm_high_hz = 500;

  static constexpr auto fields() {
    using O = FrequencyTrackOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {1e-3, 1e7}, "length of a window"),
        field("hop_ms", &O::hop_ms, {1e-3, 1e7}, "distance of the starts of windows"),
        field("window", &O::window, {}, "shape of a window"),
        field("detrend", &O::detrend, {}, "what is subtracted from a window first"),
        field("low_hz", &O::low_hz, {0, 5e6}, "lower edge of the band"),
        field("high_hz", &O::high_hz, {0, 5e6}, "upper edge of the band, at most half the rate"),
        field("interpolate", &O::interpolate, {}, "median frequency inside a bin, not the bin itself"),
        field("finsm_low_hz", &O::finsm_low_hz, {0, 5e6}, "lower edge of the band of finsm5"),
        field("finsm_high_hz", &O::finsm_high_hz, {0, 5e6}, "upper edge of the band of finsm5; missing if beyond half the rate"),
    };
  }
};
static_assert(fully_described<FrequencyTrackOptions>());

struct FrequencyTrack {
  std::vector<double> time_s;
  RowMatrix mnf_hz;
  RowMatrix mdf_hz;
  RowMatrix power_uv2;
  RowMatrix finsm5;

  static constexpr auto fields() {
    using T = FrequencyTrack;
    return std::tuple{
        field("time_s", &T::time_s, {}, "middle of each window"),
        field("mnf_hz", &T::mnf_hz, {}, "mean frequency, channels x windows"),
        field("mdf_hz", &T::mdf_hz, {}, "median frequency"),
        field("power_uv2", &T::power_uv2, {}, "power in the band"),
        field("finsm5", &T::finsm5, {}, "moment -1 over moment 5, in its own band"),
    };
  }
};
static_assert(fully_described<FrequencyTrack>());

/// Operation `frequency-track`: measures of every window; times as in stft.h.
FrequencyTrack frequency_track(const ChannelsView& signal, double rate_hz, const FrequencyTrackOptions& options = {}, int threads = 1);

}  // namespace emg
