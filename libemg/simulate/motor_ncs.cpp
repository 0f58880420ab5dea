#include "libemg/simulate/motor_ncs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

constexpr std::uint64_t kLesionStream = std::uint64_t{1} << 24;

void require_sites(const MotorNcsSimulation& o) {
  if (o.site.empty()) throw InvalidArgument("site is empty: at least one site is needed");
  if (o.site.size() != o.distance_mm.size()) {
    throw InvalidArgument(fmt::format("distance_mm has {} values for {} sites", o.distance_mm.size(), o.site.size()));
  }
  for (std::size_t i = 1; i < o.distance_mm.size(); ++i) {
    if (!(o.distance_mm[i] > o.distance_mm[i - 1])) {
      throw InvalidArgument(fmt::format("distance_mm {} follows {}: the values must ascend", o.distance_mm[i], o.distance_mm[i - 1]));
    }
  }
}

void injure(const LesionOptions& lesion, std::int64_t seed, std::vector<TruthAxon>& axons) {
  for (auto& axon : axons) {
    Random random = random_of(seed, RandomDomain::axons, kLesionStream + static_cast<std::uint64_t>(axon.axon));
    axon.blocked = random.chance(lesion.lesion_block);
    axon.lesion_delay_ms = random.chance(lesion.lesion_delay_share) ? lesion.lesion_delay_ms : 0;
  }
}

double mean_slowness(const std::vector<TruthAxon>& axons) {
  double sum = 0;
  for (const auto& axon : axons) sum += 1 / axon.velocity_m_s;
  return axons.empty() ? 0 : sum / static_cast<double>(axons.size());
}

template <class Scene>
Simulation stimulate(const Scene& scene, const std::string& kind, const MotorNcsSimulation& sites, int threads) {
  require_sites(sites);
  auto axons = motor_axons(scene.nerve, scene.axons, scene.sizes.size_cv, scene.sweep.seed);
  scale_axons(scene.nerve, scene.sweep, sites.distance_mm.front(), axons);
  injure(scene.lesion, scene.sweep.seed, axons);
  const double first = sites.distance_mm.front(), second = sites.distance_mm.size() > 1 ? sites.distance_mm[1] : first;
  const double lesion_mm = scene.lesion.lesion_mm.value_or((first + second) / 2), slowness = mean_slowness(axons);
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (std::size_t k = 0; k < sites.site.size(); ++k) {
    const double distance = sites.distance_mm[k], beyond = std::max(0.0, distance - lesion_mm);
    for (int n = 0; n < sites.sweeps_per_site; ++n) {
      auto wave = writer.empty();
      TruthSweep truth;
      int responding = 0;
      const auto fires = excited_axons(axons, scene.current.intensity_ma, scene.sweep.seed, writer.count());
      for (std::size_t i = 0; i < axons.size(); ++i) {
        if (!fires[i] || (beyond > 0 && axons[i].blocked)) continue;
        double latency = motor_latency_ms(axons[i], distance);
        if (beyond > 0) {
          latency += axons[i].lesion_delay_ms + beyond * (scene.lesion.lesion_dispersion - 1) * (1 / axons[i].velocity_m_s - slowness);
        }
        ++responding;
        truth.arrival_ms = std::min(latency, truth.arrival_ms.value_or(latency));
        add_unit_wave(scene.nerve, latency, axons[i].size_uv, scene.sweep.rate_hz, wave);
      }
      truth.responding_axon_count = responding;
      measure_response(wave, scene.sweep.rate_hz, truth);
      auto about = sweep_about(scene.nerve, sites.site[k], distance, scene.current.intensity_ma, scene.stimulus.pulse_ms);
      about.temperature_c = scene.axons.temperature_c;
      writer.add(std::move(wave), std::move(about), std::move(truth));
    }
  }
  Simulation simulation;
  simulation.truth_tables.push_back(to_table("truth_axons", "motor axons of the simulation", axons));
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, kind, scene);
  return simulation;
}

}  // namespace

Simulation simulate_motor_ncs(const MotorNcsScene& scene, int threads) {
  validate_scene(scene);
  return stimulate(scene, "motor_ncs", scene.sites, threads);
}

Simulation simulate_inching(const InchingScene& scene, int threads) {
  validate_scene(scene);
  MotorNcsSimulation sites{{}, {}, scene.sites.sweeps_per_site};
  for (int k = 0; k < scene.sites.site_count; ++k) {
    sites.distance_mm.push_back(scene.sites.nearest_mm + k * scene.sites.step_mm);
    sites.site.push_back(fmt::format("{} mm", sites.distance_mm.back()));
  }
  return stimulate(scene, "inching", sites, threads);
}

}  // namespace emg
