#include "libemg/simulate/rest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/needle_electrodes.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kLargestFibres = 3000;  // fibres of a unit whose territory is a quarter of the muscle

// One channel of the recording belongs to one muscle.
struct Site {
  std::vector<SkinChannel> channels;
  std::vector<Index> rows;
};

std::vector<Site> sites_of(const RestScene& scene) {
  const auto& o = scene.rest;
  if (o.muscle.empty()) throw InvalidArgument("muscle is empty: one name is needed");
  if (o.electrode == RestElectrode::needle) return {{{}, {0}}};
  if (o.electrode == RestElectrode::grid) {
    Site site{grid_channels(scene.grid), {}};
    for (std::size_t c = 0; c < site.channels.size(); ++c) site.rows.push_back(static_cast<Index>(c));
    return {site};
  }
  std::vector<Site> sites;
  for (const auto& name : o.muscle) {
    sites.push_back({{pair_channel(name, 0, o.electrode_from_endplate_mm, o.interelectrode_mm)}, {static_cast<Index>(sites.size())}});
    sites.back().channels[0].about.muscle = name;
  }
  return sites;
}

// Puts what the channels of one muscle see into the rows of the recording.
UnitPotential at_rows(UnitPotential unit, const Site& site, Index channel_count) {
  if (site.rows.size() == static_cast<std::size_t>(channel_count)) return unit;
  RowMatrix all = RowMatrix::Zero(channel_count, unit.fine.cols());
  for (std::size_t c = 0; c < site.rows.size(); ++c) all.row(site.rows[c]) = unit.fine.row(static_cast<Index>(c));
  unit.fine = std::move(all);
  return unit;
}

Electrodes skin_electrodes(const RestScene& scene, const Site& site, const PlanarKernels& kernels, Index channel_count) {
  constexpr double kShallowestMm = 1, kDeepestMm = 5;
  const auto& o = scene.rest;
  Electrodes e;
  e.rate_hz = o.rate_hz;
  e.channel_count = channel_count;
  const double fibres = scene.twitch.fibre_count;
  e.unit = [&scene, &site, &kernels, channel_count, fibres](std::uint64_t index, double place) {
    return at_rows(surface_unit(scene.muscle, kernels, site.channels, 0, std::min(1.0, fibres / kLargestFibres), fibres, place,
                                scene.rest.rate_hz, scene.rest.seed, index),
                   site, channel_count);
  };
  e.fibre = [&scene, &site, &kernels, channel_count](Random& random, double from_endplate_mm, std::optional<double> beyond_mm) {
    Fibre fibre;
    const auto& contact = site.channels[site.channels.size() / 2].contacts.front();
    fibre.x_mm = contact.x_mm;
    fibre.y_mm = random.uniform(kShallowestMm, kDeepestMm);
    fibre.endplate_mm = contact.z_mm - from_endplate_mm;
    fibre.positive_mm = beyond_mm ? from_endplate_mm + *beyond_mm : scene.muscle.fibre_half_length_mm;
    fibre.negative_mm = scene.muscle.fibre_half_length_mm;
    return at_rows(surface_fibre(scene.muscle, kernels, site.channels, fibre, scene.rest.rate_hz), site, channel_count);
  };
  return e;
}

TwitchField field_of(const Site& site) {
  TwitchField field;
  field.channels = site.rows;
  for (std::size_t c = 0; c < site.rows.size(); ++c) {
    const bool skin = c < site.channels.size();
    field.x_mm.push_back(skin ? site.channels[c].contacts.front().x_mm : 0);
    field.z_mm.push_back(skin ? site.channels[c].contacts.front().z_mm : 0);
  }
  return field;
}

// Voluntary bouts of one muscle.
std::vector<SimulatedUnit> bout_units(const RestScene& scene, const Electrodes& electrodes, int first_id, std::vector<TruthEvent>& events,
                                      int threads) {
  const auto& o = scene.rest;
  if (o.bout_start_s.empty()) return {};
  std::vector<Bout> bouts;
  for (const double start : o.bout_start_s) {
    bouts.push_back({start, std::min(start + o.bout_s, o.duration_s), o.bout_effort});
    TruthEvent event;
    event.kind = "voluntary_bout";
    event.time_s = event.start_s = start;
    event.sample = std::llround(start * o.rate_hz);
    event.duration_s = std::max(0.0, bouts.back().end_s - start);
    events.push_back(std::move(event));
  }
  constexpr std::uint64_t kOffset = std::uint64_t{1} << 22;
  PoolOptions pool;
  pool.unit_count = o.bout_unit_count;
  const auto neurons = sample_pool(o.seed, pool.rate_model, pool.unit_count, pool.size_ratio, kOffset);
  auto trains = contraction_trains(neurons, bout_profile(bouts, o.bout_ramp_s, o.duration_s), pool, o.seed, kOffset, threads);
  std::vector<SimulatedUnit> units(neurons.size());
  parallel_for(static_cast<Index>(units.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    units[k].unit_id = first_id + static_cast<int>(i);
    units[k].kind = "voluntary";
    units[k].neuron = neurons[k];
    units[k].potential = electrodes.unit(kOffset + k, neurons[k].place);
    units[k].potential.fine *= neurons[k].size / std::sqrt(pool.size_ratio);
    units[k].channel = largest_channel(units[k].potential);
    units[k].train = std::move(trains[k]);
  });
  return units;
}

}  // namespace

Simulation simulate_rest(const RestScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.rest;
  const auto sites = sites_of(scene);
  const auto rates = scene.twitch.twitch_rate_per_min.size();
  if (rates != 1 && rates != sites.size())
    throw InvalidArgument(
        fmt::format("twitch_rate_per_min has {} values for {} muscles, expected one or one for each", rates, sites.size()));
  std::vector<Channel> channels;
  for (const auto& site : sites) {
    for (auto& about : channels_about(site.channels)) channels.push_back(std::move(about));
  }
  const bool needle = o.electrode == RestElectrode::needle;
  if (needle) channels = {needle_channel()};
  Simulation simulation;
  open_recording(simulation, channels, o.rate_hz, o.duration_s,
                 needle ? "simulated needle recording of a resting muscle" : "simulated surface recording of resting muscles");
  const auto channel_count = static_cast<Index>(channels.size());
  const bool sources = scene.twitch.source_count > 0 || !scene.spontaneous.activity.empty() || !o.bout_start_s.empty();
  std::optional<PlanarKernels> kernels;
  if (!needle && sources) kernels = surface_kernels(scene.muscle);
  std::vector<SimulatedUnit> units;
  std::vector<TruthEvent> events;
  const auto take = [&](std::vector<SimulatedUnit> more) { std::move(more.begin(), more.end(), std::back_inserter(units)); };
  for (std::size_t m = 0; m < sites.size() && sources; ++m) {
    NeedleAnatomy anatomy;
    anatomy.electrode_from_endplate_mm = o.electrode_from_endplate_mm;
    const auto electrodes =
        needle ? needle_electrodes(anatomy, o.rate_hz, o.seed) : skin_electrodes(scene, sites[m], *kernels, channel_count);
    auto twitching =
        twitch_units(scene.twitch, electrodes, field_of(sites[m]), o.duration_s, o.seed, m, static_cast<int>(units.size()), threads);
    if (m + 1 < sites.size()) share_twitches(scene.twitch, twitching, sites[m + 1].rows, o.seed);
    const double noise_uv = scene.noise.noise_uv;
    for (const auto& unit : twitching) {
      for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
        auto event = twitch_event(unit, e, o.rate_hz, noise_uv);
        if (event.sample < simulation.recording.sample_count()) events.push_back(std::move(event));
      }
    }
    take(std::move(twitching));
    take(spontaneous_units(scene.spontaneous, electrodes, o.duration_s, o.seed, m, static_cast<int>(units.size()), events, threads));
    if (m == 0) take(bout_units(scene, electrodes, static_cast<int>(units.size()), events, threads));
  }
  finish_recording(simulation, std::move(units), std::move(events), scene.noise, scene.instrument, o.seed, threads);
  record_provenance(simulation, "rest", scene);
  return simulation;
}

}  // namespace emg
