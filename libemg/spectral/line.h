#pragma once
// Whether power-line interference is in a channel, at which base frequency and in which harmonics.
//
// signal: channels x samples, microvolts, at least 1 s long (shorter records have no line). Result: rows for the harmonics found; none is
// an answer. The fundamental and the harmonics 2-9 below 0.49 rate are looked at.
// Throws InvalidArgument for an empty or non-finite signal or an option outside its range.
// Cost: one Welch estimate. Held memory: 4 s of the signal.
// Method: Welch with 4-s Hann segments; z = (largest ln P within 0.3 Hz - median ln P) / (1.4826 MAD of ln P), medians over bins 1-6 Hz
// away on both sides, the MAD no less than stationary noise has. The logarithm makes z robust: an F test of the ratio called a line in 27 of 120 line-free bursty records, z never
// passes 3.8.

#include <optional>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

struct LineOptions {
  std::optional<double> line_hz;
  double line_z = 5;

  static constexpr auto fields() {
    using O = LineOptions;
    return std::tuple{
        field("line_hz", &O::line_hz, {1, 1e6}, "base frequency; open: 50 or 60 Hz, whichever is there"),
        field("line_z", &O::line_z, {3, 20}, "how far a line must stand above its surroundings, in robust standard deviations of ln P"),
    };
  }
};
static_assert(fully_described<LineOptions>());

struct LineRow {
  int channel = 0;
  double base_hz = 0;
  int harmonic = 1;
  double z = 0;
  double excess_db = 0;
  double amplitude_uv = 0;

  static constexpr auto fields() {
    using R = LineRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("base_hz", &R::base_hz, {}, "base frequency"),
        field("harmonic", &R::harmonic, {}, "1 is the base frequency itself"),
        field("z", &R::z, {}, "height above the surroundings in robust standard deviations of ln P"),
        field("excess_db", &R::excess_db, {}, "height above the surroundings"),
        field("amplitude_uv", &R::amplitude_uv, {}, "peak amplitude of the sine"),
    };
  }
};
static_assert(fully_described<LineRow>());

/// Operation `line`: the harmonics found in each channel.
std::vector<LineRow> line_harmonics(const ChannelsView& signal, double rate_hz, const LineOptions& options = {}, int threads = 1);

/// The same bits from a record that is read block by block.
std::vector<LineRow> line_harmonics_streamed(const StreamedRecord& record, const LineOptions& options = {}, int threads = 1);

/// What is common to all channels: the base with the larger sum of z, and the harmonics found in any channel.
struct LineFinding {
  double base_hz = 0;
  std::vector<int> harmonics;  ///< ascending
};

/// The same from a record read block by block; empty if there is no line.
std::optional<LineFinding> find_line(const BlockSource& source, Index channel_count, double rate_hz, const LineOptions& options = {});

/// What stands at one harmonic in the spectrum of one channel, line or not.
struct HarmonicHeight {
  double z = 0;
  double floor_uv2_per_hz = 0;  ///< density of the surroundings
  double excess_uv2 = 0;        ///< power within 1 Hz above them; negative where something was taken away
  double wide_uv2 = 0;          ///< all the power within 2.5 Hz
};

/// Heights at each of `harmonics` of `base_hz`, for each channel; empty where nothing can be said (records below 1 s, no surroundings).
std::vector<std::vector<std::optional<HarmonicHeight>>> harmonic_heights(const BlockSource& source, Index channel_count, double rate_hz,
                                                                         double base_hz, const std::vector<int>& harmonics);

}  // namespace emg
