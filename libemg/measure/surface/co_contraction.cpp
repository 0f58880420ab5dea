#include "libemg/measure/surface/co_contraction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/trend.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

void require_channel(const ChannelsView& signal, const char* name, int channel) {
  if (channel < signal.rows()) return;
  throw InvalidArgument(
      fmt::format("{} {} does not exist: the signal has {} channel{}", name, channel, signal.rows(), signal.rows() == 1 ? "" : "s"));
}

// Samples [first, end) of a span in seconds.
Span span_of(const ChannelsView& signal, double rate_hz, const char* start_name, double start_s, const char* stop_name, double stop_s) {
  const auto first = static_cast<Index>(std::llround(start_s * rate_hz)), end = static_cast<Index>(std::llround(stop_s * rate_hz));
  if (first < end && end <= signal.cols()) return {first, end - first};
  throw InvalidArgument(fmt::format("{} {} to {} {:.6g} does not lie within the record ({:.6g} s)", start_name, start_s, stop_name, stop_s,
                                    static_cast<double>(signal.cols()) / rate_hz));
}

struct Overlap {
  double a = 0, b = 0, lower = 0, rudolph = 0, count = 0;

  void add(const ChannelsView& signal, const CoContractionOptions& o, const Span& span) {
    for (Index i = span.first; i < span.first + span.count; ++i) {
      const double x = signal(o.agonist_channel, i), y = signal(o.antagonist_channel, i);
      for (const auto& [value, channel] : {std::pair{x, o.agonist_channel}, std::pair{y, o.antagonist_channel}}) {
        if (value < 0) {
          throw InvalidArgument(fmt::format("channel {}, sample {} is {:.6g}: an envelope is not negative", channel, i, value));
        }
      }
      const double low = std::min(x, y), high = std::max(x, y);
      a += x;
      b += y;
      lower += low;
      if (high > 0) rudolph += low / high * (low + high);
      count += 1;
    }
  }
};

void check(const ChannelsView& signal, double rate_hz, const CoContractionOptions& options) {
  require_signal(signal, rate_hz);
  validate_options(options);
  require_channel(signal, "agonist_channel", options.agonist_channel);
  require_channel(signal, "antagonist_channel", options.antagonist_channel);
}

// Of a signal that was checked.
CoContractionRow row_of(const ChannelsView& signal, double rate_hz, const CoContractionOptions& options, const std::vector<Span>& allowed) {
  const double stop_s = options.span_stop_s.value_or(static_cast<double>(signal.cols()) / rate_hz);
  const auto wanted = span_of(signal, rate_hz, "span_start_s", options.span_start_s, "span_stop_s", stop_s);
  Overlap sums;
  for (const auto& span : allowed) {
    const Index first = std::max(span.first, wanted.first), end = std::min(span.first + span.count, wanted.first + wanted.count);
    if (first < end) sums.add(signal, options, {first, end - first});
  }
  CoContractionRow row;
  row.agonist_channel = options.agonist_channel;
  row.antagonist_channel = options.antagonist_channel;
  row.start_s = options.span_start_s;
  row.end_s = stop_s;
  if (!(sums.count > 0)) return row;
  row.rudolph = sums.rudolph / sums.count;
  row.overlap_area = sums.lower / rate_hz;
  if (!(sums.a + sums.b > 0)) return row;
  row.falconer_winter_percent = 200 * sums.lower / (sums.a + sums.b);
  row.overlap_percent = 100 * sums.lower / std::max(sums.a, sums.b);
  row.ratio_percent = 100 * sums.b / (sums.a + sums.b);
  return row;
}

// Spectrum of a channel without its mean, padded so that lags do not wrap.
std::vector<std::complex<double>> padded_spectrum(std::span<const double> trace, RealFft& fft) {
  const double mean = mean_of(trace);
  std::fill(fft.trace().begin(), fft.trace().end(), 0.0);
  std::transform(trace.begin(), trace.end(), fft.trace().begin(), [&](double x) { return x - mean; });
  fft.forward();
  return {fft.bins().begin(), fft.bins().end()};
}

double energy_of(std::span<const double> trace) {
  const double mean = mean_of(trace);
  double sum = 0;
  for (const double x : trace) sum += (x - mean) * (x - mean);
  return sum;
}

void set_correlation(CrosstalkRow& row, RealFft& fft, const std::vector<std::complex<double>>& first,
                     const std::vector<std::complex<double>>& second, double energies, Index lags, double rate_hz) {
  if (!(energies > 0)) return;
  for (std::size_t k = 0; k < first.size(); ++k) fft.bins()[k] = std::conj(first[k]) * second[k];
  fft.inverse();
  const auto at = [&](Index lag) {
    return fft.trace()[static_cast<std::size_t>((lag + fft.length()) % fft.length())] / std::sqrt(energies);
  };
  row.correlation = at(0);
  Index best = 0;
  for (Index distance = 1; distance <= lags; ++distance) {
    for (const Index lag : {distance, -distance}) {
      if (std::abs(at(lag)) > std::abs(at(best))) best = lag;
    }
  }
  row.largest_correlation = at(best);
  row.lag_ms = 1000 * static_cast<double>(best) / rate_hz;
}

std::vector<Span> active_spans(const ChannelsView& signal, double rate_hz, const CrosstalkOptions& options) {
  const auto& starts = options.active_start_s;
  const auto& stops = options.active_stop_s;
  if (starts.size() != stops.size()) {
    throw InvalidArgument(fmt::format("active_start_s has {} values, active_stop_s {}", starts.size(), stops.size()));
  }
  if (options.active_channel.has_value() == starts.empty()) {
    throw InvalidArgument("active_channel and its spans active_start_s, active_stop_s go together");
  }
  std::vector<Span> spans;
  for (std::size_t k = 0; k < starts.size(); ++k)
    spans.push_back(span_of(signal, rate_hz, "active_start_s", starts[k], "active_stop_s", stops[k]));
  return spans;
}

// Mean square within the spans, less that of the noise.
double signal_power(std::span<const double> trace, const std::vector<Span>& spans, double noise_uv) {
  double sum = 0, count = 0;
  for (const auto& span : spans) {
    for (const double x : trace.subspan(static_cast<std::size_t>(span.first), static_cast<std::size_t>(span.count))) sum += x * x;
    count += static_cast<double>(span.count);
  }
  return std::max(0.0, sum / count - noise_uv * noise_uv);
}

}  // namespace

std::vector<CoContractionRow> co_contraction(const ChannelsView& signal, double rate_hz, const CoContractionOptions& options, int) {
  check(signal, rate_hz, options);
  if (!options.accept_raw) {
    throw InvalidArgument(
        "accept_raw is false and the envelopes are microvolts: normalise them to the same kind of reference first, or set it");
  }
  return {row_of(signal, rate_hz, options, {{0, signal.cols()}})};
}

std::vector<CoContractionRow> recording_co_contraction(const Recording& recording, const CoContractionOptions& options, int) {
  check(recording.samples, recording.rate_hz, options);
  for (const int channel : {options.agonist_channel, options.antagonist_channel}) {
    if (options.accept_raw) continue;
    const auto& unit = recording.channels[static_cast<std::size_t>(channel)].unit;
    if (unit == "%") continue;
    throw InvalidArgument(fmt::format(
        "accept_raw is false and channel {} is in {}, not in % of a reference: normalise it first, or set accept_raw", channel, unit));
  }
  std::vector<Gap> gaps;
  for (auto gap : recording.gaps) {
    if (gap.channel >= 0 && gap.channel != options.agonist_channel && gap.channel != options.antagonist_channel) continue;
    gap.channel = -1;
    gaps.push_back(gap);
  }
  return {row_of(recording.samples, recording.rate_hz, options, gap_free_spans(gaps, 0, recording.sample_count()))};
}

std::vector<CrosstalkRow> crosstalk(const ChannelsView& signal, double rate_hz, const CrosstalkOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const Index channels = signal.rows() - static_cast<Index>(options.derivation);
  if (channels < 2)
    throw InvalidArgument(fmt::format("{} channels are left after derivation {}: cross-talk needs 2 or more", std::max<Index>(channels, 0),
                                      name_of(options.derivation)));
  const RowMatrix x = derived(signal, options.derivation);
  if (options.active_channel) require_channel(x, "active_channel", *options.active_channel);
  const auto spans = active_spans(x, rate_hz, options);
  const Index lags = std::min(options.max_lag_ms > 0 ? samples_in_ms(options.max_lag_ms, rate_hz) : 0, x.cols() - 1);
  const Index length = next_fast_length(x.cols() + lags);
  std::vector<std::vector<std::complex<double>>> spectra(static_cast<std::size_t>(channels));
  std::vector<double> energy(spectra.size()), power(spectra.size());
  parallel_for(channels, threads, [&](Index c) {
    RealFft fft(length);
    const auto trace = channel_span(x, c);
    const auto at = static_cast<std::size_t>(c);
    spectra[at] = padded_spectrum(trace, fft);
    energy[at] = energy_of(trace);
    if (!spans.empty()) power[at] = signal_power(trace, spans, noise_of(trace, rate_hz, {}));
  });
  std::vector<CrosstalkRow> rows(static_cast<std::size_t>(channels * (channels - 1)));
  parallel_for(channels, threads, [&](Index first) {
    RealFft fft(length);
    for (Index other = 0; other < channels - 1; ++other) {
      const Index second = other < first ? other : other + 1;
      const auto a = static_cast<std::size_t>(first), b = static_cast<std::size_t>(second);
      auto& row = rows[static_cast<std::size_t>(first * (channels - 1) + other)];
      row.first_channel = static_cast<int>(first);
      row.second_channel = static_cast<int>(second);
      set_correlation(row, fft, spectra[a], spectra[b], energy[a] * energy[b], lags, rate_hz);
      if (options.active_channel == first && power[a] > 0) row.crosstalk_percent = 100 * std::sqrt(power[b] / power[a]);
    }
  });
  return rows;
}

}  // namespace emg
