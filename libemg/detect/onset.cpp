#include "libemg/detect/onset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/channel_groups_internal.h"
#include "libemg/detect/noise_meter_internal.h"
#include "libemg/detect/onset_internal.h"
#include "libemg/detect/scan_internal.h"
#include "libemg/filter/butterworth.h"
#include "libemg/filter/resample.h"

namespace emg {
namespace {

using namespace onset_detail;

bool uses_envelope(OnsetMethod method) {
  return method == OnsetMethod::hodges_bui || method == OnsetMethod::teager;
}

// The methods that whiten count samples: ten coefficients, five pairs, a hundred cells. They mean what they were published for at about
// 2 kHz, and a model of ten coefficients follows no spectrum that is empty above a tenth of the rate: faster records are thinned for them.
Index thinning(double rate_hz, OnsetMethod method) {
  constexpr double kWhitenedHz = 2000;
  if (uses_envelope(method) || method == OnsetMethod::sampen) return 1;
  return std::max<Index>(1, static_cast<Index>(rate_hz / kWhitenedHz));
}

Baseline named_span(Index sample_count, double rate_hz, const OnsetOptions& o) {
  const double record_s = static_cast<double>(sample_count) / rate_hz;
  const double stop_s = o.baseline_stop_s.value_or(record_s);
  const auto first = static_cast<Index>(std::llround(o.baseline_start_s * rate_hz)),
             end = static_cast<Index>(std::llround(stop_s * rate_hz));
  const Index fewest = 40 * thinning(rate_hz, o.method);  // four times the order of the whitening model
  if (end > sample_count || end - first < fewest) {
    throw InvalidArgument(
        fmt::format("baseline_start_s {} to baseline_stop_s {} is not a span of at least {} samples in the record of {} s",
                    o.baseline_start_s, stop_s, fewest, record_s));
  }
  return {{{first, end - first}}, false};
}

Baseline baseline_of(std::span<const double> trace, double rate_hz, const OnsetOptions& o, Index channel) {
  Baseline baseline;
  if (o.baseline == OnsetBaseline::span) {
    baseline = named_span(static_cast<Index>(trace.size()), rate_hz, o);
  } else {
    baseline = {quiet_spans(trace, rate_hz), true};
    if (baseline.spans.empty()) {
      throw InvalidArgument(
          fmt::format("baseline quiet: channel {} of {:.4g} s has too few quiet stretches (1 s is needed at least); give a span", channel,
                      static_cast<double>(trace.size()) / rate_hz));
    }
  }
  const double first = trace[static_cast<std::size_t>(baseline.spans.front().first)];
  const bool flat = std::all_of(baseline.spans.begin(), baseline.spans.end(), [&](const Span& s) {
    const auto part = trace.subspan(static_cast<std::size_t>(s.first), static_cast<std::size_t>(s.count));
    return std::all_of(part.begin(), part.end(), [&](double v) { return v == first; });
  });
  if (flat) throw InvalidArgument(fmt::format("channel {} is flat in its baseline: there is no noise to compare with", channel));
  return baseline;
}

// Every `step`-th sample of a low-passed signal; an offset must not ring at the ends.
RowMatrix thinned(const ChannelsView& signal, double rate_hz, Index step, int threads) {
  return resample(signal, rate_hz, {.target_hz = rate_hz / static_cast<double>(step), .edges = ResampleEdges::line}, threads);
}

Baseline thinned(Baseline baseline, Index step) {
  for (auto& span : baseline.spans) span = {span.first / step, span.count / step};
  return baseline;
}

Found thickened(Found found, Index step, Index sample_count) {
  for (auto& burst : found.bursts) {
    burst.first *= step;
    burst.count = std::min(burst.count * step, sample_count - burst.first);
  }
  return found;
}

RowMatrix prefiltered(const ChannelsView& signal, double rate_hz, int threads) {
  constexpr double kLowHz = 30, kHighHz = 300, kMostOfRate = 0.45;
  const BandpassOptions band{
      .low_hz = std::min(kLowHz, kMostOfRate * rate_hz / 2), .high_hz = std::min(kHighHz, kMostOfRate * rate_hz), .order = 2};
  return bandpass(signal, rate_hz, band, threads);
}

// Smoothed measure of every channel (low-pass smoothing works on channels side by side).
RowMatrix smooth_measures(const ChannelsView& source, double rate_hz, const OnsetOptions& o, int threads) {
  require_corner("smooth_hz", o.smooth_hz, rate_hz);
  RowMatrix measure(source.rows(), source.cols());
  parallel_for(source.rows(), threads, [&](Index c) {
    activity_measure(channel_span(source, c), o.method, 0, {measure.row(c).data(), static_cast<std::size_t>(measure.cols())});
  });
  return lowpass(measure, rate_hz, {.cut_hz = o.smooth_hz, .order = 2}, threads);
}

std::vector<OnsetRow> rows_of(const Found& found, std::span<const double> trace, const Baseline& baseline, double rate_hz, int channel,
                              OnsetMethod method) {
  double noise = rms_over(trace, baseline.spans);
  if (baseline.selected && !found.bursts.empty()) noise /= quiet_selection_factor(window_freedom(trace, baseline.spans, rate_hz));
  std::vector<OnsetRow> rows;
  for (const auto& burst : found.bursts) {
    OnsetRow row;
    row.channel = channel;
    row.sample = burst.first;
    row.end_sample = burst.first + burst.count;
    row.start_s = static_cast<double>(row.sample) / rate_hz;
    row.end_s = static_cast<double>(row.end_sample) / rate_hz;
    row.duration_ms = static_cast<double>(burst.count) / rate_hz * 1000;
    const auto size = burst_size(trace, burst);
    row.peak_uv = size.peak_uv;
    row.rms_uv = size.rms_uv;
    if (noise > 0 && size.rms_uv > 0) row.snr_db = 20 * std::log10(size.rms_uv / noise);
    row.method = method;
    row.threshold = found.threshold;
    rows.push_back(row);
  }
  return rows;
}

// `first` is the number of the first channel of `signal`.
std::vector<OnsetRow> onsets_of(const ChannelsView& signal, double rate_hz, const OnsetOptions& options, int threads, Index first) {
  validate_options(options);
  const bool envelope = uses_envelope(options.method);
  const bool filtered = options.method == OnsetMethod::teager && options.prefilter;
  const bool by_mean = envelope && options.smoothing == OnsetSmoothing::mean;
  // Filters work on channels side by side; everything else takes one channel after the other, which then stays in the cache.
  const Index every = thinning(rate_hz, options.method);
  const bool side_by_side = filtered || every > 1 || (envelope && !by_mean);
  side_by_side ? require_signal(signal, rate_hz) : require_record({{}, signal.rows(), signal.cols(), rate_hz});
  RowMatrix band, smooth, thin;
  if (filtered) band = prefiltered(signal, rate_hz, threads);
  if (every > 1) thin = thinned(signal, rate_hz, every, threads);
  const ChannelsView source = filtered ? ChannelsView(band) : signal;
  if (envelope && !by_mean) smooth = smooth_measures(source, rate_hz, options, threads);
  const auto step = envelope && options.correct_delay ? smoother_step(rate_hz, options) : std::vector<double>{};

  const auto samples = static_cast<std::size_t>(by_mean ? signal.cols() : 0);
  const Index tasks = std::min<Index>(thread_count(threads), signal.rows());
  std::vector<std::vector<OnsetRow>> parts(static_cast<std::size_t>(signal.rows()));
  // Each task keeps its buffers from channel to channel: fresh pages cost more than the arithmetic.
  parallel_for(tasks, threads, [&](Index task) {
    std::vector<double> mean(samples);
    for (Index c = task; c < signal.rows(); c += tasks) {
      const auto trace = channel_span(source, c);
      const bool finite = by_mean ? smooth_by_mean(trace, options.method, samples_in_ms(options.smooth_ms, rate_hz), mean)
                                  : side_by_side || scan::all_finite(trace);
      if (!finite) require_finite(signal);
      const auto baseline = baseline_of(channel_span(signal, c), rate_hz, options, first + c);
      Found found;
      if (options.method == OnsetMethod::sampen) {
        found = entropy_bursts(trace, rate_hz, baseline, options);
      } else if (every > 1) {
        const auto few = channel_span(ChannelsView(thin), c);
        found = thickened(whitened_bursts(few, rate_hz / static_cast<double>(every), thinned(baseline, every), options), every, signal.cols());
      } else if (!envelope) {
        found = whitened_bursts(trace, rate_hz, baseline, options);
      } else if (by_mean) {
        found = envelope_bursts(mean, trace, rate_hz, baseline, step, options);
      } else {
        found = envelope_bursts(channel_span(ChannelsView(smooth), c), trace, rate_hz, baseline, step, options);
      }
      parts[static_cast<std::size_t>(c)] = rows_of(found, channel_span(signal, c), baseline, rate_hz, static_cast<int>(first + c), options.method);
    }
  });
  std::vector<OnsetRow> rows;
  for (const auto& part : parts) rows.insert(rows.end(), part.begin(), part.end());
  return rows;
}

}  // namespace

std::vector<OnsetRow> onsets(const ChannelsView& signal, double rate_hz, const OnsetOptions& options, int threads) {
  return onsets_of(signal, rate_hz, options, threads, 0);
}

std::vector<OnsetRow> onsets_streamed(const StreamedRecord& record, const OnsetOptions& options, int threads) {
  require_record(record);
  validate_options(options);
  constexpr Index kArrays = 4;
  return rows_by_groups<OnsetRow>(record, kArrays, [&](const RowMatrix& held, Index first) {
    return onsets_of(held, record.rate_hz, options, threads, first);
  });
}

}  // namespace emg
