// Suite `needle`: units of one channel, both waveform generators, against a threshold with k-means.

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

#include "bench/accuracy/suite.h"
#include "libemg/core/parallel.h"
#include "libemg/core/random.h"
#include "libemg/decompose/needle/needle_decomposition.h"
#include "libemg/detect/threshold.h"
#include "libemg/filter/butterworth.h"
#include "libemg/score/decomposition.h"
#include "libemg/simulate/needle.h"

namespace emg::accuracy {
namespace {

enum class UnitKind { normal, neurogenic, myopathic };
constexpr auto enum_names(UnitKind) {
  using K = UnitKind;
  return std::array<std::pair<K, std::string_view>, 3>{{{K::normal, "normal"}, {K::neurogenic, "neurogenic"}, {K::myopathic, "myopathic"}}};
}

struct NeedleRow {
  std::string generator, method;
  std::int64_t seed = 0;
  double rate_hz = 0, duration_s = 0, noise_uv = 0;
  bool coloured = false;
  UnitKind kind = UnitKind::normal;
  double interval_cv = 0;
  int units = 0, visible = 0, visible_accepted = 0, accepted = 0, accepted_good = 0, accepted_invalid = 0;
  std::optional<double> mean_roa, precision, recall, overlapped_recall;
  double seconds = 0, processor_seconds = 0, times_real_time = 0;

  static constexpr auto fields() {
    using R = NeedleRow;
    return std::tuple{field("generator", &R::generator, {}, "of the unit potentials"),
                      field("method", &R::method, {}, "needle, or threshold and k-means with the true number of units"),
                      field("seed", &R::seed, {}, "of the simulation"),
                      field("rate_hz", &R::rate_hz, {}, "its rate"),
                      field("duration_s", &R::duration_s, {}, "its length"),
                      field("noise_uv", &R::noise_uv, {}, "its noise"),
                      field("coloured", &R::coloured, {}, "noise of 20-1000 Hz instead of white noise"),
                      field("kind", &R::kind, {}, "of the units"),
                      field("interval_cv", &R::interval_cv, {}, "coefficient of variation of the intervals"),
                      field("units", &R::units, {}, "true units that discharge"),
                      field("visible", &R::visible, {}, "those with a peak above 6 SD of the noise and peak to peak above 2.5 RMS of the record"),
                      field("visible_accepted", &R::visible_accepted, {}, "visible ones that an accepted unit matches"),
                      field("accepted", &R::accepted, {}, "units accepted"),
                      field("accepted_good", &R::accepted_good, {}, "of these with RoA above 0.9"),
                      field("accepted_invalid", &R::accepted_invalid, {}, "of these with precision below 0.9 or without a true unit"),
                      field("mean_roa", &R::mean_roa, {}, "of the accepted units"),
                      field("precision", &R::precision, {}, "of their discharges"),
                      field("recall", &R::recall, {}, "of the discharges of the units they match"),
                      field("overlapped_recall", &R::overlapped_recall, {}, "recall of discharges with another unit's within 5 ms"),
                      field("seconds", &R::seconds, {}, "computing, what else the machine does included"),
                      field("processor_seconds", &R::processor_seconds, {}, "computing, of one core"),
                      field("times_real_time", &R::times_real_time, {}, "length of the recording / processor_seconds")};
  }
};
static_assert(fully_described<NeedleRow>());

struct Cost {
  double seconds, processor_seconds;
};

double processor_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// A limit "on one core" holds on a busy machine and beside other cases as well: processor time of this thread.
template <class Compute>
auto costed(Compute&& compute) {
  const double start = processor_seconds();
  auto [result, seconds] = timed(compute);
  return std::pair{std::move(result), Cost{seconds, processor_seconds() - start}};
}

struct Confidence {
  double stated;
  bool correct;
  int overlap_count;
};

struct CalibrationRow {
  std::string overlap_count;
  std::int64_t discharges = 0;
  double stated = 0, correct = 0, calibration_error = 0, brier = 0;

  static constexpr auto fields() {
    using R = CalibrationRow;
    return std::tuple{field("overlap_count", &R::overlap_count, {}, "discharges of other units within 5 ms"),
                      field("discharges", &R::discharges, {}, "of units that match a true one"),
                      field("stated", &R::stated, {}, "mean confidence"),
                      field("correct", &R::correct, {}, "share that is true"),
                      field("calibration_error", &R::calibration_error, {}, "mean distance of the two over 15 bins of equal count"),
                      field("brier", &R::brier, {}, "mean square of confidence minus truth")};
  }
};
static_assert(fully_described<CalibrationRow>());

// Mean distance of stated confidence and share of correct discharges over 15 bins of equal count.
double calibration_error(std::vector<Confidence> all) {
  constexpr std::size_t kBins = 15;
  if (all.size() < kBins) return 0;
  std::stable_sort(all.begin(), all.end(), [](const Confidence& a, const Confidence& b) { return a.stated < b.stated; });
  double error = 0;
  for (std::size_t b = 0; b < kBins; ++b) {
    const std::size_t first = b * all.size() / kBins, last = (b + 1) * all.size() / kBins;
    double stated = 0, correct = 0;
    for (std::size_t i = first; i < last; ++i) {
      stated += all[i].stated;
      correct += all[i].correct;
    }
    error += std::abs(stated - correct) / static_cast<double>(all.size());
  }
  return error;
}

std::vector<CalibrationRow> calibration(const std::vector<Confidence>& all) {
  std::vector<CalibrationRow> rows;
  for (int overlaps = -1; overlaps <= 3; ++overlaps) {
    std::vector<Confidence> chosen;
    std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [&](const Confidence& c) { return overlaps < 0 || std::min(3, c.overlap_count) == overlaps; });
    CalibrationRow row;
    row.overlap_count = overlaps < 0 ? "all" : overlaps < 3 ? std::to_string(overlaps) : "3 or more";
    row.discharges = static_cast<std::int64_t>(chosen.size());
    const double n = std::max<double>(1, static_cast<double>(chosen.size()));
    for (const auto& c : chosen) {
      row.stated += c.stated / n;
      row.correct += c.correct / n;
      row.brier += (c.stated - c.correct) * (c.stated - c.correct) / n;
    }
    row.calibration_error = calibration_error(std::move(chosen));
    rows.push_back(std::move(row));
  }
  return rows;
}

UnitScoreOptions scoring() {
  UnitScoreOptions options;
  options.max_lag_ms = 10;
  return options;
}

struct Overlaps {
  double hit = 0, all = 0;
};

// Discharges of the truth that another unit's discharge is near, found or not.
Overlaps overlapped(const Simulation& simulation, const MotorUnit& truth, const MotorUnit& found, double lag_samples, double tolerance) {
  const double near = 0.005 * truth.discharges.rate_hz;
  std::vector<double> others;
  for (const auto& unit : simulation.truth_units) {
    if (unit.unit_id == truth.unit_id) continue;
    for (const auto s : unit.discharges.sample) others.push_back(static_cast<double>(s));
  }
  std::sort(others.begin(), others.end());
  const auto a = instants_of(truth, truth.discharges.rate_hz, true), b = instants_of(found, truth.discharges.rate_hz, true);
  std::vector<char> hit(a.size(), 0);
  for (const auto& [i, j] : match_events(a, b, lag_samples, tolerance)) hit[i] = 1;
  Overlaps overlaps;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto next = std::lower_bound(others.begin(), others.end(), a[i] - near);
    if (next == others.end() || *next > a[i] + near) continue;
    ++overlaps.all;
    overlaps.hit += hit[i];
  }
  return overlaps;
}

bool visible(const Simulation& simulation, const MotorUnit& unit, double noise_uv) {
  if (unit.waveform.size() == 0 || unit.discharges.sample.size() < 20) return false;
  const double peak = unit.waveform.cwiseAbs().maxCoeff(), range = unit.waveform.maxCoeff() - unit.waveform.minCoeff();
  const double rms = std::sqrt(simulation.recording.samples.squaredNorm() / static_cast<double>(simulation.recording.samples.size()));
  return peak > 6 * noise_uv && range > 2.5 * rms;
}

NeedleRow score_accepted(const Simulation& simulation, const std::vector<MotorUnit>& found, double noise_uv) {
  std::vector<MotorUnit> accepted;
  std::copy_if(found.begin(), found.end(), std::back_inserter(accepted), [](const MotorUnit& u) { return u.status == "accepted"; });
  const auto score = score_units(simulation.truth_units, accepted, scoring());
  NeedleRow row;
  row.units = score.summary.reference_count;
  row.accepted = static_cast<int>(accepted.size());
  double roa = 0, tp = 0, fp = 0, fn = 0;
  Overlaps overlaps;
  for (const auto& unit : simulation.truth_units) row.visible += visible(simulation, unit, noise_uv);
  for (const auto& pair : score.units) {
    if (pair.verdict == UnitVerdict::missed) continue;
    if (pair.verdict != UnitVerdict::matched) {
      ++row.accepted_invalid;
      continue;
    }
    roa += pair.roa;
    tp += static_cast<double>(pair.tp);
    fp += static_cast<double>(pair.fp);
    fn += static_cast<double>(pair.fn);
    row.accepted_good += pair.roa > 0.9;
    row.accepted_invalid += pair.precision < 0.9;
    const auto unit_of = [](const std::vector<MotorUnit>& units, std::int64_t id) -> const MotorUnit& {
      return *std::find_if(units.begin(), units.end(), [id](const MotorUnit& u) { return u.unit_id == id; });
    };
    const auto& truth = unit_of(simulation.truth_units, *pair.reference_unit);
    row.visible_accepted += visible(simulation, truth, noise_uv);
    const auto o = overlapped(simulation, truth, unit_of(accepted, *pair.predicted_unit), *pair.lag_samples, score.summary.tolerance_samples);
    overlaps.hit += o.hit;
    overlaps.all += o.all;
  }
  if (row.accepted > 0) row.mean_roa = roa / row.accepted;
  if (tp + fp > 0) row.precision = tp / (tp + fp);
  if (tp + fn > 0) row.recall = tp / (tp + fn);
  if (overlaps.all > 0) row.overlapped_recall = overlaps.hit / overlaps.all;
  return row;
}

void add_confidences(std::vector<Confidence>& all, const Simulation& simulation, const NeedleDecomposition& found) {
  const auto score = score_units(simulation.truth_units, found.units, scoring());
  for (const auto& pair : score.units) {
    if (pair.verdict != UnitVerdict::matched) continue;
    const auto truth = std::find_if(simulation.truth_units.begin(), simulation.truth_units.end(), [&](const MotorUnit& u) { return u.unit_id == *pair.reference_unit; });
    std::vector<double> at, stated;
    std::vector<int> overlaps;
    for (const auto& d : found.discharges) {
      if (d.unit_id != *pair.predicted_unit) continue;
      at.push_back(static_cast<double>(d.sample));
      stated.push_back(d.confidence);
      overlaps.push_back(d.overlap_count);
    }
    std::vector<char> correct(at.size(), 0);
    const auto a = instants_of(*truth, truth->discharges.rate_hz, true);
    for (const auto& [i, j] : match_events(a, at, *pair.lag_samples, score.summary.tolerance_samples)) correct[j] = 1;
    for (std::size_t k = 0; k < at.size(); ++k) all.push_back({stated[k], correct[k] != 0, overlaps[k]});
  }
}

// Baseline: potentials above the threshold, 3 ms around the peak, k-means with the true number of units; everything is accepted.
std::vector<MotorUnit> threshold_kmeans(const Simulation& simulation, int unit_count) {
  const auto& recording = simulation.recording;
  BandpassOptions band;
  band.low_hz = 500;
  band.high_hz = std::min(5000.0, 0.45 * recording.rate_hz);
  band.order = 2;
  SpikeOptions options;
  options.before_ms = 1.5;
  options.after_ms = 1.5;
  options.refractory_ms = 1.5;
  const auto events = detect_spikes(bandpass(recording.samples, recording.rate_hz, band), recording.rate_hz, options);
  RowMatrix x = events.waveforms;
  for (Index i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x.data()[i])) x.data()[i] = 0;
  }
  const Index k = std::min<Index>(std::max(1, unit_count), x.rows());
  std::vector<MotorUnit> units(static_cast<std::size_t>(k));
  if (k == 0) return units;
  RowMatrix centres(k, x.cols());
  for (Index c = 0; c < k; ++c) centres.row(c) = x.row(c * x.rows() / k);
  std::vector<Index> of(static_cast<std::size_t>(x.rows()), 0);
  for (int round = 0; round < 30; ++round) {
    for (Index i = 0; i < x.rows(); ++i) (centres.rowwise() - x.row(i)).rowwise().squaredNorm().minCoeff(&of[static_cast<std::size_t>(i)]);
    for (Index c = 0; c < k; ++c) {
      Eigen::RowVectorXd sum = Eigen::RowVectorXd::Zero(x.cols());
      double n = 0;
      for (Index i = 0; i < x.rows(); ++i) {
        if (of[static_cast<std::size_t>(i)] != c) continue;
        sum += x.row(i);
        ++n;
      }
      if (n > 0) centres.row(c) = sum / n;
    }
  }
  for (Index c = 0; c < k; ++c) {
    auto& unit = units[static_cast<std::size_t>(c)];
    unit.unit_id = static_cast<int>(c);
    unit.status = "accepted";
    unit.discharges.rate_hz = recording.rate_hz;
    for (Index i = 0; i < x.rows(); ++i) {
      if (of[static_cast<std::size_t>(i)] == c) unit.discharges.sample.push_back(events.rows[static_cast<std::size_t>(i)].sample);
    }
  }
  return units;
}

struct Case {
  std::int64_t seed;
  WaveformGenerator generator;
  int units;
  double rate_hz, noise_uv;
  UnitKind kind = UnitKind::normal;
  double interval_cv = PoolOptions{}.interval_cv;
  bool coloured = false;
  double duration_s = 10;
};

// The choice that takes minutes: every combination of a few properties.
std::vector<Case> few_cases(std::int64_t seed) {
  std::vector<Case> all;
  for (const auto generator : {WaveformGenerator::line_source, WaveformGenerator::hermite}) {
    for (const int units : {4, 8}) {
      for (const double rate_hz : {10000.0, 20000.0}) {
        for (const double noise_uv : {4.0, 12.0}) all.push_back({seed, generator, units, rate_hz, noise_uv});
      }
    }
  }
  return all;
}

// All properties at once: their combinations are too many, so every record draws its own.
std::vector<Case> drawn_cases(std::int64_t seed, int count) {
  std::vector<Case> all;
  for (int i = 0; i < count; ++i) {
    Random random(static_cast<std::uint64_t>(seed), 6, static_cast<std::uint64_t>(i));
    const auto one_of = [&](const auto& values) { return values[static_cast<std::size_t>(random.uniform() * static_cast<double>(std::size(values)))]; };
    Case c;
    c.seed = seed + i;
    c.generator = one_of(std::array{WaveformGenerator::line_source, WaveformGenerator::hermite});
    c.units = one_of(std::array{2, 4, 6, 8, 10, 12});
    c.rate_hz = one_of(std::array{4000.0, 10000.0, 20000.0, 30000.0});
    c.noise_uv = one_of(std::array{4.0, 10.0, 20.0});
    c.kind = one_of(std::array{UnitKind::normal, UnitKind::neurogenic, UnitKind::myopathic});
    c.interval_cv = one_of(std::array{0.1, 0.15, 0.25});
    c.coloured = one_of(std::array{false, true});
    c.duration_s = one_of(std::array{10.0, 30.0});
    all.push_back(c);
  }
  return all;
}

std::vector<Case> cases(const SuiteOptions& options) { return options.full ? drawn_cases(options.seed, 216) : few_cases(options.seed); }

NeedleScene scene_of(const Case& c) {
  NeedleScene scene;
  scene.needle.seed = c.seed;
  scene.needle.rate_hz = c.rate_hz;
  scene.needle.duration_s = c.duration_s;
  scene.pool.unit_count = c.units;
  scene.pool.interval_cv = c.interval_cv;
  scene.noise.noise_uv = c.noise_uv;
  if (c.coloured) {
    scene.noise.noise_low_hz = 20;
    scene.noise.noise_high_hz = 1000;
  }
  scene.waveform.generator = c.generator;
  if (c.kind == UnitKind::neurogenic) scene.anatomy = diseased({.unit_loss = 0.5}, scene.anatomy);
  if (c.kind == UnitKind::myopathic) scene.anatomy = diseased({.fibre_loss = 0.5}, scene.anatomy);
  return scene;
}

struct CaseResult {
  NeedleRow needle, baseline;
  std::vector<Confidence> confidences;
};

CaseResult run_case(const Case& c) {
  const auto simulation = simulate_needle(scene_of(c));
  const auto described = [&](NeedleRow row, const char* method, const Cost& cost) {
    row.generator = name_of(c.generator);
    row.method = method;
    row.seed = c.seed;
    row.rate_hz = c.rate_hz;
    row.duration_s = c.duration_s;
    row.noise_uv = c.noise_uv;
    row.coloured = c.coloured;
    row.kind = c.kind;
    row.interval_cv = c.interval_cv;
    row.seconds = cost.seconds;
    row.processor_seconds = cost.processor_seconds;
    row.times_real_time = simulation.recording.duration_s() / cost.processor_seconds;
    return row;
  };
  CaseResult result;
  const auto [found, cost] = costed([&] { return decompose_needle(simulation.recording, {}); });
  result.needle = described(score_accepted(simulation, found.units, c.noise_uv), "needle", cost);
  add_confidences(result.confidences, simulation, found);
  const auto [baseline, baseline_cost] = costed([&] { return threshold_kmeans(simulation, c.units); });
  result.baseline = described(score_accepted(simulation, baseline, c.noise_uv), "threshold_kmeans", baseline_cost);
  return result;
}

SuiteResult run(const SuiteOptions& options, int threads, const CaseDone& done) {
  const auto all = cases(options);
  std::vector<CaseResult> results(all.size());
  parallel_for(static_cast<Index>(all.size()), threads,
               [&](Index i) {
                 results[static_cast<std::size_t>(i)] = run_case(all[static_cast<std::size_t>(i)]);
                 done(static_cast<Index>(all.size()));
               });
  std::vector<NeedleRow> rows;
  std::vector<Confidence> confidences;
  for (auto& r : results) {
    rows.push_back(std::move(r.needle));
    rows.push_back(std::move(r.baseline));
    confidences.insert(confidences.end(), r.confidences.begin(), r.confidences.end());
  }
  double accepted = 0, good = 0, invalid = 0, visible_units = 0, found_units = 0, roa = 0, overlap = 0, overlap_rows = 0, slowest = 0;
  for (const auto& row : rows) {
    if (row.method != "needle") continue;
    accepted += row.accepted;
    good += row.accepted_good;
    invalid += row.accepted_invalid;
    visible_units += row.visible;
    found_units += row.visible_accepted;
    roa += row.mean_roa.value_or(0) * row.accepted;
    slowest = std::max(slowest, row.processor_seconds * 10 / row.duration_s);
    if (!row.overlapped_recall) continue;
    overlap += *row.overlapped_recall;
    ++overlap_rows;
  }
  SuiteResult result;
  result.tables.push_back(to_table("needle", "units of one channel", rows));
  result.tables.push_back(to_table("needle_confidence", "stated confidence against truth", calibration(confidences)));
  result.at_least("share of accepted trains with RoA above 0.9", good / std::max(1.0, accepted), 0.85, 0.90);
  result.at_least("mean RoA of accepted units", roa / std::max(1.0, accepted), 0.92, 0.95);
  result.at_least("recall of overlapped discharges", overlap / std::max(1.0, overlap_rows), 0.90, 0.95);
  result.at_most("invalid accepted trains", invalid / std::max(1.0, accepted), 0.03, 0.02);
  result.at_least("visible units accepted", found_units / std::max(1.0, visible_units), 0.85, 0.95);
  result.at_most("calibration error of the confidence", calibration_error(confidences), 0.02, 0.01);
  result.at_most("processor seconds for 10 s of record", slowest, 10, 1);
  return result;
}

}  // namespace

Suite needle_suite() { return {"needle", "units of one needle channel, both waveform generators, with a simple baseline", run}; }

}  // namespace emg::accuracy
