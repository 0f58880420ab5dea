#include "libemg/score/decomposition.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "libemg/score/assignment.h"

namespace emg {
namespace {

// F1 from which a second prediction repeats a unit as a whole instead of sharing it (decomposition scores of the field use 0.7 for "same").
constexpr double kDuplicateF1 = 0.7;
// Share of a unit's discharges that makes it part of a merged prediction.
constexpr double kMergedRecall = 0.3;

using Trains = std::vector<std::vector<double>>;

struct Agreements {
  std::size_t rows = 0, columns = 0;
  std::vector<SpikeAgreement> of;
  RowMatrix f1;

  const SpikeAgreement& operator()(std::size_t i, std::size_t j) const { return of[i * columns + j]; }
};

Agreements agreements(const Trains& reference, const Trains& predicted, double tolerance, double max_lag, MatchWindow window) {
  Agreements all{reference.size(), predicted.size(), {}, RowMatrix::Zero(static_cast<Index>(reference.size()), static_cast<Index>(predicted.size()))};
  for (std::size_t i = 0; i < reference.size(); ++i) {
    for (std::size_t j = 0; j < predicted.size(); ++j) {
      all.of.push_back(spike_agreement(reference[i], predicted[j], tolerance, max_lag, window));
      all.f1(static_cast<Index>(i), static_cast<Index>(j)) = all.of.back().f1;
    }
  }
  return all;
}

double common_rate(const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted) {
  for (const auto* units : {&reference, &predicted}) {
    for (const auto& unit : *units) {
      if (unit.discharges.rate_hz > 0) return unit.discharges.rate_hz;
    }
  }
  return 1;
}

std::vector<MotorUnit> with_discharges(const std::vector<MotorUnit>& units) {
  std::vector<MotorUnit> active;
  std::copy_if(units.begin(), units.end(), std::back_inserter(active), [](const MotorUnit& unit) { return !unit.discharges.sample.empty(); });
  return active;
}

Trains trains_of(const std::vector<MotorUnit>& units, double rate_hz, bool whole_samples, int* repeated) {
  Trains trains;
  for (const auto& unit : units) trains.push_back(instants_of(unit, rate_hz, whole_samples, repeated));
  return trains;
}

void fill(UnitScore& row, const SpikeAgreement& agreement, double rate_hz) {
  row.lag_samples = agreement.lag_samples;
  row.lag_ms = agreement.lag_samples * 1000 / rate_hz;
  row.tp = agreement.tp;
  row.fp = agreement.fp;
  row.fn = agreement.fn;
  row.runner_up = agreement.runner_up;
  row.roa = agreement.roa;
  row.precision = agreement.precision;
  row.recall = agreement.recall;
  row.f1 = agreement.f1;
}

// Scatter and drift of the matched discharges about the lag.
void fill_errors(UnitScore& row, const std::vector<double>& a, const std::vector<double>& b, double tolerance, double rate_hz, MatchWindow window) {
  const auto pairs = match_events(a, b, *row.lag_samples, tolerance, window);
  if (pairs.size() < 3) return;
  const auto n = static_cast<double>(pairs.size());
  double mean_t = 0, mean_e = 0, tt = 0, te = 0, ee = 0;
  for (const auto& [i, j] : pairs) {
    mean_t += a[i] / rate_hz / n;
    mean_e += (b[j] - a[i]) * 1000 / rate_hz / n;
  }
  for (const auto& [i, j] : pairs) {
    const double t = a[i] / rate_hz - mean_t, e = (b[j] - a[i]) * 1000 / rate_hz - mean_e;
    tt += t * t;
    te += t * e;
    ee += e * e;
  }
  row.error_sd_ms = std::sqrt(ee / (n - 1));
  if (tt > 0) row.error_slope_us_per_s = 1000 * te / tt;
}

UnitVerdict verdict_of(const Agreements& all, std::size_t j, std::size_t nearest, double min_f1) {
  const auto held = [&] {
    int count = 0;
    for (std::size_t i = 0; i < all.rows; ++i) count += all(i, j).recall >= kMergedRecall && all(i, j).tp > 1.5 * all(i, j).runner_up;
    return count;
  };
  if (held() >= 2) return UnitVerdict::merged;
  const double f1 = all(nearest, j).f1;
  if (f1 < min_f1) return UnitVerdict::invented;
  return f1 >= kDuplicateF1 ? UnitVerdict::duplicate : UnitVerdict::split;
}

void count(UnitScoreSummary& summary, const UnitScore& row) {
  switch (row.verdict) {
    case UnitVerdict::matched:
      ++summary.matched;
      summary.mean_roa += row.roa;
      summary.mean_f1 += row.f1;
      break;
    case UnitVerdict::missed: ++summary.missed; break;
    case UnitVerdict::duplicate: ++summary.duplicates; break;
    case UnitVerdict::split: ++summary.splits; break;
    case UnitVerdict::merged: ++summary.merged; break;
    case UnitVerdict::invented: ++summary.false_units; break;
  }
}

void complete(UnitScoreSummary& summary) {
  if (summary.matched > 0) {
    summary.mean_roa /= summary.matched;
    summary.mean_f1 /= summary.matched;
  }
  const auto tp = static_cast<double>(summary.tp);
  const auto share = [tp](double of) { return of > 0 ? tp / of : 0.0; };
  summary.roa = share(static_cast<double>(summary.tp + summary.fp + summary.fn));
  summary.precision = share(static_cast<double>(summary.tp + summary.fp));
  summary.recall = share(static_cast<double>(summary.tp + summary.fn));
  summary.f1 = 2 * share(static_cast<double>(2 * summary.tp + summary.fp + summary.fn));
}

// Predictions that repeat one of lower id are left out.
std::vector<std::size_t> distinct(const std::vector<MotorUnit>& units, const Trains& trains, double tolerance, double max_lag, double share) {
  std::vector<std::size_t> order(units.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return units[a].unit_id < units[b].unit_id; });
  std::vector<std::size_t> kept;
  for (const auto candidate : order) {
    const bool repeats = std::any_of(kept.begin(), kept.end(), [&](std::size_t other) {
      const auto common = static_cast<double>(common_lag(trains[other], trains[candidate], tolerance, max_lag).count);
      const auto larger = static_cast<double>(std::max(trains[other].size(), trains[candidate].size()));
      return larger > 0 && common / larger >= share;
    });
    if (!repeats) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace

DecompositionScore score_units(const std::vector<MotorUnit>& all_reference, const std::vector<MotorUnit>& all_predicted,
                               const UnitScoreOptions& options) {
  validate_options(options);
  const auto reference = with_discharges(all_reference), predicted = with_discharges(all_predicted);
  const double rate_hz = common_rate(reference, predicted);
  DecompositionScore score;
  auto& summary = score.summary;
  summary.silent_units = static_cast<int>(all_reference.size() + all_predicted.size() - reference.size() - predicted.size());
  summary.reference_count = static_cast<int>(reference.size());
  summary.predicted_count = static_cast<int>(predicted.size());
  const double tolerance = options.sub_sample ? options.tolerance_ms * rate_hz / 1000 : tolerance_samples(options.tolerance_ms, rate_hz);
  const double max_lag = options.max_lag_ms * rate_hz / 1000;
  const auto window = options.half_open ? MatchWindow::half_open : MatchWindow::closed;
  const auto truth = trains_of(reference, rate_hz, !options.sub_sample, &summary.repeated_times);
  const auto found = trains_of(predicted, rate_hz, !options.sub_sample, &summary.repeated_times);
  const auto all = agreements(truth, found, tolerance, max_lag, window);
  auto partner = best_assignment(all.f1);
  std::vector<char> taken(found.size(), 0);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    UnitScore row;
    row.reference_unit = reference[i].unit_id;
    const auto j = static_cast<std::size_t>(partner[i]);
    if (partner[i] < 0 || all(i, j).f1 < options.min_f1 || all(i, j).tp == 0) {
      row.verdict = UnitVerdict::missed;
      row.fn = static_cast<std::int64_t>(truth[i].size());
    } else {
      taken[j] = 1;
      row.predicted_unit = predicted[j].unit_id;
      fill(row, all(i, j), rate_hz);
      fill_errors(row, truth[i], found[j], tolerance, rate_hz, window);
    }
    summary.tp += row.tp;
    summary.fp += row.fp;
    summary.fn += row.fn;
    count(summary, row);
    score.units.push_back(row);
  }
  for (std::size_t j = 0; j < found.size(); ++j) {
    if (taken[j]) continue;
    UnitScore row;
    row.predicted_unit = predicted[j].unit_id;
    row.verdict = UnitVerdict::invented;
    row.fp = static_cast<std::int64_t>(found[j].size());
    summary.fp += row.fp;
    if (!truth.empty()) {
      Index nearest = 0;
      all.f1.col(static_cast<Index>(j)).maxCoeff(&nearest);
      row.verdict = verdict_of(all, j, static_cast<std::size_t>(nearest), options.min_f1);
      if (row.verdict != UnitVerdict::invented) row.reference_unit = reference[static_cast<std::size_t>(nearest)].unit_id;
      fill(row, all(static_cast<std::size_t>(nearest), j), rate_hz);
    }
    count(summary, row);
    score.units.push_back(row);
  }
  summary.tolerance_ms = options.tolerance_ms;
  summary.tolerance_samples = tolerance;
  summary.max_lag_ms = options.max_lag_ms;
  complete(summary);
  return score;
}

LabelScore label_score(const std::vector<MotorUnit>& reference, const std::vector<MotorUnit>& predicted, const LabelScoreOptions& options) {
  validate_options(options);
  const double rate_hz = common_rate(reference, predicted);
  const double tolerance = std::floor(options.tolerance_ms * rate_hz / 1000 + 1e-9), max_lag = options.max_lag_ms * rate_hz / 1000;
  const auto truth = trains_of(reference, rate_hz, true, nullptr), found = trains_of(predicted, rate_hz, true, nullptr);
  const auto kept = distinct(predicted, found, tolerance, options.duplicate_lag_ms * rate_hz / 1000, options.duplicate_share);
  LabelScore score;
  Trains distinct_trains;
  for (const auto k : kept) {
    score.kept.push_back(predicted[k].unit_id);
    distinct_trains.push_back(found[k]);
  }
  const auto all = agreements(truth, distinct_trains, tolerance, max_lag, MatchWindow::closed);
  const auto partner = best_assignment(all.f1);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (partner[i] < 0) continue;
    const auto j = static_cast<std::size_t>(partner[i]);
    const auto& agreement = all(i, j);
    if (agreement.tp == 0 || agreement.f1 < options.threshold) continue;
    score.pairs.push_back({reference[i].unit_id, score.kept[j], agreement.f1, std::llround(agreement.lag_samples)});
  }
  std::stable_sort(score.pairs.begin(), score.pairs.end(), [](const LabelPair& a, const LabelPair& b) { return a.reference_unit < b.reference_unit; });
  for (const auto& pair : score.pairs) score.score += pair.f1;
  return score;
}

}  // namespace emg
