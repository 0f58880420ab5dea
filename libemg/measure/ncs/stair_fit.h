#pragma once
// The fewest levels of amplitude that explain a CMAP scan, exactly.
//
// amplitudes_mv: responses of the scan, any order. Result: for each number of levels D = 1, 2, ... the smallest mean distance of a response
// to its nearest level, and the levels of the solution asked for. Degenerate input: one amplitude, or equal ones, need one level. Throws
// InvalidArgument for no amplitude and for values that are not finite. Cost: O(D n log n); n = 600 and D = 150 take a few milliseconds.
// Method: k-medians on a line is solved by dynamic programming over the sorted values, divide and conquer for the monotone split (Wang and
// Song 2011, R Journal 3:29; Gronlund et al. 2017); cost of a segment from prefix sums with its lower median. Exact to rounding.

#include <optional>
#include <vector>

namespace emg {

struct StairFit {
  std::vector<double> distance_mv;  ///< e(D), D from 1: mean distance with D levels
  std::optional<int> level_count;   ///< smallest D with e(D) below the threshold; empty if none was reached
  std::vector<double> levels_mv;    ///< ascending
  bool saturated = false;           ///< level_count > n / 6
  std::optional<int> bic_levels;    ///< with a known noise: the D of the smallest information criterion
};

/// `most_levels` 0: until the threshold is passed (and the criterion has its minimum), at most n.
StairFit stair_fit(const std::vector<double>& amplitudes_mv, double threshold_mv, std::optional<double> noise_mv = std::nullopt,
                   int most_levels = 0);

}  // namespace emg
