#include "libemg/measure/twitch/cramp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/probability.h"
#include "libemg/core/validate.h"
#include "libemg/detect/burst.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/threshold.h"
#include "libemg/filter/butterworth.h"
#include "libemg/measure/twitch/spread.h"
#include "libemg/spectral/fft.h"

namespace emg {
namespace {

constexpr double kBesideS = 60, kGuardS = 1,   // the last second before an episode belongs to its rise
     kSilenceS = 2, kPartnerS = 0.01, kSpikeDeadMs = 2, kJoinS = 1;
constexpr double kRestShare = 0.25;

struct Frequencies {
  double mean_hz = 0, median_hz = 0;
};

std::optional<Frequencies> frequencies(std::span<const double> x, double rate_hz) {
  if (x.size() < 16) return std::nullopt;
  RealFft fft(static_cast<Index>(x.size()));
  std::copy(x.begin(), x.end(), fft.trace().begin());
  fft.forward();
  double total = 0, weighted = 0, running = 0;
  const double bin_hz = rate_hz / static_cast<double>(x.size());
  for (std::size_t k = 1; k < fft.bins().size(); ++k) total += std::norm(fft.bins()[k]), weighted += std::norm(fft.bins()[k]) * static_cast<double>(k) * bin_hz;
  if (!(total > 0)) return std::nullopt;
  Frequencies f{weighted / total, 0};
  for (std::size_t k = 1; k < fft.bins().size(); ++k) {
    const double before = running;
    running += std::norm(fft.bins()[k]);
    if (running >= total / 2) {
      f.median_hz = (static_cast<double>(k) - 0.5 + (total / 2 - before) / (running - before)) * bin_hz;
      break;
    }
  }
  return f;
}

// Moving RMS of each channel over its resting level.
RowMatrix relative_amplitude(const RowMatrix& filtered, double rate_hz, double smooth_ms, int threads) {
  RowMatrix relative(filtered.rows(), filtered.cols());
  parallel_for(filtered.rows(), threads, [&](Index c) {
    std::vector<double> square(static_cast<std::size_t>(filtered.cols()));
    for (Index i = 0; i < filtered.cols(); ++i) square[static_cast<std::size_t>(i)] = filtered(c, i) * filtered(c, i);
    const auto smooth = moving_mean(square, samples_in_ms(smooth_ms, rate_hz));
    const double rest = quantile_of(smooth, kRestShare);
    for (Index i = 0; i < filtered.cols(); ++i) relative(c, i) = rest > 0 ? std::sqrt(smooth[static_cast<std::size_t>(i)] / rest) : 0;
  });
  return relative;
}

class Episode {
 public:
  Episode(const RowMatrix& filtered, const RowMatrix& relative, double rate_hz, const CrampOptions& options, Span span)
      : filtered_(filtered), relative_(relative), rate_hz_(rate_hz), options_(options), first_(span.first), end_(span.first + span.count) {}

  CrampRow row() {
    row_.onset_s = static_cast<double>(first_) / rate_hz_;
    row_.offset_s = static_cast<double>(end_) / rate_hz_;
    row_.duration_s = row_.offset_s - row_.onset_s;
    find_channel();
    find_rise();
    count_channels();
    find_frequencies();
    count_events();
    return row_;
  }

 private:
  void find_channel() {
    for (Index c = 0; c < filtered_.rows(); ++c) {
      const auto size = burst_size({filtered_.data() + c * filtered_.cols(), static_cast<std::size_t>(filtered_.cols())}, {first_, end_ - first_});
      if (size.rms_uv > row_.rms_uv) row_.rms_uv = size.rms_uv, row_.peak_uv = size.peak_uv, row_.channel = static_cast<int>(c);
    }
  }

  void find_rise() {
    const auto r = relative_.row(row_.channel);
    double largest = 0;
    for (Index i = first_; i < end_; ++i) largest = std::max(largest, r[i]);
    const auto passes = [&](double share) {
      Index i = first_;
      while (i + 1 < end_ && r[i] - 1 < share * (largest - 1)) ++i;
      return i;
    };
    row_.rise_s = static_cast<double>(passes(0.9) - passes(0.1)) / rate_hz_;
  }

  void count_channels() {
    const Index step = samples_in_s(0.1, rate_hz_);
    for (Index i = first_; i < end_; i += step) {
      int active = 0;
      for (Index c = 0; c < relative_.rows(); ++c) active += relative_(c, i) > options_.factor;
      if (i - first_ < samples_in_s(0.5, rate_hz_)) row_.active_at_start = std::max(row_.active_at_start, active);
      if (active > row_.active_most) row_.active_most = active, row_.active_most_s = static_cast<double>(i - first_) / rate_hz_;
    }
  }

  void find_frequencies() {
    const auto second = static_cast<std::size_t>(samples_in_s(1, rate_hz_));
    const std::span<const double> x{filtered_.data() + row_.channel * filtered_.cols() + first_, static_cast<std::size_t>(end_ - first_)};
    if (x.size() < second) return;
    if (const auto f = frequencies(x.first(second), rate_hz_)) row_.mean_hz_start = f->mean_hz, row_.median_hz_start = f->median_hz;
    if (const auto f = frequencies(x.last(second), rate_hz_)) row_.mean_hz_end = f->mean_hz, row_.median_hz_end = f->median_hz;
  }

  void count_events() {
    const RowMatrix trace = filtered_.row(row_.channel);
    const SpikeOptions spikes{.factor = options_.event_factor, .refractory_ms = 20, .search_ms = 10};
    row_.before_s = std::clamp(row_.onset_s - kGuardS, 0.0, kBesideS);
    row_.after_s = std::min(kBesideS, static_cast<double>(filtered_.cols()) / rate_hz_ - row_.offset_s);
    double last = row_.offset_s;
    bool silent = false;
    const double noise = noise_of({trace.data(), static_cast<std::size_t>(trace.size())}, rate_hz_, {});
    if (!(noise > 0)) return;
    for (const auto& e : detect_spikes(trace, rate_hz_, spikes).rows) {
      row_.events_before += e.time_s < row_.onset_s - kGuardS && e.time_s >= row_.onset_s - kGuardS - kBesideS;
      if (e.time_s < row_.offset_s || e.time_s >= row_.offset_s + kBesideS) continue;
      ++row_.events_after;
      silent = silent || e.time_s - last > kSilenceS;
      if (!silent) last = e.time_s;
    }
    row_.after_discharge_s = last - row_.offset_s;
  }

  const RowMatrix &filtered_, &relative_;
  double rate_hz_;
  const CrampOptions& options_;
  Index first_, end_;
  CrampRow row_;
};

// Median rate of spikes within bursts: intervals of at most 50 ms.
std::optional<double> intra_rate(const RowMatrix& trace, double rate_hz, const std::vector<BurstRow>& of) {
  const double noise = noise_of({trace.data(), static_cast<std::size_t>(trace.size())}, rate_hz, {});
  if (!(noise > 0)) return std::nullopt;
  const auto spikes = detect_spikes(trace, rate_hz, {.factor = 5, .refractory_ms = kSpikeDeadMs}).rows;
  std::vector<double> intervals;
  for (const auto& b : of) {
    double last = -1;
    for (const auto& s : spikes) {
      if (s.time_s < b.onset_s || s.time_s >= b.offset_s) continue;
      if (last >= 0 && s.time_s - last < 0.05) intervals.push_back(s.time_s - last);
      last = s.time_s;
    }
  }
  if (intervals.empty()) return std::nullopt;
  return 1 / median_of(intervals);
}

}  // namespace

std::vector<CrampRow> cramp(const ChannelsView& signal, double rate_hz, const CrampOptions& options, int threads) {
  require_signal(signal, rate_hz);
  validate_options(options);
  const double high_hz = std::min(options.high_hz, 0.45 * rate_hz);
  require_ascending("low_hz", options.low_hz, "high_hz", high_hz);
  const RowMatrix filtered = bandpass(signal, rate_hz, {.low_hz = options.low_hz, .high_hz = high_hz}, threads);
  const RowMatrix relative = relative_amplitude(filtered, rate_hz, options.smooth_ms, threads);
  std::vector<double> most(static_cast<std::size_t>(relative.cols()));
  for (Index i = 0; i < relative.cols(); ++i) most[static_cast<std::size_t>(i)] = relative.col(i).maxCoeff();
  std::vector<CrampRow> rows;
  for (const auto& span : joined_spans(spans_above(most, options.factor), samples_in_s(kJoinS, rate_hz), samples_in_s(options.shortest_s, rate_hz))) {
    rows.push_back(Episode(filtered, relative, rate_hz, options, span).row());
  }
  return rows;
}

CrampThresholdRow cramp_threshold(const std::vector<double>& train_hz, const std::vector<bool>& episode) {
  CrampThresholdRow row;
  row.trains = static_cast<int>(train_hz.size());
  for (std::size_t i = 0; i < train_hz.size(); ++i) {
    if (!episode[i]) continue;
    ++row.followed;
    row.threshold_hz = std::min(train_hz[i], row.threshold_hz.value_or(train_hz[i]));
  }
  if (!row.threshold_hz) return row;
  for (const double f : train_hz) {
    const double step = *row.threshold_hz - f;
    if (step > 0) row.step_hz = std::min(step, row.step_hz.value_or(step));
  }
  return row;
}

std::vector<CrampThresholdRow> cramp_threshold_of(const ChannelsView& signal, double rate_hz, const CrampThresholdOptions& o, int threads) {
  validate_options(o);
  if (o.train_s.size() != o.train_hz.size()) throw InvalidArgument(fmt::format("train_hz has {} values for {} starts in train_s", o.train_hz.size(), o.train_s.size()));
  CrampOptions options;
  options.factor = o.factor, options.shortest_s = o.shortest_s;
  const auto episodes = cramp(signal, rate_hz, options, threads);
  std::vector<bool> followed;
  for (const double start_s : o.train_s) {
    followed.push_back(std::any_of(episodes.begin(), episodes.end(),
                                   [&](const CrampRow& e) { return e.onset_s >= start_s && e.onset_s <= start_s + o.within_s; }));
  }
  return {cramp_threshold(o.train_hz, followed)};
}

std::vector<FacialSynchronyRow> facial_synchrony(const ChannelsView& signal, double rate_hz, const BurstOptions& options, int threads) {
  const auto found = bursts(signal, rate_hz, options, threads);
  const double seconds = static_cast<double>(signal.cols()) / rate_hz;
  const RowMatrix filtered = bandpass(signal, rate_hz, {.low_hz = options.low_hz, .high_hz = std::min(options.high_hz, 0.45 * rate_hz)}, threads);
  std::vector<std::vector<BurstRow>> of(static_cast<std::size_t>(signal.rows()));
  for (const auto& b : found) of[static_cast<std::size_t>(b.channel)].push_back(b);
  std::vector<FacialSynchronyRow> rows;
  for (std::size_t a = 0; a < of.size(); ++a) {
    for (std::size_t b = a + 1; b < of.size(); ++b) {
      FacialSynchronyRow row;
      row.channel = static_cast<int>(a);
      row.other_channel = static_cast<int>(b);
      row.bursts = static_cast<int>(of[a].size());
      row.other_bursts = static_cast<int>(of[b].size());
      row.bursts_per_min = 60 * row.bursts / seconds;
      std::vector<double> ta, tb, lags;
      for (const auto& x : of[a]) ta.push_back(x.onset_s);
      for (const auto& x : of[b]) tb.push_back(x.onset_s);
      for (const auto& [i, j] : paired_events(ta, tb, kPartnerS)) lags.push_back(1000 * (tb[j] - ta[i]));
      row.partners = static_cast<int>(lags.size());
      row.chance_share = -std::expm1(-2 * kPartnerS * static_cast<double>(tb.size()) / seconds);
      if (row.bursts > 0) {
        row.partner_share = static_cast<double>(row.partners) / row.bursts;
        row.p = row.partners > 0 ? binomial_upper_tail(row.partners, row.bursts, row.chance_share) : 1;
      }
      if (!lags.empty()) row.lag_median_ms = median_of(lags), row.lag_iqr_ms = quantile_of(lags, 0.75) - quantile_of(lags, 0.25);
      if (row.other_bursts > 0) row.side_ratio = static_cast<double>(row.bursts) / row.other_bursts;
      row.intra_rate_hz = intra_rate(filtered.row(static_cast<Index>(a)), rate_hz, of[a]);
      rows.push_back(row);
    }
  }
  return rows;
}

}  // namespace emg
