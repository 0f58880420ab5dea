// Suite `hd`: decomposition of grids, against what linear filters made from the true discharges find on the same record without peel-off.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench/accuracy/suite.h"
#include "libemg/core/random.h"
#include "libemg/decompose/hd/decompose.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/peel_off.h"
#include "libemg/decompose/hd/prepare_internal.h"
#include "libemg/decompose/hd/supervised.h"
#include "libemg/decompose/hd/whitening.h"
#include "libemg/score/decomposition.h"
#include "libemg/simulate/hd.h"

namespace emg::accuracy {
namespace {

constexpr double kFoundF1 = 0.9, kFalseF1 = 0.3;

struct HdCase {
  std::string name;
  double effort = 0.3, snr_db = 20;
  GridLayout layout = GridLayout::grid_13x5_8mm;
  WaveformGenerator generator = WaveformGenerator::line_source;
  double duration_s = 20;
  int rows = 0, columns = 0;  // of a custom grid
};

struct HdScore {
  std::string name;
  std::int64_t seed = 0;
  int channels = 0, units_active = 0;
  int ceiling = 0;           // true units that filters from the true discharges find with F1 > 0.9
  int found = 0, reported = 0, accepted = 0, false_accepted = 0;
  std::optional<double> mean_roa;
  int lost = 0, beyond = 0;  // of the ceiling and not found; found beyond the ceiling
  int lost_judged = 0, lost_train = 0, lost_search = 0, lost_residual = 0;  // where the lost ones went
  double explained_variance = 0;
  double seconds = 0;

  static constexpr auto fields() {
    using R = HdScore;
    return std::tuple{field("name", &R::name, {}, "case"),
                      field("seed", &R::seed, {}, "of the simulation"),
                      field("channels", &R::channels, {}, "channels"),
                      field("units_active", &R::units_active, {}, "units with at least 20 discharges"),
                      field("ceiling", &R::ceiling, {}, "of these, found with F1 > 0.9 by linear filters from the true discharges"),
                      field("found", &R::found, {}, "found with F1 > 0.9 by decompose"),
                      field("reported", &R::reported, {}, "units reported"),
                      field("accepted", &R::accepted, {}, "accepted ones"),
                      field("false_accepted", &R::false_accepted, {}, "accepted with F1 below 0.3 to every true unit"),
                      field("mean_roa", &R::mean_roa, {}, "of accepted units with the true unit they are nearest to"),
                      field("lost", &R::lost, {}, "true units of the ceiling that decompose does not find"),
                      field("lost_judged", &R::lost_judged, {}, "of these, found and then rejected"),
                      field("lost_train", &R::lost_train, {}, "of these, reported with a train of F1 between 0.3 and 0.9"),
                      field("lost_search", &R::lost_search, {}, "of these, still found in the residual by a filter from the true discharges: no start led there"),
                      field("lost_residual", &R::lost_residual, {}, "of these, no longer found in the residual: peeled off with others"),
                      field("beyond", &R::beyond, {}, "true units that only decompose finds"),
                      field("explained_variance", &R::explained_variance, {}, "by all units"),
                      field("seconds", &R::seconds, {}, "computing")};
  }
};
static_assert(fully_described<HdScore>());

Simulation simulated(const HdCase& one, std::int64_t seed, int threads) {
  HdScene scene;
  scene.hd.seed = seed;
  scene.hd.duration_s = one.duration_s;
  scene.effort.effort = one.effort;
  scene.noise.snr_db = one.snr_db;
  scene.grid.layout = one.layout;
  if (one.rows > 0) {
    scene.grid.layout = GridLayout::custom;
    scene.grid.rows = one.rows;
    scene.grid.columns = one.columns;
    scene.grid.pitch_mm = 4;
  }
  scene.waveform.generator = one.generator;
  return simulate_hd(scene, threads);
}

// F1 of every true unit (rows) with every train (columns).
Eigen::MatrixXd agreements(const std::vector<MotorUnit>& truth, const std::vector<MotorUnit>& found, double rate_hz) {
  const UnitScoreOptions options;
  Eigen::MatrixXd f1 = Eigen::MatrixXd::Zero(static_cast<Index>(truth.size()), static_cast<Index>(found.size()));
  const double tolerance = tolerance_samples(options.tolerance_ms, rate_hz), lag = options.max_lag_ms * rate_hz / 1000;
  for (Index i = 0; i < f1.rows(); ++i) {
    const auto reference = instants_of(truth[static_cast<std::size_t>(i)], rate_hz, true);
    for (Index j = 0; j < f1.cols(); ++j) {
      f1(i, j) = spike_agreement(reference, instants_of(found[static_cast<std::size_t>(j)], rate_hz, true), tolerance, lag).f1;
    }
  }
  return f1;
}

std::vector<hd::Train> trains_of(const std::vector<MotorUnit>& units, const hd::Prepared& prepared) {
  std::vector<hd::Train> trains;
  for (const auto& unit : units) {
    hd::Train train;
    for (const auto t : unit.discharges.sample) train.push_back(t / prepared.step);
    trains.push_back(std::move(train));
  }
  return trains;
}

// Trains of linear filters from the true discharges on the frames.
std::vector<MotorUnit> linear_trains(const hd::Prepared& prepared, const std::vector<MotorUnit>& truth, int threads) {
  const Index lags = prepared.settings.lags;
  std::vector<Index> channels(prepared.channels.size());
  for (std::size_t c = 0; c < channels.size(); ++c) channels[c] = static_cast<Index>(c);
  const auto products = hd::lag_products(prepared.frames, lags, threads);
  const auto whitening = hd::whiten(hd::extended_covariance(products, lags, static_cast<double>(prepared.frames.count())), lags, channels);
  const auto trains = trains_of(truth, prepared);
  hd::RefitSettings settings;
  settings.max_delay = samples_in_ms(15, prepared.rate_hz);
  settings.refinements = 0;
  settings.spikes = prepared.settings.spikes;
  std::vector<MotorUnit> result;
  for (const auto& unit : hd::refit_filters(prepared.frames, whitening.projection, lags, trains, prepared.runs, settings, threads)) {
    MotorUnit found;
    found.discharges.rate_hz = prepared.rate_hz * static_cast<double>(prepared.step);
    for (const auto t : unit.source.samples) found.discharges.sample.push_back(t * prepared.step);
    result.push_back(std::move(found));
  }
  return result;
}

void drop_rejected(Decomposition& result) {
  for (std::size_t u = result.units.size(); u-- > 0;) {
    if (result.rows[u].status != "rejected") continue;
    result.units.erase(result.units.begin() + static_cast<std::ptrdiff_t>(u));
    result.rows.erase(result.rows.begin() + static_cast<std::ptrdiff_t>(u));
  }
}

// The frames without the units found.
hd::Prepared without(hd::Prepared prepared, const std::vector<MotorUnit>& units, int threads) {
  const auto trains = trains_of(units, prepared);
  const auto shapes = hd::unit_templates(prepared.frames, trains, prepared.settings.templates, {}, threads);
  hd::add_units(prepared.frames, trains, shapes, -1.0f, threads);
  return prepared;
}

HdScore score_case(const HdCase& one, std::int64_t seed, int threads) {
  const auto simulation = simulated(one, seed, threads);
  const auto& recording = simulation.recording;
  std::vector<MotorUnit> truth;
  for (const auto& unit : simulation.truth_units) {
    if (unit.discharges.sample.size() >= 20) truth.push_back(unit);
  }
  const auto prepared = hd::prepare(recording, {}, threads);
  const auto linear = agreements(truth, linear_trains(prepared, truth, threads), recording.rate_hz);
  DecomposeOptions everything;
  everything.keep_rejected = true;
  auto [result, seconds] = timed([&] { return decompose(recording, everything, threads); });
  const auto all = agreements(truth, result.units, recording.rate_hz);
  const auto left = agreements(truth, linear_trains(without(prepared, result.units, threads), truth, threads), recording.rate_hz);
  drop_rejected(result);
  const auto ours = agreements(truth, result.units, recording.rate_hz);
  const auto best = [](const Eigen::MatrixXd& f1, Index i) { return f1.cols() > 0 ? f1.row(i).maxCoeff() : 0.0; };
  HdScore score;
  score.name = one.name;
  score.seed = seed;
  score.channels = static_cast<int>(recording.channel_count());
  score.units_active = static_cast<int>(truth.size());
  for (Index i = 0; i < ours.rows(); ++i) {
    const bool by_filter = linear(i, i) > kFoundF1, by_us = best(ours, i) > kFoundF1;
    score.ceiling += by_filter;
    score.found += by_us;
    if (by_filter && !by_us) {
      ++score.lost;
      ++(best(all, i) > kFoundF1 ? score.lost_judged : best(ours, i) >= kFalseF1 ? score.lost_train : left(i, i) > kFoundF1 ? score.lost_search
                                                                                                                  : score.lost_residual);
    }
    score.beyond += by_us && !by_filter;
  }
  score.reported = static_cast<int>(result.units.size());
  double sum = 0;
  int matched = 0;
  for (Index j = 0; j < ours.cols(); ++j) {
    if (result.rows[static_cast<std::size_t>(j)].status != "accepted") continue;
    ++score.accepted;
    const double f1 = ours.rows() > 0 ? ours.col(j).maxCoeff() : 0;
    score.false_accepted += f1 < kFalseF1;
    if (f1 < kFalseF1) continue;
    sum += f1 / (2 - f1);
    ++matched;
  }
  if (matched > 0) score.mean_roa = sum / matched;
  score.explained_variance = result.explained_variance;
  score.seconds = seconds;
  return score;
}

std::vector<HdCase> cases(bool full) {
  using G = WaveformGenerator;
  using L = GridLayout;
  std::vector<HdCase> all{{"30 %, 20 dB", 0.3, 20}, {"10 %, 20 dB", 0.1, 20}, {"Hermite, 30 %, 20 dB", 0.3, 20, L::grid_13x5_8mm, G::hermite},
                          {"30 %, 10 dB", 0.3, 10}};
  if (!full) return all;
  for (const double effort : {0.1, 0.2, 0.5, 0.8}) {
    for (const double snr_db : {10.0, 20.0, 30.0}) all.push_back({fmt::format("{:.0f} %, {:.0f} dB", 100 * effort, snr_db), effort, snr_db});
  }
  all.push_back({"4 mm, 30 %, 20 dB", 0.3, 20, L::grid_13x5_4mm});
  all.push_back({"8 x 8, 30 %, 20 dB", 0.3, 20, L::grid_8x8_10mm});
  all.push_back({"Hermite, 10 %, 10 dB", 0.1, 10, L::grid_13x5_8mm, G::hermite});
  all.push_back({"Hermite, 50 %, 30 dB", 0.5, 30, L::grid_13x5_8mm, G::hermite});
  all.push_back({"16 channels, 20 %, 20 dB", 0.2, 20, L::custom, G::line_source, 20, 8, 2});
  all.push_back({"256 channels, 30 %, 20 dB", 0.3, 20, L::custom, G::line_source, 20, 32, 8});
  return all;
}

// Records of noise alone in which a unit is accepted.
int noisy_records_with_units(std::int64_t seed, int count, int threads) {
  int wrong = 0;
  for (int k = 0; k < count; ++k) {
    Recording recording;
    recording.rate_hz = 2048;
    recording.samples.resize(64, 30 * 2048);
    Random random(static_cast<std::uint64_t>(seed + k), 5);
    for (Index i = 0; i < recording.samples.size(); ++i) recording.samples.data()[i] = 10 * random.normal();
    recording.channels.resize(64);
    const auto found = decompose(recording, {}, threads);
    wrong += std::any_of(found.rows.begin(), found.rows.end(), [](const UnitRow& row) { return row.status == "accepted"; });
  }
  return wrong;
}

SuiteResult run(const SuiteOptions& options, int threads, const CaseDone& done) {
  std::vector<HdScore> rows;
  const auto all = cases(options.full);
  for (const auto& one : all) {
    rows.push_back(score_case(one, options.seed + static_cast<std::int64_t>(rows.size()), threads));
    done(static_cast<Index>(all.size()));
  }
  double found = 0, ceiling = 0, accepted = 0, wrong = 0, roa_20 = 0, roa_10 = 0;
  int count_20 = 0, count_10 = 0;
  for (const auto& row : rows) {
    found += row.found;
    ceiling += row.ceiling;
    accepted += row.accepted;
    wrong += row.false_accepted;
    const bool quiet = row.name.find("10 dB") != std::string::npos, usual = row.name.find("20 dB") != std::string::npos;
    if (quiet && row.mean_roa) roa_10 += *row.mean_roa, ++count_10;
    if (usual && row.mean_roa) roa_20 += *row.mean_roa, ++count_20;
  }
  SuiteResult result;
  result.tables.push_back(to_table("hd", "decomposition of simulated grids", rows));
  result.at_least("units found over units of linear filters from the truth", ceiling > 0 ? found / ceiling : 1, 1.0, 1.15);
  result.at_most("false among accepted units", accepted > 0 ? wrong / accepted : 0, 0.03, 0.01);
  if (count_20 > 0) result.at_least("mean RoA of accepted units at 20 dB", roa_20 / count_20, 0.94, 0.96);
  if (count_10 > 0) result.at_least("mean RoA of accepted units at 10 dB", roa_10 / count_10, 0.90, 0.93);
  result.at_most("records of noise with an accepted unit", noisy_records_with_units(options.seed, options.full ? 20 : 2, threads), 0);
  return result;
}

}  // namespace

Suite hd_suite() { return {"hd", "motor units of simulated grids", run}; }

}  // namespace emg::accuracy
