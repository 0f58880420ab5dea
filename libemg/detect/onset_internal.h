#pragma once
// What the methods of onset.h share: one trace, its baseline, the bursts found.

#include <span>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/detect/onset.h"

namespace emg::onset_detail {

struct Baseline {
  std::vector<Span> spans;
  bool selected = false;  ///< the quietest of many windows: their level is too low by quiet_selection_factor
};

struct Found {
  std::vector<Span> bursts;
  double threshold = 0;
};

struct Level {
  double mean = 0, sd = 0;
};

/// Mean and SD of `envelope` over `spans`.
Level level_over(std::span<const double> envelope, const std::vector<Span>& spans);

/// Automatic threshold: mean + max(least_factor SD, share of the rise inside the bursts).
struct LevelRule {
  double least_factor = 3, share = 0.5;
};

/// Bursts of `envelope` above mean + factor SD of `base`, or above the automatic threshold; `gap` and `hold` in its samples.
Found level_bursts(std::span<const double> envelope, const Level& base, const LevelRule& rule, Index gap, Index hold,
                   const std::optional<double>& factor);

/// Bursts of a relative power (1 in the baseline; of the trace whitened forward, and backward for the ends) by segmentation: change.
/// `independence` is the share of the samples that are independent.
Found change_bursts(std::span<const double> forward, std::span<const double> backward, double independence, double rate_hz,
                    const OnsetOptions& options);

/// Bursts by sample entropy: sampen.
Found entropy_bursts(std::span<const double> trace, double rate_hz, const Baseline& baseline, const OnsetOptions& options);

/// Bursts of a whitened trace: aglr, bonato, cfar, change.
Found whitened_bursts(std::span<const double> trace, double rate_hz, const Baseline& baseline, const OnsetOptions& options);

/// Step responses of the smoother, for the correction of delays: rises from 0 to 1 around its middle sample.
std::vector<double> smoother_step(double rate_hz, const OnsetOptions& options);

/// What the smoother works on, |x| or the absolute Teager-Kaiser energy, of the samples from `first` on, as many as `out` holds.
void activity_measure(std::span<const double> trace, OnsetMethod method, Index first, std::span<double> out);

/// The moving mean (burst.h) of activity_measure over `width` samples; `mean` is as long as the trace. False if a sample is not finite.
bool smooth_by_mean(std::span<const double> trace, OnsetMethod method, Index width, std::span<double> mean);

/// Degrees of freedom of a window of 250 ms of the noise in `spans`.
double window_freedom(std::span<const double> trace, const std::vector<Span>& spans, double rate_hz);

/// Bursts of a smooth envelope: hodges_bui, teager. `trace` is what the envelope was made of, for the degrees of freedom of its baseline.
Found envelope_bursts(std::span<const double> envelope, std::span<const double> trace, double rate_hz, const Baseline& baseline,
                      const std::vector<double>& step, const OnsetOptions& options);

}  // namespace emg::onset_detail
