#pragma once
// Time that belongs to voluntary activity: found by rule, widened, and always reported.
//
// Input: amplitude of a channel set over its resting level in equal steps, and the events of the set with their sources. Result: marked
// stretches in seconds, ascending, each with the letter of its rule; stretches of different rules may overlap.
// Degenerate input: no event and no raised envelope give no mark; preset `off` marks nothing.
// Throws nothing. Cost: linear.
// Method: a - the amplitude stays above a multiple of rest for 250 ms, widened while it is above two fifths of that; b - one source fires
// several times in a row with intervals of 25 to 200 ms and a variation below 0.3; c - more than a number of events in one second, at
// least a third of them not of the commonest source. Marks grow by 0.25 s to each side. The idea, not the rules, of Bashford et al. 2020,
// Clin Neurophysiol 131:265.

#include <span>
#include <vector>

#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/rate.h"

namespace emg {

struct VoluntaryRules {
  double envelope_factor = 5;
  int in_a_row = 5;          ///< 0: rule b is not used
  double events_per_s = 8;   ///< 0: rule c is not used
};
VoluntaryRules voluntary_rules(VoluntaryPreset preset);

struct VoluntaryMark {
  Stretch stretch;
  char rule = 'a';
};

struct VoluntaryInput {
  std::span<const double> relative_amplitude;   ///< RMS over the resting level
  double step_s = 0.05;
  std::span<const double> times_s;              ///< events, ascending
  std::span<const int> sources;                 ///< -1: none
  double record_s = 0;
};

/// Stretches of voluntary activity. `keep_regular`: trains with a variation below 0.06 are not marked by rule b.
std::vector<VoluntaryMark> voluntary_marks(const VoluntaryInput& input, VoluntaryPreset preset, bool keep_regular);

/// One row of `mark-voluntary`.
struct VoluntaryRow {
  int channel = 0;
  double start_s = 0;
  double end_s = 0;
  std::string rule = {};

  static constexpr auto fields() {
    using R = VoluntaryRow;
    return std::tuple{
        field("channel", &R::channel, {}, "channel, or first channel of the set"),
        field("start_s", &R::start_s, {}, "start, widening included"),
        field("end_s", &R::end_s, {}, "its end"),
        field("rule", &R::rule, {}, "a: raised amplitude, b: one source fires regularly, c: many events of several sources"),
    };
  }
};
static_assert(fully_described<VoluntaryRow>());

/// Operation `mark-voluntary`.
std::vector<VoluntaryRow> mark_voluntary(const ChannelsView& signal, double rate_hz, const TwitchAnalysisOptions& options, int threads = 1);
std::vector<VoluntaryRow> recording_mark_voluntary(const Recording& recording, const TwitchAnalysisOptions& options, int threads = 1);

}  // namespace emg
