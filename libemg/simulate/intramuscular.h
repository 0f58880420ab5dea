#pragma once
// Kinds `array` and `single_fibre`: several contacts, or a very small one, within a muscle.
//
// array: contacts of a line, fine wires, a monopolar needle, or a macro cannula among the units of a contraction; channels see the same
// units. single_fibre: a few fibres of one unit before a small surface, each a unit of the truth with its own instants.
// Result: truth_units, truth_spikes, truth_noise; array also truth_effort. Throws InvalidArgument for options outside their range.
// Cost: about 50 us for each contact and fibre within reach. Potential of a surface = mean over its points (electrode.h).

#include "libemg/simulate/contraction.h"
#include "libemg/simulate/drive.h"
#include "libemg/simulate/jitter.h"
#include "libemg/simulate/truth.h"

namespace emg {

enum class IntramuscularElectrode { line, fine_wire, monopolar, macro };
constexpr auto enum_names(IntramuscularElectrode) {
  using E = IntramuscularElectrode;
  return std::array<std::pair<E, std::string_view>, 4>{
      {{E::line, "line"}, {E::fine_wire, "fine_wire"}, {E::monopolar, "monopolar"}, {E::macro, "macro"}}};
}

struct ArraySimulation {
  std::int64_t seed = 1;
  double rate_hz = 10000;
  double duration_s = 30;
  IntramuscularElectrode electrode = IntramuscularElectrode::line;
  int contacts = 16;
  double pitch_mm = 1;
  double bare_mm = 2;
  double wire_distance_mm = 2;

  static constexpr auto fields() {
    using O = ArraySimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {4000, 200000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("electrode", &O::electrode, {},
              "a line of contacts across the fibres, a pair of fine wires, a monopolar needle, a macro cannula"),
        field("contacts", &O::contacts, {1, 64}, "contacts (line)"),
        field("pitch_mm", &O::pitch_mm, {0.1, 10}, "between them"),
        field("bare_mm", &O::bare_mm, {0.1, 30}, "bare length of each wire (fine_wire)"),
        field("wire_distance_mm", &O::wire_distance_mm, {0.2, 10}, "between the wires"),
    };
  }
};
static_assert(fully_described<ArraySimulation>());

struct ArrayScene {
  ArraySimulation array;
  EffortOptions effort;
  PoolOptions pool{.unit_count = 15, .rate_model = RateModel::onion_ta};
  NeedleAnatomy anatomy{.pickup_mm = 5};
  JitterOptions jitter;
  ContaminantOptions noise{.noise_uv = 4};
  InstrumentOptions instrument;

  static constexpr auto groups() {
    using S = ArrayScene;
    return std::tuple{&S::array, &S::effort, &S::pool, &S::anatomy, &S::jitter, &S::noise, &S::instrument};
  }
};

Simulation simulate_array(const ArrayScene& scene, int threads = 1);

/// Points of every channel of an electrode, weights of a channel summing to 1 (or to 0 for a difference).
std::vector<std::vector<ElectrodePoint>> intramuscular_points(const ArraySimulation& options);

struct SingleFibreSimulation {
  std::int64_t seed = 1;
  double rate_hz = 50000;
  double duration_s = 60;
  int fibre_count = 2;
  double nearest_mm = 0.1;
  double farthest_mm = 0.25;
  double delay_spread_ms = 0.6;
  bool stimulated = false;
  double discharge_hz = 10;
  double interval_cv = 0.1;
  double wave_scale = 2;

  static constexpr auto fields() {
    using O = SingleFibreSimulation;
    return std::tuple{
        field("seed", &O::seed, {0, kLargestSeed}, "seed of every draw"),
        field("rate_hz", &O::rate_hz, {20000, 500000}, "sampling rate"),
        field("duration_s", &O::duration_s, {0.01, 86400}, "length"),
        field("fibre_count", &O::fibre_count, {1, 20}, "fibres of the unit before the electrode"),
        field("nearest_mm", &O::nearest_mm, {0.03, 2}, "distance of the nearest fibre"),
        field("farthest_mm", &O::farthest_mm, {0.03, 2}, "of the farthest"),
        field("delay_spread_ms", &O::delay_spread_ms, {0, 20}, "fibres arrive within this time"),
        field("stimulated", &O::stimulated, {}, "the axon is stimulated in a steady rhythm; else the unit fires by itself"),
        field("discharge_hz", &O::discharge_hz, {0.1, 100}, "rate of the unit or stimulus"),
        field("interval_cv", &O::interval_cv, {0, 1}, "coefficient of variation of the intervals (voluntary)"),
        field("wave_scale", &O::wave_scale, {0.5, 4}, "steepness of the intracellular wave, 1 = Rosenfalck"),
    };
  }
};
static_assert(fully_described<SingleFibreSimulation>());

struct SingleFibreScene {
  SingleFibreSimulation single_fibre;
  JitterOptions jitter{.jitter = JitterModel::transmission};
  ContaminantOptions noise{.noise_uv = 10};
  InstrumentOptions instrument{.amplifier_high_hz = 500};

  static constexpr auto groups() {
    using S = SingleFibreScene;
    return std::tuple{&S::single_fibre, &S::jitter, &S::noise, &S::instrument};
  }
};

Simulation simulate_single_fibre(const SingleFibreScene& scene, int threads = 1);

}  // namespace emg
