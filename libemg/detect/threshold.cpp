#include "libemg/detect/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"

namespace emg {
namespace {

using Trace = std::span<const double>;

// What the threshold is compared with.
template <SpikePolarity polarity>
double height(double x) {
  if constexpr (polarity == SpikePolarity::both) return std::fabs(x);
  if constexpr (polarity == SpikePolarity::negative) return -x;
  return x;
}

// First i >= from with height at or above the threshold; x.size() if there is none.
template <SpikePolarity polarity>
std::size_t first_above(Trace x, std::size_t from, double threshold) {
  constexpr std::size_t kChunk = 64;
  std::size_t i = from;
  for (; i + kChunk <= x.size(); i += kChunk) {
    std::int64_t above = 0;
    for (std::size_t k = 0; k < kChunk; ++k) above += height<polarity>(x[i + k]) >= threshold;
    if (above) break;
  }
  while (i < x.size() && height<polarity>(x[i]) < threshold) ++i;
  return i;
}

struct Found {
  std::size_t crossing, peak;
};

struct Samples {
  std::size_t search, refractory, before, after;
};

template <SpikePolarity polarity>
std::vector<Found> find_events(Trace x, double threshold, const Samples& span) {
  std::vector<Found> found;
  std::size_t i = 0;
  while ((i = first_above<polarity>(x, i, threshold)) < x.size()) {
    if (i > 0 && height<polarity>(x[i - 1]) >= threshold) {
      while (i < x.size() && height<polarity>(x[i]) >= threshold) ++i;
      continue;
    }
    const std::size_t end = std::min(i + span.search, x.size());
    std::size_t peak = i;
    for (std::size_t k = i + 1; k < end; ++k) {
      if (height<polarity>(x[k]) > height<polarity>(x[peak])) peak = k;
    }
    found.push_back({i, peak});
    i = std::max(i + 1, peak + span.refractory);
  }
  return found;
}

std::vector<Found> find_events(Trace x, double threshold, const Samples& span, SpikePolarity polarity) {
  switch (polarity) {
    case SpikePolarity::both:
      return find_events<SpikePolarity::both>(x, threshold, span);
    case SpikePolarity::negative:
      return find_events<SpikePolarity::negative>(x, threshold, span);
    case SpikePolarity::positive:
      return find_events<SpikePolarity::positive>(x, threshold, span);
  }
  return {};
}

double step_size(Trace x, std::size_t i) {
  return i == 0 ? 0 : std::fabs(x[i] - x[i - 1]);
}

std::size_t aligned_sample(Trace x, const Found& event, std::size_t search, SpikeAlignment align) {
  const std::size_t end = std::min(event.crossing + search, x.size());
  std::size_t best = event.crossing;
  const auto better = [&](std::size_t k) {
    if (align == SpikeAlignment::negative) return x[k] < x[best];
    if (align == SpikeAlignment::positive) return x[k] > x[best];
    return step_size(x, k) > step_size(x, best);
  };
  switch (align) {
    case SpikeAlignment::extremum:
      return event.peak;
    case SpikeAlignment::crossing:
      return event.crossing;
    default:
      break;
  }
  for (std::size_t k = event.crossing + 1; k < end; ++k) {
    if (better(k)) best = k;
  }
  return best;
}

struct Vertex {
  double offset = 0, value = 0;
};

// Vertex of the parabola through three equidistant values, not beyond half a step.
Vertex parabola(double before, double at, double after) {
  const double curvature = before - 2 * at + after;
  if (curvature == 0) return {0, at};
  const double offset = std::clamp((before - after) / (2 * curvature), -0.5, 0.5);
  return {offset, at + offset * ((after - before) / 2 + offset * curvature / 2)};
}

Vertex refined(Trace x, std::size_t i) {
  if (i == 0 || i + 1 >= x.size()) return {0, x[i]};
  return parabola(x[i - 1], x[i], x[i + 1]);
}

double instant_offset(Trace x, std::size_t i, double threshold, SpikeAlignment align) {
  if (i == 0 || i + 1 >= x.size()) return 0;
  if (align == SpikeAlignment::slope) return parabola(step_size(x, i - 1), step_size(x, i), step_size(x, i + 1)).offset;
  if (align != SpikeAlignment::crossing) return refined(x, i).offset;
  // The line between the two samples meets the level at most one sample before; EventTrain allows half.
  const double level = x[i] < 0 ? -threshold : threshold;
  if (x[i] == x[i - 1]) return 0;
  return std::clamp((level - x[i]) / (x[i] - x[i - 1]), -0.5, 0.0);
}

// Marks events whose peak is a plateau at the highest (lowest) peak of all, when at least 10 samples lie there: a rail, not a crest.
void mark_clipped(Trace x, const std::vector<Found>& found, std::size_t search, std::vector<SpikeEvent>& rows) {
  constexpr int kFewest = 10;
  for (const double sign : {-1.0, 1.0}) {
    double extreme = 0;
    for (const auto& event : found) extreme = std::max(extreme, sign * x[event.peak]);
    if (extreme == 0) continue;
    int at_extreme = 0;
    for (const auto& event : found) {
      const std::size_t end = std::min(event.crossing + search, x.size());
      for (std::size_t k = event.crossing; k < end; ++k) at_extreme += sign * x[k] == extreme;
    }
    if (at_extreme < kFewest) continue;
    for (std::size_t e = 0; e < found.size(); ++e) {
      const std::size_t p = found[e].peak;
      if (sign * x[p] == extreme && p + 1 < x.size() && x[p + 1] == x[p]) rows[e].clipped = true;
    }
  }
}

std::vector<SpikeEvent> events_of(Trace x, double rate_hz, const SpikeOptions& o, const Samples& span, int channel) {
  const NoiseOptions noise_options{.method = o.noise, .baseline_start_s = o.baseline_start_s, .baseline_stop_s = o.baseline_stop_s};
  const double noise = noise_of(x, rate_hz, noise_options);
  if (!o.threshold_uv && !(noise > 0)) {
    throw InvalidArgument(fmt::format("channel {} is flat: its noise is 0 uV and gives no threshold; give threshold_uv", channel));
  }
  const double threshold = o.threshold_uv.value_or(o.factor * noise);
  const auto found = find_events(x, threshold, span, o.polarity);
  std::vector<SpikeEvent> rows;
  rows.reserve(found.size());
  for (const auto& event : found) {
    const std::size_t at = aligned_sample(x, event, span.search, o.align);
    const bool value_at_peak = o.align == SpikeAlignment::slope || o.align == SpikeAlignment::crossing;
    const std::size_t peak = value_at_peak ? event.peak : at;
    SpikeEvent row;
    row.channel = channel;
    row.sample = static_cast<std::int64_t>(at);
    row.offset_samples = o.interpolate ? instant_offset(x, at, threshold, o.align) : 0;
    row.time_s = (static_cast<double>(at) + row.offset_samples) / rate_hz;
    row.amplitude_uv = o.interpolate ? refined(x, peak).value : x[peak];
    row.polarity = row.amplitude_uv < 0 ? SpikePolarity::negative : SpikePolarity::positive;
    if (noise > 0) row.snr = std::fabs(row.amplitude_uv) / noise;
    row.complete = at >= span.before && at + span.after <= x.size();
    rows.push_back(row);
  }
  mark_clipped(x, found, span.search, rows);
  return rows;
}

std::size_t samples_or_none(double duration_ms, double rate_hz) {
  return duration_ms > 0 ? static_cast<std::size_t>(samples_in_ms(duration_ms, rate_hz)) : 0;
}

RowMatrix waveforms_of(const ChannelsView& signal, const std::vector<SpikeEvent>& rows, const Samples& span) {
  const auto width = static_cast<Index>(span.before + span.after);
  RowMatrix waveforms(width == 0 ? 0 : static_cast<Index>(rows.size()), width);
  for (Index r = 0; r < waveforms.rows(); ++r) {
    const auto& row = rows[static_cast<std::size_t>(r)];
    if (row.complete) {
      waveforms.row(r) = signal.row(row.channel).segment(static_cast<Index>(row.sample) - static_cast<Index>(span.before), width);
    } else {
      waveforms.row(r).setConstant(std::numeric_limits<double>::quiet_NaN());
    }
  }
  return waveforms;
}

}  // namespace

Events<SpikeEvent> detect_spikes(const ChannelsView& signal, double rate_hz, const SpikeOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const Samples span{static_cast<std::size_t>(samples_in_ms(options.search_ms, rate_hz)), samples_or_none(options.refractory_ms, rate_hz),
                     samples_or_none(options.before_ms, rate_hz), samples_or_none(options.after_ms, rate_hz)};
  std::vector<std::vector<SpikeEvent>> parts(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads, [&](Index c) {
    parts[static_cast<std::size_t>(c)] = events_of(channel_span(signal, c), rate_hz, options, span, static_cast<int>(c));
  });
  Events<SpikeEvent> events;
  for (const auto& part : parts) events.rows.insert(events.rows.end(), part.begin(), part.end());
  events.waveforms = waveforms_of(signal, events.rows, span);
  return events;
}

}  // namespace emg
