#include "libemg/measure/ncs/markers.h"

#include "libemg/core/version.h"
#include "libemg/measure/ncs/response_internal.h"

namespace emg {
namespace {

using ncs_detail::Response;
using ncs_detail::ResponseOptions;

constexpr double kUvPerMv = 1000;

std::optional<double> in_mv(const std::optional<double>& uv) {
  return uv ? std::optional(*uv / kUvPerMv) : std::nullopt;
}

// Members that both kinds of row share.
template <class Row>
Row common_row(const Sweep& sweep, const SweepSet& set, const Response& r, LatencyMethod method) {
  Row row;
  row.sweep = sweep.sweep;
  row.channel = sweep.channel, row.nerve = sweep.nerve, row.side = sweep.side, row.site = sweep.site, row.annotation = sweep.annotation;
  row.distance_mm = sweep.distance_mm, row.intensity_ma = sweep.intensity_ma, row.temperature_c = sweep.temperature_c;
  row.present = r.present;
  row.onset_ms = r.onset_ms, row.peak_ms = r.peak_ms;
  row.negative_duration_ms = r.negative_duration_ms, row.total_duration_ms = r.total_duration_ms, row.rise_ms = r.rise_ms;
  row.positive_peak_ms = r.positive_peak_ms, row.positivity_pct = r.positivity_pct, row.initial_positivity = r.initial_positivity;
  row.phases = r.phases, row.turns = r.turns;
  row.onset_sd_ms = r.onset_sd_ms, row.snr_db = r.snr_db;
  row.noise_uv = r.noise_uv, row.threshold_uv = r.threshold_uv;
  row.negativity_used = r.negativity_used, row.onset_method = method;
  row.band_low_hz = set.band_low_hz, row.band_high_hz = set.band_high_hz;
  row.version = kVersion;
  row.quality = r.flags.empty() ? "ok" : r.flags;
  row.reason = r.reason;
  return row;
}

template <class Row, class Make>
std::vector<Row> rows_of(const SweepSet& set, const ResponseOptions& options, int threads, Make&& make) {
  ncs_detail::require_sweeps(set);
  ncs_detail::require_window(set, "window_low_ms", options.window_low_ms, "window_high_ms", options.window_high_ms);
  const auto found = ncs_detail::measure_all(set, options, threads);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < found.size(); ++i) rows.push_back(make(set.sweeps[i], set, found[i], options.onset_method));
  return rows;
}

}  // namespace

namespace ncs_detail {

MWaveRow m_wave_row(const Sweep& sweep, const SweepSet& set, const Response& found, LatencyMethod method) {
  auto row = common_row<MWaveRow>(sweep, set, found, method);
  row.muscle = sweep.muscle;
  row.amplitude_mv = in_mv(found.amplitude_uv), row.peak_to_peak_mv = in_mv(found.peak_to_peak_uv);
  row.negative_area_mvms = in_mv(found.negative_area_uvms), row.smallest_detectable_mv = found.smallest_uv / kUvPerMv;
  row.method = "m-wave";
  return row;
}

SnapRow snap_row(const Sweep& sweep, const SweepSet& set, const Response& found, LatencyMethod method) {
  auto row = common_row<SnapRow>(sweep, set, found, method);
  row.amplitude_uv = found.amplitude_uv, row.peak_to_peak_uv = found.peak_to_peak_uv;
  row.negative_area_uvms = found.negative_area_uvms, row.smallest_detectable_uv = found.smallest_uv;
  row.method = "snap";
  return row;
}

ResponseOptions response_options(const MWaveOptions& o) {
  return {o.window_low_ms,
          o.window_high_ms,
          o.onset_method,
          o.negativity,
          o.noise_factor,
          o.floor_mv * kUvPerMv,
          o.positivity_pct,
          kMotorScale,
          false,
          {},
          {},
          {},
          {}};
}

ResponseOptions response_options(const SnapOptions& o) {
  return {o.window_low_ms,
          o.window_high_ms,
          o.onset_method,
          o.negativity,
          o.noise_factor,
          o.floor_uv,
          o.positivity_pct,
          kSensoryScale,
          true,
          {},
          {},
          {},
          {}};
}

}  // namespace ncs_detail

std::vector<MWaveRow> m_wave(const SweepSet& set, const MWaveOptions& options, int threads) {
  validate_options(options);
  return rows_of<MWaveRow>(set, ncs_detail::response_options(options), threads, ncs_detail::m_wave_row);
}

std::vector<SnapRow> snap(const SweepSet& set, const SnapOptions& options, int threads) {
  validate_options(options);
  return rows_of<SnapRow>(set, ncs_detail::response_options(options), threads, ncs_detail::snap_row);
}

}  // namespace emg
