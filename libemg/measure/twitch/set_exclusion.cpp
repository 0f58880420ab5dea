// What of a set's record does not count.

#include <algorithm>
#include <cctype>
#include <cmath>

#include "libemg/detect/noise.h"
#include "libemg/measure/twitch/set_work_internal.h"

namespace emg::twitch {
namespace {

constexpr double kBesideS = 0.26;   // the contrast check looks 0.2 s far, a beat reaches 0.06 s
constexpr double kNeedleS = 0.3, kRestWindowS = 0.5, kSetShare = 0.25;

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

// Disjoint ascending stretches, each with the first reason that holds.
std::vector<Claim> resolved(const std::vector<Claim>& claims, double record_s) {
  std::vector<double> edges;
  for (const auto& c : claims) edges.push_back(std::clamp(c.stretch.first_s, 0.0, record_s)), edges.push_back(std::clamp(c.stretch.end_s, 0.0, record_s));
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  // Sweep: how many claims of each reason are open between two edges.
  struct Change {
    double at;
    std::size_t reason;
    int step;
  };
  std::vector<Change> changes;
  for (const auto& c : claims) {
    const double a = std::clamp(c.stretch.first_s, 0.0, record_s), b = std::clamp(c.stretch.end_s, 0.0, record_s);
    if (b > a) changes.push_back({a, c.reason, 1}), changes.push_back({b, c.reason, -1});
  }
  std::stable_sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.at < b.at; });
  std::array<int, kReasons.size()> open{};
  std::vector<Claim> out;
  std::size_t next = 0;
  for (std::size_t e = 0; e + 1 < edges.size(); ++e) {
    while (next < changes.size() && changes[next].at <= edges[e]) open[changes[next].reason] += changes[next].step, ++next;
    const auto first = std::find_if(open.begin(), open.end(), [](int n) { return n > 0; });
    if (first == open.end()) continue;
    const auto reason = static_cast<std::size_t>(first - open.begin());
    if (!out.empty() && out.back().reason == reason && out.back().stretch.end_s == edges[e]) {
      out.back().stretch.end_s = edges[e + 1];
    } else {
      out.push_back({{edges[e], edges[e + 1]}, reason});
    }
  }
  return out;
}

std::vector<Stretch> complement(const std::vector<Claim>& excluded, double record_s) {
  std::vector<Stretch> usable;
  double at = 0;
  for (const auto& c : excluded) {
    if (c.stretch.first_s > at) usable.push_back({at, c.stretch.first_s});
    at = c.stretch.end_s;
  }
  if (record_s > at) usable.push_back({at, record_s});
  return usable;
}

// The claim that holds at `time_s`; nullptr if it is usable.
const Claim* claim_at(const std::vector<Claim>& claims, double time_s) {
  const auto after = std::upper_bound(claims.begin(), claims.end(), time_s, [](double t, const Claim& c) { return t < c.stretch.first_s; });
  if (after == claims.begin()) return nullptr;
  const auto& c = *(after - 1);
  return time_s < c.stretch.end_s ? &c : nullptr;
}

SlowTracks SetWork::tracks(Index channel) const {
  const auto c = static_cast<std::size_t>(channel);
  return {detection_.slow_uv[c], static_cast<double>(detection_.slow_samples) / detection_.rate_hz, detection_.envelope_uv2[c],
          static_cast<double>(detection_.envelope_samples) / detection_.rate_hz};
}

void SetWork::claim_gaps() {
  for (const auto& gap : header_.gaps) {
    const auto& members = out_.set.channels;
    if (gap.channel >= 0 && std::find(members.begin(), members.end(), gap.channel) == members.end()) continue;
    claim(static_cast<double>(gap.first_sample) / detection_.rate_hz, static_cast<double>(gap.first_sample + gap.sample_count) / detection_.rate_hz, kGap);
  }
}

void SetWork::claim_levels() {
  const auto& state = found_.levels.state;
  for (std::size_t w = 0; w < state.size(); ++w) {
    if (state[w] == 0) continue;
    const bool last = w + 1 == state.size();
    claim(static_cast<double>(w), last ? record_s_ : static_cast<double>(w + 1), state[w] == 1 ? kFlat : kNoise);
  }
}

void SetWork::claim_annotations() {
  for (const auto& a : header_.annotations) {
    const auto label = lower_case(a.label);
    const bool needle = label.find("needle") != std::string::npos;
    if (!needle && label.find("voluntary") == std::string::npos && label.find("movement") == std::string::npos) continue;
    const double length = std::isfinite(a.duration_s) ? a.duration_s : 0;
    claim(a.onset_s, a.onset_s + std::max(length + (needle ? kNeedleS : 0), kNeedleS), kAnnotation);
  }
}

// Time is lost for a set if a quarter of its channels moved, or the one where an event is largest.
void SetWork::claim_movement() {
  const auto& members = out_.set.channels;
  std::vector<std::pair<double, int>> edges;
  for (const Index c : members) {
    for (const auto& s : movement_[static_cast<std::size_t>(c)]) edges.emplace_back(s.first_s, 1), edges.emplace_back(s.end_s, -1);
  }
  std::sort(edges.begin(), edges.end());
  const double least = std::max(1.0, kSetShare * static_cast<double>(members.size()));
  int open = 0;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
    open += edges[i].second;
    if (open >= least) claim(edges[i].first, edges[i + 1].first, kMovement);
  }
  for (const auto& event : out_.events) {
    for (const auto& s : movement_[static_cast<std::size_t>(event.peak_channel)]) {
      if (event.time_s >= s.first_s && event.time_s < s.end_s) claim(s.first_s, s.end_s, kMovement);
    }
  }
}

void SetWork::claim_beats() {
  if (!beats_) return;
  const auto& members = out_.set.channels;
  double reach_s = 0;
  for (const Index c : members) reach_s = std::max(reach_s, beat_reach_s(tracks(c), *beats_).value_or(0));
  if (!(reach_s > 0)) return;
  out_.beats = beats_;
  recall_beside_beats();
  for (const double t : beats_->times_s) claim(t - reach_s, t + reach_s, kEcg);
}

// The contrast check takes a beat for noise: what it held back beside one, and only there, counts again.
void SetWork::recall_beside_beats() {
  const auto& beats = beats_->times_s;
  const auto beat_in = [&](double first_s, double end_s) {
    const auto next = std::lower_bound(beats.begin(), beats.end(), first_s);
    return next != beats.end() && *next <= end_s;
  };
  for (std::size_t i = 0; i < found_.weak.size(); ++i) {
    const auto& event = found_.weak[i];
    const double first_s = static_cast<double>(event.span.first) / detection_.rate_hz, end_s = static_cast<double>(event.span.first + event.span.count) / detection_.rate_hz;
    const bool before = !event.weak_before || beat_in(first_s - kBesideS, first_s), after = !event.weak_after || beat_in(end_s, end_s + kBesideS);
    if (before && after) add_detected(event, found_.weak_raw[i]);
  }
  order_events();
}

// RMS of the set over its resting level: the median of the quieter half of half-second windows, channel by channel.
std::vector<double> SetWork::relative_amplitude() const {
  std::vector<double> sum;
  int used = 0;
  for (const Index c : out_.set.channels) {
    const auto& envelope = detection_.envelope_uv2[static_cast<std::size_t>(c)];
    const auto step = std::max<std::size_t>(1, static_cast<std::size_t>(std::llround(kRestWindowS * detection_.rate_hz / static_cast<double>(detection_.envelope_samples))));
    std::vector<double> windows;
    for (std::size_t i = 0; i + step <= envelope.size(); i += step) {
      double mean = 0;
      for (std::size_t k = 0; k < step; ++k) mean += envelope[i + k] / static_cast<double>(step);
      if (mean > 0) windows.push_back(mean);
    }
    if (windows.empty()) continue;
    const double rest = quantile_of(windows, 0.25);
    sum.resize(envelope.size(), 0.0);
    ++used;
    for (std::size_t i = 0; i < envelope.size(); ++i) sum[i] += envelope[i] / rest;
  }
  for (auto& v : sum) v = std::sqrt(v / std::max(1, used));
  return sum;
}

void SetWork::claim_voluntary() {
  const auto amplitude = relative_amplitude();
  VoluntaryInput input{amplitude, static_cast<double>(detection_.envelope_samples) / detection_.rate_hz, {}, {}, record_s_};
  // Raised amplitude first: the interference of a contraction need not be sorted.
  for (const auto& mark : voluntary_marks(input, options_.voluntary, options_.keep_regular)) {
    claim(mark.stretch.first_s, mark.stretch.end_s, kRaised);
  }
  const auto known = resolved(claims_, record_s_);
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < out_.events.size(); ++i) {
    if (!claim_at(known, out_.events[i].time_s)) open.push_back(i);
  }
  sort_events(open);
  take_apart();
  std::vector<double> times;
  std::vector<int> labels;
  for (const auto& event : out_.events) {
    if (claim_at(known, event.time_s)) continue;
    times.push_back(event.time_s);
    labels.push_back(event.source_id.value_or(-1));
  }
  input.relative_amplitude = {};
  input.times_s = times;
  input.sources = labels;
  for (const auto& mark : voluntary_marks(input, options_.voluntary, options_.keep_regular)) {
    claim(mark.stretch.first_s, mark.stretch.end_s, mark.rule == 'b' ? kTrain : kDense);
  }
}

}  // namespace emg::twitch
