// Suite `onsets`: starts of contractions under surface electrodes, every method.

#include <cmath>

#include "bench/accuracy/suite.h"
#include "libemg/detect/onset.h"
#include "libemg/score/detection.h"
#include "libemg/simulate/surface.h"

namespace emg::accuracy {
namespace {

struct OnsetScore {
  OnsetMethod method = OnsetMethod::aglr;
  std::int64_t seed = 0;
  double noise_uv = 0;
  int bursts = 0;
  std::optional<double> sensitivity, ppv, false_per_min, error_mean_ms, error_sd_ms;
  double seconds = 0, times_real_time = 0;

  static constexpr auto fields() {
    using R = OnsetScore;
    return std::tuple{field("method", &R::method, {}, "of onsets"),
                      field("seed", &R::seed, {}, "of the simulation"),
                      field("noise_uv", &R::noise_uv, {}, "its noise"),
                      field("bursts", &R::bursts, {}, "contractions"),
                      field("sensitivity", &R::sensitivity, {}, "contractions whose start is found within 100 ms"),
                      field("ppv", &R::ppv, {}, "starts found that are one"),
                      field("false_per_min", &R::false_per_min, {}, "false starts a minute"),
                      field("error_mean_ms", &R::error_mean_ms, {}, "found start - first potential"),
                      field("error_sd_ms", &R::error_sd_ms, {}, "its SD"),
                      field("seconds", &R::seconds, {}, "computing"),
                      field("times_real_time", &R::times_real_time, {}, "length of the recording / computing")};
  }
};
static_assert(fully_described<OnsetScore>());

// Only the agonist's own electrodes: what the antagonist sends there is no onset of its muscle.
OnsetScore score_method(const Simulation& simulation, OnsetMethod method, int threads) {
  std::vector<double> truth, found;
  const auto& bursts = *simulation.table("truth_events");
  for (std::size_t r = 0; r < bursts.row_count(); ++r) {
    const auto start = bursts.find("first_discharge_s")->cell(r);
    if (std::get<std::int64_t>(bursts.find("channel_peak")->cell(r)) == 0 && std::holds_alternative<double>(start)) truth.push_back(std::get<double>(start));
  }
  const auto& recording = simulation.recording;
  OnsetOptions options;
  options.method = method;
  const auto [rows, seconds] = timed([&] { return onsets(recording.samples.topRows(1), recording.rate_hz, options, threads); });
  for (const auto& row : rows) found.push_back(row.start_s);
  DetectionScoreOptions scoring;
  scoring.tolerance_ms = 100;
  const auto score = score_detections(truth, found, recording.duration_s(), scoring);
  OnsetScore result;
  result.method = method;
  result.bursts = score.reference_count;
  result.sensitivity = score.sensitivity;
  result.ppv = score.ppv;
  result.false_per_min = score.false_per_min;
  result.error_mean_ms = score.error_mean_ms;
  result.error_sd_ms = score.error_sd_ms;
  result.seconds = seconds;
  result.times_real_time = recording.duration_s() / seconds;
  return result;
}

SuiteResult run(const SuiteOptions& options, int threads, const CaseDone&) {
  std::vector<OnsetScore> rows;
  for (std::int64_t seed = options.seed; seed < options.seed + (options.full ? 5 : 1); ++seed) {
    for (const double noise_uv : {3.0, 10.0}) {
      SurfaceScene surface;
      surface.surface.seed = seed;
      surface.noise.noise_uv = noise_uv;
      surface.surface.antagonist_effort = 0;
      const auto simulation = simulate_surface(surface, threads);
      for (const auto& [method, name] : enum_names(OnsetMethod::aglr)) {
        auto row = score_method(simulation, method, threads);
        row.seed = seed;
        row.noise_uv = noise_uv;
        rows.push_back(row);
      }
    }
  }
  double sensitivity = 1, ppv = 1;
  for (const auto& row : rows) {
    if (row.method != OnsetMethod::aglr) continue;
    sensitivity = std::min(sensitivity, row.sensitivity.value_or(0));
    ppv = std::min(ppv, row.ppv.value_or(0));
  }
  SuiteResult result;
  result.tables.push_back(to_table("onsets", "starts of contractions", rows));
  result.at_least("lowest sensitivity of the default method", sensitivity, 0.95);
  result.at_least("lowest predictive value of the default method", ppv, 0.95);
  return result;
}

}  // namespace

Suite onset_suite() { return {"onsets", "starts of contractions under surface electrodes", run}; }

}  // namespace emg::accuracy
