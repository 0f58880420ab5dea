#pragma once
// Stretches of activity: from a trace above a level to bursts worth the name.
//
// Spans are half-open, ascending and disjoint, in samples.

#include <span>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/signal.h"

namespace emg {

/// The stretches where `trace` lies above `level`.
std::vector<Span> spans_above(std::span<const double> trace, double level);

/// Joins spans less than `shortest_gap` samples apart, then drops those shorter than `shortest_span`.
std::vector<Span> joined_spans(const std::vector<Span>& spans, Index shortest_gap, Index shortest_span);

/// sums[k] = sum of trace[k .. k + width), k = 0 .. size - width; empty if the trace is shorter. Only additions: what an artefact leaves
/// behind is gone with the window (a running difference keeps its rounding for ever).
std::vector<double> window_sums(std::span<const double> trace, Index width);

/// Mean over the `width` samples around each sample (width / 2 before it), at the ends over those inside the record.
std::vector<double> moving_mean(std::span<const double> trace, Index width);

/// The same into `mean`, which must be as long as the trace.
void moving_mean(std::span<const double> trace, Index width, std::span<double> mean);

/// Largest |x| and RMS of trace[span].
struct BurstSize {
  double peak_uv = 0;
  double rms_uv = 0;
};
BurstSize burst_size(std::span<const double> trace, const Span& span);

/// RMS of `trace` over all `spans` together; 0 if they are empty.
double rms_over(std::span<const double> trace, const std::vector<Span>& spans);

/// The quietest stretches: windows of 250 ms (hop 125) whose RMS is at most the 20th percentile, overlapping ones joined. Empty if there
/// are fewer than four or they cover less than 0.5 s.
std::vector<Span> quiet_spans(std::span<const double> trace, double rate_hz);

/// Expected RMS of the quietest fifth of windows over that of all, with `degrees_of_freedom` in a window: what to divide by after
/// selection.
double quiet_selection_factor(double degrees_of_freedom);

}  // namespace emg
