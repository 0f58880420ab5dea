#pragma once
// Takes the electrocardiogram out of surface EMG of the trunk and the upper arm.
//
// signal: channels x samples, microvolts. Result: the same shape and unit. `template`: the mean beat is fitted to every beat and
// subtracted; EMG between and under the beats stays. `highpass`: everything below 30 Hz goes, EMG too (7 dB of it between 20 and 30 Hz).
// Degenerate input: without at least 8 beats at 25-220 a minute whose odd and even halves look alike there is no ECG: the channel keeps its
// bits, and `ecg_beats` says so. Beats within 0.32 s of the start or 0.52 s of the end stay.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a rate too low for the filters (120 Hz).
// Cost: about four band-pass filters. Needs the whole record.
// Method: peaks of the 5-30 Hz energy, aligned by correlation, trimmed mean (Marker & Maluf 2014 compare the methods); high-pass: Drake &
// Callaghan 2006, J Electromyogr Kinesiol 16:175-187. Error of the 100-ms RMS curve: 1 % with EMG of 5 uV under beats of 300 uV.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class EcgMethod { mean_beat, highpass };
constexpr auto enum_names(EcgMethod) {
  using M = EcgMethod;
  return std::array<std::pair<M, std::string_view>, 2>{{{M::mean_beat, "template"}, {M::highpass, "highpass"}}};
}

struct EcgOptions {
  EcgMethod method = EcgMethod::mean_beat;
  std::optional<int> reference_channel = std::nullopt;
  double then_highpass_hz = 0;
  double highpass_hz = 30;

  static constexpr auto fields() {
    using O = EcgOptions;
    return std::tuple{
        field("method", &O::method, {}, "template: subtract the mean beat; highpass: remove all low frequencies"),
        field("reference_channel", &O::reference_channel, {0, 1e6},
              "template: channel in which beats are looked for; open: each channel itself"),
        field("then_highpass_hz", &O::then_highpass_hz, {0, 1e4}, "template: corner of a high-pass afterwards; 0: none"),
        field("highpass_hz", &O::highpass_hz, {1, 1e4}, "highpass: corner, order 4, zero phase"),
    };
  }
};
static_assert(fully_described<EcgOptions>());

struct EcgRow {
  int channel = 0;
  int beats = 0;
  int beats_left = 0;
  std::optional<double> rate_per_min;
  std::optional<double> halves_correlation;
  std::optional<double> template_peak_uv;
  std::optional<double> removed_rms_uv;
  std::string note;

  static constexpr auto fields() {
    using R = EcgRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("beats", &R::beats, {}, "beats found; 0 without ECG"),
        field("beats_left", &R::beats_left, {}, "beats too near to an end of the record to be subtracted"),
        field("rate_per_min", &R::rate_per_min, {}, "beats a minute, from the median interval"),
        field("halves_correlation", &R::halves_correlation, {}, "correlation of the mean of the odd and the even beats"),
        field("template_peak_uv", &R::template_peak_uv, {}, "largest magnitude of the mean beat"),
        field("removed_rms_uv", &R::removed_rms_uv, {}, "root mean square of what is subtracted"),
        field("note", &R::note, {}, "`no ECG found` and why, or empty"),
    };
  }
};
static_assert(fully_described<EcgRow>());

RowMatrix remove_ecg(const ChannelsView& signal, double rate_hz, const EcgOptions& options = {}, int threads = 1);

/// The beats that method `template` finds, a row for each channel.
std::vector<EcgRow> ecg_beats(const ChannelsView& signal, double rate_hz, const EcgOptions& options = {}, int threads = 1);

}  // namespace emg
