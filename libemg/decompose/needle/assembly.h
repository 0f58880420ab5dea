#pragma once
// The whole record: units found, templates averaged, superpositions resolved, gaps filled, again and again.
//
// record: conditioned signal. Result: units with templates and discharges, largest first; residual. No event: no unit.
// Deterministic. Cost: linear in time; dominated by the search over events.
// Method: clusters of isolated potentials give the first units. Each sweep resolves every event forwards and backwards in time (so that
// neighbours on both sides inform the interval prior), averages templates from the residual plus the unit's own contribution, looks for more
// units in what is left, and joins units of one shape and one train. A unit whose discharges are not wanted by the least cost dies.

#include <vector>

#include "libemg/decompose/needle/conditioning.h"
#include "libemg/decompose/needle/templates.h"

namespace emg::needle {

struct AssemblyOptions {
  double detection_factor = 4.5;
  double event_gap_ms = 1.5, event_pad_ms = 1, event_max_ms = 30;
  double snippet_ms = 6;
  double dip_limit = 2;
  double min_interval_ms = 20;
  bool doublets = true;
  double shape_jitter_ms = 0.03, amplitude_sd = 0.05;
  int beam_width = 24, beam_depth = 6;
  int sweeps = 5;
  bool fill_gaps = true;
  double temperature = 1.3;
};

struct AssembledUnit {
  Template shape;
  std::vector<Discharge> discharges;  ///< ascending; posterior as the search saw it
  bool shares_shape = false;          ///< another unit has this shape but fires on its own
};

struct Assembly {
  std::vector<AssembledUnit> units;
  RowMatrix residual;                 ///< on the work grid
  double event_energy = 0;            ///< of the events, noise taken off
  double explained = 0;               ///< share of it that the units explain
  int event_count = 0;
};

Assembly assemble(const Conditioned& record, const AssemblyOptions& options);

}  // namespace emg::needle
