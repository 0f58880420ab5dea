#include "libemg/decompose/hd/decompose.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/prepare_internal.h"
#include "libemg/decompose/hd/reliability.h"
#include "libemg/decompose/hd/search_internal.h"
#include "libemg/decompose/hd/supervised.h"
#include "libemg/decompose/train_quality.h"

namespace emg {
namespace {

using hd::Train;

// Doubtful from here on.
constexpr double kDoubtfulSil = 0.85, kDoubtfulCvRoa = 0.6;
// Intervals that look like those of two units.
constexpr double kMergeShortFraction = 0.03, kMergeCov = 0.40;
constexpr double kRefitDelay_s = 0.015;
constexpr double kContainedFraction = 0.1;
// A train of less than half the size that shares so much with another is a piece of it or of superpositions with it; synchrony stays below.
constexpr double kPieceFraction = 0.3;
// On white data fewer starts than this are still moving after the last iteration.
constexpr double kMostUnsettled = 0.8;

std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

// Frame of the waveform with the largest energy over all channels.
Index energy_peak(const hd::FloatMatrix& shape) {
  Index best = 0;
  shape.rowwise().squaredNorm().maxCoeff(&best);
  return best;
}

void judge(UnitRow& row, bool piece, const DecomposeOptions& options) {
  const auto below = [](const std::optional<double>& value, double least) { return !value || !(*value >= least); };
  const bool steady = options.task == DecomposeTask::dynamic || (row.cov_isi_robust && *row.cov_isi_robust <= options.accepted_cov);
  row.status = "accepted";
  if (below(row.sil_peaks, options.accepted_sil)) {
    row.reason = fmt::format("sil_peaks below {}", options.accepted_sil);
  } else if (below(row.cv_roa, options.accepted_cv_roa)) {
    row.reason = fmt::format("cv_roa below {}", options.accepted_cv_roa);
  } else if (row.split_roa && *row.split_roa < options.accepted_split_roa) {
    row.reason = fmt::format("split_roa below {}", options.accepted_split_roa);
  } else if (row.spike_count < options.accepted_spikes) {
    row.reason = fmt::format("fewer than {} spikes", options.accepted_spikes);
  } else if (!steady) {
    row.reason = fmt::format("cov_isi_robust above {}", options.accepted_cov);
  } else if (piece) {
    row.reason = fmt::format("contained_fraction above {} in a unit of twice the size", kPieceFraction);
  }
  if (row.reason.empty()) return;
  row.status = below(row.sil_peaks, kDoubtfulSil) || below(row.cv_roa, kDoubtfulCvRoa) ? "rejected" : "doubtful";
}

class Results {
 public:
  Results(const Recording& recording, const hd::Prepared& prepared, const hd::Search& search, const DecomposeOptions& options, int threads)
      : recording_(recording), prepared_(prepared), search_(search), options_(options), threads_(threads) {
    for (const auto& unit : search.units()) {
      trains_.push_back(unit.train);
      shapes_.push_back(unit.shape);
    }
  }

  Decomposition collect() {
    Decomposition result;
    if (!trains_.empty()) {
      add_back_ = search_.add_back();
      const hd::ReliabilityInput input{search_.residual(), search_.projection(), search_.residual_covariance(), prepared_.settings.lags, trains_, shapes_,
                                       search_.runs(), search_.sample_count(), prepared_.settings.spikes, prepared_.settings.duplicates.tolerance};
      halves_ = hd::halves_agreement(input, threads_);
      channels_ = hd::channels_agreement(input, threads_);
      hd::RefitSettings refit;
      refit.max_delay = std::lround(kRefitDelay_s * prepared_.rate_hz);
      refit.refinements = 1;
      refit.tolerance = prepared_.settings.duplicates.tolerance;
      refit.spikes = prepared_.settings.spikes;
      raw_ = hd::refit_filters(search_.data(), search_.data_projection(), prepared_.settings.lags, trains_, search_.runs(), refit, threads_);
    }
    describe_run(result);
    std::vector<UnitRow> rows;
    for (std::size_t u = 0; u < trains_.size(); ++u) rows.push_back(row_of(u));
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rows[a].first_s < rows[b].first_s; });
    std::erase_if(order, [&](std::size_t u) { return rows[u].status == "rejected" && !options_.keep_rejected; });
    add_containment(rows, order);
    result.pulse_trains.resize(static_cast<Index>(order.size()), search_.data().count());
    for (const auto u : order) add_unit(result, u, rows[u]);
    return result;
  }

 private:
  UnitRow row_of(std::size_t u) const {
    const auto& unit = search_.units()[u];
    const auto& spikes = add_back_.spikes[u];
    UnitRow row;
    row.spike_count = static_cast<std::int64_t>(unit.train.size());
    const auto samples = samples_of(u);
    row.first_s = static_cast<double>(samples.front()) / recording_.rate_hz;
    row.last_s = static_cast<double>(samples.back()) / recording_.rate_hz;
    const auto intervals = interval_statistics(unit.train, prepared_.rate_hz);
    row.rate_mean_hz = known(intervals.rate_mean_hz);
    row.cov_isi = known(intervals.cov_isi);
    row.cov_isi_robust = known(intervals.cov_isi_robust);
    row.sil_peaks = known(spikes.sil_peaks);
    row.sil_raw = known(raw_[u].source.sil_peaks);
    row.pnr_holobar_db = known(add_back_.pnr_db[u]);
    row.cv_roa = halves_[u];
    row.split_roa = channels_[u];
    row.merge_suspected = intervals.short_fraction > kMergeShortFraction || intervals.cov_isi_robust > kMergeCov;
    Index peak = 0;
    const Eigen::RowVectorXf range = unit.shape.colwise().maxCoeff() - unit.shape.colwise().minCoeff();
    range.head(search_.data().channel_count()).maxCoeff(&peak);
    row.peak_channel = recording_.channels[static_cast<std::size_t>(prepared_.channels[static_cast<std::size_t>(peak)])].name;
    row.peak_to_peak_uv = static_cast<double>(range[peak]);
    row.round = unit.round;
    row.exponent = unit.exponent;
    row.explained_variance_fraction = static_cast<double>(unit.train.size()) * static_cast<double>(unit.shape.squaredNorm()) / search_.data().energy();
    judge(row, is_piece(u), options_);
    return row;
  }

  bool is_piece(std::size_t u) const {
    const auto& rule = prepared_.settings.duplicates;
    return std::any_of(trains_.begin(), trains_.end(), [&](const Train& other) {
      return other.size() > 2 * trains_[u].size() && pair_agreement(trains_[u], other, rule.max_lag, rule.tolerance).of_smaller > kPieceFraction;
    });
  }

  // Discharges in samples of the recording, at the instant of largest energy.
  std::vector<std::int64_t> samples_of(std::size_t u) const {
    const auto& unit = search_.units()[u];
    const Index by = energy_peak(unit.shape) - unit.shape.rows() / 2;
    std::vector<std::int64_t> samples;
    for (const auto t : unit.train) {
      samples.push_back(std::clamp<std::int64_t>((t + by) * prepared_.step, 0, recording_.sample_count() - 1));
    }
    samples.erase(std::unique(samples.begin(), samples.end()), samples.end());
    return samples;
  }

  void add_containment(std::vector<UnitRow>& rows, const std::vector<std::size_t>& order) const {
    for (const auto a : order) {
      for (std::size_t k = 0; k < order.size(); ++k) {
        const auto b = order[k];
        if (a == b) continue;
        const auto& rule = prepared_.settings.duplicates;
        const auto pair = pair_agreement(trains_[a], trains_[b], rule.max_lag, rule.tolerance);
        if (pair.of_smaller < kContainedFraction || pair.of_smaller <= rows[a].contained_fraction.value_or(0)) continue;
        rows[a].contained_fraction = pair.of_smaller;
        rows[a].contained_in = static_cast<int>(k);
      }
    }
  }

  void add_unit(Decomposition& result, std::size_t u, UnitRow row) const {
    const auto& found = search_.units()[u];
    row.unit_id = static_cast<int>(result.units.size());
    MotorUnit unit;
    unit.unit_id = row.unit_id;
    unit.status = row.status;
    unit.discharges.rate_hz = recording_.rate_hz;
    unit.discharges.sample = samples_of(u);
    unit.waveform = RowMatrix::Constant(recording_.channel_count(), found.shape.rows(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t c = 0; c < prepared_.channels.size(); ++c) {
      unit.waveform.row(prepared_.channels[c]) = found.shape.col(static_cast<Index>(c)).transpose().cast<double>();
    }
    unit.waveform_zero = energy_peak(found.shape);
    result.pulse_trains.row(row.unit_id) = add_back_.sources.row(static_cast<Index>(u)).cast<double>();
    result.filters.units.push_back(
        hd::taps_of(raw_[u], search_.data(), prepared_.settings.lags, row.unit_id, energy_peak(found.shape) - found.shape.rows() / 2));
    result.units.push_back(std::move(unit));
    result.rows.push_back(std::move(row));
  }

  void describe_run(Decomposition& result) const {
    result.explained_variance = trains_.empty() ? 0 : 1 - search_.residual().energy() / search_.data().energy();
    result.whitening_floor_uv2 = search_.whitening().floor_uv2;
    result.whitening_rank = static_cast<int>(search_.whitening().projection.rows());
    result.rounds = search_.rounds();
    result.starts = search_.starts();
    result.unsettled_starts = search_.unsettled();
    result.complete = search_.complete();
    result.channel_reasons = prepared_.reasons;
    result.warnings = prepared_.warnings;
    if (search_.most_unsettled_share() > kMostUnsettled) {
      result.warnings.push_back({"not_white", "fixed point does not converge: data not white", ""});
    }
    result.filters = hd::bank_of(prepared_, recording_, result.whitening_floor_uv2);
  }

  const Recording& recording_;
  const hd::Prepared& prepared_;
  const hd::Search& search_;
  const DecomposeOptions& options_;
  int threads_;
  std::vector<Train> trains_;
  std::vector<hd::FloatMatrix> shapes_;
  hd::Search::AddBack add_back_;
  std::vector<std::optional<double>> halves_, channels_;
  std::vector<hd::RefitUnit> raw_;
};

}  // namespace

Decomposition decompose(const Recording& recording, const DecomposeOptions& options, int threads, const DecomposeObserver& observer) {
  auto prepared = hd::prepare(recording, options, threads);
  hd::Search search(std::move(prepared.frames), prepared.runs, options, prepared.settings, threads, observer);
  search.run();
  return Results(recording, prepared, search, options, threads).collect();
}

}  // namespace emg
