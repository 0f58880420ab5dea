#pragma once
// What looks like a twitch and is not: heart beats and movement of electrodes or cables.
//
// Input: means of the unfiltered channel in equal steps (about 8 ms) and the band-passed RMS in steps of 50 ms. Results in seconds.
// Degenerate input: records shorter than 20 s have no recognisable heart beat; a constant channel has neither.
// Throws nothing. Cost: about 50 ns a step and channel.
// Method: beats - peaks of the 5 to 30 Hz band of one shape that return at 0.33 to 1.5 s with little change from one interval to the next
// over most of the record, and that are wide: slow power far above that of a motor unit of the same height. Twitches of one unit fail the
// first, a regularly firing unit the second. Movement - a 1 to 10 Hz deflection of more than 12 times its resting noise that is larger
// than the band-passed RMS beside it, which motor unit potentials (10 ms, 0.5 of that RMS) and beats are not.

#include <optional>
#include <span>
#include <vector>

#include "libemg/measure/twitch/rate.h"

namespace emg {

struct SlowTracks {
  std::span<const float> slow_uv;        ///< means in steps of slow_s
  double slow_s = 0.008;
  std::span<const float> envelope_uv2;   ///< band-passed mean square in steps of envelope_s
  double envelope_s = 0.05;
};

struct HeartBeats {
  std::vector<double> times_s;
  double coverage = 0;                   ///< share of the record between regular beats
  double rate_per_min = 0;
  double cv_local = 0;
};

/// Beats of one channel; empty if there is no regular train.
std::optional<HeartBeats> heart_beats(const SlowTracks& tracks);

/// How far around a beat the band-passed channel is larger than elsewhere, seconds; empty if it is not.
std::optional<double> beat_reach_s(const SlowTracks& tracks, const HeartBeats& beats);

/// Stretches with slow artefacts, ascending and disjoint.
std::vector<Stretch> movement_stretches(const SlowTracks& tracks);

}  // namespace emg
