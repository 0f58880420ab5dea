#include "libemg/simulate/intramuscular.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/simulate/anatomy.h"
#include "libemg/simulate/force.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kMacroMm = 15, kMonopolarMm = 1.5;
constexpr int kWirePoints = 8, kMonopolarPoints = 6, kMacroPoints = 40;
constexpr double kRemoteMm = 20;

// Points along y, equal weights of sum `weight`, taken at the middles of equal parts.
void add_cylinder(std::vector<ElectrodePoint>& points, double x_mm, double z_mm, double from_mm, double length_mm, int count,
                  double weight) {
  for (int k = 0; k < count; ++k) points.push_back({x_mm, from_mm + length_mm * (k + 0.5) / count, z_mm, weight / count});
}

double kernel_at(const std::vector<ElectrodePoint>& points, const Fibre& fibre, double electrode_z_mm, double z_mm) {
  double sum = 0;
  for (const auto& p : points) {
    const double radial = std::max(std::hypot(fibre.x_mm - p.x_mm, fibre.y_mm - p.y_mm), fibre.diameter_um / 2000);
    sum += p.weight * infinite_kernel(radial, electrode_z_mm + p.z_mm - z_mm);
  }
  return sum;
}

double distance_mm(const std::vector<ElectrodePoint>& points, const Fibre& fibre) {
  double nearest = 1e9;
  for (const auto& p : points) nearest = std::min(nearest, std::hypot(fibre.x_mm - p.x_mm, fibre.y_mm - p.y_mm));
  return nearest;
}

// Cells as fine as the nearest fibre needs, coarser far away where the kernel is smooth.
double cell_mm(double distance) {
  constexpr double kFinest = 0.02, kCoarsest = 0.3, kShare = 0.3;
  return std::clamp(kShare * distance, kFinest, kCoarsest);
}

// Every fibre of a unit within reach, as every channel sees it.
std::vector<RowMatrix> fibre_waves(const ArrayScene& scene, const std::vector<std::vector<ElectrodePoint>>& channels,
                                   const MotorNeuron& neuron, std::uint64_t index, UnitPotential& about) {
  const auto& a = scene.anatomy;
  const auto& o = scene.array;
  Random random = random_of(o.seed, RandomDomain::anatomy, index);
  const double relative = neuron.size / std::sqrt(scene.pool.size_ratio);
  about.territory_mm = std::clamp(a.territory_mm * std::sqrt(relative), a.territory_mm * 5 / 7, a.territory_mm * 10 / 7);
  double low = 1e9, high = -1e9;
  for (const auto& channel : channels) {
    for (const auto& p : channel) {
      low = std::min(low, p.y_mm);
      high = std::max(high, p.y_mm);
    }
  }
  // Centres lie where the territory reaches the electrode.
  const double radius = about.territory_mm / 2;
  about.territory_x_mm = random.uniform(-0.9, 0.9) * radius;
  about.territory_y_mm = random.uniform(low - 0.5 * radius, high + 0.5 * radius);
  const int branch_count = std::max(1, 3 + static_cast<int>(std::lround(std::log(relative))));
  const auto branches = axon_branches(random, branch_count, about.territory_x_mm, about.territory_y_mm, radius, a.endplate_sd_mm);
  const FibreLaw law{a.fibre_half_length_mm, unit_diameter_um(neuron.place), a.diameter_sd_um};
  const auto count = random.poisson(a.fibre_density_mm2 * std::numbers::pi * radius * radius);
  std::vector<Fibre> fibres;
  for (std::int64_t k = 0; k < count; ++k) {
    const double r = radius * std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
    const auto fibre =
        grow_fibre(random, about.territory_x_mm + r * std::cos(angle), about.territory_y_mm + r * std::sin(angle), branches, law);
    const bool near = std::any_of(channels.begin(), channels.end(), [&](const auto& c) { return distance_mm(c, fibre) <= a.pickup_mm; });
    if (near) fibres.push_back(fibre);
  }
  about.fibre_count = static_cast<int>(fibres.size());
  about.velocity_m_s = mean_velocity(fibres);
  const auto points = static_cast<Index>(std::ceil(last_activity_ms(fibres, a.wave_scale) * o.rate_hz / 1000) + 1) * kPhases;
  about.fine = RowMatrix::Zero(static_cast<Index>(channels.size()), points);
  std::vector<RowMatrix> waves;
  for (const auto& fibre : fibres) {
    RowMatrix wave = RowMatrix::Zero(about.fine.rows(), points);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const double distance = distance_mm(channels[c], fibre);
      if (distance > a.pickup_mm) continue;
      const double cell = cell_mm(distance);
      const auto phi = WaveSlope(a.wave_scale, cell).fibre_wave(fibre, [&](double z) {
        return kernel_at(channels[c], fibre, a.electrode_from_endplate_mm, z);
      });
      add_fibre_wave(fibre, phi, cell, a.amplitude_scale, o.rate_hz * kPhases,
                     {wave.row(static_cast<Index>(c)).data(), static_cast<std::size_t>(points)});
    }
    about.fine += wave;
    if (scene.jitter.jitter != JitterModel::none) waves.push_back(std::move(wave));
  }
  return waves;
}

}  // namespace

std::vector<std::vector<ElectrodePoint>> intramuscular_points(const ArraySimulation& o) {
  std::vector<std::vector<ElectrodePoint>> channels;
  switch (o.electrode) {
    case IntramuscularElectrode::line:
      for (int k = 0; k < o.contacts; ++k) channels.push_back({{0, (k - (o.contacts - 1) / 2.0) * o.pitch_mm, 0, 1}});
      break;
    case IntramuscularElectrode::fine_wire:
      channels.emplace_back();
      add_cylinder(channels[0], 0, 0, -o.bare_mm / 2, o.bare_mm, kWirePoints, 1);
      add_cylinder(channels[0], 0, o.wire_distance_mm, -o.bare_mm / 2, o.bare_mm, kWirePoints, -1);
      break;
    case IntramuscularElectrode::monopolar:
      channels.emplace_back();
      // A cone: more surface towards its base.
      for (int k = 0; k < kMonopolarPoints; ++k) {
        const double place = (k + 0.5) / kMonopolarPoints;
        channels[0].push_back({0, -place * kMonopolarMm, 0, 2 * place / kMonopolarPoints});
      }
      channels[0].push_back({kRemoteMm, 0, 0, -1});
      break;
    case IntramuscularElectrode::macro:
      channels.emplace_back();
      add_cylinder(channels[0], 0, 0, -kMacroMm / 2, kMacroMm, kMacroPoints, 1);
      break;
  }
  return channels;
}

Simulation simulate_array(const ArrayScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.array;
  const auto points = intramuscular_points(o);
  std::vector<Channel> channels(points.size());
  for (std::size_t c = 0; c < channels.size(); ++c) {
    channels[c].name = fmt::format("contact {}", c + 1);
    channels[c].electrode_kind = name_of(o.electrode);
    channels[c].group = "intramuscular";
    channels[c].x_mm = points[c].front().x_mm;
    channels[c].y_mm = points[c].front().y_mm;
    if (o.electrode == IntramuscularElectrode::line) channels[c].interelectrode_mm = o.pitch_mm;
  }
  Simulation simulation;
  open_recording(simulation, channels, o.rate_hz, o.duration_s, "simulated intramuscular recording");
  const auto contraction = contract(scene.pool, scene.effort, o.duration_s, o.seed, 0, threads);
  std::vector<SimulatedUnit> units(contraction.pool.size());
  parallel_for(static_cast<Index>(units.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    units[k].unit_id = static_cast<int>(i);
    units[k].kind = "voluntary";
    units[k].neuron = contraction.pool[k];
    units[k].train = contraction.trains[k];
    const auto waves = fibre_waves(scene, points, contraction.pool[k], k, units[k].potential);
    units[k].channel = largest_channel(units[k].potential);
    add_jitter(scene.jitter, waves, o.rate_hz, o.seed, k, units[k]);
  });
  finish_recording(simulation, std::move(units), {}, scene.noise, scene.instrument, o.seed, threads);
  simulation.truth_tables.push_back(effort_table(scene.pool, contraction, o.duration_s));
  record_provenance(simulation, "array", scene);
  return simulation;
}

Simulation simulate_single_fibre(const SingleFibreScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.single_fibre;
  if (o.farthest_mm < o.nearest_mm)
    throw InvalidArgument(fmt::format("farthest_mm {} is below nearest_mm {}", o.farthest_mm, o.nearest_mm));
  constexpr double kFromEndplateMm = 25, kHalfLengthMm = 60, kAmplitudeScale = 1;
  Simulation simulation;
  Channel channel;
  channel.name = "single fibre";
  channel.electrode_kind = "single fibre needle";
  open_recording(simulation, {channel}, o.rate_hz, o.duration_s, "simulated single fibre recording");
  const std::vector<double> rate(static_cast<std::size_t>(std::ceil(o.duration_s * kDriveRateHz)) + 1, o.discharge_hz);
  const auto train = renewal_train(random_of(o.seed, RandomDomain::firing), rate, {o.stimulated ? 0 : o.interval_cv, 0.02, 0});
  std::vector<SimulatedUnit> units(static_cast<std::size_t>(o.fibre_count));
  parallel_for(o.fibre_count, threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    Random random = random_of(o.seed, RandomDomain::anatomy, k);
    Fibre fibre;
    fibre.x_mm = random.uniform(o.nearest_mm, o.farthest_mm);
    fibre.endplate_mm = -kFromEndplateMm;
    fibre.positive_mm = fibre.negative_mm = kHalfLengthMm;
    fibre.delay_ms = 0.7 + o.delay_spread_ms * random.uniform();
    const double cell = cell_mm(fibre.x_mm);
    const std::vector<ElectrodePoint> point{{}};
    const auto phi = WaveSlope(o.wave_scale, cell).fibre_wave(fibre, [&](double z) { return kernel_at(point, fibre, 0, z); });
    auto& unit = units[k];
    unit.unit_id = static_cast<int>(i);
    unit.kind = "fibre";
    unit.potential.fibre_count = 1;
    unit.potential.velocity_m_s = fibre.velocity_m_s;
    unit.potential.fine =
        RowMatrix::Zero(1, static_cast<Index>(std::ceil(last_activity_ms({fibre}, o.wave_scale) * o.rate_hz / 1000) + 1) * kPhases);
    add_fibre_wave(fibre, phi, cell, kAmplitudeScale, o.rate_hz * kPhases,
                   {unit.potential.fine.data(), static_cast<std::size_t>(unit.potential.fine.cols())});
    // Each fibre is a unit of its own: its instants are those of the neuron plus the delay of its end-plate.
    const auto delays = scene.jitter.jitter == JitterModel::none ? std::vector<double>(train.time_s.size())
                                                                 : end_plate_delays_us(scene.jitter, train.time_s.size(), o.seed, k);
    std::size_t failures = 0;
    double square = 0;
    for (std::size_t e = 0; e < delays.size(); ++e) {
      if (std::isnan(delays[e])) {
        ++failures;
        continue;
      }
      square += delays[e] * delays[e];
      unit.train.time_s.push_back(train.time_s[e] + delays[e] * 1e-6);
      unit.train.doublet.push_back(0);
    }
    if (scene.jitter.jitter != JitterModel::none && delays.size() > failures) {
      unit.jitter_us = std::sqrt(square / static_cast<double>(delays.size() - failures));
      unit.block_probability = static_cast<double>(failures) / static_cast<double>(delays.size());
    }
  });
  finish_recording(simulation, std::move(units), {}, scene.noise, scene.instrument, o.seed, threads);
  record_provenance(simulation, "single_fibre", scene);
  return simulation;
}

}  // namespace emg
