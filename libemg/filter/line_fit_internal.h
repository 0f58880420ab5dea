#pragma once
// Least-squares fit of sines at harmonics of one frequency to one window.

#include <span>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

/// Cosines and sines of harmonics of a frequency over a window, and the same times the weights; one row for each harmonic.
struct HarmonicTables {
  RowMatrix cosines, sines, weighted_cosines, weighted_sines;
};

/// Amplitudes of the cosines and sines of each harmonic.
struct HarmonicFit {
  std::vector<double> cosine, sine;
};

class LineFit {
 public:
  /// `length` samples; `harmonics` ascending, each below half the rate with its search range.
  LineFit(Index length, double rate_hz, double base_hz, std::vector<int> harmonics, double search_hz);

  Index length() const { return static_cast<Index>(weights_.size()); }
  /// Weights of fit and cross-fade: periodic Hann + 0.001.
  const std::vector<double>& weights() const { return weights_; }

  /// Power at the harmonics for every frequency of the search grid.
  std::vector<double> power(const double* x) const;
  /// The frequency with the most power: largest of the grid, then the parabola through its neighbours.
  double best_frequency(const std::vector<double>& power) const;

  HarmonicTables tables(double frequency_hz) const;
  HarmonicFit fit(const double* x, double frequency_hz, const HarmonicTables& tables) const;
  /// out[i] += weights[i] (sines of `fit`)[i].
  void add_weighted(const HarmonicFit& fit, const HarmonicTables& tables, double* out) const;

 private:
  double rate_hz_, base_hz_, search_hz_;
  std::vector<int> harmonics_;
  std::vector<double> weights_;
  HarmonicTables base_;  // at base_hz
};

}  // namespace emg
