#include <algorithm>
#include <cmath>
#include <utility>

#include "libemg/core/parallel.h"
#include "libemg/spectral/cross_spectra_internal.h"

namespace emg {
namespace {

using spectral_kernels::kCrossColumns;
using spectral_kernels::kCrossRows;
using spectral_kernels::kTile;

// Two parts of a tile of bins.
constexpr Index kTileSize = 2 * kTile;
constexpr Index kBlockSize = kCrossRows * kCrossColumns * kTileSize;

// Each batch of segments takes one pass over all sums, so that few batches are fast; this bounds their memory.
constexpr double kBatchBytes = 64e6;

// Rows that are multiplied at a time: those of one block fit the nearest cache, where its row channels stay for all its columns.
constexpr Index kCachedRows = 32;

// Transforms that are written side by side: one alone would fill only two cache lines of each tile.
constexpr Index kRowsAtOnce = 8;

Index rounded_up(Index count, Index step) {
  return (count + step - 1) / step * step;
}

}  // namespace

CrossSpectra::CrossSpectra(const ChannelsView& signal, const std::vector<Index>& channels, const SegmentGrid& grid,
                           const SegmentWindows& windows, Trend trend, bool rectify, int threads)
    : channel_count_(static_cast<Index>(channels.size())),
      padded_count_(rounded_up(channel_count_, kCrossRows)),
      bin_count_(grid.length / 2 + 1),
      tile_count_((bin_count_ + kTile - 1) / kTile) {
  const Index columns = padded_count_ / kCrossColumns;
  block_of_.assign(static_cast<std::size_t>(padded_count_ / kCrossRows * columns), -1);
  for (Index row = 0; row < padded_count_; row += kCrossRows) {
    for (Index column = row; column < padded_count_; column += kCrossColumns) {
      block_of_[static_cast<std::size_t>(row / kCrossRows * columns + column / kCrossColumns)] = static_cast<Index>(blocks_.size());
      blocks_.push_back({row, column});
    }
  }
  const Index window_count = static_cast<Index>(windows.values.size()), segment_count = grid.count_in(signal.cols());
  const double bytes_of_segment = 8.0 * static_cast<double>(padded_count_ * tile_count_ * kTileSize * window_count);
  const Index batch = std::clamp<Index>(static_cast<Index>(kBatchBytes / bytes_of_segment), 1, segment_count);
  batch_rows_ = batch * window_count;
  // One tile more than needed: rows a multiple of a page apart would all fall on the same lines of the cache.
  spectra_ = unset_matrix(tile_count_, (padded_count_ * batch_rows_ + 1) * kTileSize);
  if (padded_count_ > channel_count_) spectra_.setZero();
  sums_ = unset_matrix(tile_count_, static_cast<Index>(blocks_.size()) * kBlockSize);
  for (Index first = 0; first < segment_count; first += batch) {
    const Index segments = std::min(batch, segment_count - first);
    transform_batch(signal, channels, grid, windows, trend, rectify, first, segments, threads);
    add_batch(segments * window_count, first == 0, threads);
  }
  recycle(std::move(spectra_));
}

void CrossSpectra::transform_batch(const ChannelsView& signal, const std::vector<Index>& channels, const SegmentGrid& grid,
                                   const SegmentWindows& windows, Trend trend, bool rectify, Index first_segment, Index segments,
                                   int threads) {
  const auto& loops = spectral_kernels::kernels();
  const Index window_count = static_cast<Index>(windows.values.size());
  const Index parts = std::min<Index>(channel_count_, thread_count(threads));
  parallel_for(parts, threads, [&](Index part) {
    std::vector<RealFft> transforms;
    const double* bins[kRowsAtOnce];
    for (Index row = 0; row < std::min(kRowsAtOnce, segments * window_count); ++row) {
      transforms.emplace_back(grid.length);
      bins[row] = parts_of(transforms.back().bins());
    }
    std::vector<double> rectified(rectify ? static_cast<std::size_t>(grid.length) : 0);
    for (Index c = part; c < channel_count_; c += parts) {
      const auto trace = channel_span(signal, channels[static_cast<std::size_t>(c)]);
      Index waiting = 0, done = 0;
      const auto put = [&] {
        loops.spread(bins, waiting, bin_count_, spectra_.outerStride(), spectra_.data() + (c * batch_rows_ + done) * kTileSize);
        done += std::exchange(waiting, 0);
      };
      for (Index s = 0; s < segments; ++s) {
        auto segment = segment_of(trace, grid, first_segment + s);
        if (rectify) {
          std::transform(segment.begin(), segment.end(), rectified.begin(), [](double x) { return std::abs(x); });
          segment = rectified;
        }
        for (const auto& window : windows.values) {
          auto& fft = transforms[static_cast<std::size_t>(waiting++)];
          detrend_and_window(segment, window, trend, fft.trace().data());
          fft.forward();
          if (waiting == kRowsAtOnce) put();
        }
      }
      put();
    }
  });
}

bool CrossSpectra::finite() const {
  for (Index bin = 0; bin < bin_count_; ++bin) {
    for (Index c = 0; c < channel_count_; ++c) {
      if (!std::isfinite((*this)(bin, c, c).real())) return false;
    }
  }
  return true;
}

void CrossSpectra::add_batch(Index rows, bool first, int threads) {
  const auto& loops = spectral_kernels::kernels();
  const Index stride = batch_rows_ * kTileSize;
  parallel_for(tile_count_, threads, [&](Index tile) {
    const double* const spectra = spectra_.row(tile).data();
    if (first) sums_.row(tile).setZero();
    for (Index done = 0; done < rows; done += kCachedRows) {
      const Index count = std::min(kCachedRows, rows - done);
      double* sums = sums_.row(tile).data();
      for (const auto& block : blocks_) {
        loops.cross(spectra + block.row * stride + done * kTileSize, spectra + block.column * stride + done * kTileSize, stride, count, sums);
        sums += kBlockSize;
      }
    }
  });
}

const double* CrossSpectra::tile(Index tile, Index i, Index j) const {
  const Index block = block_of_[static_cast<std::size_t>(i / kCrossRows * (padded_count_ / kCrossColumns) + j / kCrossColumns)];
  return sums_.row(tile).data() + block * kBlockSize + (i % kCrossRows * kCrossColumns + j % kCrossColumns) * kTileSize;
}

std::complex<double> CrossSpectra::operator()(Index bin, Index i, Index j) const {
  if (i > j) return std::conj((*this)(bin, j, i));
  const double* const parts = tile(bin / kTile, i, j) + bin % kTile;
  return {parts[0], i == j ? 0.0 : parts[kTile]};
}

}  // namespace emg
