#include "libemg/simulate/preset.h"

#include <fmt/format.h>

#include <algorithm>

#include "libemg/core/error.h"

namespace emg {
namespace {

// What the article's causes of twitching look like in the two examinations; directions and sizes as in published series of patients.
const std::vector<Preset>& all() {
  static const std::vector<Preset> list{
      {"normal", "healthy: every default", {}},
      {"benign_twitch",
       "few twitches of one unit of one muscle, everything else normal",
       {{"rest", "source_count", "1"}, {"rest", "twitch_rate_per_min", "8"}, {"rest", "distal_probability", "1"}}},
      {"caffeine",
       "more twitches than at baseline, decaying over an hour",
       {{"rest", "source_count", "2"},
        {"rest", "twitch_rate_per_min", "8"},
        {"rest", "exercise_factor", "2.5"},
        {"rest", "exercise_decay_min", "60"},
        {"tremor", "tremor_hz", "9"},
        {"tremor", "depth", "0.06"}}},
      {"exercise",
       "twitches of several muscles after exercise, decaying in minutes; physiological tremor doubled",
       {{"rest", "muscle", "gastrocnemius,soleus"},
        {"rest", "twitch_rate_per_min", "10"},
        {"rest", "exercise_factor", "4"},
        {"tremor", "tremor_hz", "9"},
        {"tremor", "depth", "0.06"}}},
      {"stress",
       "twitches at twice the baseline",
       {{"rest", "source_count", "2"}, {"rest", "twitch_rate_per_min", "16"}, {"tremor", "tremor_hz", "9"}, {"tremor", "depth", "0.06"}}},
      {"fatigue",
       "twitches after a long effort; velocities fall during it",
       {{"rest", "twitch_rate_per_min", "12"},
        {"rest", "exercise_factor", "3"},
        {"surface", "velocity_decline_pct_per_min", "15"},
        {"hd", "velocity_decline_pct_per_min", "15"}}},
      {"eyelid_myokymia",
       "short bursts of a lid",
       {{"rest", "source_count", "0"},
        {"rest", "activity", "myokymic"},
        {"rest", "activity_rate_hz", "6"},
        {"rest", "muscle", "orbicularis oculi"}}},
      {"cramp",
       "cramps, twitches between them",
       {{"rest", "twitch_rate_per_min", "15"}, {"rest", "activity", "cramp"}, {"rest", "run_pause_s", "60"}}},
      {"electrolyte",
       "doublets and cramps of disturbed salts",
       {{"rest", "twitch_rate_per_min", "10"}, {"rest", "activity", "cramp,tetanic_doublets"}, {"rest", "run_pause_s", "45"}}},
      {"als",
       "many complex twitches in many muscles; few large unstable units, fibrillation; CMAP low, SNAP normal",
       {{"rest", "muscle", "biceps,APB,tibialis anterior"},
        {"rest", "source_count", "6"},
        {"rest", "twitch_rate_per_min", "40"},
        {"rest", "event_shape", "polyphasic"},
        {"rest", "late_repeat_probability", "0.04"},
        {"rest", "event_peak_uv", "200"},
        {"rest", "event_width_ms", "2.5"},
        {"rest", "event_peak_cv", "0.7"},
        {"needle", "unit_loss", "0.6"},
        {"needle", "jitter", "transmission"},
        {"needle", "safety_factor", "2.2"},
        {"needle", "safety_sd", "0.35"},
        {"needle", "activity", "fibrillation"},
        {"needle", "rate_scale", "1.3"},
        {"motor-ncs", "axon_count", "45"},
        {"motor-ncs", "cmap_mv", "4"},
        {"motor-ncs", "size_cv", "0.9"},
        {"f-wave", "axon_count", "45"},
        {"f-wave", "cmap_mv", "4"},
        {"f-wave", "f_probability", "0.03"},
        {"cmap-scan", "unit_count", "25"},
        {"cmap-scan", "cmap_mv", "4"},
        {"rns", "safety_factor", "2.5"}}},
      {"sma",
       "few very large units, slow minipolymyoclonus",
       {{"needle", "unit_loss", "0.75"},
        {"needle", "reinnervation", "0.85"},
        {"motor-ncs", "axon_count", "25"},
        {"motor-ncs", "cmap_mv", "3"},
        {"bursts", "burst_ms", "60"},
        {"bursts", "effort", "0.2"}}},
      {"neuropathy_axonal",
       "fibres lost in legs first: amplitudes fall, velocities keep",
       {{"motor-ncs", "axon_count", "70"},
        {"motor-ncs", "cmap_mv", "4.5"},
        {"motor-ncs", "velocity_m_s", "54"},
        {"sensory-ncs", "responding_share", "0.35"},
        {"needle", "unit_loss", "0.5"},
        {"needle", "activity", "fibrillation,positive_sharp_wave"}}},
      {"neuropathy_demyelinating",
       "slow, dispersed, partly blocked",
       {{"motor-ncs", "velocity_m_s", "33"},
        {"motor-ncs", "residual_latency_ms", "3.2"},
        {"motor-ncs", "velocity_sd_m_s", "5"},
        {"motor-ncs", "lesion_dispersion", "3"},
        {"motor-ncs", "lesion_block", "0.4"},
        {"f-wave", "velocity_m_s", "33"},
        {"f-wave", "after_ms", "100"},
        {"sensory-ncs", "velocity_m_s", "36"}}},
      {"gbs",
       "first weeks: late, blocked, dispersed; F waves missing, A waves",
       {{"motor-ncs", "residual_latency_ms", "6"},
        {"motor-ncs", "lesion_block", "0.5"},
        {"motor-ncs", "lesion_dispersion", "3"},
        {"motor-ncs", "lesion_delay_ms", "2"},
        {"f-wave", "path_block", "0.8"},
        {"f-wave", "a_wave_axons", "1"}}},
      {"radiculopathy",
       "one root: units lost, fibrillation, sensory response normal, F waves late or missing",
       {{"needle", "unit_loss", "0.35"},
        {"needle", "activity", "fibrillation"},
        {"motor-ncs", "cmap_mv", "7"},
        {"f-wave", "path_block", "0.4"}}},
      {"brachial_plexus",
       "trunk: units and sensory fibres lost; after radiation myokymia",
       {{"needle", "unit_loss", "0.7"},
        {"needle", "activity", "fibrillation"},
        {"motor-ncs", "axon_count", "50"},
        {"motor-ncs", "cmap_mv", "3.5"},
        {"sensory-ncs", "responding_share", "0.2"},
        {"rest", "activity", "myokymic"}}},
      {"ulnar_entrapment",
       "delay and block across the elbow",
       {{"inching", "lesion_mm", "255"},
        {"inching", "lesion_delay_ms", "1"},
        {"inching", "lesion_block", "0.25"},
        {"motor-ncs", "nerve", "ulnar"},
        {"motor-ncs", "muscle", "ADM"},
        {"motor-ncs", "lesion_delay_ms", "1.5"},
        {"motor-ncs", "lesion_block", "0.25"},
        {"sensory-ncs", "responding_share", "0.6"}}},
      {"myasthenia",
       "low safety of transmission: decrement, jitter, blocking",
       {{"rns", "safety_factor", "1.7"},
        {"rns", "safety_sd", "0.35"},
        {"single-fibre", "safety_factor", "1.7"},
        {"single-fibre", "safety_sd", "0.35"},
        {"needle", "jitter", "transmission"},
        {"needle", "safety_factor", "1.7"},
        {"needle", "safety_sd", "0.35"}}},
      {"lems",
       "little release at rest: low response, decrement at 3 Hz, increment at high rates",
       {{"rns", "release_probability", "0.04"},
        {"rns", "quantal_content", "8"},
        {"rns", "safety_factor", "0.6"},
        {"rns", "facilitation", "0.4"}}},
      {"myopathy",
       "fibres lost and of unequal size: short, small, full pattern at low force",
       {{"needle", "fibre_loss", "0.5"},
        {"needle", "diameter_sd_um", "15"},
        {"needle", "early_recruitment", "1.8"},
        {"needle", "activity", "fibrillation"},
        {"surface", "early_recruitment", "1.8"},
        {"hd", "early_recruitment", "1.8"}}},
      {"muscular_dystrophy",
       "as myopathy, with repetitive discharges",
       {{"needle", "fibre_loss", "0.6"},
        {"needle", "diameter_sd_um", "18"},
        {"needle", "early_recruitment", "2"},
        {"needle", "activity", "fibrillation,complex_repetitive"}}},
      {"myotonia",
       "myotonic runs",
       {{"needle", "activity", "myotonic"}, {"needle", "effort", "0"}, {"rest", "activity", "myotonic"}, {"rest", "source_count", "0"}}},
      {"neuromyotonia",
       "neuromyotonic and myokymic discharges, doublets",
       {{"needle", "activity", "neuromyotonic,myokymic"},
        {"needle", "effort", "0"},
        {"rest", "activity", "neuromyotonic,myokymic"},
        {"rest", "doublet_probability", "0.4"}}},
      {"multiple_sclerosis",
       "central conduction late and dispersed, reflexes up, intention tremor",
       {{"mep", "latency_ms", "31"},
        {"mep", "dispersion_ms", "6"},
        {"mep", "largest_mv", "2"},
        {"h-reflex", "facilitation", "1.4"},
        {"f-wave", "f_probability", "0.03"},
        {"blink", "r1_ms", "12"},
        {"tremor", "tremor_hz", "4"}}},
      {"parkinson",
       "alternating tremor at rest of 4-6 Hz",
       {{"tremor", "tremor_hz", "4.8"}, {"tremor", "depth", "1.3"}, {"tremor", "effort", "0.08"}}},
      {"essential_tremor",
       "postural tremor",
       {{"tremor", "tremor_hz", "7"}, {"tremor", "depth", "0.8"}, {"tremor", "antagonist_phase_deg", "0"}, {"tremor", "effort", "0.2"}}},
      {"physiological_tremor",
       "the tremor of everybody",
       {{"tremor", "tremor_hz", "10"}, {"tremor", "depth", "0.03"}, {"tremor", "phase_walk", "3"}}},
      {"tourette",
       "tics of 100-400 ms in clusters",
       {{"bursts", "burst_ms", "220"},
        {"bursts", "burst_cv", "0.35"},
        {"bursts", "burst_law", "clustered"},
        {"bursts", "triphasic", "true"},
        {"bursts", "rise_ms", "20"}}},
      {"myoclonus_cortical",
       "jerks of 10-50 ms, muscles in order",
       {{"bursts", "burst_ms", "30"},
        {"bursts", "antagonist_delay_ms", "10"},
        {"bursts", "suppression_ms", "120"},
        {"bursts", "background_effort", "0.1"}}},
      {"myoclonus_spinal",
       "rhythmic jerks of 50-500 ms",
       {{"bursts", "burst_ms", "180"}, {"bursts", "burst_law", "rhythmic"}, {"bursts", "burst_rate_per_min", "60"}}},
      {"hemifacial_spasm",
       "bursts of two facial muscles together, lateral spread",
       {{"rest", "muscle", "orbicularis oculi,mentalis"},
        {"rest", "source_count", "0"},
        {"rest", "activity", "hemifacial"},
        {"blink", "spread_uv", "150"}}},
  };
  return list;
}

const Preset& named(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& preset : all()) {
    if (preset.name == name) return preset;
    names.emplace_back(preset.name);
  }
  const auto nearest = nearest_name(name, names);
  throw InvalidArgument(fmt::format("preset \"{}\" is not one of {}{}", name, fmt::join(names, ", "),
                                    nearest.empty() ? "" : "; did you mean " + nearest + "?"));
}

}  // namespace

bool Preset::covers(std::string_view kind) const {
  return settings.empty() || std::any_of(settings.begin(), settings.end(), [&](const PresetSetting& s) { return s.kind == kind; });
}

std::span<const Preset> presets() {
  return all();
}

std::vector<FieldInfo> preset_options(const SimulationKind& kind, std::string_view name) {
  auto options = kind.options;
  if (name.empty()) return options;
  const auto& preset = named(name);
  if (!preset.covers(kind.name)) {
    std::vector<std::string> kinds;
    for (const auto& setting : preset.settings) {
      if (std::find(kinds.begin(), kinds.end(), setting.kind) == kinds.end()) kinds.emplace_back(setting.kind);
    }
    throw InvalidArgument(fmt::format("preset {} says nothing about {}; it is for {}", name, kind.name, fmt::join(kinds, ", ")));
  }
  for (const auto& setting : preset.settings) {
    if (setting.kind != kind.name) continue;
    auto& info = options[kind.option_index(setting.option)];
    info.default_value = checked_value(info, parse_value(info, setting.value));
  }
  return options;
}

}  // namespace emg
