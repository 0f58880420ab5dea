#include "libemg/simulate/muap.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "libemg/simulate/anatomy.h"
#include "libemg/simulate/stream.h"

namespace emg {

std::vector<Fibre> needle_fibres(const NeedleAnatomy& a, const MotorNeuron& neuron, double size_ratio, std::int64_t seed,
                                 std::uint64_t index, UnitPotential& about) {
  Random random = random_of(seed, RandomDomain::anatomy, index);
  const double relative = neuron.size / std::sqrt(size_ratio);  // to the middle unit of the pool
  about.territory_mm = std::clamp(a.territory_mm * std::sqrt(relative), a.territory_mm * 5 / 7, a.territory_mm * 10 / 7);
  const double radius = about.territory_mm / 2;
  // The needle stands uniformly inside 0.9 of the territory.
  const double away = 0.9 * radius * std::sqrt(random.uniform()), angle = 2 * std::numbers::pi * random.uniform();
  about.territory_x_mm = away * std::cos(angle);
  about.territory_y_mm = away * std::sin(angle);
  const int branch_count = std::max(1, 3 + static_cast<int>(std::lround(std::log(relative))));
  const auto branches = axon_branches(random, branch_count, about.territory_x_mm, about.territory_y_mm, radius, a.endplate_sd_mm);
  const auto candidates = random.poisson(a.fibre_density_mm2 * std::numbers::pi * a.pickup_mm * a.pickup_mm);
  const FibreLaw law{a.fibre_half_length_mm, unit_diameter_um(neuron.place), a.diameter_sd_um};
  std::vector<Fibre> fibres;
  for (std::int64_t k = 0; k < candidates; ++k) {
    const double r = a.pickup_mm * std::sqrt(random.uniform()), phi = 2 * std::numbers::pi * random.uniform();
    const double x = r * std::cos(phi), y = r * std::sin(phi);
    const Fibre fibre = grow_fibre(random, x, y, branches, law);
    if (std::hypot(x - about.territory_x_mm, y - about.territory_y_mm) <= radius) fibres.push_back(fibre);
  }
  about.fibre_count = static_cast<int>(fibres.size());
  about.velocity_m_s = mean_velocity(fibres);
  return fibres;
}

namespace {

UnitPotential sum_of(const NeedleAnatomy& a, const ConcentricOptions& electrode, const std::vector<Fibre>& fibres, double rate_hz,
                     UnitPotential unit, std::vector<RowMatrix>* each) {
  ConcentricNeedle needle;
  needle.cannula_mm = electrode.cannula_mm;
  unit.fine = RowMatrix::Zero(1, static_cast<Index>(std::ceil(last_activity_ms(fibres, a.wave_scale) * rate_hz / 1000) + 1) * kPhases);
  std::span<double> sum(unit.fine.data(), static_cast<std::size_t>(unit.fine.cols()));
  for (const auto& fibre : fibres) {
    const double cell = cell_for_distance(std::max(std::hypot(fibre.x_mm, fibre.y_mm), fibre.diameter_um / 2000));
    const auto wave = fibre_wave(fibre, concentric_kernel(needle, fibre, a.electrode_from_endplate_mm), a.wave_scale, cell);
    add_fibre_wave(fibre, wave, cell, a.amplitude_scale, rate_hz * kPhases, sum);
    if (!each) continue;
    each->push_back(RowMatrix::Zero(1, unit.fine.cols()));
    add_fibre_wave(fibre, wave, cell, a.amplitude_scale, rate_hz * kPhases, {each->back().data(), sum.size()});
  }
  return unit;
}

}  // namespace

UnitPotential needle_unit(const NeedleAnatomy& a, const MotorNeuron& neuron, double size_ratio, double rate_hz, std::int64_t seed,
                          std::uint64_t index, const ConcentricOptions& electrode, std::vector<RowMatrix>* each) {
  UnitPotential unit;
  const auto fibres = needle_fibres(a, neuron, size_ratio, seed, index, unit);
  return sum_of(a, electrode, fibres, rate_hz, std::move(unit), each);
}

UnitPotential needle_fibre(const NeedleAnatomy& anatomy, const Fibre& fibre, double rate_hz, const ConcentricOptions& electrode) {
  UnitPotential unit;
  unit.fibre_count = 1;
  unit.velocity_m_s = fibre.velocity_m_s;
  return sum_of(anatomy, electrode, {fibre}, rate_hz, std::move(unit), nullptr);
}

Index largest_channel(const UnitPotential& unit) {
  Index channel = 0, point = 0;
  unit.fine.cwiseAbs().maxCoeff(&channel, &point);
  return channel;
}

Index reference_point(const UnitPotential& unit, Index channel) {
  Index at = 0;
  unit.fine.row(channel).cwiseAbs().maxCoeff(&at);
  return at;
}

RowMatrix sampled_template(const UnitPotential& unit, Index channel, Index& zero) {
  const Index reference = reference_point(unit, channel);
  zero = reference / kPhases;
  const Index first = reference - zero * kPhases;
  const Index count = (unit.fine.cols() - first + kPhases - 1) / kPhases;
  RowMatrix sampled(unit.fine.rows(), count);
  for (Index c = 0; c < sampled.rows(); ++c) {
    for (Index k = 0; k < count; ++k) sampled(c, k) = unit.fine(c, first + k * kPhases);
  }
  return sampled;
}

}  // namespace emg
