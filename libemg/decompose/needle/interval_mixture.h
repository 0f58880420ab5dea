#pragma once
// Missed and false discharges of a train from its intervals alone, without a truth.
//
// True intervals are gamma distributed (mean, CV); each discharge is missed with probability p; false discharges are a Poisson process. The
// density of what is seen is the second derivative of exp(-lambda t) R0(t), R0 = mu x integral of the survival of the thinned renewal process
// (cf. Navallas et al. 2014-2019); a train that was made with a shortest interval is fitted with the density truncated there, or false
// discharges are underestimated by a third.
// intervals: in seconds, divided by a slow trend where there is one. Fewer than 40: no estimate.
// Cost: about 30 ms for a train. Method: maximum likelihood by a simplex search on log and logit scales from three starts; intervals of
// likelihood for 90 % by profile.

#include <optional>
#include <vector>

namespace emg::needle {

struct IntervalMixture {
  double mean_s = 0, cv = 0;
  double miss = 0, miss_low = 0, miss_high = 1;
  double false_rate_hz = 0, false_low_hz = 0, false_high_hz = 0;
  double precision = 1;          ///< true among the discharges seen, by intervals
  double log_likelihood = 0;
};

/// Density of the seen intervals at t.
double mixture_density(double t_s, double mean_s, double cv, double miss, double false_rate_hz);

std::optional<IntervalMixture> fit_intervals(const std::vector<double>& intervals_s, double shortest_s = 0);

/// Regularised upper incomplete gamma function.
double gamma_q(double a, double x);

}  // namespace emg::needle
