#pragma once
// What is recorded beside the muscle: electrode noise, mains, heart, movement of cables and electrodes, drifting base lines.
//
// Levels in microvolts; a level of 0 adds nothing. Each source and channel has its own stream, so none changes another.
// Noise: white up to half the rate or within a band (Butterworth, 4th order each edge); RMS over what is recorded. Its level may follow a
// sine and steps. 1/f: eight first-order low-pass noises of equal variance with corners an octave apart from 1 Hz.
// Mains: sines at 1 to 7 times the base with amplitudes 1, .2, .4, .1, .25, .05, .15 of the level, below half the rate; the frequency walks
// within +-0.05 Hz, the amplitude by 10 % (power grids and coupling as recorded in hospitals).
// Heart: five Gaussians of phase for each beat (McSharry et al. 2003, IEEE TBME 50), intervals 0.85 s with an AR(1) spread of 0.05 s.
// Movement: half cosines of 20-200 ms, double exponentials and steps that decay, Poisson in time, another share on every channel.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class BadChannel { flat, noisy, disconnected };
constexpr auto enum_names(BadChannel) {
  using B = BadChannel;
  return std::array<std::pair<B, std::string_view>, 3>{{{B::flat, "flat"}, {B::noisy, "noisy"}, {B::disconnected, "disconnected"}}};
}

struct ContaminantOptions {
  double noise_uv = 3;
  std::optional<double> snr_db;
  double noise_low_hz = 0;
  double noise_high_hz = 0;
  double noise_modulation = 0;
  double noise_period_s = 120;
  std::vector<double> noise_step_s;
  std::vector<double> noise_step_uv;
  double channel_noise_cv = 0;
  double pink_uv = 0;
  double line_uv = 0;
  double line_hz = 50;
  double ecg_uv = 0;
  double ecg_interval_s = 0.85;
  double motion_uv = 0;
  double motion_rate_per_min = 12;
  double cable_uv = 0;
  double cable_rate_per_min = 6;
  double baseline_uv = 0;
  std::vector<double> bad_channels;
  BadChannel bad_channel_kind = BadChannel::noisy;

  static constexpr auto fields() {
    using O = ContaminantOptions;
    return std::tuple{
        field("noise_uv", &O::noise_uv, {0, 1e5}, "electrode noise, RMS"),
        field("snr_db", &O::snr_db, {-60, 120}, "sets the noise from the clean signal: 20 log10(RMS while active / RMS of the noise)"),
        field("noise_low_hz", &O::noise_low_hz, {0, 1e5}, "lower edge of its band; 0: none"),
        field("noise_high_hz", &O::noise_high_hz, {0, 1e5}, "upper edge of its band; 0: half the rate"),
        field("noise_modulation", &O::noise_modulation, {0, 1}, "depth of a slow sine of its level"),
        field("noise_period_s", &O::noise_period_s, {0.1, 86400}, "period of that sine"),
        field("noise_step_s", &O::noise_step_s, {0, 86400}, "times from which another level holds, ascending"),
        field("noise_step_uv", &O::noise_step_uv, {0, 1e5}, "those levels, RMS"),
        field("channel_noise_cv", &O::channel_noise_cv, {0, 3}, "variation of the level from channel to channel"),
        field("pink_uv", &O::pink_uv, {0, 1e5}, "1/f noise from 1 Hz on, RMS"),
        field("line_uv", &O::line_uv, {0, 1e5}, "mains, amplitude of the base"),
        field("line_hz", &O::line_hz, {10, 400}, "mains frequency"),
        field("ecg_uv", &O::ecg_uv, {0, 1e5}, "height of the R wave of the heart"),
        field("ecg_interval_s", &O::ecg_interval_s, {0.2, 3}, "mean interval of the beats"),
        field("motion_uv", &O::motion_uv, {0, 1e6}, "size of movement artefacts"),
        field("motion_rate_per_min", &O::motion_rate_per_min, {0, 1000}, "movement artefacts a minute"),
        field("cable_uv", &O::cable_uv, {0, 1e6}, "bursts of broad noise by a moving cable, RMS"),
        field("cable_rate_per_min", &O::cable_rate_per_min, {0, 1000}, "such bursts a minute"),
        field("baseline_uv", &O::baseline_uv, {0, 1e6}, "base line that walks below 1 Hz, SD"),
        field("bad_channels", &O::bad_channels, {0, 4095}, "channels that failed, counted from 0"),
        field("bad_channel_kind", &O::bad_channel_kind, {}, "how: flat, noise of 20 times the level, or mains alone"),
    };
  }
};
static_assert(fully_described<ContaminantOptions>());

/// Something with a start, an end and a largest channel that noise put into the record.
struct NoiseEvent {
  const char* kind = "";
  double time_s = 0, start_s = 0, end_s = 0;
  Index channel = 0;
  double peak_uv = 0;
};

/// Adds electrode noise of the given level before steps and modulation: it stands at the electrode, so the amplifier filters it.
void add_electrode_noise(const ContaminantOptions& options, double level_uv, std::int64_t seed, double rate_hz, RowMatrix& signal,
                         int threads);

/// Level over base that channel `c` has.
double channel_noise_factor(const ContaminantOptions& options, std::int64_t seed, Index channel);

void add_white_noise(std::int64_t seed, double noise_uv, RowMatrix& signal, int threads);

void add_line(std::int64_t seed, double line_uv, double line_hz, double rate_hz, RowMatrix& signal);

/// Heart beats, the same on all channels up to a factor; the R waves are returned.
std::vector<NoiseEvent> add_ecg(const ContaminantOptions& options, std::int64_t seed, double rate_hz, RowMatrix& signal);

/// Movement artefacts, cable bursts and the walking base line.
std::vector<NoiseEvent> add_motion(const ContaminantOptions& options, std::int64_t seed, double rate_hz, RowMatrix& signal);

}  // namespace emg
