#pragma once
// Takes the power line and its harmonics away as sines, and leaves neighbouring frequencies.
//
// signal: channels x samples, microvolts. Result: the same shape and unit. With line_hz open and no line found (line.h) the output has the
// bits of the input. What is lost of EMG are the two numbers fitted for each harmonic and window: 7-10 % of its RMS for 7 harmonics and
// windows of 4-2 s, where 7 notches of quality 30 take 28 %.
// Degenerate input: a record shorter than a window is one window.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, line_hz not below half the rate, a record shorter
// than 3 periods of the line.
// Cost: about 40 multiplications a sample for each harmonic. Held memory of the stage: channels x 1.5 windows. With line_hz or window_s
// open the record is read up to seven times first. Method: half-overlapping windows on a grid anchored at sample 0, the last one moved to
// end with the record; in each the frequency that has the most power at all harmonics, then weighted least squares on a constant and the
// sines (Hann), cross-faded with the weights of the fit. `line_hz` open: 50 or 60 Hz, refined within 0.3 Hz over the whole record.
// `window_s` open: that of 4, 2, 1 s that costs least, line left over and EMG taken together, and leaves no harmonic above z = 3. With
// `shared` all channels have one frequency, so one channel alone may come out differently.

#include <memory>
#include <optional>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

struct SubtractLineOptions {
  std::optional<double> line_hz;
  int harmonic_count = 0;
  std::optional<double> window_s;
  double search_hz = 0.1;
  bool shared = true;
  double line_z = 5;
  std::vector<double> harmonics;

  static constexpr auto fields() {
    using O = SubtractLineOptions;
    return std::tuple{
        field("line_hz", &O::line_hz, {1, 1e6}, "power-line frequency; open: 50 or 60 Hz, found in the signal"),
        field("harmonic_count", &O::harmonic_count, {0, 100},
              "sines, the fundamental included; 0: those up to the ninth that are in the signal"),
        field("window_s", &O::window_s, {0.25, 30},
              "length of the windows; open: that of 4, 2 and 1 s which leaves least line and takes least EMG"),
        field("search_hz", &O::search_hz, {0, 1}, "how far from line_hz the frequency is looked for in each window"),
        field("shared", &O::shared, {}, "one frequency for all channels"),
        field("line_z", &O::line_z, {3, 20}, "how far a line must stand out to be found"),
        field("harmonics", &O::harmonics, {0, 1000}, "exactly these harmonics (1 is the fundamental); 0 alone: none; empty: as above"),
    };
  }
};
static_assert(fully_described<SubtractLineOptions>());

struct SubtractedLineRow {
  int channel = 0;
  int harmonic = 1;
  double frequency_hz = 0;
  double lowest_hz = 0;
  double highest_hz = 0;
  double amplitude_uv = 0;
  std::optional<double> residual_z;
  double window_s = 0;

  static constexpr auto fields() {
    using R = SubtractedLineRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("harmonic", &R::harmonic, {}, "1 is the line itself"),
        field("frequency_hz", &R::frequency_hz, {}, "median over the windows"),
        field("lowest_hz", &R::lowest_hz, {}, "lowest frequency of a window"),
        field("highest_hz", &R::highest_hz, {}, "highest frequency of a window"),
        field("amplitude_uv", &R::amplitude_uv, {}, "peak amplitude, median over the windows"),
        field("residual_z", &R::residual_z, {}, "how far it stands out of the spectrum of the result; missing for records below 1 s"),
        field("window_s", &R::window_s, {}, "length of the windows"),
    };
  }
};
static_assert(fully_described<SubtractedLineRow>());

/// Replaces what is open by what is found in the record: line_hz, harmonics, window_s.
SubtractLineOptions resolve_subtract_line(const BlockSource& source, Index channel_count, double rate_hz,
                                          const SubtractLineOptions& options);

RowMatrix subtract_line(const ChannelsView& signal, double rate_hz, const SubtractLineOptions& options = {}, int threads = 1);

/// What `subtract_line` takes away: a row for each channel and harmonic, none if no line is found.
std::vector<SubtractedLineRow> subtracted_lines(const ChannelsView& signal, double rate_hz, const SubtractLineOptions& options = {},
                                                int threads = 1);

/// Block by block, all channels together. Throws InvalidArgument if something is still to be found in the record (`resolve_subtract_line`).
std::unique_ptr<Stage> subtract_line_stage(Index channel_count, double rate_hz, const SubtractLineOptions& options);

}  // namespace emg
