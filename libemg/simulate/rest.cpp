#include "libemg/simulate/rest.h"

#include <algorithm>
#include <cmath>

#include "libemg/core/parallel.h"
#include "libemg/simulate/firing.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/stream.h"
#include "libemg/simulate/truth.h"

namespace emg {
namespace {

SurfaceAnatomy anatomy_of(const RestSimulation& o) {
  SurfaceAnatomy anatomy;
  anatomy.fibre_samples = o.fibre_samples;
  anatomy.interelectrode_mm = o.interelectrode_mm;
  anatomy.electrode_from_endplate_mm = o.electrode_from_endplate_mm;
  anatomy.wave_scale = o.wave_scale;
  anatomy.conductor.fat_mm = o.fat_mm;
  anatomy.conductor.skin_mm = o.skin_mm;
  return anatomy;
}

// Twitches of one source: its share of the rate is 1 / source_count.
void twitch_train(const RestSimulation& o, int source, SimulatedUnit& unit) {
  constexpr double kShortestS = 0.005, kLongestS = 0.040;
  const auto index = static_cast<std::uint64_t>(source) * 2;
  const double rate_hz = o.twitch_rate_per_min / 60 / o.source_count / (1 + o.doublet_probability);
  const auto times = event_times(random_of(o.seed, RandomDomain::spontaneous, index), rate_hz, o.interval_cv,
                                 o.interval_law == EventLaw::poisson, o.duration_s);
  Random random = random_of(o.seed, RandomDomain::spontaneous, index + 1);
  const auto add = [&](double t, bool doublet) {
    unit.train.time_s.push_back(t);
    unit.train.doublet.push_back(doublet);
    unit.factor.push_back(random.log_normal(1, o.amplitude_cv));
  };
  for (const double t : times) {
    add(t, false);
    const double u = random.uniform(), interval = random.uniform(kShortestS, kLongestS);
    if (u < o.doublet_probability) add(t + interval, true);
  }
}

// Milliseconds between the outermost points above a share of the peak.
double duration_ms(const UnitPotential& unit, double rate_hz) {
  constexpr double kShare = 0.05;
  const double limit = kShare * unit.fine.row(0).cwiseAbs().maxCoeff();
  Index first = unit.fine.cols(), last = 0;
  for (Index i = 0; i < unit.fine.cols(); ++i) {
    if (std::fabs(unit.fine(0, i)) < limit) continue;
    first = std::min(first, i);
    last = i;
  }
  return last > first ? static_cast<double>(last - first) / (kPhases * rate_hz) * 1000 : 0;
}

std::vector<TruthTwitch> twitch_rows(const std::vector<SimulatedUnit>& units, double rate_hz, Index sample_count) {
  std::vector<TruthTwitch> rows;
  for (const auto& unit : units) {
    const double duration = duration_ms(unit.potential, rate_hz), peak = unit.potential.fine(0, reference_point(unit.potential, 0));
    for (std::size_t e = 0; e < unit.train.time_s.size(); ++e) {
      TruthTwitch row;
      row.source = unit.unit_id;
      row.time_s = reference_time_s(unit, unit.train.time_s[e], rate_hz);
      row.sample = std::llround(row.time_s * rate_hz);
      row.duration_ms = duration;
      row.peak_uv = peak * unit.factor[e];
      row.doublet = unit.train.doublet[e] != 0;
      if (row.sample < sample_count) rows.push_back(row);
    }
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.time_s < b.time_s; });
  return rows;
}

std::vector<SimulatedUnit> sources_of(const RestSimulation& o, int threads) {
  constexpr double kLargest = 3000;  // fibres of a unit whose territory is a quarter of the muscle
  const auto anatomy = anatomy_of(o);
  const auto kernels = o.source_count > 0 ? surface_kernels(anatomy) : PlanarKernels(anatomy.conductor);
  std::vector<SimulatedUnit> units(static_cast<std::size_t>(o.source_count));
  parallel_for(o.source_count, threads, [&](Index i) {
    const auto k = static_cast<std::uint64_t>(i);
    Random random = random_of(o.seed, RandomDomain::pool, k);
    auto& unit = units[k];
    unit.unit_id = static_cast<int>(i);
    unit.kind = "fasciculation";
    const double fibres = std::max(1.0, random.log_normal(o.fibre_count, o.fibre_count_cv));
    unit.neuron.place = random.uniform();
    unit.neuron.size = fibres / o.fibre_count;
    unit.potential = surface_unit(anatomy, kernels, {0, {0.0}}, std::min(1.0, fibres / kLargest), unit.neuron.place, o.rate_hz, o.seed, k);
    unit.potential.fibre_count = static_cast<int>(std::lround(fibres));
    unit.potential.fine *= fibres;
    twitch_train(o, static_cast<int>(i), unit);
  });
  return units;
}

}  // namespace

Simulation simulate_rest(const RestSimulation& options, int threads) {
  validate_options(options);
  Simulation simulation;
  auto& recording = simulation.recording;
  recording.rate_hz = options.rate_hz;
  recording.samples = RowMatrix::Zero(1, samples_in_s(options.duration_s, options.rate_hz));
  recording.description = "simulated surface recording of a resting muscle with twitches";
  Channel channel;
  channel.name = "muscle";
  channel.electrode_kind = "surface";
  channel.reference = "bipolar";
  channel.interelectrode_mm = options.interelectrode_mm;
  recording.channels = {channel};
  const auto units = sources_of(options, threads);
  add_units(simulation, units, options.noise_uv, threads);
  simulation.truth_tables.push_back(
      to_table("truth_events", "twitches by time", twitch_rows(units, options.rate_hz, recording.sample_count())));
  add_white_noise(options.seed, options.noise_uv, recording.samples, threads);
  add_line(options.seed, options.line_uv, options.line_hz, options.rate_hz, recording.samples);
  record_provenance(simulation, "rest", options);
  return simulation;
}

}  // namespace emg
