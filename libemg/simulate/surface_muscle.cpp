#include "libemg/simulate/surface_muscle.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "libemg/core/parallel.h"
#include "libemg/simulate/anatomy.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr double kCellMm = 0.3;
constexpr double kWaveReach = 20;  // 2e-5 of the slope's peak is cut off
constexpr double kShallowestMm = 0.5;
constexpr double kLargestPart = 0.25;  // of the muscle: territory of the largest unit
constexpr double kDiameterSdUm = 6;
constexpr double kNormalReach = 3.7;   // 99.9 % of a planar normal law lies within 3.7 SD
constexpr double kFinestWaveMm = 0.5;  // travel of the wave between two points on which fibres are summed
constexpr double kTypicalVelocity = 4;

// Points a sample on which the fibres of a unit are summed before they are interpolated to kPhases: the potentials hold nothing above 1
// kHz.
Index sum_phases(double rate_hz) {
  Index phases = 1;
  while (phases < kPhases && kTypicalVelocity * 1000 / (rate_hz * static_cast<double>(phases)) > kFinestWaveMm) phases *= 2;
  return phases;
}

// Contacts of a channel that share a distance across the fibres share a profile.
struct Profiles {
  std::vector<double> x_mm;
  std::vector<std::vector<std::size_t>> of_contact;  ///< profile of every contact of every channel
};

Profiles profiles_of(const std::vector<SkinChannel>& channels) {
  Profiles profiles;
  for (const auto& channel : channels) {
    std::vector<std::size_t> own;
    for (const auto& contact : channel.contacts) {
      const auto found = std::find(profiles.x_mm.begin(), profiles.x_mm.end(), contact.x_mm);
      own.push_back(static_cast<std::size_t>(found - profiles.x_mm.begin()));
      if (found == profiles.x_mm.end()) profiles.x_mm.push_back(contact.x_mm);
    }
    profiles.of_contact.push_back(std::move(own));
  }
  return profiles;
}

// What every channel sees of `fibres` together, at `phases` points a sample.
RowMatrix summed(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                 const std::vector<Fibre>& fibres, double rate_hz, Index phases) {
  const auto points = static_cast<Index>(std::ceil(last_activity_ms(fibres, muscle.wave_scale) * rate_hz / 1000) + 2) * phases;
  RowMatrix sum = RowMatrix::Zero(static_cast<Index>(channels.size()), points);
  const auto profiles = profiles_of(channels);
  const WaveSlope slope(muscle.wave_scale, kCellMm, kWaveReach);
  std::vector<std::vector<double>> g(profiles.x_mm.size());
  for (const auto& fibre : fibres) {
    for (std::size_t p = 0; p < g.size(); ++p) g[p] = kernels.profile(fibre.x_mm - profiles.x_mm[p], fibre.y_mm);
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const auto& contacts = channels[c].contacts;
      const auto wave = slope.fibre_wave(fibre, [&](double z) {
        double value = 0;
        for (std::size_t e = 0; e < contacts.size(); ++e)
          value += contacts[e].weight * profile_at(g[profiles.of_contact[c][e]], contacts[e].z_mm - z);
        return value;
      });
      std::span<double> out(sum.row(static_cast<Index>(c)).data(), static_cast<std::size_t>(points));
      add_fibre_wave(fibre, wave, kCellMm, fibre.weight, rate_hz * static_cast<double>(phases), out);
    }
  }
  return sum;
}

// From `phases` to kPhases points a sample, by cubics.
RowMatrix refined(const RowMatrix& coarse, Index phases) {
  const Index ratio = kPhases / phases;
  if (ratio == 1) return coarse;
  RowMatrix fine(coarse.rows(), coarse.cols() * ratio);
  for (Index c = 0; c < coarse.rows(); ++c) {
    const std::span<const double> row(coarse.row(c).data(), static_cast<std::size_t>(coarse.cols()));
    for (Index i = 0; i < fine.cols(); ++i) fine(c, i) = cubic_at(row, static_cast<double>(i) / static_cast<double>(ratio));
  }
  return fine;
}

}  // namespace

PlanarKernels surface_kernels(const MuscleOptions& muscle) {
  PlanarConductor conductor;
  conductor.fat_mm = muscle.fat_mm;
  conductor.skin_mm = muscle.skin_mm;
  conductor.electrode_radius_mm = muscle.electrode_radius_mm;
  PlanarKernels kernels(conductor);
  for (double depth = kShallowestMm; depth <= muscle.muscle_depth_mm + 0.5; depth += 0.5) kernels.prepare(depth);
  return kernels;
}

UnitPotential surface_fibre(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                            const Fibre& fibre, double rate_hz) {
  UnitPotential unit;
  const Index phases = sum_phases(rate_hz);
  unit.fine = refined(summed(muscle, kernels, channels, {fibre}, rate_hz, phases), phases);
  unit.fibre_count = 1;
  unit.velocity_m_s = fibre.velocity_m_s;
  unit.territory_x_mm = fibre.x_mm;
  unit.territory_y_mm = fibre.y_mm;
  return unit;
}

UnitPotential surface_unit(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                           double muscle_x_mm, double share, double fibre_count, double size_place, double rate_hz, std::int64_t seed,
                           std::uint64_t index) {
  constexpr int kBranches = 3;
  Random random = random_of(seed, RandomDomain::anatomy, index);
  const double half_width = muscle.muscle_width_mm / 2, half_depth = muscle.muscle_depth_mm / 2;
  // Territory: area in proportion to the fibres, a quarter of the muscle for the largest unit, centre uniform in the ellipse.
  const double r = std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
  UnitPotential unit;
  unit.territory_x_mm = muscle_x_mm + half_width * r * std::cos(angle);
  unit.territory_y_mm = half_depth * (1 + r * std::sin(angle));
  unit.territory_mm = 2 * std::sqrt(kLargestPart * share * half_width * half_depth);
  unit.fibre_count = std::max(1, static_cast<int>(std::lround(fibre_count)));
  const auto branches =
      axon_branches(random, kBranches, unit.territory_x_mm, unit.territory_y_mm, unit.territory_mm / 2, muscle.endplate_sd_mm);
  const double sigma = unit.territory_mm / 2 / kNormalReach;
  const FibreLaw law{muscle.fibre_half_length_mm, unit_diameter_um(size_place), kDiameterSdUm};
  std::vector<Fibre> fibres;
  for (int k = 0; k < muscle.fibre_samples; ++k) {
    const double x = unit.territory_x_mm + sigma * random.normal();
    const double y = std::clamp(unit.territory_y_mm + sigma * random.normal(), kShallowestMm, muscle.muscle_depth_mm);
    fibres.push_back(grow_fibre(random, x, y, branches, law));
    fibres.back().velocity_m_s *= muscle.velocity_scale;
    fibres.back().weight = static_cast<double>(unit.fibre_count) / muscle.fibre_samples;
  }
  unit.velocity_m_s = mean_velocity(fibres);
  const Index phases = sum_phases(rate_hz);
  unit.fine = refined(summed(muscle, kernels, channels, fibres, rate_hz, phases), phases);
  return unit;
}

std::vector<UnitPotential> surface_pool(const MuscleOptions& muscle, const PlanarKernels& kernels, const std::vector<SkinChannel>& channels,
                                        double muscle_x_mm, const std::vector<MotorNeuron>& pool, double fibre_total, double size_ratio,
                                        double rate_hz, std::int64_t seed, std::uint64_t index_offset, int threads) {
  const double total = std::accumulate(pool.begin(), pool.end(), 0.0, [](double sum, const MotorNeuron& n) { return sum + n.size; });
  std::vector<UnitPotential> units(pool.size());
  parallel_for(static_cast<Index>(pool.size()), threads, [&](Index i) {
    const auto k = static_cast<std::size_t>(i);
    units[k] = surface_unit(muscle, kernels, channels, muscle_x_mm, pool[k].size / size_ratio, fibre_total * pool[k].size / total,
                            pool[k].place, rate_hz, seed, index_offset + k);
  });
  return units;
}

std::vector<Channel> channels_about(const std::vector<SkinChannel>& channels) {
  std::vector<Channel> about;
  for (const auto& channel : channels) about.push_back(channel.about);
  return about;
}

}  // namespace emg
