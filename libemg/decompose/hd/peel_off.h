#pragma once
// Waveforms of all units together, and the record without them.
//
// frames: the record; trains: spikes of each unit; window: `half` samples before to `half` samples after a spike (2 half + 1 frames).
// Windows that leave the record count with their inside part. No units give no waveforms and the record itself.
// Cost: (2 half + 1) width operations for each spike, twice for each iteration.
// Method: least squares for x(t) = sum over units and spikes of T_u(t - t_p), (A + ridge I) T = B, solved by conjugate gradients where A T is
// computed as the average at the spikes of the superposition of T (no matrix); the average is unbiased only without synchrony.

#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

struct TemplateSettings {
  Index half = 51;
  bool joint = true;          ///< false: plain averages
  double ridge = 1e-3;        ///< of the mean number of spikes
  double tolerance = 1e-4;    ///< of the residual of the normal equations
  int max_iterations = 40;
};

/// Frames (2 half + 1) x width of each unit; `initial`, if it has as many, starts the iteration.
std::vector<FloatMatrix> unit_templates(const Frames& frames, const std::vector<Train>& trains, const TemplateSettings& settings,
                                        const std::vector<FloatMatrix>& initial = {}, int threads = 1);

/// Adds `factor` times the superposition of all waveforms to `frames`; where windows overlap they add up.
void add_units(Frames& frames, const std::vector<Train>& trains, const std::vector<FloatMatrix>& templates, float factor, int threads = 1);

/// Sum of the windows at the spikes of each unit.
std::vector<FloatMatrix> window_sums(const Frames& frames, const std::vector<Train>& trains, Index half, int threads = 1);

}  // namespace emg::hd
