#include "libemg/operations_internal.h"
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

namespace emg {

std::vector<OperationEntry> filter_operations() {
  return {
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
  };
}

}  // namespace emg
