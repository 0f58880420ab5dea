#pragma once
// F waves and A waves after supramaximal stimuli.
//
// set: at least 5 (better 10) sweeps of a site, microvolts; window_ms = [start, end] of the search after the stimulus. Results: one row for
// each sweep (f_wave_sweeps), one for each site (f_waves), one for each A wave (a_waves). Degenerate input: no F wave gives persistence 0
// and empty latencies. Throws InvalidArgument for a set that m_wave would refuse, window_ms missing or outside the sweep, fewer than 5
// sweeps, averaged sweeps. Cost: O(sweeps x samples) and O(sweeps^2 x samples of the window) for the repeaters. Method: the tail of the M
// wave in the window is a robust sum of constant and exponentials (4, 10 and 30 ms) of the median of the sweeps, the level of each that
// before its stimulus. The rest, smoothed over 0.7 ms for detection, holds an F wave if its peak-to-peak exceeds max(floor_uv, noise_factor
// sigma). Onset: last sample of the smoothed trace below 2 sigma and 4 % of the first deflection; a small lobe of the other sign right
// before it counts as its start. A waves: equal place (SD below a_latency_sd_ms) and shape (correlation above a_correlation) in at least
// a_share of the sweeps; they are taken out before F waves are looked for. Repeaters: single linkage of F waves with correlation >= 0.95
// and amplitude ratio 0.8 to 1.25. Persistence with Clopper-Pearson interval (1934). Sample sizes after Fisher (1982).

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

struct FWaveOptions {
  std::vector<double> window_ms;
  double floor_uv = 40;
  double noise_factor = 4;
  double m_window_low_ms = 1.5;
  std::optional<double> spine_mm;
  double a_share = 0.4;
  double a_correlation = 0.95;
  double a_latency_sd_ms = 0.5;
  double repeater_correlation = 0.95;
  double repeater_ratio = 1.25;
  double confidence = 0.95;

  static constexpr auto fields() {
    using O = FWaveOptions;
    return std::tuple{
        field("window_ms", &O::window_ms, {0, 1000},
              "start and end of the search for F waves, after the M wave (arm about 20,45, leg 35,80); needed"),
        field("floor_uv", &O::floor_uv, {0, 10000}, "an F wave exceeds this peak-to-peak"),
        field("noise_factor", &O::noise_factor, {1, 100}, "and this multiple of the noise"),
        field("m_window_low_ms", &O::m_window_low_ms, {0, 100}, "start of the search for the M wave"),
        field("spine_mm", &O::spine_mm, {1, 3000}, "distance from the stimulus to the spine, for F-wave velocities; auto: none"),
        field("a_share", &O::a_share, {0.05, 1}, "an A wave stands in this share of the sweeps"),
        field("a_correlation", &O::a_correlation, {0, 1}, "with this likeness of shape"),
        field("a_latency_sd_ms", &O::a_latency_sd_ms, {0.01, 5}, "and this constancy of latency"),
        field("repeater_correlation", &O::repeater_correlation, {0, 1}, "F waves are the same repeater above this correlation"),
        field("repeater_ratio", &O::repeater_ratio, {1, 10}, "and within this ratio of amplitudes"),
        field("confidence", &O::confidence, {0.5, 0.999}, "level of the interval of the persistence"),
    };
  }
};
static_assert(fully_described<FWaveOptions>());

struct FWaveSweepRow {
  int sweep = 0;
  std::string channel, nerve, side, muscle, site;
  bool present = false;
  std::optional<double> latency_ms, amplitude_uv, duration_ms, correlation;
  bool with_a_wave = false;
  int repeater = 0;
  double noise_uv = 0;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = FWaveSweepRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus"),
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("present", &R::present, {}, "an F wave stands in this sweep"),
        field("latency_ms", &R::latency_ms, {}, "its onset"),
        field("amplitude_uv", &R::amplitude_uv, {}, "peak-to-peak"),
        field("duration_ms", &R::duration_ms, {}, "onset to the last deflection above max(4 sigma, 5 %)"),
        field("correlation", &R::correlation, {}, "largest correlation with another F wave of the site"),
        field("with_a_wave", &R::with_a_wave, {}, "the sweep holds an A wave too"),
        field("repeater", &R::repeater, {}, "number of the group of equal F waves; 0: none"),
        field("noise_uv", &R::noise_uv, {}, "SD before the stimulus"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<FWaveSweepRow>());

struct FWaveRow {
  std::string channel, nerve, side, muscle, site;
  int sweep_count = 0, f_count = 0, f_sweeps_with_a = 0;
  double persistence_pct = 0, persistence_low_pct = 0, persistence_high_pct = 0;
  std::optional<double> f_min_ms, f_mean_ms, f_median_ms, f_max_ms, chronodispersion_ms, f_amplitude_uv, f_duration_ms;
  std::optional<double> m_latency_ms, m_amplitude_mv, fm_mean_pct, fm_max_pct, f_ratio;
  std::optional<double> velocity_min_mps, velocity_mean_mps, velocity_max_mps;
  int repeater_groups = 0;
  std::optional<double> repeater_index, repeater_share;
  std::optional<double> band_low_hz, band_high_hz;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = FWaveRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("sweep_count", &R::sweep_count, {}, "stimuli"),
        field("f_count", &R::f_count, {}, "sweeps with an F wave"),
        field("f_sweeps_with_a", &R::f_sweeps_with_a, {}, "sweeps that hold an A wave"),
        field("persistence_pct", &R::persistence_pct, {}, "share of stimuli with an F wave"),
        field("persistence_low_pct", &R::persistence_low_pct, {}, "lower end of its confidence interval"),
        field("persistence_high_pct", &R::persistence_high_pct, {}, "upper end"),
        field("f_min_ms", &R::f_min_ms, {}, "shortest latency"),
        field("f_mean_ms", &R::f_mean_ms, {}, "mean latency"),
        field("f_median_ms", &R::f_median_ms, {}, "median latency"),
        field("f_max_ms", &R::f_max_ms, {}, "longest latency"),
        field("chronodispersion_ms", &R::chronodispersion_ms, {}, "longest less shortest latency"),
        field("f_amplitude_uv", &R::f_amplitude_uv, {}, "mean peak-to-peak"),
        field("f_duration_ms", &R::f_duration_ms, {}, "mean duration"),
        field("m_latency_ms", &R::m_latency_ms, {}, "onset of the M wave of the mean sweep"),
        field("m_amplitude_mv", &R::m_amplitude_mv, {}, "its peak-to-peak"),
        field("fm_mean_pct", &R::fm_mean_pct, {}, "mean F over M amplitude, both peak-to-peak"),
        field("fm_max_pct", &R::fm_max_pct, {}, "largest F over M amplitude"),
        field("f_ratio", &R::f_ratio, {}, "(F - M - 1 ms) / 2 M with the shortest F latency"),
        field("velocity_min_mps", &R::velocity_min_mps, {}, "F-wave velocity of the longest latency; with spine_mm"),
        field("velocity_mean_mps", &R::velocity_mean_mps, {}, "of the mean latency"),
        field("velocity_max_mps", &R::velocity_max_mps, {}, "of the shortest latency"),
        field("repeater_groups", &R::repeater_groups, {}, "groups of equal F waves"),
        field("repeater_index", &R::repeater_index, {}, "F waves that belong to a group, of all F waves"),
        field("repeater_share", &R::repeater_share, {}, "the same, of all stimuli"),
        field("band_low_hz", &R::band_low_hz, {}, "low edge of the recording's hardware filter"),
        field("band_high_hz", &R::band_high_hz, {}, "its high edge"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: few_latency below 10 sweeps, few_mean below 20, few_chronodispersion below 50"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<FWaveRow>());

struct AWaveRow {
  std::string channel, nerve, side, muscle, site;
  int sweep_count = 0, a_count = 0;
  double latency_ms = 0, latency_sd_ms = 0, amplitude_uv = 0, correlation = 0;
  std::string position, method, version;

  static constexpr auto fields() {
    using R = AWaveRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("site", &R::site, {}, "place of stimulation"),
        field("sweep_count", &R::sweep_count, {}, "stimuli"),
        field("a_count", &R::a_count, {}, "sweeps with this A wave"),
        field("latency_ms", &R::latency_ms, {}, "its mean onset"),
        field("latency_sd_ms", &R::latency_sd_ms, {}, "SD of the place of its peak"),
        field("amplitude_uv", &R::amplitude_uv, {}, "peak-to-peak of its mean"),
        field("correlation", &R::correlation, {}, "mean correlation with its mean"),
        field("position", &R::position, {}, "before_f, between, after_f; empty without F waves"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
    };
  }
};
static_assert(fully_described<AWaveRow>());

/// Everything that one look at the sweeps finds.
struct LateResponses {
  std::vector<FWaveSweepRow> sweeps;
  std::vector<FWaveRow> f_waves;
  std::vector<AWaveRow> a_waves;
};
LateResponses late_responses(const SweepSet& set, const FWaveOptions& options, int threads = 1);

std::vector<FWaveRow> f_waves(const SweepSet& set, const FWaveOptions& options, int threads = 1);
std::vector<FWaveSweepRow> f_wave_sweeps(const SweepSet& set, const FWaveOptions& options, int threads = 1);
std::vector<AWaveRow> a_waves(const SweepSet& set, const FWaveOptions& options, int threads = 1);

/// Clopper-Pearson interval of `hits` in `trials`, as shares.
struct ShareInterval {
  double low = 0, high = 1;
};
ShareInterval share_interval(int hits, int trials, double confidence);

}  // namespace emg
