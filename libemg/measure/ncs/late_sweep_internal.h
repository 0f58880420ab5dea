#pragma once
// A sweep made ready for late responses: what is left of the M wave is taken out.

#include <vector>

#include "libemg/measure/ncs/trace_internal.h"

namespace emg::ncs_detail {

constexpr double kLateSmoothMs = 0.7;

/// One sweep in the window: tail removed (rest), smoothed for detection (smooth), and what was found.
struct LateSweep {
  Trace rest, smooth;
  double sigma = 0;
  double smooth_sigma = 0;    // of the smoothed trace before the stimulus: real noise is not white
  double residue_uv = 0;      // what taking out an A wave may leave
  Index from = 0;             // first sample after the M wave
  std::vector<Index> events;  // extremes, samples of `smooth`
};

/// Tail of the M wave from the start of the window on, the same in all sweeps: their median, in which F waves of different times and shapes
/// are small, brought to constant + exponentials. One sweep alone does not tell its tail from an F wave that fills half of the window.
std::vector<double> common_tail(const SweepSet& set, const std::vector<Index>& rows, Index first, Index last);

/// The sweep of `row`, looked at from `first` to `last`, without `tail` (of those samples).
LateSweep late_sweep(const SweepSet& set, Index row, Index first, Index last, const std::vector<double>& tail, double floor_uv);

}  // namespace emg::ncs_detail
