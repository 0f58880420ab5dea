#pragma once
// From a recording to what the search works on: usable channels, valid stretches, band-passed frames, options of the preset filled in.

#include "libemg/decompose/hd/decompose.h"
#include "libemg/decompose/hd/search_internal.h"
#include "libemg/decompose/hd/supervised.h"

namespace emg::hd {

/// Open options filled in.
struct Band {
  double low_hz = 20, high_hz = 500;
  int order = 2;
};

struct Prepared {
  Frames frames;                       ///< usable channels
  std::vector<Span> runs;              ///< of the frames
  std::vector<Index> channels;         ///< of the recording
  std::vector<std::string> reasons;    ///< of every channel; "" if used
  Band band;
  Index step = 1;                      ///< samples of the recording from frame to frame
  double rate_hz = 0;                  ///< of the frames
  double median_rms_uv = 0;
  SearchSettings settings;
  std::vector<Warning> warnings;
};

/// Fewest usable channels; below that the needle methods are meant.
inline constexpr Index kFewestChannels = 8;

/// Throws InvalidArgument as decompose does.
Prepared prepare(const Recording& recording, const DecomposeOptions& options, int threads);

/// Facts of a bank of filters made on `prepared`, without units.
FilterBank bank_of(const Prepared& prepared, const Recording& recording, double whitening_floor_uv2);

/// Stored form of a filter; `late` samples lie between the train it was made from and the instants reported.
UnitTaps taps_of(const RefitUnit& unit, const Frames& frames, Index lags, int unit_id, Index late);

Band band_of(const DecomposeOptions& options, double rate_hz);

}  // namespace emg::hd
