#pragma once
// Takes the stimulus artefact out of every sweep.
//
// set: sweeps x samples, microvolts. Result: the same sweeps without the artefact. Degenerate input: a sweep whose artefact cannot be
// fitted is blanked. Throws InvalidArgument for a set that m_wave would refuse, and for sweeps that a digital high-pass of 20 Hz or more
// has gone over: the step of the artefact rings into the response there, remove the artefact first. Cost: O(samples) for each sweep and
// pair of time constants (about 60). Method: blank: straight line from 0 to blank_ms. two_exponential: the trace between blank and the
// response, c + A1 exp(-t/t1) + A2 exp(-t/t2) with the fewest terms that the Bayesian information criterion asks for, subtracted to the end
// of the sweep; the fit ends where exponentials no longer explain the trace, then guard_ms before the onset in the cleaned trace. It begins
// after the blank as soon as they do, at most 3 ms after the stimulus: long pulses, pulses that take their charge back and filters that
// ring last until then, and the straight line goes on. c is the level before the stimulus where there are 2 ms of it. local_polynomial:
// cubic fitted in a sliding window (SALPA, Wagenaar and Potter 2002). alternate_polarity: mean of the means of both polarities. Samples at
// the rails extend the blank.

#include <array>
#include <string_view>
#include <utility>

#include "libemg/core/options.h"
#include "libemg/core/sweeps.h"

namespace emg {

enum class ArtefactMethod { blank, two_exponential, local_polynomial, alternate_polarity };
constexpr auto enum_names(ArtefactMethod) {
  using M = ArtefactMethod;
  return std::array<std::pair<M, std::string_view>, 4>{{{M::blank, "blank"},
                                                        {M::two_exponential, "two_exponential"},
                                                        {M::local_polynomial, "local_polynomial"},
                                                        {M::alternate_polarity, "alternate_polarity"}}};
}

struct StimulusArtefactOptions {
  ArtefactMethod method = ArtefactMethod::two_exponential;
  double blank_ms = 0.5;
  double guard_ms = 0.3;
  double half_window_ms = 2;

  static constexpr auto fields() {
    using O = StimulusArtefactOptions;
    return std::tuple{
        field("method", &O::method, {}, "how the artefact is taken out"),
        field("blank_ms", &O::blank_ms, {0.1, 3}, "replaced by a straight line after the stimulus"),
        field("guard_ms", &O::guard_ms, {0, 10}, "two_exponential: end of the fit before the onset of the response"),
        field("half_window_ms", &O::half_window_ms, {0.5, 20}, "local_polynomial: half length of the sliding fit"),
    };
  }
};
static_assert(fully_described<StimulusArtefactOptions>());

SweepSet remove_stimulus_artefact(const SweepSet& set, const StimulusArtefactOptions& options = {}, int threads = 1);

}  // namespace emg
