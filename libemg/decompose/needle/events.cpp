#include "libemg/decompose/needle/events.h"

#include <algorithm>
#include <cmath>

namespace emg::needle {
namespace {

Index ms(double duration_ms, double rate_hz) { return samples_in_ms(duration_ms, rate_hz); }

void split(std::vector<ActivityEvent>& out, const std::vector<double>& energy, Index first, Index last, Index longest, Index least) {
  if (last - first <= longest) {
    out.push_back({first, last, 0, 0, 0});
    return;
  }
  const auto low = std::min_element(energy.begin() + first + least, energy.begin() + last - least);
  const Index cut = low - energy.begin();
  split(out, energy, first, cut, longest, least);
  split(out, energy, cut, last, longest, least);
}

}  // namespace

std::vector<double> smoothed_energy(const RowMatrix& white, double rate_hz) {
  const Index n = white.cols(), half = std::max<Index>(1, ms(1, rate_hz) / 2);
  std::vector<double> squares(static_cast<std::size_t>(n), 0), energy(static_cast<std::size_t>(n), 0);
  for (Index c = 0; c < white.rows(); ++c) {
    for (Index i = 0; i < n; ++i) squares[static_cast<std::size_t>(i)] += white(c, i) * white(c, i);
  }
  double sum = 0;
  for (Index i = -half; i < n; ++i) {
    if (i + half < n) sum += squares[static_cast<std::size_t>(i + half)];
    if (i - half - 1 >= 0) sum -= squares[static_cast<std::size_t>(i - half - 1)];
    if (i >= 0) energy[static_cast<std::size_t>(i)] = std::max(0.0, sum) / static_cast<double>(2 * half + 1);
  }
  return energy;
}

double activity_level(Index channel_count) {
  const auto c = static_cast<double>(channel_count);
  return c * (1 + 3 / std::sqrt(c));
}

std::vector<ActivityEvent> find_events(const RowMatrix& white, double rate_hz, const EventOptions& options) {
  const Index n = white.cols();
  const auto energy = smoothed_energy(white, rate_hz);
  const double level = activity_level(white.rows());
  std::vector<std::pair<Index, Index>> spans;
  const Index gap = ms(options.gap_ms, rate_hz), pad = ms(options.pad_ms, rate_hz);
  for (Index i = 0; i < n; ++i) {
    if (!(white.col(i).cwiseAbs().maxCoeff() > options.factor)) continue;
    if (!spans.empty() && i - spans.back().second < gap) {
      spans.back().second = i + 1;
    } else {
      spans.emplace_back(i, i + 1);
    }
  }
  std::vector<std::pair<Index, Index>> wide;
  for (auto [first, last] : spans) {
    while (first > 0 && energy[static_cast<std::size_t>(first - 1)] > level) --first;
    while (last < n && energy[static_cast<std::size_t>(last)] > level) ++last;
    first = std::max<Index>(0, first - pad);
    last = std::min(n, last + pad);
    if (!wide.empty() && first <= wide.back().second) {
      wide.back().second = std::max(wide.back().second, last);
    } else {
      wide.emplace_back(first, last);
    }
  }
  std::vector<ActivityEvent> events;
  const Index longest = ms(options.longest_ms, rate_hz), least = std::max<Index>(1, ms(3, rate_hz));
  for (const auto& [first, last] : wide) split(events, energy, first, last, std::max(longest, 3 * least), least);
  for (auto& event : events) {
    event.peak = std::max_element(energy.begin() + event.first, energy.begin() + event.last) - energy.begin();
    const auto part = white.middleCols(event.first, event.last - event.first);
    event.energy = part.squaredNorm();
    event.peak_sigma = part.cwiseAbs().maxCoeff();
  }
  return events;
}

}  // namespace emg::needle
