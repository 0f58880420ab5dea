#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/decompose/needle/interval_mixture.h"
#include "libemg/decompose/needle/interval_prior.h"
#include "libemg/decompose/needle/validation_internal.h"

namespace emg::needle {
namespace {

constexpr int kFewestAccepted = 20;
constexpr double kDistinct = 6, kClearlyDistinct = 10;
constexpr double kPrecise = 0.9, kDoubtful = 0.7;
constexpr double kSporadicCv = 0.8, kSporadicRate = 5;
constexpr double kRhythmicCv = 0.02;
constexpr double kMergedShare = 0.05;
constexpr double kPause = 5;  // local means: longer intervals are pauses, not misses

struct Intervals {
  std::vector<double> relative;  // to the local mean, times the mean: pauses left out
  std::vector<double> all;
  double mean_s = 0;
  std::optional<double> cv;
};

Intervals intervals_of(const std::vector<double>& times_s) {
  Intervals out;
  for (std::size_t i = 1; i < times_s.size(); ++i) out.all.push_back(times_s[i] - times_s[i - 1]);
  const auto model = learn_intervals(times_s);
  const auto means = local_means(times_s, model);
  out.mean_s = model.mean_s;
  std::vector<double> single;
  for (std::size_t i = 0; i < out.all.size(); ++i) {
    const double x = out.all[i] / means[i];
    if (x < kPause) out.relative.push_back(x * model.mean_s);
    if (x > 0.4 && x < 1.6) single.push_back(x);
  }
  if (single.size() >= 5) {
    const double n = static_cast<double>(single.size()), mean = std::accumulate(single.begin(), single.end(), 0.0) / n;
    double squares = 0;
    for (const double x : single) squares += (x - mean) * (x - mean);
    out.cv = std::sqrt(squares / (n - 1)) / mean;
  }
  return out;
}

double plain_cv(const std::vector<double>& x) {
  const double n = static_cast<double>(x.size()), mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  double squares = 0;
  for (const double v : x) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (n - 1)) / mean;
}

std::string class_of(const NeedleUnit& row, const Intervals& intervals, const std::optional<IntervalMixture>& fit, const NeedleOptions& options) {
  if (!fit) return "indeterminate";
  if (plain_cv(intervals.all) > kSporadicCv && row.rate_hz < kSporadicRate) return "sporadic";
  if (row.cov_isi && *row.cov_isi < kRhythmicCv) return "rhythmic";
  if (static_cast<double>(row.doublet_count) > std::max(2.0, kMergedShare * static_cast<double>(intervals.all.size()))) return "merged";
  if (1 - fit->precision > options.max_false) return "contaminated";
  if (fit->miss > options.max_miss) return "incomplete";
  return "valid";
}

void decide(NeedleUnit& row, bool shares_shape, const NeedleOptions& options) {
  const bool train = options.mode == NeedleMode::train;
  const bool usable_class = row.train_class == "valid" || (!train && row.train_class == "incomplete") ||
                            (row.train_class == "indeterminate" && row.distinctness >= kClearlyDistinct);
  const auto fail = [&](const char* status, const char* reason) {
    row.status = status;
    row.reason = reason;
  };
  row.status = "accepted";
  row.reason.clear();
  if (shares_shape) return fail("rejected", "two_units_one_shape");
  if (row.expected_precision < kDoubtful) return fail("rejected", "precision");
  if (row.train_class == "merged") return fail("rejected", "merged");
  if (row.expected_precision < kPrecise) return fail("doubtful", "precision");
  if (row.distinctness < kDistinct) return fail("doubtful", "not_distinct");
  if (row.discharge_count < kFewestAccepted) return fail("doubtful", "few_discharges");
  if (row.cov_isi && *row.cov_isi > options.max_cv && row.train_class != "sporadic") return fail("doubtful", "irregular");
  if (!usable_class) return fail("doubtful", row.train_class.c_str());
}

}  // namespace

void judge_unit(NeedleUnit& row, const std::vector<double>& times_s, const std::vector<double>& shape_only_s, double mean_confidence,
                bool shares_shape, const NeedleOptions& options) {
  row.discharge_count = static_cast<int>(times_s.size());
  if (times_s.empty()) return;
  row.first_s = times_s.front();
  row.last_s = times_s.back();
  const auto intervals = intervals_of(times_s);
  row.cov_isi = intervals.cv;
  row.cov_isi_shape = intervals_of(shape_only_s).cv;
  for (const double v : intervals.all) row.doublet_count += v < options.min_interval_ms / 1000;
  const auto fit = fit_intervals(intervals.relative, options.doublets ? 0 : options.min_interval_ms / 1000);
  double interval_precision = 1;
  if (fit) {
    row.miss_probability = fit->miss;
    row.miss_low = fit->miss_low;
    row.miss_high = fit->miss_high;
    row.false_rate_hz = fit->false_rate_hz;
    row.false_low_hz = fit->false_low_hz;
    row.false_high_hz = fit->false_high_hz;
    row.true_interval_ms = 1000 * fit->mean_s;
    row.true_cov_isi = fit->cv;
    row.expected_recall = 1 - fit->miss;
    interval_precision = fit->precision;
  }
  double active_s = 0;
  for (const double v : intervals.all) active_s += v < kPause * intervals.mean_s ? v : 0;
  row.rate_hz = active_s > 0 ? static_cast<double>(intervals.all.size()) / active_s : 0;
  // Counts of a train with gaps say too little; the mean of the intervals between true neighbours does not depend on what was missed.
  if (options.mode == NeedleMode::templates && fit) row.rate_hz = 1 / fit->mean_s;
  row.expected_precision = mean_confidence * interval_precision;
  row.train_class = class_of(row, intervals, fit, options);
  decide(row, shares_shape, options);
}

}  // namespace emg::needle
