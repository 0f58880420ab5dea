#include "libemg/core/recording.h"

#include <algorithm>
#include <cmath>

namespace emg {

std::string_view name_of(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::emg: return "emg";
    case ChannelKind::force: return "force";
    case ChannelKind::trigger: return "trigger";
    case ChannelKind::acceleration: return "acceleration";
    case ChannelKind::ecg: return "ecg";
    case ChannelKind::other: return "other";
  }
  return "other";
}

std::vector<Span> gap_free_spans(const std::vector<Gap>& gaps, Index channel, Index sample_count) {
  std::vector<Span> holes;
  for (const auto& gap : gaps) {
    if (gap.channel != -1 && gap.channel != channel) continue;
    const Index first = std::clamp<Index>(gap.first_sample, 0, sample_count);
    const Index last = std::clamp<Index>(gap.first_sample + gap.sample_count, 0, sample_count);
    if (last > first) holes.push_back({first, last - first});
  }
  std::sort(holes.begin(), holes.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
  std::vector<Span> spans;
  Index next = 0;
  for (const auto& hole : holes) {
    if (hole.first > next) spans.push_back({next, hole.first - next});
    next = std::max(next, hole.first + hole.count);
  }
  if (next < sample_count) spans.push_back({next, sample_count - next});
  return spans;
}

void bridge_gaps(RowMatrix& samples, const std::vector<Gap>& gaps) {
  if (gaps.empty()) return;
  const Index n = samples.cols();
  for (Index c = 0; c < samples.rows(); ++c) {
    double* x = samples.data() + c * n;
    const auto spans = gap_free_spans(gaps, c, n);
    if (spans.empty()) {
      std::fill(x, x + n, 0.0);
      continue;
    }
    std::fill(x, x + spans.front().first, x[spans.front().first]);
    for (std::size_t s = 1; s < spans.size(); ++s) {
      const Index left = spans[s - 1].first + spans[s - 1].count - 1;
      const Index right = spans[s].first;
      const double step = (x[right] - x[left]) / static_cast<double>(right - left);
      for (Index i = left + 1; i < right; ++i) x[i] = x[left] + step * static_cast<double>(i - left);
    }
    const Index end = spans.back().first + spans.back().count;
    std::fill(x + end, x + n, x[end - 1]);
  }
}

Recording window_of(const Recording& recording, Index first, Index count) {
  Recording part = recording;
  part.samples = recording.samples.middleCols(first, count);
  part.start_s = recording.start_s + static_cast<double>(first) / recording.rate_hz;
  part.gaps.clear();
  for (auto gap : recording.gaps) {
    const Index begin = std::max(gap.first_sample, first);
    const Index end = std::min(gap.first_sample + gap.sample_count, first + count);
    if (end <= begin) continue;
    gap.first_sample = begin - first;
    gap.sample_count = end - begin;
    part.gaps.push_back(gap);
  }
  const double from_s = static_cast<double>(first) / recording.rate_hz;
  const double to_s = static_cast<double>(first + count) / recording.rate_hz;
  const auto shift = [&](auto& items) {
    std::erase_if(items, [&](const auto& item) { return item.onset_s < from_s || item.onset_s >= to_s; });
    for (auto& item : items) item.onset_s -= from_s;
  };
  shift(part.annotations);
  shift(part.stimuli);
  return part;
}

std::vector<Gap> gaps_at_rate(std::vector<Gap> gaps, double ratio) {
  for (auto& gap : gaps) {
    const auto end = static_cast<double>(gap.first_sample + gap.sample_count);
    gap.first_sample = static_cast<Index>(std::llround(static_cast<double>(gap.first_sample) * ratio));
    gap.sample_count = static_cast<Index>(std::llround(end * ratio)) - gap.first_sample;
  }
  return gaps;
}

void mark_computed(Recording& recording, double rate_hz) {
  for (auto& channel : recording.channels) {
    channel.count_uv.reset();
    channel.count_zero_uv.reset();
    channel.adc_min.reset();
    channel.adc_max.reset();
  }
  if (rate_hz == recording.rate_hz) return;
  recording.gaps = gaps_at_rate(std::move(recording.gaps), rate_hz / recording.rate_hz);
  recording.rate_hz = rate_hz;
}

Recording select_channels(const Recording& recording, const std::vector<Index>& channels) {
  Recording part = recording;
  part.samples.resize(static_cast<Index>(channels.size()), recording.sample_count());
  part.channels.clear();
  part.gaps.clear();
  for (const auto& gap : recording.gaps) {
    if (gap.channel == -1) part.gaps.push_back(gap);
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    part.samples.row(static_cast<Index>(i)) = recording.samples.row(channels[i]);
    part.channels.push_back(recording.channels[static_cast<std::size_t>(channels[i])]);
    for (auto gap : recording.gaps) {
      if (gap.channel != channels[i]) continue;
      gap.channel = static_cast<Index>(i);
      part.gaps.push_back(gap);
    }
  }
  return part;
}

}  // namespace emg
