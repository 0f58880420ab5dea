#include "libemg/operations_internal.h"
#include "libemg/measure/twitch/burst_pattern.h"
#include "libemg/measure/twitch/cramp.h"
#include "libemg/measure/twitch/event_average.h"
#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/interval_statistics.h"
#include "libemg/measure/twitch/session.h"
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
      with_recording(operation("interval-histogram", "intervals between twitches on a logarithmic axis, 20 bins in a decade", &interval_bins), &recording_interval_bins),
      with_recording(operation("describe-train", "what the train of each source looks like: features, pattern and how well it fits", &describe_trains), &recording_describe_trains),
      with_recording(operation("twitch-spread", "body regions of one recording: active out of recorded muscles, rates", &body_rows), &recording_body_rows),
      with_recording(operation("muscle-coincidence", "twitches of two muscles at once, against chance", &muscle_coincidences), &recording_muscle_coincidences),
      operation("bursts", "bursts of activity with limits that smoothing does not move", &bursts),
      operation("burst-pattern", "rate, length and rhythm of bursts, and lag, order and overlap of two muscles", &burst_pattern_of),
      operation("event-average", "mean of every channel around the bursts of one", &event_average),
      operation("event-potential", "slow potential of every channel before the bursts of one", &event_potentials),
      operation("pathway-velocity", "velocity of bursts along a pathway, from distances", &pathway_velocity_of),
      operation("tremor", "frequency, size, presence and steadiness of tremor", &tremor),
      operation("tremor-pairs", "coherence and phase of tremor in two muscles", &tremor_pairs),
      operation("cramp", "episodes of raised activity: rise, spread, frequencies, twitches before and after", &cramp),
      operation("cramp-threshold", "lowest frequency of stimulation that was followed by a cramp", &cramp_threshold_of),
      operation("facial-synchrony", "bursts of two facial muscles at once, against chance", &facial_synchrony),
  };
}

}  // namespace emg
