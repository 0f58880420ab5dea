#include "libemg/measure/twitch/interference.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "libemg/detect/burst.h"
#include "libemg/detect/noise.h"
#include "libemg/filter/butterworth.h"

namespace emg {
namespace {

constexpr double kMadOfNormal = 0.6744897501960817;
constexpr double kShortestS = 20;                             // record
constexpr double kBeatLowHz = 5, kBeatHighHz = 30, kSmoothS = 0.08, kRefractoryS = 0.3, kHalfShapeS = 0.12;
constexpr double kCandidate = 2.5;                            // times the median of the smoothed magnitude
constexpr double kShortestBeatS = 0.33, kLongestBeatS = 1.5, kJitter = 0.25;
constexpr double kSameShape = 0.75, kLeastCoverage = 0.4, kMostCv = 0.2, kWide = 1.3;
constexpr std::size_t kFewestBeats = 15, kMostShapes = 40;
constexpr double kRaised = 1.25, kRaisedPower = 1.3, kBeatHalfS = 0.06, kBesideBeatS = 0.35;
constexpr int kFarthestStep = 4;   // of the envelope, beside a beat
constexpr double kMoveLowHz = 1, kMoveHighHz = 10, kMoveNoise = 12, kMoveTail = 4, kMoveShare = 0.03, kMoveRatio = 1.2, kMoveWidenS = 0.25, kNearS = 0.3;

std::vector<double> band(const SlowTracks& tracks, double low_hz, double high_hz) {
  std::vector<double> x(tracks.slow_uv.begin(), tracks.slow_uv.end());
  const double rate_hz = 1 / tracks.slow_s;
  const auto y = bandpass(one_channel(x), rate_hz, {.low_hz = low_hz, .high_hz = std::min(high_hz, 0.45 * rate_hz), .order = 2});
  return {y.data(), y.data() + y.size()};
}

std::vector<Index> candidates(const std::vector<double>& y, double rate_hz) {
  std::vector<double> magnitude(y.size());
  std::transform(y.begin(), y.end(), magnitude.begin(), [](double v) { return std::fabs(v); });
  const auto smooth = moving_mean(magnitude, samples_in_s(kSmoothS, rate_hz));
  const double level = kCandidate * median_of(smooth);
  std::vector<Index> peaks;
  for (std::size_t i = 1; i + 1 < smooth.size(); ++i) {
    if (smooth[i] > level && smooth[i] >= smooth[i - 1] && smooth[i] > smooth[i + 1]) peaks.push_back(static_cast<Index>(i));
  }
  // The larger of two peaks within the refractory time stays.
  auto order = peaks;
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return smooth[static_cast<std::size_t>(a)] > smooth[static_cast<std::size_t>(b)]; });
  const Index near = samples_in_s(kRefractoryS, rate_hz);
  std::vector<std::uint8_t> taken(smooth.size(), 0);
  std::vector<Index> kept;
  for (const Index p : order) {
    if (taken[static_cast<std::size_t>(p)]) continue;
    const auto from = static_cast<std::size_t>(std::max<Index>(0, p - near)), to = std::min(smooth.size(), static_cast<std::size_t>(p + near));
    std::fill(taken.begin() + static_cast<std::ptrdiff_t>(from), taken.begin() + static_cast<std::ptrdiff_t>(to), std::uint8_t{1});
    // Aligned to the largest value of the band itself.
    const Index reach = samples_in_s(kSmoothS, rate_hz);
    Index best = p;
    for (Index i = std::max<Index>(0, p - reach); i < std::min(static_cast<Index>(y.size()), p + reach + 1); ++i) {
      if (std::fabs(y[static_cast<std::size_t>(i)]) > std::fabs(y[static_cast<std::size_t>(best)])) best = i;
    }
    kept.push_back(best);
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

double correlation_at(const std::vector<double>& y, Index a, Index b, Index half) {
  double ab = 0, aa = 0, bb = 0;
  for (Index i = -half; i <= half; ++i) {
    const double u = y[static_cast<std::size_t>(a + i)], v = y[static_cast<std::size_t>(b + i)];
    ab += u * v;
    aa += u * u;
    bb += v * v;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

// Groups of peaks of one shape; the first member stands for the group.
std::vector<std::vector<Index>> shapes_of(const std::vector<double>& y, const std::vector<Index>& peaks, Index half) {
  auto order = peaks;
  std::erase_if(order, [&](Index p) { return p - half - 2 < 0 || p + half + 2 >= static_cast<Index>(y.size()); });
  // From the middle of the amplitudes outward: the typical beat leads, not the largest artefact.
  std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return std::fabs(y[static_cast<std::size_t>(a)]) > std::fabs(y[static_cast<std::size_t>(b)]); });
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(order.size() / 4), order.end());
  std::vector<std::vector<Index>> groups;
  for (const Index p : order) {
    std::size_t best_group = groups.size();
    double best = kSameShape;
    for (std::size_t g = 0; g < groups.size(); ++g) {
      double r = -1;
      for (Index lag = -2; lag <= 2; ++lag) r = std::max(r, correlation_at(y, groups[g].front(), p + lag, half));
      if (r > best) best = r, best_group = g;
    }
    if (best_group < groups.size()) {
      groups[best_group].push_back(p);
    } else if (groups.size() < kMostShapes) {
      groups.push_back({p});
    }
  }
  for (auto& group : groups) std::sort(group.begin(), group.end());
  return groups;
}

// How much of the record lies between beats that return regularly.
HeartBeats regularity(const std::vector<Index>& peaks, double step_s, double record_s) {
  HeartBeats beats;
  for (const Index p : peaks) beats.times_s.push_back(static_cast<double>(p) * step_s);
  std::vector<double> intervals;
  for (std::size_t i = 1; i < beats.times_s.size(); ++i) {
    const double d = beats.times_s[i] - beats.times_s[i - 1];
    if (d >= kShortestBeatS && d <= kLongestBeatS) intervals.push_back(d);
  }
  if (intervals.size() < kFewestBeats) return beats;
  double covered = 0, jump = 0;
  int jumps = 0;
  bool last_regular = false;
  constexpr std::size_t kAround = 4;
  for (std::size_t i = 0; i < intervals.size(); ++i) {
    const std::size_t from = i < kAround ? 0 : i - kAround, to = std::min(intervals.size(), i + kAround + 1);
    const double typical = median_of({intervals.begin() + static_cast<std::ptrdiff_t>(from), intervals.begin() + static_cast<std::ptrdiff_t>(to)});
    // A beat that was missed doubles an interval: it covers nothing and says nothing of the regularity.
    const bool regular = std::fabs(intervals[i] / typical - 1) < kJitter;
    if (regular) covered += intervals[i];
    if (regular && last_regular) jump += std::fabs(std::log(intervals[i] / intervals[i - 1])), ++jumps;
    last_regular = regular;
  }
  beats.coverage = covered / record_s;
  beats.rate_per_min = 60 / median_of(intervals);
  beats.cv_local = jumps > 0 ? std::sqrt(std::acos(-1.0)) / 2 * jump / jumps : 2;
  return beats;
}

// Median over the beats of the largest band-passed RMS around each.
double median_envelope_at(const SlowTracks& tracks, const std::vector<double>& times_s) {
  std::vector<double> values;
  for (const double t : times_s) {
    const auto at = static_cast<std::ptrdiff_t>(t / tracks.envelope_s);
    double largest = 0;
    for (auto i = std::max<std::ptrdiff_t>(0, at - 1); i <= at + 1 && i < static_cast<std::ptrdiff_t>(tracks.envelope_uv2.size()); ++i) {
      largest = std::max(largest, static_cast<double>(tracks.envelope_uv2[static_cast<std::size_t>(i)]));
    }
    values.push_back(std::sqrt(largest));
  }
  return median_of(values);
}

double resting_rms(const SlowTracks& tracks) {
  return std::sqrt(median_of({tracks.envelope_uv2.begin(), tracks.envelope_uv2.end()}));
}

}  // namespace

std::optional<HeartBeats> heart_beats(const SlowTracks& tracks) {
  const double record_s = static_cast<double>(tracks.slow_uv.size()) * tracks.slow_s, rate_hz = 1 / tracks.slow_s;
  if (record_s < kShortestS) return std::nullopt;
  const auto y = band(tracks, kBeatLowHz, kBeatHighHz);
  const auto peaks = candidates(y, rate_hz);
  if (peaks.size() < kFewestBeats) return std::nullopt;
  std::optional<HeartBeats> best;
  for (const auto& group : shapes_of(y, peaks, samples_in_s(kHalfShapeS, rate_hz))) {
    if (group.size() < kFewestBeats) continue;
    auto beats = regularity(group, tracks.slow_s, record_s);
    if (beats.coverage < kLeastCoverage || beats.cv_local > kMostCv) continue;
    std::vector<double> heights;
    for (const Index p : group) heights.push_back(std::fabs(y[static_cast<std::size_t>(p)]));
    const double rest = resting_rms(tracks), at_beats = median_envelope_at(tracks, beats.times_s);
    // Beyond the noise, the fast RMS of a beat is small beside its slow height.
    const double fast = std::sqrt(std::max(0.0, at_beats * at_beats - rest * rest));
    if (median_of(heights) < kWide * fast) continue;
    if (!best || beats.coverage > best->coverage) best = std::move(beats);
  }
  return best;
}

std::optional<double> beat_reach_s(const SlowTracks& tracks, const HeartBeats& beats) {
  // The largest of three steps of pure noise is above their median: the same instants moved away tell by how much.
  auto moved = beats.times_s;
  for (auto& t : moved) t += kBesideBeatS;
  const double beside = median_envelope_at(tracks, moved);
  if (!(beside > 0) || median_envelope_at(tracks, beats.times_s) <= kRaised * beside) return std::nullopt;
  // A filter rings beside a large beat: step by step outward, as long as both sides together stand out.
  const auto power_at = [&](double shift_s) {
    std::vector<double> values;
    for (const double t : beats.times_s) {
      const auto at = static_cast<std::ptrdiff_t>(std::floor((t + shift_s) / tracks.envelope_s));
      if (at >= 0 && at < static_cast<std::ptrdiff_t>(tracks.envelope_uv2.size())) values.push_back(tracks.envelope_uv2[static_cast<std::size_t>(at)]);
    }
    return median_of(values);
  };
  const double rest = power_at(kBesideBeatS);
  int step = 0;
  while (step < kFarthestStep && std::max(power_at(-(step + 1) * tracks.envelope_s), power_at((step + 1) * tracks.envelope_s)) > kRaisedPower * rest) ++step;
  return std::max(kBeatHalfS, (step + 0.5) * tracks.envelope_s);
}

std::vector<Stretch> movement_stretches(const SlowTracks& tracks) {
  if (tracks.slow_uv.size() < 16) return {};
  const auto y = band(tracks, kMoveLowHz, kMoveHighHz);
  const double noise = median_abs(y) / kMadOfNormal;
  if (!(noise > 0)) return {};
  std::vector<Stretch> found;
  const double record_s = static_cast<double>(y.size()) * tracks.slow_s;
  for (std::size_t i = 0; i < y.size();) {
    if (std::fabs(y[i]) <= kMoveNoise * noise) {
      ++i;
      continue;
    }
    // The stretch of raised slow signal around the peak; oscillations pass through zero, so a tenth of a second must be quiet. What a filter
    // leaves of a large artefact rings on: a small share of the peak ends it.
    const auto quiet = samples_in_s(0.1, 1 / tracks.slow_s);
    std::size_t first = i, end = i;
    double largest = 0;
    const auto low_at = [&](std::size_t at) { return std::fabs(y[at]) <= std::max(kMoveTail * noise, kMoveShare * largest); };
    for (Index low = 0; end < y.size() && low < quiet; ++end) {
      largest = std::max(largest, std::fabs(y[end]));
      low = low_at(end) ? low + 1 : 0;
    }
    for (Index low = 0; first > 0 && low < quiet; --first) low = low_at(first - 1) ? low + 1 : 0;
    const double from_s = static_cast<double>(first) * tracks.slow_s, to_s = static_cast<double>(end) * tracks.slow_s;
    double fast = 0;
    const auto e0 = static_cast<std::size_t>(std::max(0.0, from_s - kNearS) / tracks.envelope_s);
    const auto e1 = std::min(tracks.envelope_uv2.size(), static_cast<std::size_t>((to_s + kNearS) / tracks.envelope_s) + 1);
    for (auto e = e0; e < e1; ++e) fast = std::max(fast, static_cast<double>(tracks.envelope_uv2[e]));
    if (largest > kMoveRatio * std::sqrt(fast)) {
      const Stretch s{std::max(0.0, from_s - kMoveWidenS), std::min(record_s, to_s + kMoveWidenS)};
      if (!found.empty() && s.first_s <= found.back().end_s) {
        found.back().end_s = std::max(found.back().end_s, s.end_s);
      } else {
        found.push_back(s);
      }
    }
    i = std::max(end, i + 1);
  }
  return found;
}

}  // namespace emg
