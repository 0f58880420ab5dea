#include <algorithm>
#include <cmath>

#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/sweep_groups_internal.h"
#include "libemg/measure/ncs/trace_internal.h"

namespace emg::ncs_detail {
namespace {

constexpr double kUvPerMv = 1000, kSlowTrainS = 0.5, kFastTrainS = 0.02;
constexpr std::size_t kShortestTrain = 4, kFewestForF = 5;

bool is_train(const SweepSet& set, const std::vector<Index>& rows) {
  if (rows.size() < kShortestTrain) return false;
  std::vector<double> intervals;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto &a = set.sweeps[static_cast<std::size_t>(rows[i - 1])].clock_s, &b = set.sweeps[static_cast<std::size_t>(rows[i])].clock_s;
    if (!a || !b) return false;
    intervals.push_back(*b - *a);
  }
  const double middle = median_of(intervals);
  return middle >= kFastTrainS && middle <= kSlowTrainS;
}

double end_ms(const SweepSet& set) { return static_cast<double>(set.samples.cols() - set.zero_sample) * 1000 / set.rate_hz; }

std::array<std::string, 4> site_of(const Sweep& s) { return {s.nerve, s.side, s.muscle, s.site}; }

}  // namespace

SweepClassifier::SweepClassifier(const std::vector<SweepSet>& sets, const NcsOptions& options) : options_(options) {
  for (const auto& set : sets) {
    if (set.sweeps.empty()) continue;
    for (const auto& rows : rows_by_site(set)) {
      const auto& s = set.sweeps[static_cast<std::size_t>(rows.front())];
      const bool named = !s.nerve.empty() && !s.muscle.empty() && !s.site.empty();
      if (!named || (!s.test.empty() && s.test != "motor") || is_train(set, rows)) continue;
      const auto [known, added] = shortest_ms_.emplace(site_of(s), end_ms(set));
      if (!added) known->second = std::min(known->second, end_ms(set));
    }
  }
}

bool SweepClassifier::may_hold_f(const SweepSet& set, const std::vector<Index>& rows) const {
  return !set.averaged && rows.size() >= kFewestForF && end_ms(set) >= options_.motor_high_ms;
}

std::string SweepClassifier::guessed_test(const SweepSet& set, const SweepSet& averages, Index average, const std::vector<Index>& rows) const {
  if (is_train(set, rows)) return "repetitive";
  const Trace t = trace_of(averages, average);
  const Index from = t.sample(options_.motor_low_ms), to = t.sample(options_.motor_high_ms);
  const double level = baseline_of(t, options_.motor_low_ms, options_.motor_low_ms + 1).level_uv;
  double largest = 0;
  for (Index i = from; i <= to; ++i) largest = std::max(largest, std::abs(t.at(i) - level));
  const bool small = largest < options_.sensory_below_mv * kUvPerMv;
  return set.sweeps[static_cast<std::size_t>(rows.front())].muscle.empty() && small ? "sensory" : "motor";
}

std::vector<SweepGroup> SweepClassifier::groups(const SweepSet& set, const SweepSet& averages) const {
  std::vector<SweepGroup> result;
  for (auto& rows : rows_by_site(set)) {
    const auto& sweep = set.sweeps[static_cast<std::size_t>(rows.front())];
    SweepGroup group{{}, sweep.test, false};
    if (group.test == "rns") group.test = "repetitive";
    if (group.test == "f") group.test = "f_wave";
    group.f_waves = group.test == "f_wave";
    if (group.test.empty()) {
      group.test = guessed_test(set, averages, static_cast<Index>(result.size()), rows);
      group.f_waves = group.test == "motor" && may_hold_f(set, rows);
      const auto shortest = shortest_ms_.find(site_of(sweep));
      if (group.f_waves && shortest != shortest_ms_.end() && shortest->second < end_ms(set)) group.test = "f_wave";
    }
    group.rows = std::move(rows);
    result.push_back(std::move(group));
  }
  return result;
}

}  // namespace emg::ncs_detail
