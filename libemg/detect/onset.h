#pragma once
// Starts and ends of muscle activity, by published methods that share one call and one result.
//
// signal: channels x samples, microvolts. Result: one row for each burst, by channel and start.
// Degenerate input: a channel without activity gives no row.
// Throws InvalidArgument for an empty or non-finite signal, options outside their range, a span outside the record, a record below 1 s or
// without quiet stretches (baseline = quiet), a flat baseline (names the channel).
// Cost: 2-10 ns a sample; more for change and sampen.
//
// Methods and sources:
//   aglr        variance change by a likelihood ratio on the whitened signal (Staude & Wolf 1999; Staude 2001): the default; error 0.2 ms
//               at 20 dB, 2 ms at 6 dB, no false alarm in noise.
//   hodges_bui  rectified, smoothed, above mean + factor SD of the baseline (Hodges & Bui 1996).
//   teager      the same on the Teager-Kaiser energy (Solnik et al. 2010).
//   bonato      pairs of whitened samples, 2 of 5 above a chi-square threshold (Bonato et al. 1998).
//   cfar        as bonato, the threshold follows slow changes of the noise.
//   change      cheapest segmentation of the whitened power into variances (PELT, Killick et al. 2012); active above 1.35 of the baseline;
//               as exact as aglr, and treats start and end alike. About 10 us a millisecond of signal.
//   sampen      sample entropy in windows of 32 ms, threshold as hodges_bui (Zhang & Zhou 2012): blind to isolated spikes; error below
//               25 ms; about 1 us a sample at 2 kHz and growing with the rate.
// aglr, bonato, cfar and change work at about 2 kHz, for which they were published; faster records are low-passed and thinned for them, so
// that the same signal at another rate, or band-passed before, has the same bursts.
// hodges_bui, teager and sampen: threshold by `factor`, or automatic: m + max(h0 s, rho (m1 - m)), m1 = mean inside the bursts. The smoothing makes
// crossings early; `correct_delay` moves them by the step response of the smoother. With a rise of 50 ms every method is late (12 ms at
// 20 dB).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/options.h"
#include "libemg/core/signal.h"

namespace emg {

enum class OnsetMethod { aglr, hodges_bui, teager, bonato, change, cfar, sampen };
constexpr auto enum_names(OnsetMethod) {
  using M = OnsetMethod;
  return std::array<std::pair<M, std::string_view>, 7>{{{M::aglr, "aglr"},
                                                        {M::hodges_bui, "hodges_bui"},
                                                        {M::teager, "teager"},
                                                        {M::bonato, "bonato"},
                                                        {M::change, "change"},
                                                        {M::cfar, "cfar"},
                                                        {M::sampen, "sampen"}}};
}

enum class OnsetBaseline { quiet, span };
constexpr auto enum_names(OnsetBaseline) {
  using B = OnsetBaseline;
  return std::array<std::pair<B, std::string_view>, 2>{{{B::quiet, "quiet"}, {B::span, "span"}}};
}

enum class OnsetSmoothing { lowpass, mean };
constexpr auto enum_names(OnsetSmoothing) {
  using S = OnsetSmoothing;
  return std::array<std::pair<S, std::string_view>, 2>{{{S::lowpass, "lowpass"}, {S::mean, "mean"}}};
}

struct OnsetOptions {
  OnsetMethod method = OnsetMethod::aglr;
  OnsetBaseline baseline = OnsetBaseline::quiet;
  double baseline_start_s = 0;
  std::optional<double> baseline_stop_s = std::nullopt;
  double hold_ms = 25;
  double gap_ms = 25;
  bool prefilter = true;
  OnsetSmoothing smoothing = OnsetSmoothing::lowpass;
  double smooth_hz = 50;
  double smooth_ms = 50;
  std::optional<double> factor = std::nullopt;
  bool correct_delay = true;
  double window_ms = 50;
  double llr = 12;
  double alpha = 1e-3;

  static constexpr auto fields() {
    using O = OnsetOptions;
    return std::tuple{
        field("method", &O::method, {}, "how activity is found"),
        field("baseline", &O::baseline, {}, "noise from the quietest stretches, or from a span"),
        field("baseline_start_s", &O::baseline_start_s, {0, 1e7}, "start of the span"),
        field("baseline_stop_s", &O::baseline_stop_s, {0, 1e7}, "its end; open: end of the record"),
        field("hold_ms", &O::hold_ms, {0, 1000}, "bursts shorter than this are dropped"),
        field("gap_ms", &O::gap_ms, {0, 1000}, "silences shorter than this are closed first"),
        field("prefilter", &O::prefilter, {}, "teager: band-pass 30-300 Hz first"),
        field("smoothing", &O::smoothing, {}, "hodges_bui, teager: low-pass of order 2, zero phase, or moving mean"),
        field("smooth_hz", &O::smooth_hz, {1, 500}, "corner of the low-pass"),
        field("smooth_ms", &O::smooth_ms, {0.1, 1000}, "length of the moving mean"),
        field("factor", &O::factor, {0.5, 100}, "hodges_bui, teager, sampen: threshold in SD above the mean; open: automatic"),
        field("correct_delay", &O::correct_delay, {}, "hodges_bui, teager: undo the lead of the smoothing"),
        field("window_ms", &O::window_ms, {5, 1000}, "aglr: sliding window"),
        field("llr", &O::llr, {1, 1000}, "aglr: alarm above this log likelihood ratio"),
        field("alpha", &O::alpha, {1e-9, 0.5}, "bonato, cfar: false-alarm probability of a window of 5 pairs"),
    };
  }
};
static_assert(fully_described<OnsetOptions>());

struct OnsetRow {
  int channel = 0;
  std::int64_t sample = 0;
  std::int64_t end_sample = 0;
  double start_s = 0;
  double end_s = 0;
  double duration_ms = 0;
  double peak_uv = 0;
  double rms_uv = 0;
  std::optional<double> snr_db = std::nullopt;
  OnsetMethod method = OnsetMethod::aglr;
  double threshold = 0;

  static constexpr auto fields() {
    using R = OnsetRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("sample", &R::sample, {}, "first sample of the burst"),
        field("end_sample", &R::end_sample, {}, "sample after its last"),
        field("start_s", &R::start_s, {}, "start"),
        field("end_s", &R::end_s, {}, "end"),
        field("duration_ms", &R::duration_ms, {}, "length"),
        field("peak_uv", &R::peak_uv, {}, "largest |signal| inside"),
        field("rms_uv", &R::rms_uv, {}, "RMS inside"),
        field("snr_db", &R::snr_db, {}, "20 log10(RMS inside / RMS of the baseline)"),
        field("method", &R::method, {}, "how it was found"),
        field("threshold", &R::threshold, {}, "level it passed, in the unit of the method: uV, uV2, log likelihood or relative power"),
    };
  }
};
static_assert(fully_described<OnsetRow>());

/// Operation `onsets`.
std::vector<OnsetRow> onsets(const ChannelsView& signal, double rate_hz, const OnsetOptions& options, int threads = 1);

/// The same, same bits, of a record that is read once for every group of channels that fits into 64 MB (at least one channel).
std::vector<OnsetRow> onsets_streamed(const StreamedRecord& record, const OnsetOptions& options, int threads = 1);

}  // namespace emg
