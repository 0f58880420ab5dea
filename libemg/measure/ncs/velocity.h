#pragma once
// Conduction velocity, terminal indices and F-wave velocities from latencies and distances; temperature correction by factors of the user.
//
// Distances in mm, latencies in ms, velocities in m/s. Throws InvalidArgument: a distance that is missing or not above 0, a proximal
// latency not after the distal one, latencies of two onset methods. The operation turns what is missing into empty columns with the reason.
// Cost: constant. Method: Kimura, Electrodiagnosis in Diseases of Nerve and Muscle (F ratio, F estimate); residual latency and terminal
// latency index after Kraft and Halvorson (1983) and Shahani et al. (1979). Uncertainty: cv sqrt((sd_d / d)^2 + (sd_1^2 + sd_2^2) / dt^2).

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"
#include "libemg/measure/ncs/markers.h"

namespace emg {

/// A latency that knows how it was found.
struct Latency {
  double ms = 0;
  double sd_ms = 0.1;
  LatencyMethod method = LatencyMethod::rise;
};

struct Velocity {
  double mps = 0;
  double sd_mps = 0;
  bool segment_short = false;  ///< below 80 mm: the distance is the larger part of the error
};
Velocity segment_velocity(double distance_mm, const Latency& distal, const Latency& proximal, double distance_sd_mm = 2);

struct TerminalIndices {
  double residual_latency_ms = 0;
  double terminal_latency_index = 0;
};
TerminalIndices terminal_indices(double distal_latency_ms, double terminal_distance_mm, double velocity_mps);

/// F ratio, F-wave velocity over `distance_mm` from stimulus to the spine, with a turnaround of 1 ms.
struct FIndices {
  double f_ratio = 0;
  double velocity_mps = 0;
};
FIndices f_indices(double f_latency_ms, double m_latency_ms, double distance_mm);
/// Latency that an F wave should have at this velocity.
double f_estimate_ms(double distance_mm, double velocity_mps, double distal_latency_ms);

/// What a correction did; factors are the user's.
double velocity_at_reference(double velocity_mps, double temperature_c, double reference_c, double factor_mps_per_c);
double latency_at_reference(double latency_ms, double temperature_c, double reference_c, double factor_ms_per_c);

struct ConductionOptions {
  bool sensory = false;
  double window_low_ms = 1.5;
  double window_high_ms = 40;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double distance_sd_mm = 2;
  double latency_sd_ms = 0.1;
  std::optional<double> reference_c, velocity_factor_mps, latency_factor_ms;

  static constexpr auto fields() {
    using O = ConductionOptions;
    return std::tuple{
        field("sensory", &O::sensory, {}, "sensory responses: the velocity from the stimulus to the recording electrode is given too"),
        field("window_low_ms", &O::window_low_ms, {0, 1000}, "start of the search for the response"),
        field("window_high_ms", &O::window_high_ms, {0.1, 1000}, "its end"),
        field("onset_method", &O::onset_method, {}, "how the onset is found"),
        field("negativity", &O::negativity, {}, "sign of E1-negative values in the data"),
        field("distance_sd_mm", &O::distance_sd_mm, {0, 100}, "SD of a measured distance"),
        field("latency_sd_ms", &O::latency_sd_ms, {0, 10},
              "SD of a latency; the larger of this and the noise over the slope at the onset counts"),
        field("reference_c", &O::reference_c, {0, 50}, "temperature that velocities and latencies are brought to; auto: no correction"),
        field("velocity_factor_mps", &O::velocity_factor_mps, {0, 10}, "velocity gained for each degree, with reference_c"),
        field("latency_factor_ms", &O::latency_factor_ms, {0, 10}, "latency lost for each degree, with reference_c"),
    };
  }
};
static_assert(fully_described<ConductionOptions>());

struct VelocityRow {
  std::string channel, nerve, side, muscle, distal_site, proximal_site, annotation;
  std::optional<double> segment_mm, distal_latency_ms, proximal_latency_ms, velocity_mps, velocity_sd_mps;
  std::optional<double> residual_latency_ms, terminal_latency_index;
  std::optional<double> temperature_c, velocity_adjusted_mps, distal_latency_adjusted_ms;
  LatencyMethod onset_method = LatencyMethod::rise;
  std::optional<double> band_low_hz, band_high_hz;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = VelocityRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle; empty for a sensory response"),
        field("distal_site", &R::distal_site, {}, "nearer place of stimulation; empty: the recording electrode"),
        field("proximal_site", &R::proximal_site, {}, "farther place of stimulation"),
        field("annotation", &R::annotation, {}, "remark of the sweeps"),
        field("segment_mm", &R::segment_mm, {}, "distance between the sites"),
        field("distal_latency_ms", &R::distal_latency_ms, {}, "onset from the nearer site"),
        field("proximal_latency_ms", &R::proximal_latency_ms, {}, "onset from the farther site"),
        field("velocity_mps", &R::velocity_mps, {}, "conduction velocity"),
        field("velocity_sd_mps", &R::velocity_sd_mps, {}, "its SD from those of distance and latencies"),
        field("residual_latency_ms", &R::residual_latency_ms, {}, "distal latency less terminal distance over velocity; first segment"),
        field("terminal_latency_index", &R::terminal_latency_index, {},
              "terminal distance over (velocity x distal latency); first segment"),
        field("temperature_c", &R::temperature_c, {}, "skin temperature"),
        field("velocity_adjusted_mps", &R::velocity_adjusted_mps, {}, "velocity at the reference temperature; only if asked for"),
        field("distal_latency_adjusted_ms", &R::distal_latency_adjusted_ms, {},
              "distal latency at the reference temperature; only if asked for"),
        field("onset_method", &R::onset_method, {}, "method of both onsets"),
        field("band_low_hz", &R::band_low_hz, {}, "low edge of the recording's hardware filter"),
        field("band_high_hz", &R::band_high_hz, {}, "its high edge"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why the velocity is empty: not_assessable (...)"),
    };
  }
};
static_assert(fully_described<VelocityRow>());

/// One stimulated site with its markers, as velocities need it.
struct SiteLatency {
  Sweep sweep;
  std::optional<double> onset_ms, onset_sd_ms;
  std::optional<double> band_low_hz, band_high_hz;
};
/// Velocities between neighbouring sites (of one channel, nerve, side and muscle, by distance), for sensory responses also to the
/// electrode.
std::vector<VelocityRow> velocities(const std::vector<SiteLatency>& sites, const ConductionOptions& options);

/// The operation: sweeps of each site are averaged, their onsets found, velocities between neighbouring sites computed.
std::vector<VelocityRow> conduction_velocities(const SweepSet& set, const ConductionOptions& options = {}, int threads = 1);

}  // namespace emg
