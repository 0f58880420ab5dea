#pragma once
// Motor evoked potentials and the silent period after them.
//
// set: sweeps x samples, microvolts, stimulus at zero_sample. onset_low_ms, onset_high_ms: where the response may begin after the stimulus;
// needed. Results: one row for each sweep. Degenerate input: no response gives an empty latency and the reason, never 0. Throws
// InvalidArgument for a set that m_wave would refuse (rates from 1 kHz on are taken), a window that is missing, reversed or outside the
// sweep. Cost: O(10 samples) for each sweep. Method: mean of the baseline window subtracted; natural-boundary-free (not-a-knot) cubic
// spline on 10 n points from the first to the last sample (de Boor 1978); amplitude |max| + |min| between onset_low_ms and onset_high_ms +
// 40 ms; latency back from the first of the two main peaks to the last point below 3 times the mean absolute deviation of the baseline;
// area the trapezoid of |y| from latency to end. Silent period: the end of the quiet
// stretch of the largest likelihood (change_point; loud, quiet, loud, each Gaussian) after a straight line is taken out, no filter, which
// would carry activity into the silence; or the return of the mean rectified trace above a control limit (Garvey et al., Clin Neurophysiol
// 2001;112:1451). Error of change_point, 3 kHz, white activity: mean 0.2, SD 0.4 ms at 5 times the noise, 0.1 and 0.3 ms at 10 times.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

enum class MepLatency { deviation, tangent, hinge };
constexpr auto enum_names(MepLatency) {
  using L = MepLatency;
  return std::array<std::pair<L, std::string_view>, 3>{{{L::deviation, "deviation"}, {L::tangent, "tangent"}, {L::hinge, "hinge"}}};
}

struct MepOptions {
  std::optional<double> onset_low_ms, onset_high_ms;
  double baseline_low_ms = -40;
  double baseline_high_ms = -5;
  double floor_uv = 50;
  int upsample = 10;
  double window_ms = 40;
  MepLatency latency_method = MepLatency::deviation;
  double latency_factor = 3;
  std::optional<double> prestimulus_limit_uv;

  static constexpr auto fields() {
    using O = MepOptions;
    return std::tuple{
        field("onset_low_ms", &O::onset_low_ms, {0, 1000}, "earliest onset after the stimulus; needed"),
        field("onset_high_ms", &O::onset_high_ms, {0, 1000}, "latest onset; needed"),
        field("baseline_low_ms", &O::baseline_low_ms, {-10000, 0}, "start of the baseline, before the stimulus"),
        field("baseline_high_ms", &O::baseline_high_ms, {-10000, 0}, "its end"),
        field("floor_uv", &O::floor_uv, {0, 1e6}, "smallest peak-to-peak of a response"),
        field("upsample", &O::upsample, {1, 100}, "points of the spline for each sample"),
        field("window_ms", &O::window_ms, {1, 1000}, "length of the response after onset_high_ms"),
        field("latency_method", &O::latency_method, {}, "how the onset is found"),
        field("latency_factor", &O::latency_factor, {0.5, 100}, "deviation: multiple of the mean absolute deviation of the baseline"),
        field("prestimulus_limit_uv", &O::prestimulus_limit_uv, {0, 1e6},
              "RMS of the baseline above which a sweep is flagged active; auto: none"),
    };
  }
};
static_assert(fully_described<MepOptions>());

struct MepRow {
  int sweep = 0;
  std::string channel, side, muscle, annotation;
  std::optional<double> intensity_ma;
  bool response = false;
  double amplitude_uv = 0;
  std::optional<double> latency_ms, end_ms, duration_ms, area_uvms, thickness_ms;
  std::optional<int> turns, phases;
  std::optional<double> first_peak_ms, first_peak_uv, second_peak_ms, second_peak_uv;
  std::string first_peak_sign;
  double prestimulus_rms_uv = 0;
  MepLatency latency_method = MepLatency::deviation;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = MepRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus"),
        field("channel", &R::channel, {}, "recording channel"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("annotation", &R::annotation, {}, "remark of the sweep"),
        field("intensity_ma", &R::intensity_ma, {}, "stimulus intensity as the file states it"),
        field("response", &R::response, {}, "the amplitude reaches floor_uv"),
        field("amplitude_uv", &R::amplitude_uv, {}, "|max| + |min| in the window"),
        field("latency_ms", &R::latency_ms, {}, "onset after the stimulus"),
        field("end_ms", &R::end_ms, {}, "last point above the limit of the latency"),
        field("duration_ms", &R::duration_ms, {}, "latency to end"),
        field("area_uvms", &R::area_uvms, {}, "rectified area from latency to end"),
        field("thickness_ms", &R::thickness_ms, {}, "area over amplitude"),
        field("turns", &R::turns, {}, "reversals of at least a twentieth of the amplitude"),
        field("phases", &R::phases, {}, "crossings of the baseline + 1"),
        field("first_peak_ms", &R::first_peak_ms, {}, "first of the two main peaks"),
        field("first_peak_uv", &R::first_peak_uv, {}, "its height, by convention positive"),
        field("second_peak_ms", &R::second_peak_ms, {}, "second main peak"),
        field("second_peak_uv", &R::second_peak_uv, {}, "its height, sign relative to the first"),
        field("first_peak_sign", &R::first_peak_sign, {}, "sign of the first main peak in the data"),
        field("prestimulus_rms_uv", &R::prestimulus_rms_uv, {}, "RMS of the baseline"),
        field("latency_method", &R::latency_method, {}, "how the onset was found"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: active"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<MepRow>());

std::vector<MepRow> mep(const SweepSet& set, const MepOptions& options = {}, int threads = 1);

/// Not-a-knot cubic spline through evenly spaced `y`, on `count` even points from the first to the last.
std::vector<double> spline_points(const std::vector<double>& y, std::size_t count);
/// Area of |y| between markers given, as `mep` computes it. Times in ms after the stimulus.
double mep_area_uvms(const SweepSet& set, Index row, double latency_ms, double end_ms, const MepOptions& options = {});

enum class SilentStart { stimulus, mep_onset, mep_offset };
constexpr auto enum_names(SilentStart) {
  using S = SilentStart;
  return std::array<std::pair<S, std::string_view>, 3>{
      {{S::stimulus, "stimulus"}, {S::mep_onset, "mep_onset"}, {S::mep_offset, "mep_offset"}}};
}
enum class SilentEnd { change_point, control_limit };
constexpr auto enum_names(SilentEnd) {
  using E = SilentEnd;
  return std::array<std::pair<E, std::string_view>, 2>{{{E::change_point, "change_point"}, {E::control_limit, "control_limit"}}};
}

struct SilentPeriodOptions {
  std::optional<double> onset_low_ms, onset_high_ms;
  SilentStart start = SilentStart::mep_onset;
  SilentEnd end = SilentEnd::change_point;
  double search_ms = 450;
  double background_factor = 3;
  std::optional<double> rest_rms_uv;
  double floor_uv = 50;
  double hold_ms = 10;

  static constexpr auto fields() {
    using O = SilentPeriodOptions;
    return std::tuple{
        field("onset_low_ms", &O::onset_low_ms, {0, 1000}, "earliest onset of the evoked potential; needed"),
        field("onset_high_ms", &O::onset_high_ms, {0, 1000}, "latest onset; needed"),
        field("start", &O::start, {}, "where the silent period begins by convention"),
        field("end", &O::end, {}, "change_point on each sweep; control_limit on the mean rectified of at least 10"),
        field("search_ms", &O::search_ms, {10, 5000}, "the end is looked for as long after the evoked potential"),
        field("background_factor", &O::background_factor, {1, 100}, "activity before the stimulus exceeds this multiple of rest_rms_uv"),
        field("rest_rms_uv", &O::rest_rms_uv, {0, 1e6}, "RMS at rest; auto: the quietest 15 ms after the evoked potential"),
        field("floor_uv", &O::floor_uv, {0, 1e6}, "smallest peak-to-peak of the evoked potential"),
        field("hold_ms", &O::hold_ms, {1, 1000}, "control_limit: activity stays above the limit as long"),
    };
  }
};
static_assert(fully_described<SilentPeriodOptions>());

struct SilentPeriodRow {
  int sweep = 0;
  std::string channel, side, muscle;
  std::optional<double> mep_onset_ms, mep_end_ms, start_ms, end_ms, duration_ms;
  SilentStart start = SilentStart::mep_onset;
  SilentEnd end = SilentEnd::change_point;
  bool censored = false;
  double background_rms_uv = 0;
  std::string method, version, quality, reason;

  static constexpr auto fields() {
    using R = SilentPeriodRow;
    return std::tuple{
        field("sweep", &R::sweep, {}, "number of the stimulus; -1: mean of all"),
        field("channel", &R::channel, {}, "recording channel"),
        field("side", &R::side, {}, "L or R"),
        field("muscle", &R::muscle, {}, "recorded muscle"),
        field("mep_onset_ms", &R::mep_onset_ms, {}, "onset of the evoked potential"),
        field("mep_end_ms", &R::mep_end_ms, {}, "its end"),
        field("start_ms", &R::start_ms, {}, "start of the silent period by the convention named"),
        field("end_ms", &R::end_ms, {}, "return of activity"),
        field("duration_ms", &R::duration_ms, {}, "end less start"),
        field("start", &R::start, {}, "convention of the start"),
        field("end", &R::end, {}, "method of the end"),
        field("censored", &R::censored, {}, "activity does not return before the search ends"),
        field("background_rms_uv", &R::background_rms_uv, {}, "activity before the stimulus"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags"),
        field("reason", &R::reason, {}, "why the duration is empty: not_assessable (...)"),
    };
  }
};
static_assert(fully_described<SilentPeriodRow>());

std::vector<SilentPeriodRow> silent_period(const SweepSet& set, const SilentPeriodOptions& options = {}, int threads = 1);

}  // namespace emg
