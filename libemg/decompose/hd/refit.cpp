#include "libemg/decompose/hd/refit.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "libemg/core/error.h"
#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/extension.h"
#include "libemg/decompose/hd/prepare_internal.h"
#include "libemg/decompose/hd/supervised.h"
#include "libemg/decompose/hd/whitening.h"
#include "libemg/decompose/train_quality.h"

namespace emg {
namespace {

constexpr double kMostDelay_ms = 15;

std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

hd::Train train_of(const MotorUnit& unit, const Recording& recording, Index step) {
  hd::Train train;
  for (std::size_t i = 0; i < unit.discharges.sample.size(); ++i) {
    const auto t = unit.discharges.sample[i];
    if (t < 0 || t >= recording.sample_count()) {
      throw InvalidArgument(fmt::format("discharge {} of unit {} lies at sample {}, the recording has {}", i, unit.unit_id, t, recording.sample_count()));
    }
    train.push_back(t / step);
  }
  return train;
}

}  // namespace

RefitResult refit(const Recording& recording, const std::vector<MotorUnit>& units, const DecomposeOptions& options, int threads) {
  const auto prepared = hd::prepare(recording, options, threads);
  const Index lags = prepared.settings.lags;
  RefitResult result;
  result.warnings = prepared.warnings;
  std::vector<hd::Train> trains;
  std::vector<const MotorUnit*> given;
  for (const auto& unit : units) {
    auto train = train_of(unit, recording, prepared.step);
    if (train.empty()) {
      result.warnings.push_back({"unit_without_discharges", fmt::format("unit {} has no discharges", unit.unit_id), ""});
      continue;
    }
    trains.push_back(std::move(train));
    given.push_back(&unit);
  }
  double count = 0;
  for (const auto& run : prepared.runs) count += static_cast<double>(run.count);
  std::vector<Index> channels(static_cast<std::size_t>(prepared.frames.channel_count()));
  std::iota(channels.begin(), channels.end(), Index{0});
  const auto covariance = hd::extended_covariance(hd::lag_products(prepared.frames, lags, threads), lags, count);
  const auto whitening = hd::whiten(covariance, lags, channels);
  hd::RefitSettings settings;
  settings.max_delay = samples_in_ms(kMostDelay_ms, prepared.rate_hz);
  settings.tolerance = prepared.settings.duplicates.tolerance;
  settings.spikes = prepared.settings.spikes;
  const auto found = hd::refit_filters(prepared.frames, whitening.projection, lags, trains, prepared.runs, settings, threads);
  result.filters = hd::bank_of(prepared, recording, whitening.floor_uv2);
  for (std::size_t u = 0; u < found.size(); ++u) {
    const auto& source = found[u].source;
    MotorUnit unit;
    unit.unit_id = given[u]->unit_id;
    unit.discharges.rate_hz = recording.rate_hz;
    for (const auto t : source.samples) unit.discharges.sample.push_back(t * prepared.step);
    const auto intervals = interval_statistics(source.samples, prepared.rate_hz);
    const auto agreement = pair_agreement(trains[u], source.samples, 1, settings.tolerance);
    result.rows.push_back({unit.unit_id, static_cast<std::int64_t>(trains[u].size()), static_cast<std::int64_t>(source.samples.size()), agreement.roa,
                           known(source.sil_peaks), known(intervals.rate_mean_hz), known(intervals.cov_isi_robust)});
    result.filters.units.push_back(hd::taps_of(found[u], prepared.frames, lags, unit.unit_id, 0));
    result.units.push_back(std::move(unit));
  }
  return result;
}

}  // namespace emg
