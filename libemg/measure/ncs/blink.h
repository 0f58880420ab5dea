#pragma once
// Blink reflex: R1 and R2 after supraorbital stimulation, ipsilateral and contralateral.
//
// set: sweeps x samples, microvolts; channels that name the stimulated side in `side` of the sweep and the recorded side in `muscle` or
// `channel` as listed by ipsi and contra. At least 8 sweeps of the ipsilateral channel. Result: one row for each response (R1, R2 ipsi, R2
// contra). Degenerate input: no response gives empty latencies and the reason. Throws InvalidArgument for a set that m_wave would refuse,
// fewer than 8 sweeps (their number), a channel that does not exist. Cost: linear. Method: rectified trace, 2 ms mean; onset where it
// exceeds the mean before the stimulus by 5 sigma for 2 ms, carried back to the last crossing of 2 sigma; area of the rectified trace over
// its mean before the stimulus. Sweeps with activity above 5 sigma of the quietest sweep before the stimulus are left out.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

struct BlinkOptions {
  std::string ipsi;
  std::string contra;
  double r1_low_ms = 6;
  double r1_high_ms = 18;
  double r2_low_ms = 20;
  double r2_high_ms = 60;
  double r2_end_ms = 90;
  double noise_factor = 5;
  double hold_ms = 2;
  double fastest_interval_s = 5;

  static constexpr auto fields() {
    using O = BlinkOptions;
    return std::tuple{
        field("ipsi", &O::ipsi, {}, "channel of the stimulated side; empty: the first"),
        field("contra", &O::contra, {}, "channel of the other side; empty: the second, if there is one"),
        field("r1_low_ms", &O::r1_low_ms, {1, 100}, "R1 begins after it"),
        field("r1_high_ms", &O::r1_high_ms, {1, 100}, "and before it"),
        field("r2_low_ms", &O::r2_low_ms, {1, 200}, "R2 begins after it"),
        field("r2_high_ms", &O::r2_high_ms, {1, 200}, "and before it"),
        field("r2_end_ms", &O::r2_end_ms, {1, 1000}, "end of the area of R2"),
        field("noise_factor", &O::noise_factor, {1, 100}, "a response exceeds this multiple of the SD before the stimulus"),
        field("hold_ms", &O::hold_ms, {0.2, 50}, "for as long"),
        field("fastest_interval_s", &O::fastest_interval_s, {0, 100}, "stimuli closer than this are flagged habituation"),
    };
  }
};
static_assert(fully_described<BlinkOptions>());

struct BlinkRow {
  std::string channel, nerve, side, response;
  int sweep_count = 0, rejected_count = 0, response_count = 0;
  std::optional<double> latency_min_ms, latency_median_ms, amplitude_uv, area_uvms, difference_ms;
  std::string latencies_ms, method, version, quality, reason;

  static constexpr auto fields() {
    using R = BlinkRow;
    return std::tuple{
        field("channel", &R::channel, {}, "recording channel"),
        field("nerve", &R::nerve, {}, "stimulated nerve"),
        field("side", &R::side, {}, "stimulated side"),
        field("response", &R::response, {}, "R1, R2 or R2c"),
        field("sweep_count", &R::sweep_count, {}, "sweeps"),
        field("rejected_count", &R::rejected_count, {}, "left out: active before the stimulus"),
        field("response_count", &R::response_count, {}, "sweeps with this response"),
        field("latency_min_ms", &R::latency_min_ms, {}, "shortest onset"),
        field("latency_median_ms", &R::latency_median_ms, {}, "median onset"),
        field("amplitude_uv", &R::amplitude_uv, {}, "R1: median peak-to-peak"),
        field("area_uvms", &R::area_uvms, {}, "R2: median area of the rectified trace"),
        field("difference_ms", &R::difference_ms, {}, "R2c: its median less that of R2"),
        field("latencies_ms", &R::latencies_ms, {}, "onset of every sweep, separated by blanks; - where there is none"),
        field("method", &R::method, {}, "operation"),
        field("version", &R::version, {}, "of this program"),
        field("quality", &R::quality, {}, "ok, or flags: habituation"),
        field("reason", &R::reason, {}, "why values are empty"),
    };
  }
};
static_assert(fully_described<BlinkRow>());

std::vector<BlinkRow> blink_reflex(const SweepSet& set, const BlinkOptions& options = {}, int threads = 1);

}  // namespace emg
