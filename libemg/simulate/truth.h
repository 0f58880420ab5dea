#pragma once
// Truth of motor units: trains, templates and tables of what was put into a recording.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/simulate/firing.h"
#include "libemg/simulate/instrument.h"
#include "libemg/simulate/muap.h"
#include "libemg/simulate/noise.h"
#include "libemg/simulate/pool.h"
#include "libemg/simulate/simulation.h"

namespace emg {

/// Part of what a unit gives to the record: a template and the instants and factors at which it is added.
struct UnitPart {
  UnitPotential potential;
  std::vector<double> time_s, factor;
};

struct SimulatedUnit {
  int unit_id = 0;
  std::string kind;   ///< "voluntary", "fasciculation", ...
  Index channel = 0;  ///< channel of the reference instant
  MotorNeuron neuron;
  UnitPotential potential;
  Train train;                 ///< of the neuron
  std::vector<double> factor;  ///< of the amplitude of each discharge; empty: 1
  /// What is rendered instead of the potential at every discharge: fibres with their own jitter, templates that change.
  std::vector<UnitPart> parts = {};
  std::vector<double> reference_shift_s = {};  ///< of each discharge against that of the potential; empty: 0
  std::vector<double> blocked_share = {};      ///< of the fibres, each discharge; empty: 0
  std::optional<double> jitter_us = std::nullopt, block_probability = std::nullopt;
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
  std::optional<double> snr_peak_db, nearest_cosine, jitter_us, block_probability;

  static constexpr auto fields() {
    using R = TruthUnit;
    return std::tuple{
        field("unit_id", &R::unit_id, {}, "number of the unit"),
        field("kind", &R::kind, {}, "voluntary, fasciculation, or another kind of activity"),
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
              "largest cosine of its template with that of another unit, both at their reference; missing above 300 units"),
        field("jitter_us", &R::jitter_us, {}, "mean SD of the latency of its end-plates"),
        field("block_probability", &R::block_probability, {}, "mean share of its fibres that fail"),
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
  double blocked_share = 0;
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
        field("blocked_share", &R::blocked_share, {}, "fibres of the unit that failed"),
        field("doublet", &R::doublet, {}, "second discharge of a doublet"),
    };
  }
};
static_assert(fully_described<TruthSpike>());

/// Something that happened in the record: a twitch, burst, bout, run, artefact, heart beat.
struct TruthEvent {
  std::string kind;
  std::optional<int> source = std::nullopt;
  int channel_peak = 0;
  std::int64_t sample = 0;
  double time_s = 0;
  double start_s = 0;
  double duration_s = 0;
  std::optional<double> peak_uv = std::nullopt;
  std::optional<int> channel_count = std::nullopt;
  std::optional<int> discharge_count = std::nullopt;
  std::optional<double> half_start_s = std::nullopt, half_end_s = std::nullopt, first_discharge_s = std::nullopt,
                        last_discharge_s = std::nullopt;
  bool doublet = false;

  static constexpr auto fields() {
    using R = TruthEvent;
    return std::tuple{
        field("kind", &R::kind, {}, "what happened"),
        field("source", &R::source, {}, "unit or source behind it"),
        field("channel_peak", &R::channel_peak, {}, "channel where it is largest"),
        field("sample", &R::sample, {}, "sample nearest to time_s"),
        field("time_s", &R::time_s, {}, "a twitch: largest absolute value; else the start"),
        field("start_s", &R::start_s, {}, "first instant that it touches"),
        field("duration_s", &R::duration_s, {}, "a twitch: between the outermost points above 5 % of the peak; else to the end"),
        field("peak_uv", &R::peak_uv, {}, "noise-free value at time_s, other events left out"),
        field("channel_count", &R::channel_count, {}, "channels where it exceeds two SD of the noise"),
        field("discharge_count", &R::discharge_count, {}, "potentials that belong to it"),
        field("half_start_s", &R::half_start_s, {}, "drive passes half its height"),
        field("half_end_s", &R::half_end_s, {}, "and again on its way down"),
        field("first_discharge_s", &R::first_discharge_s, {}, "reference instant of its first potential"),
        field("last_discharge_s", &R::last_discharge_s, {}, "that of its last"),
        field("doublet", &R::doublet, {}, "second of a pair"),
    };
  }
};
static_assert(fully_described<TruthEvent>());

struct TruthNoise {
  int channel = 0;
  std::string name;
  double noise_uv = 0;
  std::optional<double> snr_db;
  double line_uv = 0;
  std::string status;

  static constexpr auto fields() {
    using R = TruthNoise;
    return std::tuple{
        field("channel", &R::channel, {}, "number of the channel"),
        field("name", &R::name, {}, "its name"),
        field("noise_uv", &R::noise_uv, {}, "RMS of its electrode noise in the recorded band, before steps and modulation"),
        field("snr_db", &R::snr_db, {}, "20 log10(RMS of the clean signal while active / noise_uv)"),
        field("line_uv", &R::line_uv, {}, "amplitude of the mains"),
        field("status", &R::status, {}, "good, flat, noisy or disconnected"),
    };
  }
};
static_assert(fully_described<TruthNoise>());

/// Reference instant of every discharge, in seconds.
std::vector<double> reference_times_s(const SimulatedUnit& unit, double rate_hz);

/// A discharge of `unit` as an event: largest channel, peak, outermost points above 5 %.
TruthEvent twitch_event(const SimulatedUnit& unit, std::size_t e, double rate_hz, double noise_uv);

/// Adds the discharges of `units`, noise and instrument to the empty recording of `simulation` (rate, channels and size set), and writes
/// the motor units and tables of the truth: truth_units, truth_spikes, truth_events (with what noise adds), truth_noise.
void finish_recording(Simulation& simulation, std::vector<SimulatedUnit> units, std::vector<TruthEvent> events,
                      const ContaminantOptions& noise, const InstrumentOptions& instrument, std::int64_t seed, int threads);

/// An empty recording of the given channels.
void open_recording(Simulation& simulation, std::vector<Channel> channels, double rate_hz, double duration_s,
                    const std::string& description);

/// Adds a channel that is no voltage (force, acceleration).
void append_channel(Recording& recording, const Channel& channel, const std::vector<double>& values);

}  // namespace emg
