#pragma once
// Which twitches are alike: sorting of events into sources by shape, place and size.
//
// Waveforms are channels x samples around each event, flattened channel after channel, band-passed, microvolts.
// Result: a source for each event, numbered by falling amplitude, and a template for each source.
// Degenerate input: no event gives no source; an event without waveform belongs to none.
// Cost: events x sources of similar size x lags; a few ms for each thousand events of a channel.
// Method: leader clustering in order of falling amplitude, so no seed. Two waveforms belong together when their correlation, best lag
// within 5 ms (the peak of an event may hop between its phases), is at least 0.9 and their amplitude ratio is within [0.7, 1.4]; the energy
// of the noise is taken out of the correlation and the limit is lowered by two of its SD, else small events could never belong together.
// Sources of one shape whose amplitudes join without a gap are one: amplitudes of one unit vary. Template = median of the members, aligned.

#include <cstdint>
#include <span>
#include <vector>

#include "libemg/core/signal.h"

namespace emg {

struct SourceOptions {
  double correlation = 0.9;
  double ratio_low = 0.7, ratio_high = 1.4;
  double search_ms = 5;
};

/// One event as the sorting sees it.
struct SourceInput {
  std::span<const float> waveform;   ///< channels x samples; empty: not sorted
  Index first = 0, end = 0;          ///< samples of the window that belong to the event
  double amplitude_uv = 0;
};

struct TwitchSource {
  std::vector<std::size_t> members;  ///< positions of the events, ascending
  RowMatrix waveform;                ///< template, channels x samples
  double amplitude_uv = 0, amplitude_sd_uv = 0;
  Index first = 0, end = 0;          ///< samples of the template that belong to the potential
  double consistency = 0;            ///< mean correlation of members with the template, noise taken out, at most 1
};

struct SourceSorting {
  std::vector<int> label;            ///< of each event; -1: none
  std::vector<TwitchSource> sources;
};

/// `noise_uv` of each channel. Deterministic.
SourceSorting sort_sources(const std::vector<SourceInput>& events, const std::vector<double>& noise_uv, double rate_hz, const SourceOptions& options = {});

/// One potential in a waveform that holds several.
struct OverlapPart {
  int source = 0;
  double lag = 0;                    ///< samples after the place of the template in its window
  double scale = 1;                  ///< of the template
};

/// What an event is made of if it is two potentials of known sources (5 members at least) on top of each other, at least 4 ms apart, each
/// above `threshold_uv`, that together leave less than 0.2 of its energy; else empty. Ascending in time.
std::vector<OverlapPart> overlap_parts(const SourceInput& event, const SourceSorting& sorting, const std::vector<double>& noise_uv, double rate_hz,
                                       double threshold_uv);

}  // namespace emg
