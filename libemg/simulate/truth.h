#pragma once
// Truth of motor units: trains, templates and tables of what was put into a recording.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/firing.h"
#include "libemg/simulate/muap.h"
#include "libemg/simulate/simulation.h"

namespace emg {

struct SimulatedUnit {
  int unit_id = 0;
  std::string kind;   ///< "voluntary", "fasciculation"
  Index channel = 0;  ///< channel of the reference instant
  MotorNeuron neuron;
  UnitPotential potential;
  Train train;                 ///< of the neuron
  std::vector<double> factor;  ///< of the amplitude of each discharge; empty: 1
};

struct TruthUnit {
  int unit_id = 0;
  std::string kind;
  int channel = 0;
  int discharge_count = 0;
  std::optional<double> rate_hz = std::nullopt, cv_isi = std::nullopt;
  double recruitment_threshold = 0;
  double size = 0;
  int fibre_count = 0;
  double territory_x_mm = 0, territory_y_mm = 0, territory_mm = 0;
  double velocity_mean_m_s = 0;
  double peak_uv = 0;
  std::optional<double> snr_peak_db, nearest_cosine;

  static constexpr auto fields() {
    using R = TruthUnit;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit"),
        field("kind", &R::kind, {}, "voluntary or fasciculation"),
        field("channel", &R::channel, {}, "reference channel"),
        field("discharge_count", &R::discharge_count, {}, "discharges whose reference instant lies in the record"),
        field("rate_hz", &R::rate_hz, {}, "1 / median interval"),
        field("cv_isi", &R::cv_isi, {}, "SD / mean of the intervals up to 250 ms"),
        field("recruitment_threshold", &R::recruitment_threshold, {}, "excitation from which it fires, of the largest"),
        field("size", &R::size, {}, "innervation number relative to the first unit of the pool"),
        field("fibre_count", &R::fibre_count, {}, "fibres (needle: within the pick-up area)"),
        field("territory_x_mm", &R::territory_x_mm, {}, "centre of the territory across the fibres"),
        field("territory_y_mm", &R::territory_y_mm, {}, "the other coordinate; surface: depth below the muscle surface"),
        field("territory_mm", &R::territory_mm, {}, "diameter of the territory"),
        field("velocity_mean_m_s", &R::velocity_mean_m_s, {}, "mean of its fibres"),
        field("peak_uv", &R::peak_uv, {}, "template at the reference instant"),
        field("snr_peak_db", &R::snr_peak_db, {}, "20 log10(|peak| / noise SD); missing without noise"),
        field("nearest_cosine", &R::nearest_cosine, {},
              "largest cosine of its template with that of another unit, both at their reference"),
    };
  }
};
static_assert(fully_described<TruthUnit>());

struct TruthSpike {
  int unit_id = 0;
  std::int64_t sample = 0;
  double offset_samples = 0;
  double time_s = 0;
  double neuron_time_s = 0;
  double amplitude_factor = 1;
  int overlap_count = 0;
  std::optional<double> isolation_ms;
  bool doublet = false;

  static constexpr auto fields() {
    using R = TruthSpike;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit"),
        field("sample", &R::sample, {}, "sample nearest to the reference instant"),
        field("offset_samples", &R::offset_samples, {}, "reference instant minus sample"),
        field("time_s", &R::time_s, {}, "reference instant: largest absolute value of the template"),
        field("neuron_time_s", &R::neuron_time_s, {}, "discharge of the neuron"),
        field("amplitude_factor", &R::amplitude_factor, {}, "of this discharge"),
        field("overlap_count", &R::overlap_count, {}, "discharges of other units within 5 ms"),
        field("isolation_ms", &R::isolation_ms, {}, "distance to the nearest discharge of another unit"),
        field("doublet", &R::doublet, {}, "second discharge of a doublet"),
    };
  }
};
static_assert(fully_described<TruthSpike>());

/// Renders `units` into the recording (rate and size set, channels x samples) and writes truth_units, truth_spikes and the motor units.
void add_units(Simulation& simulation, const std::vector<SimulatedUnit>& units, double noise_uv, int threads);

/// Reference instant of a discharge at `time_s`, in seconds.
double reference_time_s(const SimulatedUnit& unit, double time_s, double rate_hz);

}  // namespace emg
