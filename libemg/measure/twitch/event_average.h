#pragma once
// What other channels do around the bursts of one, and how fast bursts travel.
//
// signal: channels x samples, microvolts. `event_average`: mean of every channel around the bursts of the channel `trigger`, its standard
// error and the mean with alternating signs, which holds noise only; `event_potential`: the area of the slow potential before the burst;
// `pathway_velocity`: regression of
// the lag of the bursts of each channel behind those of the first on the distance along the pathway.
// Degenerate input: no burst whose window lies inside the record: 0 events and no curves; fewer than three channels with bursts, or an
// interval of the slope that includes 0: no velocity.
// Throws InvalidArgument as `bursts`, for a trigger that is no channel and for distances that are not one for each channel.
// Cost: `bursts` of the channels that are looked at.
// Method: jerk-locked averaging (Shibasaki & Kuroiwa 1975, Electroencephalogr Clin Neurophysiol 38:455); least squares with Student's t.

#include <optional>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

struct EventAverageOptions {
  int trigger = 0;
  double before_s = 2;
  double after_s = 0.5;
  double low_hz = 30;
  double high_hz = 450;
  double factor = 2;

  static constexpr auto fields() {
    using O = EventAverageOptions;
    return std::tuple{
        field("trigger", &O::trigger, {0, 4095}, "channel whose bursts are the events, counted from 0"),
        field("before_s", &O::before_s, {0.01, 60}, "part of the window before the onset"),
        field("after_s", &O::after_s, {0.01, 60}, "part after it"),
        field("low_hz", &O::low_hz, {1, 1000}, "lower edge of the band-pass of the trigger"),
        field("high_hz", &O::high_hz, {30, 20000}, "upper edge, at most 0.45 of the sampling rate"),
        field("factor", &O::factor, {1.2, 100}, "candidates: moving RMS above this multiple of its resting level"),
    };
  }
};
static_assert(fully_described<EventAverageOptions>());

struct EventAverage {
  std::vector<double> time_s;
  RowMatrix mean_uv, se_uv, noise_uv;
  int events = 0;

  static constexpr auto fields() {
    using R = EventAverage;
    return std::tuple{
        field("time_s", &R::time_s, {}, "after the onset of the burst"),
        field("mean_uv", &R::mean_uv, {}, "mean of the channel"),
        field("se_uv", &R::se_uv, {}, "its standard error"),
        field("noise_uv", &R::noise_uv, {}, "mean with alternating signs"),
        field("events", &R::events, {}, "bursts whose window lies inside the record"),
    };
  }
};
static_assert(fully_described<EventAverage>());

/// Operation `event-average`.
EventAverage event_average(const ChannelsView& signal, double rate_hz, const EventAverageOptions& options, int threads = 1);

struct EventPotentialRow {
  int channel = 0;
  int events = 0;
  std::optional<double> early_area_uvs = std::nullopt;
  std::optional<double> early_se_uvs = std::nullopt;
  std::optional<double> late_area_uvs = std::nullopt;
  std::optional<double> late_se_uvs = std::nullopt;

  static constexpr auto fields() {
    using R = EventPotentialRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel"),
        field("events", &R::events, {}, "bursts of the trigger whose window lies inside the record"),
        field("early_area_uvs", &R::early_area_uvs, {}, "integral from before_s to the onset, level of the first quarter of that time taken away"),
        field("early_se_uvs", &R::early_se_uvs, {}, "its standard error"),
        field("late_area_uvs", &R::late_area_uvs, {}, "integral of the last half second before the onset, likewise"),
        field("late_se_uvs", &R::late_se_uvs, {}, "its standard error"),
    };
  }
};
static_assert(fully_described<EventPotentialRow>());

/// Operation `event-potential`: the slow potential of each channel before the bursts of the trigger.
std::vector<EventPotentialRow> event_potentials(const ChannelsView& signal, double rate_hz, const EventAverageOptions& options, int threads = 1);

struct PathwayOptions {
  std::vector<double> distance_mm = {};
  double low_hz = 30;
  double high_hz = 450;
  double factor = 2;

  static constexpr auto fields() {
    using O = PathwayOptions;
    return std::tuple{
        field("distance_mm", &O::distance_mm, {0, 5000}, "of each channel along the pathway"),
        field("low_hz", &O::low_hz, {1, 1000}, "lower edge of the band-pass"),
        field("high_hz", &O::high_hz, {30, 20000}, "upper edge, at most 0.45 of the sampling rate"),
        field("factor", &O::factor, {1.2, 100}, "candidates: moving RMS above this multiple of its resting level"),
    };
  }
};
static_assert(fully_described<PathwayOptions>());

struct PathwayVelocityRow {
  int channels = 0;
  std::optional<double> slope_ms_per_mm = std::nullopt;
  std::optional<double> slope_low_ms_per_mm = std::nullopt;
  std::optional<double> slope_high_ms_per_mm = std::nullopt;
  std::optional<double> velocity_mps = std::nullopt;
  std::optional<double> velocity_low_mps = std::nullopt;
  std::optional<double> velocity_high_mps = std::nullopt;
  std::string reason = {};

  static constexpr auto fields() {
    using R = PathwayVelocityRow;
    return std::tuple{
        field("channels", &R::channels, {}, "channels with bursts that follow or precede those of the first"),
        field("slope_ms_per_mm", &R::slope_ms_per_mm, {}, "lag for each millimetre"),
        field("slope_low_ms_per_mm", &R::slope_low_ms_per_mm, {}, "lower end of its 95 % interval"),
        field("slope_high_ms_per_mm", &R::slope_high_ms_per_mm, {}, "its upper end"),
        field("velocity_mps", &R::velocity_mps, {}, "along the pathway; missing if the interval includes 0"),
        field("velocity_low_mps", &R::velocity_low_mps, {}, "lower end of its 95 % interval"),
        field("velocity_high_mps", &R::velocity_high_mps, {}, "its upper end"),
        field("reason", &R::reason, {}, "why there is no velocity"),
    };
  }
};
static_assert(fully_described<PathwayVelocityRow>());

/// Of lags known already; three channels at least.
PathwayVelocityRow pathway_velocity(const std::vector<double>& distance_mm, const std::vector<double>& lag_ms);

/// Operation `pathway-velocity`: one row.
std::vector<PathwayVelocityRow> pathway_velocity_of(const ChannelsView& signal, double rate_hz, const PathwayOptions& options, int threads = 1);

}  // namespace emg
