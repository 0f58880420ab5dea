#pragma once
// How strongly two channels are linked at each frequency, and which one is later.
//
// signal: channels x samples, microvolts. Results over the bins of one segment: coherence in [0, 1], phase of the cross-spectrum
// mean(conj(X) Y) in radians (positive delay of y: falling phase), and the limit that independent channels exceed with probability
// 1 - confidence.
// Degenerate input: a constant channel has no coherence (NaN, `constant_count`); a bin without power likewise.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, channels that do not exist or are the same, a
// record shorter than one segment, less than two independent segments (one alone has coherence 1 whatever the signals), and channels that
// are linear mixtures of each other (partial coherence). Cost: one transform for each channel and segment; the matrix takes channels^2 x
// segments x bins / 2 products on top. Method: equals scipy.signal.coherence to 1e-9. Limit 1 - (1 - confidence)^(1 / (L - 1)), L the
// effective number of segments (Welch 1967), or segments x tapers. Delay: least squares through the phase of the bins above the limit,
// weights 2 L C / (1 - C); its standard error counts the correlation of neighbouring bins, v = N sum w^4 / (sum w^2)^2 (Hann: 1.944):
// without it the error is 28 % too small. Pooled coherence and difference of two coherences: Amjad et al. 1997 (J Neurosci Methods
// 73:69-79). Partial coherence: from the inverse of the spectral matrix; limit 1 - (1 - confidence)^(1 / (L - r - 1)) for r other channels
// (Halliday et al. 1995, Prog Biophys Mol Biol 64:237-78).

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/trend.h"
#include "libemg/spectral/windows.h"

namespace emg {

enum class SpectralEstimator { welch, multitaper };
constexpr auto enum_names(SpectralEstimator) {
  using E = SpectralEstimator;
  return std::array<std::pair<E, std::string_view>, 2>{{{E::welch, "welch"}, {E::multitaper, "multitaper"}}};
}

/// How cross-spectra are estimated: options that all coherences share.
template <class O>
constexpr auto cross_spectrum_fields() {
  return std::tuple{
      field("segment_s", &O::segment_s, {1e-6, 1e6}, "length of a segment, which sets the resolution to 1 / segment_s"),
      field("overlap", &O::overlap, {0, 0.95}, "share of a segment that the next one repeats (welch; multitaper segments do not overlap)"),
      field("window", &O::window, {}, "window of a segment (welch)"),
      field("detrend", &O::detrend, {}, "what is subtracted from a segment first"),
      field("rectify", &O::rectify, {}, "take the absolute value first"),
      field("confidence", &O::confidence, {0.5, 0.9999}, "share of independent signals below the limit"),
      field("estimator", &O::estimator, {}, "one window for each segment, or several tapers"),
      field("time_bandwidth", &O::time_bandwidth, {1, 50},
            "half bandwidth times length of a segment (multitaper), of 2 time_bandwidth - 1 tapers"),
  };
}

/// Which two channels, and where their delay is read.
template <class O>
constexpr auto channel_pair_fields() {
  return std::tuple{
      field("first_channel", &O::first_channel, {0, 1e6}, "channel x, from 0"),
      field("second_channel", &O::second_channel, {0, 1e6}, "channel y, from 0"),
      field("low_hz", &O::low_hz, {0, 5e6}, "lower edge of the band that the delay is read from"),
      field("high_hz", &O::high_hz, {0, 5e6}, "its upper edge; open: half the rate"),
  };
}

struct CoherenceOptions {
  int first_channel = 0;
  int second_channel = 1;
  double low_hz = 0;
  std::optional<double> high_hz = std::nullopt;
  double segment_s = 1.0;
  double overlap = 0.5;
  Window window = Window::hann;
  Trend detrend = Trend::mean;
  bool rectify = false;
  double confidence = 0.95;
  SpectralEstimator estimator = SpectralEstimator::welch;
  double time_bandwidth = 4;

  static constexpr auto fields() {
    return std::tuple_cat(channel_pair_fields<CoherenceOptions>(), cross_spectrum_fields<CoherenceOptions>());
  }
};
static_assert(fully_described<CoherenceOptions>());

struct PartialCoherenceOptions {
  int first_channel = 0;
  int second_channel = 1;
  double low_hz = 0;
  std::optional<double> high_hz = std::nullopt;
  std::vector<double> given_channels = {};
  double segment_s = 1.0;
  double overlap = 0.5;
  Window window = Window::hann;
  Trend detrend = Trend::mean;
  bool rectify = false;
  double confidence = 0.95;
  SpectralEstimator estimator = SpectralEstimator::welch;
  double time_bandwidth = 4;

  static constexpr auto fields() {
    using O = PartialCoherenceOptions;
    return std::tuple_cat(channel_pair_fields<O>(),
                          std::tuple{field("given_channels", &O::given_channels, {0, 1e6},
                                           "channels whose linear influence is taken out, from 0; none given: all others")},
                          cross_spectrum_fields<O>());
  }
};
static_assert(fully_described<PartialCoherenceOptions>());

struct CoherenceMatrixOptions {
  double segment_s = 1.0;
  double overlap = 0.5;
  Window window = Window::hann;
  Trend detrend = Trend::mean;
  bool rectify = false;
  double confidence = 0.95;
  SpectralEstimator estimator = SpectralEstimator::welch;
  double time_bandwidth = 4;
  bool phase = false;

  static constexpr auto fields() {
    using O = CoherenceMatrixOptions;
    return std::tuple_cat(cross_spectrum_fields<O>(), std::tuple{field("phase", &O::phase, {}, "give the phases as well")});
  }
};
static_assert(fully_described<CoherenceMatrixOptions>());

/// Of one pair. Numbers that could not be found are NaN.
struct Coherence {
  std::vector<double> frequency_hz;
  std::vector<double> coherence;
  std::vector<double> phase_rad;
  std::vector<double> first_density_uv2_per_hz;
  std::vector<double> second_density_uv2_per_hz;
  double limit = 0;
  int segment_count = 0;
  double effective_segment_count = 0;
  double delay_ms = 0;
  double delay_error_ms = 0;
  double intercept_rad = 0;
  int delay_bin_count = 0;
  int constant_count = 0;

  static constexpr auto fields() {
    using C = Coherence;
    return std::tuple{
        field("frequency_hz", &C::frequency_hz, {}, "centre of each bin"),
        field("coherence", &C::coherence, {}, "squared magnitude of the normalised cross-spectrum"),
        field("phase_rad", &C::phase_rad, {}, "phase of the cross-spectrum"),
        field("first_density_uv2_per_hz", &C::first_density_uv2_per_hz, {}, "density of x (given the others, if partial)"),
        field("second_density_uv2_per_hz", &C::second_density_uv2_per_hz, {}, "density of y"),
        field("limit", &C::limit, {}, "what independent channels stay below with the confidence asked for"),
        field("segment_count", &C::segment_count, {}, "segments averaged"),
        field("effective_segment_count", &C::effective_segment_count, {}, "independent segments (times tapers) that they are worth"),
        field("delay_ms", &C::delay_ms, {}, "delay of y behind x, from the phase of the bins above the limit; missing below 3 of them"),
        field("delay_error_ms", &C::delay_error_ms, {}, "its standard error"),
        field("intercept_rad", &C::intercept_rad, {}, "phase at 0 Hz of the line through the phases"),
        field("delay_bin_count", &C::delay_bin_count, {}, "bins that the delay comes from"),
        field("constant_count", &C::constant_count, {}, "constant channels, which have no coherence"),
    };
  }
};
static_assert(fully_described<Coherence>());

struct CoherenceMatrix {
  std::vector<double> frequency_hz;
  Cube coherence;
  Cube phase_rad;
  double limit = 0;
  int segment_count = 0;
  double effective_segment_count = 0;
  int constant_count = 0;

  static constexpr auto fields() {
    using C = CoherenceMatrix;
    return std::tuple{
        field("frequency_hz", &C::frequency_hz, {}, "centre of each bin"),
        field("coherence", &C::coherence, {}, "bins x channels x channels, symmetric, 1 on the diagonal"),
        field("phase_rad", &C::phase_rad, {}, "phase of mean(conj(first) second), if asked for"),
        field("limit", &C::limit, {}, "what independent channels stay below with the confidence asked for"),
        field("segment_count", &C::segment_count, {}, "segments averaged"),
        field("effective_segment_count", &C::effective_segment_count, {}, "independent segments (times tapers) that they are worth"),
        field("constant_count", &C::constant_count, {}, "constant channels, which have no coherence"),
    };
  }
};
static_assert(fully_described<CoherenceMatrix>());

Coherence coherence(const ChannelsView& signal, double rate_hz, const CoherenceOptions& options = {}, int threads = 1);

/// All pairs from one transform for each channel and segment. Memory: channels^2 x bins x 17 bytes beside the result.
CoherenceMatrix coherence_matrix(const ChannelsView& signal, double rate_hz, const CoherenceMatrixOptions& options = {}, int threads = 1);

/// Coherence of two channels with the linear influence of others taken out of both.
Coherence partial_coherence(const ChannelsView& signal, double rate_hz, const PartialCoherenceOptions& options = {}, int threads = 1);

/// Coherence over several recordings, of pairs of the same muscles: cross-spectra and densities are averaged, weighted by their numbers of
/// segments. Throws InvalidArgument if there is none or the bins differ.
Coherence pooled_coherence(std::span<const Coherence> parts, double confidence = 0.95);

/// Difference of two independent coherences over their bins, in standard deviations. Throws InvalidArgument if the bins differ.
std::vector<double> coherence_difference(const Coherence& first, const Coherence& second);

/// 1 - (1 - confidence)^(1 / (segments - others - 1)).
double coherence_limit(double confidence, double segments, double others = 0);

}  // namespace emg
