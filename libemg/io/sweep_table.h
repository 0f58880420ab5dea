#pragma once
// Sweeps from files that know only channels: each channel a sweep, described by a table beside the file; or a continuous record cut at its
// stimuli.
//
// A table of sweeps (`X_sweeps.tsv` beside `X.csv`, `X.h5`, ...) has one row for each channel in their order, or a column `channel_name`
// that names it, and the columns of a sweep: nerve, side, muscle, site, distance_mm, intensity_ma, pulse_ms, temperature_c, clock_s,
// annotation, test, polarity, electrode, channel; `zero_ms` (needed) is the stimulus after the first sample, the same for all. Throws
// InvalidArgument: a table of another length, a channel it names that is not there, zero_ms missing or not the same. Cost: one copy.

#include <filesystem>
#include <optional>

#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"

namespace emg {

class RecordingFile;

/// Channels of `recording` as sweeps described by `table`.
SweepSet sweeps_of_channels(const Recording& recording, const Table& table);

/// EMG channels cut around each stimulus, `before_ms` to `after_ms`; stimuli too near an end are left out. Empty if none is left.
std::optional<SweepSet> sweeps_of_stimuli(const Recording& recording, double before_ms = 10, double after_ms = 60);

/// The sweeps of a file: its own, else by the table beside it (`X_sweeps.tsv`), else cut at its stimuli; empty if it has none of these.
std::optional<SweepSet> sweeps_of_file(const RecordingFile& file);

}  // namespace emg
