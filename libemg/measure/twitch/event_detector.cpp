#include "libemg/measure/twitch/event_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "libemg/core/error.h"
#include "libemg/core/parallel.h"
#include "libemg/core/validate.h"
#include "libemg/filter/butterworth.h"
#include "libemg/measure/twitch/event_state_internal.h"

namespace emg {
namespace {

constexpr double kLowestRateHz = 500;
constexpr double kWindowS = 1, kLongestS = 1, kEnvelopeS = 0.05, kSlowHz = 125;
constexpr double kOff = 0.5;                   // an event lasts while the signal is above this share of the threshold
constexpr int kReach = 2;                      // windows that the running median looks ahead
constexpr int kOrder = 4;                      // of each edge of the band-pass
constexpr double kLineS = 20, kLeastLineS = 4; // of the record in which a power line is looked for
constexpr std::size_t kFewestOfGrid = 4, kFewestUnplaced = 16;   // channels that "auto" takes for one grid, with and without positions
constexpr double kDefaultFactor = 5.3, kSkewedFactor = 6.5;

// Nearest neighbours of each channel of a grid: those within 1.2 times the smallest distance.
std::vector<std::vector<Index>> neighbours_of(const std::vector<Channel>& channels, const std::vector<Index>& set) {
  const auto distance = [&](Index a, Index b) {
    const auto &p = channels[static_cast<std::size_t>(a)], &q = channels[static_cast<std::size_t>(b)];
    return std::hypot(*p.x_mm - *q.x_mm, *p.y_mm - *q.y_mm);
  };
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) nearest = std::min(nearest, distance(set[i], set[j]));
  }
  std::vector<std::vector<Index>> all(set.size());
  for (std::size_t i = 0; i < set.size(); ++i) {
    for (std::size_t j = 0; j < set.size(); ++j) {
      if (i != j && distance(set[i], set[j]) <= 1.2 * nearest) all[i].push_back(set[j]);
    }
  }
  return all;
}

bool has_positions(const std::vector<Channel>& channels, const std::vector<Index>& set) {
  return std::all_of(set.begin(), set.end(), [&](Index c) {
    const auto& channel = channels[static_cast<std::size_t>(c)];
    return channel.x_mm && channel.y_mm;
  });
}

}  // namespace

std::vector<ChannelSet> channel_sets(const std::vector<Channel>& channels, TwitchSignal signal) {
  std::map<std::tuple<std::string, std::string, std::string>, std::vector<Index>> groups;
  std::vector<Index> usable;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const auto& channel = channels[c];
    if (channel.kind != ChannelKind::emg || channel.status == "bad") continue;
    usable.push_back(static_cast<Index>(c));
    groups[{channel.muscle, channel.side, channel.group}].push_back(static_cast<Index>(c));
  }
  std::vector<ChannelSet> sets;
  const auto add = [&](std::vector<Index> members, TwitchSignal kind) {
    const auto& first = channels[static_cast<std::size_t>(members.front())];
    sets.push_back({std::move(members), first.muscle, first.side, kind});
  };
  for (const auto& [key, members] : groups) {
    const auto& [muscle, side, group] = key;
    // Channels without a muscle may sit anywhere: they are looked at together only if they look like a grid.
    const bool together = members.size() > 1 && (!muscle.empty() || members.size() >= (has_positions(channels, members) ? kFewestOfGrid : kFewestUnplaced));
    if (signal == TwitchSignal::single || (signal == TwitchSignal::automatic && !together)) {
      for (const Index c : members) add({c}, TwitchSignal::single);
    } else {
      const auto kind = signal == TwitchSignal::automatic ? TwitchSignal::strongest_channel : signal;
      if (kind == TwitchSignal::strongest_laplacian && !has_positions(channels, members)) {
        throw InvalidArgument(fmt::format("signal strongest_laplacian needs electrode positions, which channel {} and its set do not have",
                                          channels[static_cast<std::size_t>(members.front())].name));
      }
      add(members, kind);
    }
  }
  std::sort(sets.begin(), sets.end(), [](const ChannelSet& a, const ChannelSet& b) { return a.channels.front() < b.channels.front(); });
  return sets;
}

double threshold_factor(const ChannelSet& set, const TwitchAnalysisOptions& options) {
  if (combined(set.signal)) return options.factor.value_or(kSkewedFactor);
  const double k = options.factor.value_or(kDefaultFactor);
  return std::sqrt(k * k + 2 * std::log(static_cast<double>(set.channels.size())));
}

TwitchDetector::State::State(std::vector<Channel> c, std::vector<ChannelSet> s, double rate, const TwitchAnalysisOptions& o, std::vector<Gap> g, int t)
    : channels(std::move(c)), sets(std::move(s)), rate_hz(rate), options(o), gaps(std::move(g)), threads(t),
      channel_count(static_cast<Index>(channels.size())), window(samples_in_s(kWindowS, rate)), band_count(1),
      raw(channel_count), bands{twitch::SlidingRows(channel_count), twitch::SlidingRows(channel_count)} {
  const double top_hz = std::min(options.high_hz, 0.45 * rate_hz);
  require_ascending("low_hz", options.low_hz, "high_hz", top_hz);
  if (options.narrow_hz > options.low_hz && options.narrow_hz < top_hz) band_count = 2;
  head = unset_matrix(channel_count, samples_in_s(kLineS, rate_hz));
  gap_spans.resize(static_cast<std::size_t>(channel_count));
  for (const auto& gap : gaps) {
    for (Index channel = 0; channel < channel_count; ++channel) {
      if (gap.channel < 0 || gap.channel == channel) gap_spans[static_cast<std::size_t>(channel)].push_back({gap.first_sample, gap.sample_count});
    }
  }
  out.rate_hz = rate_hz;
  out.before = samples_in_ms(options.before_ms, rate_hz);
  out.window = out.before + samples_in_ms(options.after_ms, rate_hz);
  out.envelope_samples = samples_in_s(kEnvelopeS, rate_hz);
  out.slow_samples = std::max<Index>(1, static_cast<Index>(rate_hz / kSlowHz));
  out.sets = sets;
  out.found.resize(sets.size());
  out.envelope_uv2.resize(static_cast<std::size_t>(channel_count));
  out.slow_uv.resize(static_cast<std::size_t>(channel_count));
  slow_sum.assign(static_cast<std::size_t>(channel_count), 0);
  low.assign(static_cast<std::size_t>(channel_count), std::numeric_limits<double>::infinity());
  high.assign(static_cast<std::size_t>(channel_count), -std::numeric_limits<double>::infinity());
  for (const auto& set : sets) {
    SetState state;
    if (set.signal == TwitchSignal::strongest_laplacian) state.neighbours = neighbours_of(channels, set.channels);
    state.lane_count = combined(set.signal) ? 1 : static_cast<Index>(set.channels.size()) * band_count;
    state.raw_noise.resize(static_cast<std::size_t>(state.lane_count));
    state.centre.resize(combined(set.signal) ? 1 : 0);
    state.runs = twitch::RunFinder(kOff, 1, std::max<Index>(1, std::llround(options.merge_ms * rate_hz / 1000)), samples_in_s(kLongestS, rate_hz));
    set_state.push_back(std::move(state));
  }
}

// The lines to notch out, as they stand in the beginning of the record.
NotchOptions TwitchDetector::State::notch_options() const {
  NotchOptions notch;
  notch.harmonics = {0};
  if (options.line_hz == 0.0 || static_cast<double>(head_count) < kLeastLineS * rate_hz) return notch;
  notch.harmonics.clear();
  notch.line_hz = options.line_hz;
  notch.up_to_hz = std::min(options.high_hz, 0.45 * rate_hz);
  notch.only_detected = true;
  const RowMatrix seen = head.leftCols(head_count);
  return resolve_notch([&](const BlockSink& sink) { sink(seen); }, channel_count, rate_hz, notch);
}

void TwitchDetector::State::start() {
  const auto lines = notch_options();
  const bool found = !(lines.harmonics.size() == 1 && lines.harmonics.front() == 0);
  if (found) out.line_hz = lines.line_hz;
  const auto make = [&](double high_hz) {
    auto cascade = bandpass_design(kOrder, options.low_hz, high_hz, rate_hz);
    if (found) cascade = joined(cascade, notch_design(rate_hz, lines));
    const double rate = rate_hz;
    return grouped_stage([cascade, rate](Index count) { return cascade_stage(count, rate, cascade); }, channel_count, threads);
  };
  const double top_hz = std::min(options.high_hz, 0.45 * rate_hz);
  wide_stage = make(top_hz);
  if (band_count == 2) narrow_stage = make(options.narrow_hz);
  const RowMatrix first = head.leftCols(head_count);
  head.resize(0, 0);
  take(first);
}

void TwitchDetector::State::collect(const ChannelsView& block) {
  if (wide_stage) return take(block);
  const Index fits = std::min(block.cols(), head.cols() - head_count);
  require_finite(block.leftCols(fits), head_count);
  head.middleCols(head_count, fits) = block.leftCols(fits);
  head_count += fits;
  if (head_count < head.cols()) return;
  start();
  if (fits < block.cols()) take(block.rightCols(block.cols() - fits));
}

void TwitchDetector::State::take(const ChannelsView& block) {
  // Large blocks are taken in pieces: what is held stays bounded.
  const Index piece = 4 * window;
  for (Index first = 0; first < block.cols(); first += piece) {
    const auto part = block.middleCols(first, std::min(piece, block.cols() - first));
    append_raw(part);
    wide_stage->push(part, [&](const ChannelsView& y) { bands[0].append(y); });
    if (narrow_stage) narrow_stage->push(part, [&](const ChannelsView& y) { bands[1].append(y); });
    advance();
  }
}

void TwitchDetector::State::append_raw(const ChannelsView& block) {
  require_finite(block, pushed);
  raw.append(block);
  for (Index c = 0; c < channel_count; ++c) {
    const auto at = static_cast<std::size_t>(c);
    const auto row = block.row(c);
    if (row.size() > 0) {
      low[at] = std::min(low[at], row.minCoeff());
      high[at] = std::max(high[at], row.maxCoeff());
    }
    Index fill = slow_fill;
    for (Index i = 0; i < block.cols(); ++i) {
      slow_sum[at] += row[i];
      if (++fill == out.slow_samples) {
        out.slow_uv[at].push_back(static_cast<float>(slow_sum[at] / static_cast<double>(fill)));
        slow_sum[at] = 0;
        fill = 0;
      }
    }
  }
  slow_fill = (slow_fill + block.cols()) % out.slow_samples;
  pushed += block.cols();
}

void TwitchDetector::State::finish_events(Index s, Index available) {
  auto& state = set_state[static_cast<std::size_t>(s)];
  std::size_t done = 0;
  while (done < state.waiting.size() && state.waiting[done].first + state.waiting[done].count + window / 2 <= available) finish_event(s, state.waiting[done++]);
  state.waiting.erase(state.waiting.begin(), state.waiting.begin() + static_cast<std::ptrdiff_t>(done));
}

void TwitchDetector::State::update_envelope(Index end) {
  const Index step = out.envelope_samples;
  while (envelope_done + step <= end) {
    for (Index c = 0; c < channel_count; ++c) {
      double square = 0;
      for (const double v : bands[0].span(c, envelope_done, envelope_done + step)) square += v * v;
      out.envelope_uv2[static_cast<std::size_t>(c)].push_back(static_cast<float>(square / static_cast<double>(step)));
    }
    envelope_done += step;
  }
}

void TwitchDetector::State::advance() {
  const Index ready = band_count == 2 ? std::min(bands[0].end(), bands[1].end()) : bands[0].end();
  const Index whole = ended ? window_count() : ready / window;
  while (levels_done < whole) {
    // The last window takes the rest of the record; it is known as the last only at the end.
    if (!ended && (levels_done + 2) * window > ready) break;
    measure_window(levels_done++);
  }
  const Index scannable = ended ? levels_done : levels_done - kReach;
  while (scanned < scannable) scan_window(scanned++);
  const Index available = ended ? std::numeric_limits<Index>::max() / 2 : std::max<Index>(0, scanned * window);
  parallel_for(static_cast<Index>(sets.size()), threads, [&](Index s) {
    auto& state = set_state[static_cast<std::size_t>(s)];
    if (ended) state.runs.finish(state.waiting);
    finish_events(s, available);
  });
  update_envelope(ready);
  // An event may begin a second before the runs still open, and looks 0.2 s further back.
  const Index keep = std::max<Index>(0, scanned * window - 3 * window);
  raw.forget(keep);
  bands[0].forget(keep);
  bands[1].forget(keep);
  for (auto& state : set_state) {
    state.height.forget(keep);
    state.lanes.forget(keep);
  }
}

TwitchDetector::TwitchDetector(std::vector<Channel> channels, std::vector<ChannelSet> sets, double rate_hz, const TwitchAnalysisOptions& options,
                               std::vector<Gap> gaps, int threads) {
  require_rate(rate_hz);
  validate_options(options);
  if (rate_hz < kLowestRateHz) throw InvalidArgument(fmt::format("rate_hz {} is below {}, the lowest at which twitches can be looked for", rate_hz, kLowestRateHz));
  if (sets.empty()) throw InvalidArgument("no EMG channel to look at for twitches");
  state_ = std::make_unique<State>(std::move(channels), std::move(sets), rate_hz, options, std::move(gaps), threads);
}
TwitchDetector::~TwitchDetector() = default;
TwitchDetector::TwitchDetector(TwitchDetector&&) noexcept = default;

void TwitchDetector::push(const ChannelsView& block) { state_->collect(block); }

TwitchDetection TwitchDetector::finish() {
  auto& s = *state_;
  if (!s.wide_stage) s.start();
  if (s.pushed < s.window) {
    throw InvalidArgument(fmt::format("signal of {:.3g} s is too short: twitches need {} s", static_cast<double>(s.pushed) / s.rate_hz, kWindowS));
  }
  s.ended = true;
  s.wide_stage->finish([&](const ChannelsView& y) { s.bands[0].append(y); });
  if (s.narrow_stage) s.narrow_stage->finish([&](const ChannelsView& y) { s.bands[1].append(y); });
  s.advance();
  s.out.sample_count = s.pushed;
  for (std::size_t i = 0; i < s.sets.size(); ++i) {
    auto& found = s.out.found[i];
    const auto& state = s.set_state[i];
    const double k = threshold_factor(s.sets[i], s.options);
    if (s.sets[i].channels.size() == 1 && !combined(s.sets[i].signal) && state.crossing_s > 0) {
      const double f0 = (state.crossings[0] + (s.band_count == 2 ? state.crossings[1] : 0)) / state.crossing_s;
      found.false_per_min = 60 * 2 * f0 * std::exp(-k * k / 2);
    }
    for (auto* list : {&found.events, &found.weak}) {
      for (auto& event : *list) {
        s.out.waveforms_dropped = s.out.waveforms_dropped || event.waveform < 0;
        const auto c = static_cast<std::size_t>(event.row.peak_channel);
        event.row.clipped = (event.flat_top_uv && *event.flat_top_uv >= s.high[c]) || (event.flat_bottom_uv && *event.flat_bottom_uv <= s.low[c]);
      }
    }
  }
  return std::move(s.out);
}

}  // namespace emg
