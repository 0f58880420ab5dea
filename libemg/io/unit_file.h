#pragma once
// Motor units and events from result files of this program and of others, for scoring.
//
//   .nwb        `truth_units` of a simulation or `/units` of a decomposition (NwbContents)
//   .tsv .csv   one row for each discharge with `unit_id` and `sample` and/or `onset` (or `time_s`, `timestamp`) in seconds: events tables of
//               BIDS derivatives and of the MUnitQuest challenge
// The rate of a table is the simplest one that agrees with every pair of sample and onset.
// Throws FileError naming what is missing, InvalidArgument for another kind of file.

#include <filesystem>
#include <optional>
#include <vector>

#include "libemg/core/units.h"

namespace emg {

/// Which of the units of a native file: those that were put in, or those that were found.
enum class UnitSide { truth, result };

/// Units by id as in the file. `rate_hz` replaces what a table says; needed where it holds only seconds. If the wanted side is empty, the other.
std::vector<MotorUnit> read_units(const std::filesystem::path& path, UnitSide side, std::optional<double> rate_hz = std::nullopt);

struct EventTimes {
  std::vector<double> time_s;
  std::optional<double> duration_s;  ///< of the recording, where the file says
  bool with_units = false;           ///< every event belongs to a unit
};

/// Instants of a table (rows of a table file; `truth_events`, else the discharges, else the first table of events of a native file).
EventTimes read_event_times(const std::filesystem::path& path, UnitSide side);

}  // namespace emg
