#pragma once
// Whether two trains are the same unit, late copies and fragments included.
//
// Trains are ascending samples. The lag of a pair is the peak of the histogram of differences, smoothed over +-tolerance; common spikes
// are matched one to one at that lag, one sample less and one more. An empty train shares nothing.
// Cost: n1 + n2 times the number of spikes within the lag window.
// Method: common / larger >= 0.3 is the usual rule (Holobar et al.); common / smaller >= 0.5 finds fragments, which the first cannot.

#include <cstdint>
#include <span>
#include <vector>

#include "libemg/core/options.h"

namespace emg {

struct PairAgreement {
  std::int64_t lag_samples = 0;  ///< of b after a
  std::int64_t common = 0;
  double roa = 0;                ///< common / (n1 + n2 - common)
  double of_larger = 0;          ///< common / max(n1, n2)
  double of_smaller = 0;
};

/// `max_lag` 0 compares the trains as they are.
PairAgreement pair_agreement(std::span<const std::int64_t> a, std::span<const std::int64_t> b, std::int64_t max_lag, std::int64_t tolerance);

struct DuplicateRule {
  std::int64_t max_lag = 164;
  std::int64_t tolerance = 1;
  double of_larger = 0.3;
  double of_smaller = 0.5;
};

bool same_unit(const PairAgreement& pair, const DuplicateRule& rule);

/// What decides between two trains of one unit.
struct TrainRank {
  double sil = 0;
  double cov_isi = 0;
};

/// Positions of the trains to keep, ascending. Larger silhouette first, ties: less variable; a train with fewer than half the median number
/// of spikes displaces none. The first `fixed` trains are never dropped.
std::vector<std::size_t> without_duplicates(const std::vector<std::vector<std::int64_t>>& trains, const std::vector<TrainRank>& ranks,
                                            const DuplicateRule& rule, std::size_t fixed = 0);

}  // namespace emg
