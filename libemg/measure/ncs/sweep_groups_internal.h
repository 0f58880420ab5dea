#pragma once
// Which sweeps of a study belong together, and what they were recorded for where the files do not say.

#include <array>
#include <map>
#include <string>
#include <vector>

#include "libemg/core/sweeps.h"
#include "libemg/measure/ncs/study.h"

namespace emg::ncs_detail {

/// Sweeps of one site.
struct SweepGroup {
  std::vector<Index> rows;
  std::string test;
  bool f_waves = false;  ///< looked for, beside the M wave or alone
};

class SweepClassifier {
 public:
  SweepClassifier(const std::vector<SweepSet>& sets, const NcsOptions& options);
  /// Groups of one set in the order of its averages. A test that the file names is taken; else long single sweeps are searched for F waves,
  /// and give no M wave of a site that another, shorter recording shows.
  std::vector<SweepGroup> groups(const SweepSet& set, const SweepSet& averages) const;

 private:
  bool may_hold_f(const SweepSet& set, const std::vector<Index>& rows) const;
  std::string guessed_test(const SweepSet& set, const SweepSet& averages, Index average, const std::vector<Index>& rows) const;

  NcsOptions options_;
  std::map<std::array<std::string, 4>, double> shortest_ms_;  // of the recordings of each motor site
};

}  // namespace emg::ncs_detail
