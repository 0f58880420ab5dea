#pragma once
// Waveforms of units on the work grid, their energies and correlations.

#include <span>
#include <vector>

#include "libemg/core/signal.h"

namespace emg::needle {

/// A discharge in a record: `position` is where the sample `zero` of its template lies, in work samples.
struct Discharge {
  int unit = 0;
  double position = 0;
  double amplitude = 1;
  double posterior = 0;     ///< probability that it is there, prior of intervals included
  double shape_only = 0;    ///< the same without that prior
  char source = 's';        ///< s superposition solver, g gap filling
};

struct Template {
  RowMatrix shape;          ///< channels x samples, noise SD 1
  Index zero = 0;
  double energy = 0;        ///< expected |shape|^2 without the noise of its average, times the energy scale
  double slope_energy = 0;  ///< |d shape / d t|^2 per s^2, times the energy scale
  double peak = 0;          ///< largest absolute value
  double count = 0;         ///< discharges averaged
  double amplitude_sd = 0.05;  ///< variation from discharge to discharge

  Index length() const { return shape.cols(); }
};

/// Energies and peak of `t` from its shape; ends that do not differ from noise are set to zero.
void finish_template(Template& t, double rate_hz, double energy_scale);

/// Adds gain x the discharge to `signal` (channels x samples).
void add_discharge(RowMatrix& signal, const Template& t, double position, double gain);

/// Correlations <T_i, T_j(. - lag)> at 1/8 sample for every pair.
class GramTables {
 public:
  static constexpr int kPhases = 8;
  GramTables(const std::vector<Template>& templates, double energy_scale);
  /// Zero of j minus zero of i = lag, in work samples.
  double operator()(int i, int j, double lag) const;
  /// out[l] += gain x <T_i at tau, T_j at l> for every l.
  void add(int i, int j, double tau, double gain, std::span<double> out) const;

 private:
  double value(const std::vector<float>& table, Index place) const;

  std::size_t count_;
  Index length_;                          ///< of every template
  Index row_;                             ///< of one phase in a table
  std::vector<std::vector<float>> table_; ///< i * count + j, i <= j
};

/// <x, T(. - l)> for l in [first, first + count): zero of T at sample l of x, times the energy scale.
std::vector<double> correlate(const RowMatrix& x, const Template& t, Index first, Index count, double energy_scale);

}  // namespace emg::needle
