#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/decompose/hd/add_back.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/product_internal.h"
#include "libemg/decompose/hd/search_internal.h"
#include "libemg/decompose/hd/sources.h"
#include "libemg/decompose/hd/starts.h"
#include "libemg/decompose/hd/supervised.h"
#include "libemg/decompose/train_quality.h"

namespace emg::hd {
namespace {

// Channels that are mixtures of so few others cannot separate units; below this share of the largest variance lies rounding.
constexpr Index kFewestDifferent = 5;
constexpr double kSmallestSpatialShare = 1e-8;
// The trial of the starts uses so small a part of the time, if that has so many samples for each whitened direction.
constexpr Index kTrialShare = 4;
constexpr double kTrialSamplesPerDirection = 25;
// Limit of the contrast after the trial in every other round of a record with enough samples for each direction: most units come out sharper
// with it. With fewer samples it leads away from the units, to few large samples.
constexpr double kWideLimit = 30;
// Candidates below are not worth a refinement: none of them ever became a unit.
constexpr double kRefinedSil = 0.6;
// A refinement must gain more than this, and may not make intervals more variable than this.
constexpr double kGain = 1e-4, kWorseCov = 1.05;
// Outliers among spikes: above the mean by so many standard deviations of the heights.
constexpr double kOutlierDeviations = 3;
// A train that shares less than this with its add-back source is lost; the source may lag by this much.
constexpr double kKeptAgreement = 0.4, kAgreementLag_s = 0.005;

std::span<const float> row_span(const FloatMatrix& m, Index row) { return {m.data() + row * m.cols(), static_cast<std::size_t>(m.cols())}; }

// Spikes without those far above the others: one superposition may not bend a filter.
Train without_outliers(const SourceSpikes& source) {
  const auto n = static_cast<double>(source.heights.size());
  std::vector<double> values;
  for (const double h : source.heights) values.push_back(std::sqrt(std::max(0.0, h)));
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / std::max(1.0, n);
  double squares = 0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double most = mean + kOutlierDeviations * std::sqrt(squares / std::max(1.0, n - 1));
  Train kept;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] <= most) kept.push_back(source.samples[i]);
  }
  return kept;
}

}  // namespace

Search::Search(Frames data, std::vector<Span> runs, const DecomposeOptions& options, SearchSettings settings, int threads, DecomposeObserver observer)
    : data_(std::move(data)), residual_(data_), runs_(std::move(runs)), options_(options), settings_(std::move(settings)), threads_(threads),
      observer_(std::move(observer)) {
  for (const auto& run : runs_) sample_count_ += static_cast<double>(run.count);
  residual_covariance_ = extended_covariance(lag_products(data_, settings_.lags, threads_), settings_.lags, sample_count_);
  require_different_channels();
  std::vector<Index> channels(static_cast<std::size_t>(data_.channel_count()));
  std::iota(channels.begin(), channels.end(), Index{0});
  base_ = whiten(residual_covariance_, settings_.lags, channels);
  projection_ = base_.projection;
  // On fewer samples the step is mostly noise, and weak units are lost.
  const bool enough = sample_count_ >= kTrialSamplesPerDirection * static_cast<double>(kTrialShare * projection_.rows());
  settings_.fixed_point.trial_iterations = options_.trial_iterations;
  settings_.fixed_point.trial_share = enough ? kTrialShare : 1;
}

void Search::require_different_channels() const {
  const Index count = data_.channel_count(), first = (settings_.lags - 1) * data_.width();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(residual_covariance_.block(first, first, count, count), Eigen::EigenvaluesOnly);
  const auto& values = solver.eigenvalues();
  const auto rank = (values.array() > kSmallestSpatialShare * values[count - 1]).count();
  if (rank >= kFewestDifferent) return;
  throw NumericalError(fmt::format("decompose: rank {} of {} channels, need {}: channels are copies of each other", rank, count, kFewestDifferent));
}

double Search::robust_cov(const Train& train) const { return interval_statistics(train, settings_.rate_hz).cov_isi_robust; }

bool Search::passes_guards(const SourceSpikes& source) const {
  if (static_cast<int>(source.samples.size()) < options_.fewest_spikes) return false;
  const auto rate = interval_statistics(source.samples, settings_.rate_hz).rate_mean_hz;
  return rate >= options_.lowest_rate_hz && rate <= options_.highest_rate_hz;
}

bool Search::provisional(const Candidate& candidate) const {
  return passes_guards(candidate.source) && candidate.source.sil_peaks >= options_.provisional_sil && candidate.cov <= options_.provisional_cov;
}

bool Search::cancelled(double done) {
  if (observer_ && !observer_({rounds_, static_cast<int>(units_.size()), done})) complete_ = false;
  return !complete_;
}

std::vector<Search::Candidate> Search::candidates_of(const RowMatrix& directions, const std::vector<double>& exponents) const {
  const FloatMatrix s = sources(residual_, raw_filters(projection_, directions, threads_), settings_.lags, threads_);
  std::vector<Candidate> candidates(static_cast<std::size_t>(s.rows()));
  parallel_for(s.rows(), threads_, [&](Index k) {
    auto& candidate = candidates[static_cast<std::size_t>(k)];
    candidate.direction = directions.col(k);
    candidate.source = source_spikes(row_span(s, k), runs_, settings_.spikes);
    candidate.cov = robust_cov(candidate.source.samples);
    candidate.exponent = exponents[static_cast<std::size_t>(k)];
  });
  return candidates;
}

std::vector<Search::Candidate> Search::unseen(std::vector<Candidate> candidates) const {
  std::vector<Train> trains;
  std::vector<TrainRank> ranks;
  for (const auto& unit : units_) {
    trains.push_back(unit.train);
    ranks.push_back({unit.sil, unit.cov});
  }
  for (const auto& candidate : candidates) {
    trains.push_back(candidate.source.samples);
    ranks.push_back({candidate.source.sil_peaks, candidate.cov});
  }
  std::vector<Candidate> kept;
  for (const auto i : without_duplicates(trains, ranks, settings_.duplicates, units_.size())) {
    if (i >= units_.size()) kept.push_back(std::move(candidates[i - units_.size()]));
  }
  return kept;
}

// Filter from spikes, spikes from filter, while the train gets more regular or stands out better.
void Search::refine(std::vector<Candidate>& candidates) const {
  std::vector<std::size_t> going(candidates.size());
  std::iota(going.begin(), going.end(), std::size_t{0});
  for (int step = 0; step < options_.refinements && !going.empty(); ++step) {
    std::vector<Train> trains;
    std::vector<double> exponents;
    for (const auto k : going) {
      trains.push_back(without_outliers(candidates[k].source));
      exponents.push_back(candidates[k].exponent);
    }
    RowMatrix directions = product(projection_, mean_observations(residual_, trains, settings_.lags, threads_), threads_);
    for (Index k = 0; k < directions.cols(); ++k) directions.col(k) /= std::max(1e-30, directions.col(k).norm());
    auto next = candidates_of(directions, exponents);
    std::vector<std::size_t> still;
    for (std::size_t i = 0; i < going.size(); ++i) {
      auto& old = candidates[going[i]];
      if (!passes_guards(next[i].source)) continue;
      const bool steadier = next[i].cov < old.cov - kGain && next[i].source.sil_peaks > old.source.sil_peaks - 0.01;
      const bool clearer = next[i].source.sil_peaks > old.source.sil_peaks + kGain && next[i].cov <= kWorseCov * old.cov;
      if (!steadier && !clearer) continue;
      old = std::move(next[i]);
      still.push_back(going[i]);
    }
    going = std::move(still);
  }
}

// Starts whose sources look like a train that is neither known nor a copy of another start's.
std::vector<bool> Search::promising(const RowMatrix& directions, const std::vector<double>& exponents) const {
  std::vector<bool> kept(exponents.size(), false);
  auto candidates = candidates_of(directions, exponents);
  for (std::size_t k = 0; k < candidates.size(); ++k) candidates[k].place = k;
  std::erase_if(candidates, [&](const Candidate& c) { return !passes_guards(c.source); });
  for (const auto& candidate : unseen(std::move(candidates))) kept[candidate.place] = true;
  return kept;
}

std::vector<Search::Candidate> Search::search_round(int round) {
  const Random random(static_cast<std::uint64_t>(options_.seed), static_cast<std::uint64_t>(round));
  const auto samples = draw_starts(residual_, projection_, settings_.lags, runs_, settings_.separation, options_.starts_per_round, random, threads_);
  std::vector<Start> starts;
  std::vector<double> exponents;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    exponents.push_back(options_.exponents[i % options_.exponents.size()]);
    starts.push_back({samples[i], exponents.back()});
  }
  auto settings = settings_.fixed_point;
  const bool wide = settings.trial_share > 1 && round % 2 == 1;
  settings.limit = wide ? std::max(kWideLimit, settings.trial_limit) : settings.trial_limit;
  settings.check = [&] {
    if (cancelled(0)) throw Interrupted();
  };
  settings.select = [&](const RowMatrix& directions) { return promising(directions, exponents); };
  const auto found = fixed_point(residual_, projection_, settings_.lags, starts, settings, threads_);
  std::vector<Index> distinct;
  std::vector<double> their_exponents;
  int unsettled = 0;
  for (std::size_t k = 0; k < starts.size(); ++k) {
    if (found.dropped[k]) continue;
    distinct.push_back(static_cast<Index>(k));
    their_exponents.push_back(exponents[k]);
    unsettled += found.settled[k] ? 0 : 1;
  }
  starts_ += static_cast<int>(starts.size());
  unsettled_ += unsettled;
  if (!starts.empty()) most_unsettled_share_ = std::max(most_unsettled_share_, static_cast<double>(unsettled) / static_cast<double>(distinct.size()));
  auto candidates = candidates_of(found.directions(Eigen::all, distinct), their_exponents);
  std::erase_if(candidates, [&](const Candidate& c) { return !(c.source.sil_peaks >= kRefinedSil) || !passes_guards(c.source); });
  candidates = unseen(std::move(candidates));
  refine(candidates);
  std::erase_if(candidates, [&](const Candidate& c) { return !provisional(c); });
  return unseen(std::move(candidates));
}

Search::AddBack Search::add_back() const {
  const auto count = static_cast<Index>(units_.size());
  const auto turned = turned_projection(projection_);
  RowMatrix directions = RowMatrix::Zero(projection_.rows(), count);
  std::vector<UnitFilter> filters(units_.size());
  parallel_for(count, threads_, [&](Index u) {
    const auto& unit = units_[static_cast<std::size_t>(u)];
    filters[static_cast<std::size_t>(u)] = unit_filter(turned, unit.shape, settings_.lags, static_cast<double>(unit.train.size()) / sample_count_,
                                                          settings_.spikes.refractory / 2);
    directions.col(u) = filters[static_cast<std::size_t>(u)].direction;
  });
  AddBack result{sources(residual_, raw_filters(projection_, directions, threads_), settings_.lags, threads_), std::vector<SourceSpikes>(units_.size()),
                 std::vector<double>(units_.size())};
  SpikeSettings settings = settings_.spikes;
  settings.polarity = false;
  parallel_for(count, threads_, [&](Index u) {
    const auto& unit = units_[static_cast<std::size_t>(u)];
    const auto& filter = filters[static_cast<std::size_t>(u)];
    std::span<float> s{result.sources.data() + u * result.sources.cols(), static_cast<std::size_t>(result.sources.cols())};
    add_responses(s, unit.train, filter.response, settings_.templates.half);
    auto& spikes = result.spikes[static_cast<std::size_t>(u)];
    spikes = source_spikes(s, runs_, settings);
    const std::vector<double> values(s.begin(), s.end());
    result.pnr_db[static_cast<std::size_t>(u)] = pnr_holobar_db(values, spikes.samples);
    for (auto& t : spikes.samples) t -= filter.shift;
    while (!spikes.samples.empty() && spikes.samples.front() < 0) {
      spikes.samples.erase(spikes.samples.begin());
      spikes.heights.erase(spikes.heights.begin());
    }
    while (!spikes.samples.empty() && spikes.samples.back() >= data_.count()) {
      spikes.samples.pop_back();
      spikes.heights.pop_back();
    }
  });
  return result;
}

void Search::sweep() {
  auto found = add_back();
  std::vector<FoundUnit> kept;
  const auto lag = static_cast<std::int64_t>(std::lround(kAgreementLag_s * settings_.rate_hz));
  for (std::size_t u = 0; u < units_.size(); ++u) {
    auto& spikes = found.spikes[u];
    const auto agreement = pair_agreement(units_[u].train, spikes.samples, lag, settings_.duplicates.tolerance);
    if (agreement.of_larger < kKeptAgreement || !passes_guards(spikes)) continue;
    units_[u].train = std::move(spikes.samples);
    units_[u].sil = spikes.sil_peaks;
    units_[u].cov = robust_cov(units_[u].train);
    kept.push_back(std::move(units_[u]));
  }
  units_ = std::move(kept);
}

void Search::drop_duplicates(std::size_t fixed) {
  std::vector<Train> trains;
  std::vector<TrainRank> ranks;
  for (const auto& unit : units_) {
    trains.push_back(unit.train);
    ranks.push_back({unit.sil, unit.cov});
  }
  std::vector<FoundUnit> kept;
  for (const auto i : without_duplicates(trains, ranks, settings_.duplicates, fixed)) kept.push_back(std::move(units_[i]));
  units_ = std::move(kept);
}

void Search::update_residual() {
  std::vector<Train> trains;
  std::vector<FloatMatrix> initial;
  const Index length = 2 * settings_.templates.half + 1;
  for (auto& unit : units_) {
    trains.push_back(unit.train);
    if (unit.shape.rows() != length) unit.shape = window_sums(data_, {unit.train}, settings_.templates.half).front() / static_cast<float>(unit.train.size());
    initial.push_back(unit.shape);
  }
  auto shapes = unit_templates(data_, trains, settings_.templates, initial, threads_);
  for (std::size_t u = 0; u < units_.size(); ++u) units_[u].shape = shapes[u];
  residual_ = data_;
  add_units(residual_, trains, shapes, -1.0f, threads_);
  if (!options_.rewhiten) return;
  residual_covariance_ = extended_covariance(lag_products(residual_, settings_.lags, threads_), settings_.lags, sample_count_);
  projection_ = rewhitened(base_.projection, residual_covariance_, threads_);
}

void Search::run() {
  int empty = 0;
  try {
    for (int round = 1; round <= options_.max_rounds && empty < options_.empty_rounds && static_cast<int>(units_.size()) < options_.max_units; ++round) {
      rounds_ = round;
      auto fresh = search_round(round);
      empty = fresh.empty() ? empty + 1 : 0;
      if (cancelled(0)) break;
      if (fresh.empty()) continue;
      if (options_.add_back_each_round && options_.peel_off != PeelOff::none && !units_.empty()) sweep();
      for (auto& candidate : fresh) {
        units_.push_back({std::move(candidate.source.samples), {}, candidate.source.sil_peaks, candidate.cov, round, candidate.exponent});
      }
      drop_duplicates(0);
      if (options_.peel_off != PeelOff::none) update_residual();
    }
  } catch (const Interrupted&) {
    complete_ = false;
  }
  if (options_.peel_off == PeelOff::none) update_residual();
  for (int i = 0; i < options_.add_back_sweeps && !units_.empty(); ++i) {
    sweep();
    drop_duplicates(0);
    update_residual();
  }
}

}  // namespace emg::hd
