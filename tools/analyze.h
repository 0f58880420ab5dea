#pragma once
// The steps of `endplate analyze` on one recording, by its kind. No algorithm lives here: every number comes from an operation.

#include <string>
#include <utility>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/io/nwb.h"

namespace emg::tools {

enum class AnalysisKind { automatic, surface, needle, hd, ncs };
constexpr auto enum_names(AnalysisKind) {
  return std::array{std::pair{AnalysisKind::automatic, std::string_view("auto")}, std::pair{AnalysisKind::surface, std::string_view("surface")},
                    std::pair{AnalysisKind::needle, std::string_view("needle")}, std::pair{AnalysisKind::hd, std::string_view("hd")},
                    std::pair{AnalysisKind::ncs, std::string_view("ncs")}};
}

struct AnalyzeOptions {
  AnalysisKind kind = AnalysisKind::automatic;
  double surface_low_hz = 20;
  double surface_high_hz = 450;
  double needle_low_hz = 500;
  double needle_high_hz = 5000;
  double spike_factor = 5;
  double twitch_longest_ms = 150;
  bool motor_units = true;
  bool signal = true;
  bool require_quality = false;
  int report_details = 50;

  static constexpr auto fields() {
    using O = AnalyzeOptions;
    return std::tuple{
        field("kind", &O::kind, {}, "kind of recording; auto: from its channels, rate and header"),
        field("surface_low_hz", &O::surface_low_hz, {0.1, 1e5}, "lower edge of the band that surface and HD records are looked at in"),
        field("surface_high_hz", &O::surface_high_hz, {1, 1e5}, "upper edge of that band, at most 0.45 of the rate"),
        field("needle_low_hz", &O::needle_low_hz, {1, 1e5}, "lower edge of the band in which needle spikes are detected"),
        field("needle_high_hz", &O::needle_high_hz, {1, 1e5}, "upper edge of that band, at most 0.45 of the rate"),
        field("spike_factor", &O::spike_factor, {1, 100}, "needle spikes exceed this multiple of the noise level"),
        field("twitch_longest_ms", &O::twitch_longest_ms, {1, 1e4}, "active stretches up to this length are counted as twitches, longer ones as bursts"),
        field("motor_units", &O::motor_units, {}, "find motor units in needle and HD records; --no-motor-units leaves that out: it takes longer than all else"),
        field("signal", &O::signal, {}, "keep the signal in the result files; --no-signal leaves it out"),
        field("require_quality", &O::require_quality, {}, "exit with code 5 if a recording is clipped, flat, without signal or misses more than 5 %"),
        field("report_details", &O::report_details, {0, 100000}, "recordings shown in report.html itself; the others get a page each"),
    };
  }
};
static_assert(fully_described<AnalyzeOptions>());

/// The kind that a recording is analysed as, and why.
struct KindChoice {
  AnalysisKind kind = AnalysisKind::surface;
  std::string reason;
};
KindChoice choose_kind(const Recording& recording, const std::optional<SweepSet>& sweeps, AnalysisKind wanted);

/// Everything that the steps for `choice` find, ready for the result file, with one row in the table `recordings` and one per step in `steps`.
/// What a recording does not support is a step `not_assessable` with its reason.
NwbContents analyze_recording(const Recording& recording, const std::optional<SweepSet>& sweeps, const KindChoice& choice,
                              const AnalyzeOptions& options, int threads);

/// Columns of the tables `recordings`, `steps` and `sweep_measures` that analyze_recording makes; none for other names.
std::vector<FieldInfo> analysis_columns(const std::string& table_name);

}  // namespace emg::tools
