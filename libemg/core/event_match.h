#pragma once
// One-to-one matching of two trains of instants, and the constant lag between them.
//
// Instants are in any one unit (samples, milliseconds), ascending. Empty trains match nothing, lag 0.
// Cost: matching O(n1 + n2); lag O(n1 + n2 + pairs within the largest lag).
// Method: with windows of equal width the first free partner in order of time gives the largest number of pairs (interval scheduling).
// The lag is the median of the pairs at the mode of the differences; the histogram is smoothed over the tolerance, so that marks that scatter
// gather. Of equal heights the one with the highest own bin, then the smallest |lag| wins; a lag one bin beside it if it matches more.

#include <span>
#include <utility>
#include <vector>

namespace emg {

/// How a difference counts as equal: |d - lag| <= tolerance, or -tolerance <= d - lag < tolerance.
enum class MatchWindow { closed, half_open };

/// Pairs (index in a, index in b) with b - a - lag inside the window.
std::vector<std::pair<std::size_t, std::size_t>> match_events(std::span<const double> a, std::span<const double> b, double lag, double tolerance,
                                                              MatchWindow window = MatchWindow::closed);

/// The number of those pairs.
std::size_t match_count(std::span<const double> a, std::span<const double> b, double lag, double tolerance,
                        MatchWindow window = MatchWindow::closed);

struct CommonLag {
  double lag = 0;             ///< b - a of the pairs; a multiple of the bin if all instants are
  std::size_t count = 0;      ///< pairs at that lag
  std::size_t runner_up = 0;  ///< differences within the tolerance of the best lag more than 2 tolerances + 1 bin away
};

/// The lag within +-max_lag that matches most; instants that are multiples of `bin` give one. Throws InvalidArgument for a bin <= 0.
CommonLag common_lag(std::span<const double> a, std::span<const double> b, double tolerance, double max_lag, double bin = 1,
                     MatchWindow window = MatchWindow::closed);

}  // namespace emg
