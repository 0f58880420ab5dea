#include "libemg/measure/twitch/voluntary.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace emg {
namespace {

constexpr double kRaisedS = 0.25, kWidenS = 0.25, kTail = 0.4;
constexpr double kShortestS = 0.025, kLongestS = 0.2, kMostCv = 0.3, kRegularCv = 0.06;
constexpr double kOthersShare = 1.0 / 3;

void add(std::vector<VoluntaryMark>& marks, double first_s, double end_s, char rule, double record_s) {
  const Stretch stretch{std::max(0.0, first_s - kWidenS), std::min(record_s, end_s + kWidenS)};
  if (!marks.empty() && marks.back().rule == rule && stretch.first_s <= marks.back().stretch.end_s) {
    marks.back().stretch.end_s = std::max(marks.back().stretch.end_s, stretch.end_s);
  } else {
    marks.push_back({stretch, rule});
  }
}

void mark_raised(const VoluntaryInput& input, double factor, std::vector<VoluntaryMark>& marks) {
  const auto& a = input.relative_amplitude;
  const auto count = static_cast<std::ptrdiff_t>(a.size());
  const auto least = static_cast<std::ptrdiff_t>(std::llround(kRaisedS / input.step_s));
  // The tail ends where two steps in a row are low.
  const auto low = [&](std::ptrdiff_t i) { return i < 0 || i >= count || a[static_cast<std::size_t>(i)] <= kTail * factor; };
  for (std::ptrdiff_t i = 0; i < count;) {
    auto j = i;
    while (j < count && a[static_cast<std::size_t>(j)] > factor) ++j;
    if (j - i < least) {
      i = j + 1;
      continue;
    }
    auto first = i, end = j;
    while (!low(first - 1) || !low(first - 2)) --first;
    while (!low(end) || !low(end + 1)) ++end;
    first = std::max<std::ptrdiff_t>(first, 0);
    end = std::min(end, count);
    add(marks, static_cast<double>(first) * input.step_s, static_cast<double>(end) * input.step_s, 'a', input.record_s);
    i = std::max(end, j) + 1;
  }
}

double variation(std::span<const double> times) {
  double sum = 0, square = 0;
  const double n = static_cast<double>(times.size()) - 1, mean = (times.back() - times.front()) / n;
  for (std::size_t i = 1; i < times.size(); ++i) {
    const double d = times[i] - times[i - 1] - mean;
    sum += d;
    square += d * d;
  }
  return std::sqrt(std::max(0.0, square - sum * sum / n) / std::max(1.0, n - 1)) / mean;
}

// Runs of one source with intervals in range; any stretch of `in_a_row` events with little variation is marked.
void mark_trains(const std::vector<double>& times, int in_a_row, bool keep_regular, double record_s, std::vector<VoluntaryMark>& marks) {
  const auto n = static_cast<std::size_t>(in_a_row);
  for (std::size_t i = 0; i + n <= times.size();) {
    bool in_range = true;
    for (std::size_t k = 1; k < n && in_range; ++k) {
      const double interval = times[i + k] - times[i + k - 1];
      in_range = interval >= kShortestS && interval <= kLongestS;
    }
    if (!in_range || variation({times.data() + i, n}) >= kMostCv) {
      ++i;
      continue;
    }
    auto end = i + n;
    while (end < times.size() && times[end] - times[end - 1] >= kShortestS && times[end] - times[end - 1] <= kLongestS &&
           variation({times.data() + end + 1 - n, n}) < kMostCv) {
      ++end;
    }
    const bool regular = keep_regular && variation({times.data() + i, end - i}) < kRegularCv;
    if (!regular) add(marks, times[i], times[end - 1], 'b', record_s);
    i = end;
  }
}

void mark_dense(const VoluntaryInput& input, double events_per_s, std::vector<VoluntaryMark>& marks) {
  const auto& t = input.times_s;
  std::map<int, int> counts;
  std::size_t first = 0;
  for (std::size_t i = 0; i < t.size(); ++i) {
    ++counts[input.sources[i]];
    while (t[i] - t[first] > 1) {
      if (--counts[input.sources[first]] == 0) counts.erase(input.sources[first]);
      ++first;
    }
    const auto total = static_cast<double>(i - first + 1);
    if (total <= events_per_s) continue;
    // Events that nobody could sort are of different sources.
    int commonest = 0;
    for (const auto& [source, count] : counts) commonest = std::max(commonest, source < 0 ? 1 : count);
    if (total - commonest >= kOthersShare * total) add(marks, t[first], t[i], 'c', input.record_s);
  }
}

}  // namespace

VoluntaryRules voluntary_rules(VoluntaryPreset preset) {
  switch (preset) {
    case VoluntaryPreset::sensitive:
      return {4, 4, 6};
    case VoluntaryPreset::specific:
      return {8, 8, 12};
    case VoluntaryPreset::screening:
      return {10, 0, 0};
    case VoluntaryPreset::standard:
    case VoluntaryPreset::off:
      break;
  }
  return {};
}

std::vector<VoluntaryMark> voluntary_marks(const VoluntaryInput& input, VoluntaryPreset preset, bool keep_regular) {
  std::vector<VoluntaryMark> marks;
  if (preset == VoluntaryPreset::off) return marks;
  const auto rules = voluntary_rules(preset);
  mark_raised(input, rules.envelope_factor, marks);
  if (rules.in_a_row > 1) {
    std::map<int, std::vector<double>> trains;
    for (std::size_t i = 0; i < input.times_s.size(); ++i) {
      if (input.sources[i] >= 0) trains[input.sources[i]].push_back(input.times_s[i]);
    }
    for (const auto& [source, times] : trains) mark_trains(times, rules.in_a_row, keep_regular, input.record_s, marks);
  }
  if (rules.events_per_s > 0) mark_dense(input, rules.events_per_s, marks);
  std::stable_sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.stretch.first_s < b.stretch.first_s; });
  return marks;
}

}  // namespace emg
