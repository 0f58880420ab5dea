#include "libemg/operations_internal.h"
#include "libemg/measure/twitch/burst_pattern.h"
#include "libemg/measure/twitch/cramp.h"
#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/interval_statistics.h"
#include "libemg/measure/twitch/tremor.h"
#include "libemg/measure/twitch/voluntary.h"

namespace emg {
namespace {

// `entry` with a form that takes the recording itself, for events with waveforms.
template <class Options, class Row>
OperationEntry with_recording_events(OperationEntry entry, Events<Row> (*run)(const Recording&, const Options&, int)) {
  entry.run_recording = [run, name = entry.name, text = entry.summary](const Recording& recording, const OptionValues& values, int threads) {
    return operation_detail::untyped(name, text, run(recording, from_values<Options>(values), threads));
  };
  return entry;
}

}  // namespace

std::vector<OperationEntry> twitch_operations() {
  return {
      with_recording_events(operation("twitch-events", "twitches of a resting muscle, above a threshold that follows the noise", &twitch_events), &recording_twitch_events),
      with_recording(operation("twitch-rate", "rate of twitches in usable time, with its interval and what would have been missed", &twitch_rate), &recording_twitch_rate),
      with_recording(operation("mark-voluntary", "time that is taken for voluntary activity", &mark_voluntary), &recording_mark_voluntary),
      with_recording(operation("intervals", "regularity of the intervals between twitches, by source", &intervals), &recording_intervals),
      operation("bursts", "bursts of activity with limits that smoothing does not move", &bursts),
      operation("burst-pattern", "rate, length and rhythm of bursts, and lag, order and overlap of two muscles", &burst_pattern_of),
      operation("tremor", "frequency, size, presence and steadiness of tremor", &tremor),
      operation("tremor-pairs", "coherence and phase of tremor in two muscles", &tremor_pairs),
      operation("cramp", "episodes of raised activity: rise, spread, frequencies, twitches before and after", &cramp),
      operation("facial-synchrony", "bursts of two facial muscles at once, against chance", &facial_synchrony),
  };
}

}  // namespace emg
