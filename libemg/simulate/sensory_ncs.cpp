#include "libemg/simulate/sensory_ncs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/simulate/stream.h"

namespace emg {
namespace {

struct SensoryFibre {
  double velocity_m_s = 0;
  bool conducts = true;
};

std::vector<SensoryFibre> fibres_of(const SensoryNcsScene& scene) {
  constexpr double kMostSd = 4;
  const auto& o = scene.sensory;
  std::vector<SensoryFibre> fibres(static_cast<std::size_t>(o.fibre_count));
  for (std::size_t i = 0; i < fibres.size(); ++i) {
    Random random = random_of(scene.sweep.seed, RandomDomain::axons, i);
    const double drawn =
        random.truncated_normal(o.velocity_m_s, o.velocity_sd_m_s, std::max(1.0, o.velocity_m_s - kMostSd * o.velocity_sd_m_s),
                                o.velocity_m_s + kMostSd * o.velocity_sd_m_s);
    const double quantile = o.velocity_m_s + o.velocity_sd_m_s * normal_quantile((static_cast<double>(i) + 0.5) / o.fibre_count);
    fibres[i].velocity_m_s = std::max(1.0, o.velocity_law == VelocityLaw::normal ? drawn : quantile);
    fibres[i].conducts = random.chance(o.responding_share);
  }
  return fibres;
}

// Sum of the unit waves of fibres at one distance, each of height 1.
std::vector<double> compound(const SensoryNcsScene& scene, const std::vector<SensoryFibre>& fibres, double distance_mm, bool all,
                             TruthSweep* truth) {
  constexpr double kReach = 6;
  const auto& o = scene.sensory;
  const double step_ms = 1000 / scene.sweep.rate_hz;
  std::vector<double> wave(static_cast<std::size_t>(samples_in_ms(scene.sweep.after_ms, scene.sweep.rate_hz)));
  int count = 0;
  for (const auto& fibre : fibres) {
    if (!all && !fibre.conducts) continue;
    ++count;
    const double at = o.activation_ms + distance_mm / fibre.velocity_m_s;
    if (truth) truth->arrival_ms = std::min(at, truth->arrival_ms.value_or(at));
    const auto from = static_cast<std::size_t>(std::max(0.0, std::ceil((at - kReach * o.wave_width_ms) / step_ms)));
    const auto to = std::min(wave.size(), static_cast<std::size_t>((at + kReach * o.wave_width_ms) / step_ms) + 1);
    for (std::size_t n = from; n < to; ++n) {
      const double x = (static_cast<double>(n) * step_ms - at) / o.wave_width_ms;
      wave[n] -= (1 - x * x) * std::exp(-x * x / 2);
    }
  }
  if (truth) truth->responding_axon_count = count;
  return wave;
}

}  // namespace

Simulation simulate_sensory_ncs(const SensoryNcsScene& scene, int threads) {
  validate_scene(scene);
  const auto& o = scene.sensory;
  if (o.site.empty() || o.site.size() != o.distance_mm.size())
    throw InvalidArgument(fmt::format("distance_mm has {} values for {} sites", o.distance_mm.size(), o.site.size()));
  const auto fibres = fibres_of(scene);
  double scale = 0;
  if (!fibres.empty()) {
    const double height =
        peak_to_peak(compound(scene, fibres, o.distance_mm.front(), true, nullptr), scene.sweep.rate_hz, 0, scene.sweep.after_ms);
    if (!(height > 0)) throw InvalidArgument(fmt::format("after_ms {} ends before the response from the first site", scene.sweep.after_ms));
    scale = o.snap_uv / height;
  }
  SweepWriter writer(scene.sweep, scene.stimulus);
  for (std::size_t k = 0; k < o.site.size(); ++k) {
    TruthSweep truth;
    auto wave = compound(scene, fibres, o.distance_mm[k], false, &truth);
    for (auto& v : wave) v *= scale;
    measure_response(wave, scene.sweep.rate_hz, truth);
    Sweep about;
    about.channel = o.digit;
    about.nerve = o.nerve;
    about.side = o.side;
    about.site = o.site[k];
    about.distance_mm = o.distance_mm[k];
    about.intensity_ma = scene.current.intensity_ma;
    about.pulse_ms = scene.stimulus.pulse_ms;
    for (int n = 0; n < o.sweeps_per_site; ++n) writer.add(wave, about, truth);
  }
  Simulation simulation;
  writer.finish(simulation, scene.noise, threads);
  record_provenance(simulation, "sensory_ncs", scene);
  return simulation;
}

}  // namespace emg
