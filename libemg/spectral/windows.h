#pragma once
// Windows for spectra (periodic form: the sample after the last would repeat the first) and for the design of filters (symmetric form).
//
// Values without unit, largest 1. The symmetric form in place of the periodic one changes a Welch density by order 1 / length.
// Source: Harris 1978 (Proc IEEE 66:51-83); equals scipy.signal.get_window(name, n) to 1e-15.

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

enum class Window { hann, hamming, blackman, boxcar, kaiser, dpss };
constexpr auto enum_names(Window) {
  using W = Window;
  return std::array<std::pair<W, std::string_view>, 6>{{{W::hann, "hann"},
                                                        {W::hamming, "hamming"},
                                                        {W::blackman, "blackman"},
                                                        {W::boxcar, "boxcar"},
                                                        {W::kaiser, "kaiser"},
                                                        {W::dpss, "dpss"}}};
}

/// Shape of `kaiser` (side lobes below -90 dB) and time-bandwidth of `dpss` as windows of spectra.
inline constexpr double kKaiserBeta = 8.6, kDpssTimeBandwidth = 4;

/// Periodic window of `length` >= 1 samples. Throws InvalidArgument if that is too short for a dpss window (8).
std::vector<double> periodic_window(Window window, Index length);

/// Kaiser window of `length` >= 1 samples, symmetric: for filters.
std::vector<double> kaiser_window(Index length, double beta);

/// Sum of the squares of `window`.
double window_power(const std::vector<double>& window);

/// How many independent segments `segment_count` segments `hop` samples apart are worth (Welch 1967): their noise is correlated where they
/// overlap.
double effective_segment_count(const std::vector<double>& window, Index hop, Index segment_count);

}  // namespace emg
