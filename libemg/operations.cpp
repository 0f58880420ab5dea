#include "libemg/operations.h"

#include <algorithm>
#include <string>
#include <vector>

#include "libemg/detect/artefact.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset.h"
#include "libemg/detect/quality.h"
#include "libemg/detect/teager.h"
#include "libemg/detect/threshold.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/detrend.h"
#include "libemg/filter/ecg.h"
#include "libemg/filter/envelope.h"
#include "libemg/filter/fir.h"
#include "libemg/filter/line_subtract.h"
#include "libemg/filter/median.h"
#include "libemg/filter/notch.h"
#include "libemg/filter/rectify.h"
#include "libemg/filter/resample.h"
#include "libemg/filter/whiten.h"
#include "libemg/measure/surface/co_contraction.h"
#include "libemg/measure/surface/conduction_velocity.h"
#include "libemg/measure/surface/fatigue.h"
#include "libemg/measure/surface/normalise.h"
#include "libemg/measure/surface/window_features.h"
#include "libemg/spectral/coherence.h"
#include "libemg/spectral/cumulant.h"
#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/blink.h"
#include "libemg/measure/ncs/h_reflex.h"
#include "libemg/measure/ncs/late_response.h"
#include "libemg/measure/ncs/markers.h"
#include "libemg/measure/ncs/mep.h"
#include "libemg/measure/ncs/repetitive.h"
#include "libemg/measure/ncs/segment.h"
#include "libemg/measure/ncs/stimulus_artefact.h"
#include "libemg/measure/ncs/velocity.h"
#include "libemg/measure/twitch/burst_pattern.h"
#include "libemg/measure/twitch/cramp.h"
#include "libemg/measure/twitch/fasciculation.h"
#include "libemg/measure/twitch/interval_statistics.h"
#include "libemg/measure/twitch/tremor.h"
#include "libemg/measure/twitch/voluntary.h"
#include "libemg/spectral/frequency.h"
#include "libemg/spectral/line.h"
#include "libemg/spectral/multitaper.h"
#include "libemg/spectral/stft.h"
#include "libemg/spectral/wavelet.h"
#include "libemg/spectral/welch.h"

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

std::span<const OperationEntry> operations() {
  static const std::vector<OperationEntry> all{
      operation("bandpass", "Butterworth band-pass of each channel", &bandpass, &bandpass_stage),
      operation("lowpass", "Butterworth low-pass of each channel", &lowpass, &lowpass_stage),
      operation("highpass", "Butterworth high-pass of each channel", &highpass, &highpass_stage),
      operation("bandstop", "Butterworth band-stop of each channel", &bandstop, &bandstop_stage),
      operation("notch", "notches at the power-line frequency and its harmonics", &notch, &notch_stage, &resolve_notch),
      with_all_channels(operation("subtract-line", "the power line and its harmonics fitted as sines and taken away", &subtract_line,
                                  &subtract_line_stage, &resolve_subtract_line)),
      operation("subtracted-lines", "what subtract-line takes away from each channel", &subtracted_lines),
      operation("remove-ecg", "the electrocardiogram taken out of each channel", &remove_ecg),
      operation("ecg-beats", "heart beats that remove-ecg finds in each channel", &ecg_beats),
      operation("fir", "filter of linear phase, without feedback, of each channel", &fir, &fir_stage),
      operation("median-filter", "moving median of each channel, or what it leaves", &median_filter, &median_filter_stage),
      with_per_channel(operation("detrend", "each channel without its mean, median or trend", &detrend, &detrend_stage, &resolve_detrend),
                       {"levels_uv", "slopes_uv_per_s"}),
      with_per_channel(operation("whiten", "each channel with its noise made white", &whiten, &whiten_stage, &resolve_whiten),
                       {"coefficients", "noise_uv"}),
      operation("resample", "another sampling rate", &resample, &resample_stage, nullptr, &resampled_rate_hz),
      operation("rectify", "absolute value or positive half of each channel", &rectify, &rectify_stage),
      operation("envelope", "amplitude of each channel over time", &envelope, &envelope_stage, nullptr, &envelope_rate_hz),
      operation("welch", "power spectral density of each channel (Welch)", &welch),
      operation("periodogram", "power spectral density of the whole record", &periodogram),
      operation("multitaper", "power spectral density of each channel from orthogonal tapers", &multitaper),
      operation("spectrogram", "power spectral density in short windows", &spectrogram),
      operation("wavelet", "power over time and frequency by Morlet wavelets", &wavelet),
      operation("coherence", "how strongly two channels are linked at each frequency, and the delay between them", &coherence),
      operation("coherence-matrix", "coherence of all pairs of channels", &coherence_matrix),
      operation("partial-coherence", "coherence of two channels without what they share with others", &partial_coherence),
      operation("cumulant", "at which delays two channels go together", &cumulant),
      operation("frequency-measures", "mean and median frequency and other numbers of the spectrum", &frequency_measures),
      operation("frequency-track", "mean and median frequency in short windows", &frequency_track),
      with_stream(operation("line", "power-line interference found in each channel", &line_harmonics), &line_harmonics_streamed),
      with_stream(operation("noise-level", "noise of each channel, also while the muscle is active", &noise_level), &noise_level_streamed),
      with_stream(operation("detect-spikes", "events above a multiple of the noise level", &detect_spikes), &detect_spikes_streamed),
      with_stream(operation("onsets", "starts and ends of muscle activity", &onsets), &onsets_streamed),
      with_recording(operation("quality", "whether each channel can be used, and why not", &quality), &recording_quality),
      with_stream(operation("artefacts", "rails, flat stretches, steps and spikes that no muscle made", &artefacts), &artefacts_streamed),
      operation("window-features", "amplitude, length, counts and other features in short windows", &window_features),
      with_recording(operation("conduction-velocity", "how fast potentials travel along the fibres, from electrodes in a line", &conduction_velocity),
                     &recording_conduction_velocity),
      operation("fatigue", "slopes of amplitude and frequency over time, with confidence limits", &fatigue),
      with_recording(operation("co-contraction", "how much two muscles are active together", &co_contraction), &recording_co_contraction),
      operation("crosstalk", "how much one muscle is heard over another", &crosstalk),
      with_unit(with_per_channel(operation("normalise", "envelopes in percent of a reference", &normalise, &normalise_stage, &resolve_normalise),
                                 {"reference_uv"}),
                &normalised_unit),
      operation("mvc-reference", "reference for normalise from maximal contractions", &mvc_reference),
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
      operation("teager", "Teager-Kaiser energy of each channel", &teager, &teager_stage),
      operation("stimulus-artefact", "sweeps without the stimulus artefact", &remove_stimulus_artefact),
      operation("average", "mean sweep of each site, without outliers", &average_sweeps),
      operation("average-report", "what went into the mean sweep of each site, its noise and whether the stimulus was supramaximal", &average_report),
      operation("m-wave", "markers of the compound muscle action potential of each sweep", &m_wave),
      operation("snap", "markers of the sensory nerve action potential of each sweep", &snap),
      operation("nerve-velocity", "velocities between the sites of a nerve, terminal indices", &conduction_velocities),
      operation("segment-change", "change of amplitude, area and duration between neighbouring sites", &segment_changes),
      operation("inching", "latency and change of every short step along a nerve", &inching),
      operation("f-waves", "F waves of each site", &f_waves),
      operation("f-wave-sweeps", "F wave of each sweep", &f_wave_sweeps),
      operation("a-waves", "A waves of each site", &a_waves),
      operation("h-reflex", "H reflex and M wave over stimulus intensity", &h_reflex),
      operation("h-reflex-sweeps", "H reflex and M wave of each sweep", &h_reflex_sweeps),
      operation("blink", "R1 and R2 of the blink reflex", &blink_reflex),
      operation("mep", "motor evoked potential of each sweep", &mep),
      operation("silent-period", "silence after the motor evoked potential of each sweep", &silent_period),
      operation("rns", "decrement and increment of trains of repetitive stimulation", &repetitive_stimulation),
  };
  return all;
}

const OperationEntry* find_operation(std::string_view name) {
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  for (const auto& entry : operations()) {
    if (entry.name == dashed) return &entry;
  }
  return nullptr;
}

}  // namespace emg
