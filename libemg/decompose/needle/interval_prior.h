#pragma once
// How likely a unit is to discharge at an instant, from its other discharges.
//
// Method: intervals relative to the local mean (median of the single intervals among the nearest nine) follow a gamma density, thinned by the
// share of discharges that are missed so that multiples of the mean are expected, plus 3 % exponential for pauses. Intensity between two
// neighbours: f(t - t1) f(t2 - t) / f(t2 - t1); after one: f / survival; with fewer than 10 intervals the mean rate. Limited to the mean rate
// times exp(+-limit).

#include <vector>

namespace emg::needle {

struct IntervalModel {
  double mean_s = 0.1, cv = 0.2, miss = 0.05;
  double rate_hz = 10;       ///< mean rate while active
  bool learned = false;

  /// ln of the density of an interval of x local means, ln of its survival.
  double log_density(double x) const;
  double log_survival(double x) const;

  std::vector<double> density, survival;  ///< over x, step kStep
  static constexpr double kStep = 0.02;
};

/// From ascending instants in seconds.
IntervalModel learn_intervals(const std::vector<double>& times_s);

struct IntervalPriorOptions {
  double min_interval_s = 0.020;
  double closest_s = 0.003;  ///< nearer is impossible
  bool doublets = true;      ///< intervals between closest_s and min_interval_s are unlikely, not impossible
  double limit = 5;          ///< |ln(intensity / rate)| at most
};

/// -2 ln intensity (1/s) at `t_s`, given the nearest discharges before and after (absent: NaN).
double interval_penalty(const IntervalModel& model, double t_s, double before_s, double after_s, double local_mean_s,
                        const IntervalPriorOptions& options);

/// Local mean interval at each instant between times: index i is for [times[i], times[i + 1]).
std::vector<double> local_means(const std::vector<double>& times_s, const IntervalModel& model);

}  // namespace emg::needle
