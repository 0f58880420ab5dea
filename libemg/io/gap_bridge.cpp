#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/io/gap_bridge_internal.h"

namespace emg {

GapBridge::GapBridge(const StreamInfo& stream, const std::vector<Index>& channels) : sample_count_(stream.sample_count) {
  if (stream.gaps.empty()) return;
  std::vector<std::vector<Gap>> own(stream.channels.size());
  for (const auto& gap : stream.gaps) {
    if (gap.channel == -1) {
      gaps_.push_back(gap);
    } else if (gap.channel >= 0 && gap.channel < static_cast<Index>(own.size())) {
      own[static_cast<std::size_t>(gap.channel)].push_back(gap);
    }
  }
  const auto common = gaps_;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const auto& mine = own[static_cast<std::size_t>(channels[i])];
    auto all = common;
    all.insert(all.end(), mine.begin(), mine.end());
    for (auto gap : mine) {
      gap.channel = static_cast<Index>(i);
      gaps_.push_back(gap);
    }
    for (auto& gap : all) gap.channel = -1;
    std::vector<Bridge> bridges;
    Index next = 0;
    for (const auto& span : gap_free_spans(all, 0, sample_count_)) {
      if (span.first > next) bridges.push_back({next, span.first});
      next = span.first + span.count;
    }
    if (next < sample_count_) bridges.push_back({next, sample_count_});
    bridges_.push_back(std::move(bridges));
  }
}

std::vector<Gap> GapBridge::gaps_in(Index first, Index count) const {
  std::vector<Gap> inside;
  for (auto gap : gaps_) {
    const Index begin = std::max(gap.first_sample, first);
    const Index end = std::min(gap.first_sample + gap.sample_count, first + count);
    if (end <= begin) continue;
    gap.first_sample = begin - first;
    gap.sample_count = end - begin;
    inside.push_back(std::move(gap));
  }
  return inside;
}

void GapBridge::find_ends(Bridge& bridge, const Reader& reader, std::size_t stream, Index channel) const {
  RowMatrix one(1, 1);
  const auto sample = [&](Index i) {
    reader.read_block(stream, std::span(&channel, 1), i, one);
    return one(0, 0);
  };
  const bool has_left = bridge.first > 0, has_right = bridge.end < sample_count_;
  if (has_left) bridge.left = sample(bridge.first - 1);
  if (has_right) bridge.right = sample(bridge.end);
  if (!has_left) bridge.left = bridge.right;
  if (!has_right) bridge.right = bridge.left;
  bridge.known = true;
}

void GapBridge::fill(const Reader& reader, std::size_t stream, const std::vector<Index>& channels, Index first, RowMatrix& out) {
  const Index n = out.cols();
  for (std::size_t c = 0; c < bridges_.size(); ++c) {
    double* x = out.data() + static_cast<Index>(c) * n;
    auto& bridges = bridges_[c];
    auto it = std::lower_bound(bridges.begin(), bridges.end(), first, [](const Bridge& b, Index at) { return b.end <= at; });
    for (; it != bridges.end() && it->first < first + n; ++it) {
      if (!it->known) find_ends(*it, reader, stream, channels[c]);
      const Index left = it->first - 1;
      const double step = (it->right - it->left) / static_cast<double>(it->end - left);
      const Index end = std::min(it->end, first + n);
      for (Index i = std::max(it->first, first); i < end; ++i) x[i - first] = it->left + step * static_cast<double>(i - left);
    }
  }
}

void require_finite_block(const std::filesystem::path& path, const StreamInfo& stream, std::span<const Index> channels, Index first,
                          const RowMatrix& block) {
  constexpr std::uint64_t kExponent = 0x7FF0000000000000;
  for (Index c = 0; c < block.rows(); ++c) {
    const auto& channel = stream.channels[static_cast<std::size_t>(channels[static_cast<std::size_t>(c)])];
    if (channel.count_uv) continue;  // integers
    const double* x = block.data() + c * block.cols();
    std::uint64_t bad = 0;
    for (Index i = 0; i < block.cols(); ++i)
      bad |= static_cast<std::uint64_t>((std::bit_cast<std::uint64_t>(x[i]) & kExponent) == kExponent);
    if (bad == 0) continue;
    for (Index i = 0; i < block.cols(); ++i) {
      if (!std::isfinite(x[i])) throw FileError(path.string(), fmt::format("channel {}, sample {} is not finite", channel.name, first + i));
    }
  }
}

}  // namespace emg
