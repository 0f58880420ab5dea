#include "libemg/decompose/hd/supervised.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/product_internal.h"
#include "libemg/decompose/hd/sources.h"

namespace emg::hd {
namespace {

// Mean observations of one train at every delay, whitened: rank x delays.
RowMatrix whitened_means(const Frames& frames, const RowMatrix& projection, Index lags, const Train& train, Index max_delay) {
  std::vector<Train> shifted;
  for (Index d = -max_delay; d <= max_delay; ++d) shifted.push_back(moved(train, d, frames.count()));
  return product(projection, mean_observations(frames, shifted, lags));
}

// What the refinement of all units works on.
struct State {
  RowMatrix directions;
  std::vector<SourceSpikes> found;
};

std::vector<SourceSpikes> spikes_of(const Frames& frames, const FloatMatrix& filters, Index lags, const std::vector<Span>& runs, const SpikeSettings& settings,
                                    int threads) {
  const FloatMatrix s = sources(frames, filters, lags, threads);
  std::vector<SourceSpikes> found(static_cast<std::size_t>(s.rows()));
  parallel_for(s.rows(), threads, [&](Index k) {
    found[static_cast<std::size_t>(k)] = source_spikes({s.data() + k * s.cols(), static_cast<std::size_t>(s.cols())}, runs, settings);
  });
  return found;
}

}  // namespace

Train moved(const Train& train, Index by, Index count) {
  Train result;
  for (const auto t : train) {
    if (t + by >= 0 && t + by < count) result.push_back(t + by);
  }
  return result;
}

std::vector<RefitUnit> refit_filters(const Frames& frames, const RowMatrix& projection, Index lags, const std::vector<Train>& trains,
                                     const std::vector<Span>& runs, const RefitSettings& settings, int threads) {
  const auto count = static_cast<Index>(trains.size());
  std::vector<RefitUnit> units(trains.size());
  RowMatrix directions = RowMatrix::Zero(projection.rows(), count);
  parallel_for(count, threads, [&](Index u) {
    const auto means = whitened_means(frames, projection, lags, trains[static_cast<std::size_t>(u)], settings.max_delay);
    Index best = 0;
    means.colwise().squaredNorm().maxCoeff(&best);
    units[static_cast<std::size_t>(u)].delay = best - settings.max_delay;
    directions.col(u) = means.col(best);
  });
  std::vector<bool> going(trains.size(), true);
  for (int step = 0; step <= settings.refinements && std::count(going.begin(), going.end(), true) > 0; ++step) {
    const FloatMatrix filters = raw_filters(projection, directions, threads);
    auto found = spikes_of(frames, filters, lags, runs, settings.spikes, threads);
    std::vector<Train> at(trains.size());
    for (std::size_t u = 0; u < trains.size(); ++u) {
      if (!going[u]) continue;
      auto& unit = units[u];
      const auto agreement = pair_agreement(trains[u], moved(found[u].samples, -unit.delay, frames.count()), 0, settings.tolerance);
      const bool better = step == 0 || (agreement.of_larger >= settings.kept_agreement && found[u].sil_peaks > unit.source.sil_peaks);
      if (!better) {
        going[u] = false;
        continue;
      }
      unit.filter = filters.col(static_cast<Index>(u));
      unit.source = found[u];
      at[u] = found[u].samples;
    }
    if (step == settings.refinements) break;
    const RowMatrix next = product(projection, mean_observations(frames, at, lags, threads), threads);
    for (Index u = 0; u < count; ++u) {
      if (going[static_cast<std::size_t>(u)]) directions.col(u) = next.col(u);
    }
  }
  for (auto& unit : units) unit.source.samples = moved(unit.source.samples, -unit.delay, frames.count());
  return units;
}

}  // namespace emg::hd
