#include "libemg/decompose/hd/reliability.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/decompose/duplicates.h"
#include "libemg/decompose/hd/add_back.h"
#include "libemg/decompose/hd/peel_off.h"
#include "libemg/decompose/hd/sources.h"
#include "libemg/decompose/hd/whitening.h"

namespace emg::hd {
namespace {

constexpr std::size_t kFewestSpikes = 4;
constexpr Index kFewestChannels = 16;

// The stretches of `runs` inside [first, last).
std::vector<Span> clipped(const std::vector<Span>& runs, Index first, Index last) {
  std::vector<Span> parts;
  for (const auto& run : runs) {
    const Index from = std::max(run.first, first), to = std::min(run.first + run.count, last);
    if (to > from) parts.push_back({from, to - from});
  }
  return parts;
}

// A filter, what it answers to the unit, and where its spikes are looked for.
struct Probe {
  std::size_t unit = 0;
  UnitFilter filter;
  std::vector<float> response;
  std::vector<Span> runs;
};

// Trains that the probes find, moved back to the instants of the unit.
std::vector<Train> found_by(const ReliabilityInput& input, const RowMatrix& projection, const std::vector<Probe>& probes, int threads) {
  RowMatrix directions = RowMatrix::Zero(projection.rows(), static_cast<Index>(probes.size()));
  for (std::size_t k = 0; k < probes.size(); ++k) directions.col(static_cast<Index>(k)) = probes[k].filter.direction;
  FloatMatrix s = sources(input.residual, raw_filters(projection, directions, threads), input.lags, threads);
  std::vector<Train> trains(probes.size());
  SpikeSettings settings = input.spikes;
  settings.polarity = false;
  parallel_for(s.rows(), threads, [&](Index k) {
    const auto& probe = probes[static_cast<std::size_t>(k)];
    const std::span<float> source{s.data() + k * s.cols(), static_cast<std::size_t>(s.cols())};
    add_responses(source, input.trains[probe.unit], probe.response, input.shapes[probe.unit].rows() / 2);
    auto found = source_spikes(source, probe.runs, settings).samples;
    for (auto& t : found) t -= probe.filter.shift;
    trains[static_cast<std::size_t>(k)] = std::move(found);
  });
  return trains;
}

}  // namespace

std::vector<std::optional<double>> halves_agreement(const ReliabilityInput& input, int threads) {
  const auto turned = turned_projection(input.projection);
  const Index count = input.residual.count();
  std::vector<Probe> probes;
  std::vector<Train> expected;
  for (std::size_t u = 0; u < input.trains.size(); ++u) {
    const auto& train = input.trains[u];
    if (train.size() < kFewestSpikes) continue;
    const Index middle = train[train.size() / 2];
    const auto cut = std::lower_bound(train.begin(), train.end(), middle);
    for (const bool early : {true, false}) {
      probes.push_back({u, {}, {}, early ? clipped(input.runs, middle, count) : clipped(input.runs, 0, middle)});
      expected.push_back(early ? Train(cut, train.end()) : Train(train.begin(), cut));
    }
  }
  parallel_for(static_cast<Index>(probes.size()), threads, [&](Index k) {
    auto& probe = probes[static_cast<std::size_t>(k)];
    const auto& train = input.trains[probe.unit];
    const auto& shape = input.shapes[probe.unit];
    const Index middle = train[train.size() / 2];
    const auto cut = std::lower_bound(train.begin(), train.end(), middle);
    const Train learned = k % 2 == 0 ? Train(train.begin(), cut) : Train(cut, train.end());
    FloatMatrix half = window_sums(input.residual, {learned}, shape.rows() / 2).front();
    half = half / static_cast<float>(learned.size()) + shape;
    probe.filter = unit_filter(turned, half, input.lags, static_cast<double>(train.size()) / input.sample_count, input.spikes.refractory / 2);
    probe.response = response_of(turned, probe.filter.direction, shape, input.lags);
  });
  const auto found = found_by(input, input.projection, probes, threads);
  std::vector<std::optional<double>> result(input.trains.size());
  for (std::size_t k = 0; k < probes.size(); k += 2) {
    const auto roa = [&](std::size_t i) { return pair_agreement(expected[i], found[i], input.tolerance + 1, input.tolerance).roa; };
    result[probes[k].unit] = 0.5 * (roa(k) + roa(k + 1));
  }
  return result;
}

std::vector<std::optional<double>> channels_agreement(const ReliabilityInput& input, int threads) {
  std::vector<std::optional<double>> result(input.trains.size());
  if (input.residual.channel_count() < kFewestChannels || input.trains.empty()) return result;
  std::array<std::vector<Train>, 2> found;
  std::array<RowMatrix, 2> projections;
  parallel_for(2, threads, [&](Index half) {
    std::vector<Index> channels;
    for (Index c = half; c < input.residual.channel_count(); c += 2) channels.push_back(c);
    try {
      projections[static_cast<std::size_t>(half)] = whiten(input.residual_covariance, input.lags, channels).projection;
    } catch (const NumericalError&) {
      // Half of the channels are copies of each other: nothing to compare.
    }
  });
  if (projections[0].size() == 0 || projections[1].size() == 0) return result;
  for (std::size_t half = 0; half < 2; ++half) {
    const auto turned = turned_projection(projections[half]);
    std::vector<Probe> probes(input.trains.size());
    parallel_for(static_cast<Index>(probes.size()), threads, [&](Index u) {
      auto& probe = probes[static_cast<std::size_t>(u)];
      const auto& train = input.trains[static_cast<std::size_t>(u)];
      probe.unit = static_cast<std::size_t>(u);
      probe.filter = unit_filter(turned, input.shapes[probe.unit], input.lags, static_cast<double>(train.size()) / input.sample_count, input.spikes.refractory / 2);
      probe.response = probe.filter.response;
      probe.runs = input.runs;
    });
    found[half] = found_by(input, projections[half], probes, threads);
  }
  for (std::size_t u = 0; u < result.size(); ++u) {
    result[u] = pair_agreement(found[0][u], found[1][u], input.tolerance + 1, input.tolerance).roa;
  }
  return result;
}

}  // namespace emg::hd
