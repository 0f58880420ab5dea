#pragma once
// The markers of one evoked potential, before they become a row with its units.

#include <optional>
#include <string>
#include <vector>

#include "libemg/measure/ncs/markers.h"
#include "libemg/measure/ncs/onset_internal.h"

namespace emg::ncs_detail {

struct ResponseOptions {
  double window_low_ms = 0, window_high_ms = 0;
  LatencyMethod onset_method = LatencyMethod::rise;
  Negativity negativity = Negativity::automatic;
  double noise_factor = 4;
  double floor_uv = 0;
  double positivity_pct = 5;
  ResponseScale scale = kMotorScale;
  bool sensory = false;
  std::optional<double> sigma_uv;  ///< noise known from elsewhere
  std::optional<double> onset_ms;  ///< marker set by hand
  std::optional<double> peak_ms;
  std::optional<double> exponent;  ///< of the method `rise`
};

struct Response {
  bool present = false;
  std::optional<double> onset_ms, peak_ms, amplitude_uv, peak_to_peak_uv, negative_duration_ms, total_duration_ms, negative_area_uvms,
      rise_ms;
  std::optional<double> positive_peak_ms, positivity_pct, onset_sd_ms, snr_db;
  bool initial_positivity = false;
  std::optional<int> phases, turns;
  double noise_uv = 0, smallest_uv = 0, threshold_uv = 0;
  Negativity negativity_used = Negativity::negative_values;
  std::string flags, reason;
  std::vector<double> rise_errors;  ///< of each exponent, relative to the squared peak; method `rise` without a given exponent
  std::optional<RiseGrid> grid;     ///< of the exponent given
  double top_uv = 0, noise_correlation = 0;
};

Response measure_response(const Trace& trace, const ResponseOptions& options);

/// Responses of every row of `set`; sweeps of one channel, nerve, side and muscle share the exponent of the method `rise`, and its
/// slope over the peak where the sweeps do not speak against that, so that latencies from several sites are read off the same shape.
std::vector<Response> measure_all(const SweepSet& set, const ResponseOptions& options, int threads);

/// Rows of found responses.
MWaveRow m_wave_row(const Sweep& sweep, const SweepSet& set, const Response& found, LatencyMethod method);
SnapRow snap_row(const Sweep& sweep, const SweepSet& set, const Response& found, LatencyMethod method);
ResponseOptions response_options(const MWaveOptions& options);
ResponseOptions response_options(const SnapOptions& options);

/// Sign that makes E1-negative values positive, and whether it was assumed.
double negativity_sign(const Trace& level_removed, Index first, Index last, Negativity negativity, const ResponseScale& scale,
                       bool& assumed);

}  // namespace emg::ncs_detail
