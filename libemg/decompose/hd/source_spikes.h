#pragma once
// Spikes of a source: its local maxima, split into two classes by height.
//
// source: one sample per sample of the record, any unit. Result: ascending samples, the split, and its quality. A source without local
// maxima, with one, or with maxima of equal height has no spikes and NaN as quality; nothing throws.
// Cost: a sort of the local maxima.
// Method: v = s|s|, maxima at least `refractory` apart (the larger wins, of equals the earlier); exact two-class split of the heights by
// least squares over all cuts (optimal 1-D 2-means, no random start), threshold half way between the heights on both sides of the cut
// (Negro et al. 2016 use k-means here).

#include <span>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

/// Split of heights: those above `threshold` are the upper class.
struct HeightSplit {
  double threshold = 0, low = 0, high = 0;  ///< low and high: class means
  double cost = 0;                          ///< sum of squares within the classes
  Index upper_count = 0;                    ///< 0: no split
};

/// First minimum over all cuts of the sorted heights; `threshold` is half way between its two neighbours. Fewer than 2 or only equal heights: no split.
HeightSplit split_heights(std::vector<double> heights);

struct SourceSpikes {
  Train samples;
  std::vector<double> heights;  ///< v at the spikes
  double sil_peaks = 0;
  double threshold = 0;         ///< on v
  double spike_centroid = 0, noise_centroid = 0;
};

struct SpikeSettings {
  Index refractory = 20;
  bool polarity = true;  ///< turn the source so that its skewness is positive; false: as it is
};

/// Local maxima of v > 0, ascending, at least `refractory` apart, inside `runs`.
std::vector<Index> separated_maxima(std::span<const float> v, const std::vector<Span>& runs, Index refractory);

/// `threshold` on v, if given, takes the place of the split.
SourceSpikes source_spikes(std::span<const float> source, const std::vector<Span>& runs, const SpikeSettings& settings);
SourceSpikes source_spikes(std::span<const float> source, const std::vector<Span>& runs, const SpikeSettings& settings, double threshold);

}  // namespace emg::hd
