#pragma once
// Notches at the power-line frequency and its harmonics.
//
// signal: channels x samples, microvolts. Result: the same shape and unit, zero phase. A notch removes EMG with the line: 7 notches at
// quality 30 change clean EMG by 28 % of its RMS, so nothing is notched unless asked for, and with `line_hz` open only what was found
// (line.h). Where no line is found, or every notch would lie at or above 0.49 rate, the output has the bits of the input.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, line_hz not below half the rate.
// Cost: as in cascade.h, one section a line.
// Method: scipy.signal.iirnotch at each line, one cascade in ascending frequency, zero phase: equals sosfiltfilt of the stacked sections
// to 1e-8 of the largest input. The line is looked for in all channels together, so one channel alone may be judged otherwise.

#include <memory>
#include <optional>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/filter/cascade.h"

namespace emg {

struct NotchOptions {
  std::optional<double> line_hz;
  int harmonic_count = 0;
  double width_hz = 2;
  std::optional<double> quality;
  std::optional<double> up_to_hz;
  std::optional<bool> only_detected;
  double line_z = 5;
  std::vector<double> harmonics;

  static constexpr auto fields() {
    using O = NotchOptions;
    return std::tuple{
        field("line_hz", &O::line_hz, {1e-3, 5e6}, "power-line frequency; open: 50 or 60 Hz, found in the signal"),
        field("harmonic_count", &O::harmonic_count, {0, 100}, "lines, the fundamental included; 0: all up to up_to_hz"),
        field("width_hz", &O::width_hz, {0.1, 20}, "-3 dB width of every notch"),
        field("quality", &O::quality, {0.1, 1e6}, "frequency over width of every notch, in place of width_hz"),
        field("up_to_hz", &O::up_to_hz, {0, 5e6}, "highest line if harmonic_count is 0; open: 0.45 of the rate"),
        field("only_detected", &O::only_detected, {}, "only harmonics that stand out of the spectrum; open: yes if line_hz is open"),
        field("line_z", &O::line_z, {3, 20}, "how far a line must stand out"),
        field("harmonics", &O::harmonics, {0, 1000}, "exactly these harmonics (1 is the fundamental); 0 alone: none; empty: as above"),
    };
  }
};
static_assert(fully_described<NotchOptions>());

/// Sections for the lines that `options` name; none if line_hz is open. Lines at or above 0.49 rate are left out.
Cascade notch_design(double rate_hz, const NotchOptions& options);

/// Replaces an open line_hz, and only_detected, by what is found in the record.
NotchOptions resolve_notch(const BlockSource& source, Index channel_count, double rate_hz, const NotchOptions& options);

RowMatrix notch(const ChannelsView& signal, double rate_hz, const NotchOptions& options = {}, int threads = 1);

/// Block by block. Throws InvalidArgument if something is still to be found in the record (`resolve_notch`).
std::unique_ptr<Stage> notch_stage(Index channel_count, double rate_hz, const NotchOptions& options);

}  // namespace emg
