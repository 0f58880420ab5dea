#include "libemg/detect/threshold.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/detect/noise_meter_internal.h"
#include "libemg/detect/scan_internal.h"

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

struct Found {
  std::size_t crossing, peak;
};

struct Samples {
  std::size_t search, refractory, before, after;
};

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

// Events of one channel, found in blocks. Only a stretch as long as search and waveform need is held between blocks.
class SpikeFinder {
 public:
  SpikeFinder(const SpikeOptions& options, const Samples& span, double rate_hz, int channel, double noise, double threshold)
      : o_(options), span_(span), rate_hz_(rate_hz), channel_(channel), noise_(noise), threshold_(threshold) {}

  /// The next samples. `maxima`: of their chunks, or nullptr; `with_waveforms`: keeps those, else the caller cuts them out of the signal.
  void take(Trace block, const double* maxima, bool with_waveforms) {
    with_waveforms_ = with_waveforms;
    if (held_.empty()) {
      find(block, maxima, false);
      keep(block);
      return;
    }
    held_.insert(held_.end(), block.begin(), block.end());
    find(held_, nullptr, false);
    const auto seen = std::move(held_);
    keep(seen);
  }

  void finish() {
    find(held_, nullptr, true);
    mark_clipped();
  }

  std::vector<SpikeEvent>& rows() { return rows_; }
  const std::vector<double>& waveforms() const { return waveforms_; }

 private:
  // What an event reads behind and ahead of its crossing.
  std::size_t behind() const { return std::max<std::size_t>(span_.before, 2); }
  std::size_t ahead() const { return span_.search + std::max<std::size_t>(span_.after, 1) + 1; }

  void keep(Trace seen) {
    const std::size_t first = std::max(next_ > behind() ? next_ - behind() : 0, base_);
    const std::size_t gone = std::min(first - base_, seen.size());
    held_.assign(seen.begin() + static_cast<std::ptrdiff_t>(gone), seen.end());
    base_ += gone;
  }

  void find(Trace x, const double* maxima, bool last) {
    switch (o_.polarity) {
      case SpikePolarity::both:
        return find_in<SpikePolarity::both>(x, maxima, last);
      case SpikePolarity::negative:
        return find_in<SpikePolarity::negative>(x, maxima, last);
      case SpikePolarity::positive:
        return find_in<SpikePolarity::positive>(x, maxima, last);
    }
  }

  // First i in [from, end) with height at or above the threshold, else end. Chunks that cannot hold one are passed by.
  template <SpikePolarity polarity>
  std::size_t first_above(Trace x, const double* maxima, std::size_t from, std::size_t end) const {
    constexpr std::size_t kChunk = scan::kChunk;
    const auto hopeless = [&](std::size_t first) {
      if (maxima) return maxima[first / kChunk] < threshold_;
      std::int64_t above = 0;
      for (std::size_t k = 0; k < kChunk; ++k) above += height<polarity>(x[first + k]) >= threshold_;
      return above == 0;
    };
    std::size_t i = from;
    while (i < end) {
      const std::size_t stop = std::min(end, (i / kChunk + 1) * kChunk);
      if (stop - i == kChunk && hopeless(i)) {
        i = stop;
        continue;
      }
      while (i < stop && height<polarity>(x[i]) < threshold_) ++i;
      if (i < stop) return i;
    }
    return end;
  }

  // Scans x, whose first sample is base_, up to where an event could need samples that are still to come.
  template <SpikePolarity polarity>
  void find_in(Trace x, const double* maxima, bool last) {
    const std::size_t end = last ? x.size() : x.size() > ahead() ? x.size() - ahead() : 0;
    if (next_ >= base_ + end) return;
    std::size_t i = next_ - base_;
    while (i < end && (i = first_above<polarity>(x, maxima, i, end)) < end) {
      if (i > 0 && height<polarity>(x[i - 1]) >= threshold_) {
        while (i < end && height<polarity>(x[i]) >= threshold_) ++i;
        continue;
      }
      const std::size_t stop = std::min(i + span_.search, x.size());
      std::size_t peak = i;
      for (std::size_t k = i + 1; k < stop; ++k) {
        if (height<polarity>(x[k]) > height<polarity>(x[peak])) peak = k;
      }
      add({i, peak}, x);
      i = std::max(i + 1, peak + span_.refractory);
    }
    next_ = base_ + std::max(i, end);
  }

  void add(const Found& event, Trace x) {
    const std::size_t at = aligned_sample(x, event, span_.search, o_.align);
    const bool value_at_peak = o_.align == SpikeAlignment::slope || o_.align == SpikeAlignment::crossing;
    const std::size_t peak = value_at_peak ? event.peak : at;
    SpikeEvent row;
    row.channel = channel_;
    row.sample = static_cast<std::int64_t>(base_ + at);
    row.offset_samples = o_.interpolate ? instant_offset(x, at, threshold_, o_.align) : 0;
    row.time_s = (static_cast<double>(base_ + at) + row.offset_samples) / rate_hz_;
    row.amplitude_uv = o_.interpolate ? refined(x, peak).value : x[peak];
    row.polarity = row.amplitude_uv < 0 ? SpikePolarity::negative : SpikePolarity::positive;
    if (noise_ > 0) row.snr = std::fabs(row.amplitude_uv) / noise_;
    row.complete = base_ + at >= span_.before && at + span_.after <= x.size();
    rows_.push_back(row);
    const double value = x[event.peak];
    const auto window = x.subspan(event.crossing, std::min(span_.search, x.size() - event.crossing));
    peaks_.push_back({value, static_cast<int>(std::count(window.begin(), window.end(), value)),
                      event.peak + 1 < x.size() && x[event.peak + 1] == value});
    if (with_waveforms_) add_waveform(x, at, row.complete);
  }

  void add_waveform(Trace x, std::size_t at, bool complete) {
    const std::size_t width = span_.before + span_.after;
    if (complete) {
      const auto from = x.begin() + static_cast<std::ptrdiff_t>(at - span_.before);
      waveforms_.insert(waveforms_.end(), from, from + static_cast<std::ptrdiff_t>(width));
    } else {
      waveforms_.insert(waveforms_.end(), width, std::numeric_limits<double>::quiet_NaN());
    }
  }

  // Marks events whose peak is a plateau at the highest (lowest) peak of all, when at least 10 samples lie there: a rail, not a crest.
  void mark_clipped() {
    constexpr int kFewest = 10;
    for (const double sign : {-1.0, 1.0}) {
      double extreme = 0;
      for (const auto& p : peaks_) extreme = std::max(extreme, sign * p.value);
      if (extreme == 0) continue;
      int at_extreme = 0;
      for (const auto& p : peaks_) at_extreme += sign * p.value == extreme ? p.samples : 0;
      if (at_extreme < kFewest) continue;
      for (std::size_t e = 0; e < rows_.size(); ++e) {
        if (sign * peaks_[e].value == extreme && peaks_[e].is_flat) rows_[e].clipped = true;
      }
    }
  }

  struct Peak {
    double value = 0;
    int samples = 0;  ///< of the search that share the value
    bool is_flat = false;
  };

  SpikeOptions o_;
  Samples span_;
  double rate_hz_;
  int channel_;
  double noise_, threshold_;
  bool with_waveforms_ = false;
  std::size_t base_ = 0, next_ = 0;  // sample of held_.front(), and of where the scan goes on
  std::vector<double> held_, waveforms_;
  std::vector<SpikeEvent> rows_;
  std::vector<Peak> peaks_;
};

std::size_t samples_or_none(double duration_ms, double rate_hz) {
  return duration_ms > 0 ? static_cast<std::size_t>(samples_in_ms(duration_ms, rate_hz)) : 0;
}

Samples samples_of(const SpikeOptions& o, double rate_hz) {
  return {static_cast<std::size_t>(samples_in_ms(o.search_ms, rate_hz)), samples_or_none(o.refractory_ms, rate_hz),
          samples_or_none(o.before_ms, rate_hz), samples_or_none(o.after_ms, rate_hz)};
}

NoiseMeter meter_of(const SpikeOptions& o, double rate_hz, Index count) {
  return {{.method = o.noise, .baseline_start_s = o.baseline_start_s, .baseline_stop_s = o.baseline_stop_s}, rate_hz, count};
}

SpikeFinder finder_of(const SpikeOptions& o, double rate_hz, Index channel, const NoiseReading& reading) {
  const double noise = reading.constant ? 0 : reading.noise_uv;
  if (!o.threshold_uv && !(noise > 0)) {
    throw InvalidArgument(fmt::format("channel {} is flat: its noise is 0 uV and gives no threshold; give threshold_uv", channel));
  }
  return {o, samples_of(o, rate_hz), rate_hz, static_cast<int>(channel), noise, o.threshold_uv.value_or(o.factor * noise)};
}

std::vector<SpikeEvent> events_of(Trace x, double rate_hz, const SpikeOptions& o, Index channel) {
  auto meter = meter_of(o, rate_hz, static_cast<Index>(x.size()));
  const auto maxima = run_checked_passes(meter, x, channel);
  auto finder = finder_of(o, rate_hz, channel, meter.reading());
  finder.take(x, maxima.data(), false);
  finder.finish();
  return std::move(finder.rows());
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
  require_record({{}, signal.rows(), signal.cols(), rate_hz});
  validate_options(options);
  std::vector<std::vector<SpikeEvent>> parts(static_cast<std::size_t>(signal.rows()));
  parallel_for(signal.rows(), threads,
               [&](Index c) { parts[static_cast<std::size_t>(c)] = events_of(channel_span(signal, c), rate_hz, options, c); });
  Events<SpikeEvent> events;
  events.rows = std::move(parts.front());
  for (std::size_t c = 1; c < parts.size(); ++c) events.rows.insert(events.rows.end(), parts[c].begin(), parts[c].end());
  events.waveforms = waveforms_of(signal, events.rows, samples_of(options, rate_hz));
  return events;
}

Events<SpikeEvent> detect_spikes_streamed(const StreamedRecord& record, const SpikeOptions& options, int threads) {
  require_record(record);
  validate_options(options);
  std::vector<NoiseMeter> meters;
  for (Index c = 0; c < record.channel_count; ++c) meters.push_back(meter_of(options, record.rate_hz, record.sample_count));
  run_passes(record, meters, threads);
  std::vector<SpikeFinder> finders;
  for (Index c = 0; c < record.channel_count; ++c) {
    finders.push_back(finder_of(options, record.rate_hz, c, meters[static_cast<std::size_t>(c)].reading()));
  }
  const auto span = samples_of(options, record.rate_hz);
  const auto width = static_cast<Index>(span.before + span.after);
  record.read([&](const ChannelsView& block) {
    parallel_for(block.rows(), threads, [&](Index c) { finders[static_cast<std::size_t>(c)].take(channel_span(block, c), nullptr, width > 0); });
  });
  Events<SpikeEvent> events;
  for (auto& finder : finders) {
    finder.finish();
    events.rows.insert(events.rows.end(), finder.rows().begin(), finder.rows().end());
  }
  events.waveforms = unset_matrix(width == 0 ? 0 : static_cast<Index>(events.rows.size()), width);
  double* out = events.waveforms.data();
  for (const auto& finder : finders) out = std::copy(finder.waveforms().begin(), finder.waveforms().end(), out);
  return events;
}

}  // namespace emg
