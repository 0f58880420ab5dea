#pragma once
// Rates of rare events with their uncertainty, and what would have been missed.
//
// Counts and usable seconds in, numbers out; times are seconds, ascending.
// Degenerate input: a count of 0 has the lower limit 0 and an upper one; no usable time gives no rate.
// Throws InvalidArgument for a negative time or count and a probability outside (0, 1).
// Method: exact limits of a Poisson mean (Garwood 1936, Biometrika 28:437); ratio of two rates by the conditional binomial, exact
// (Przyborowski & Wilenski 1940, Biometrika 31:313); the exact limits assume independent events, so clustered ones (Fano factor above 1.5)
// get a bootstrap over blocks as well.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libemg/core/probability.h"
#include "libemg/core/recording.h"

namespace emg {

/// Events a minute with exact limits.
struct RateEstimate {
  double per_min = 0, low_per_min = 0, high_per_min = 0;
};
std::optional<RateEstimate> poisson_rate(std::int64_t count, double usable_s, double confidence = 0.95);

/// Smallest rate (a minute) of which at least one event would have been seen in `usable_s` with `probability`, by a detector that finds the
/// share `sensitivity`.
std::optional<double> detectable_rate_per_min(double usable_s, double probability = 0.95, double sensitivity = 1);

/// Probability of at least `count` events of this rate in `seconds`.
double probability_to_see(std::int64_t count, double rate_per_min, double seconds);
/// Seconds until at least `count` events of this rate were seen with `probability`; rate > 0.
double seconds_to_see(std::int64_t count, double rate_per_min, double probability = 0.95);

/// Rate of events each of which hides those that follow within `dead_s`: solves observed = r exp(-r dead); empty if events overlap too
/// much for an answer (observed * dead >= 1/e).
std::optional<double> corrected_rate_per_min(double observed_per_min, double dead_s);

/// Second rate over first, exact limits and two-sided p of equality.
struct RateRatio {
  std::optional<double> ratio, low, high;
  double p = 1;
};
RateRatio rate_ratio(std::int64_t count, double usable_s, std::int64_t reference_count, double reference_usable_s, double confidence = 0.95);

/// Usable time as ascending, disjoint stretches of seconds.
struct Stretch {
  double first_s = 0, end_s = 0;
};
double total_s(const std::vector<Stretch>& stretches);

/// Persistence and clustering of events (seconds of the record) within usable stretches.
struct Persistence {
  std::optional<double> fano;              ///< variance over mean of the counts in bins of usable time; 4 bins and one event needed
  std::optional<double> active_fraction;   ///< share of bins with an event
  std::optional<double> longest_gap_s;     ///< of usable time without an event
  std::optional<double> time_to_first_s;   ///< usable seconds before the first
  std::int64_t first_half = 0, second_half = 0;
  double half_s = 0;                       ///< usable time of each half
};
Persistence persistence(std::span<const double> times_s, const std::vector<Stretch>& usable, double bin_s);

/// 95 % interval of the rate by bootstrap of 30-s blocks of usable time (2000 draws); empty for fewer than 5 blocks.
std::optional<RateEstimate> block_interval(std::span<const double> times_s, const std::vector<Stretch>& usable, std::uint64_t seed);

}  // namespace emg
