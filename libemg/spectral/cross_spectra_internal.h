#pragma once
// Cross-spectra of all pairs of some channels, averaged over segments (and tapers): what coherence, partial coherence and cumulants share.
//
// Every segment of every channel is transformed once. Bins are kept in tiles of eight, real parts then imaginary parts, so that one vector
// does eight bins; segments are taken in batches that fit kBatchBytes. Each sum over segments runs from first to last whatever the batch,
// thread count or company, so a pair has the same bits alone and among many.

#include <complex>
#include <memory>
#include <vector>

#include "libemg/core/signal.h"
#include "libemg/core/trend.h"
#include "libemg/spectral/segments_internal.h"

namespace emg {

/// Windows of one segment: one for Welch, several tapers for multitaper.
struct SegmentWindows {
  std::vector<std::vector<double>> values;
};

class CrossSpectra {
 public:
  /// `channels` of `signal`; `rectify` takes |x| of a segment before its trend goes.
  CrossSpectra(const ChannelsView& signal, const std::vector<Index>& channels, const SegmentGrid& grid, const SegmentWindows& windows,
               Trend trend, bool rectify, int threads);

  Index channel_count() const { return channel_count_; }
  Index bin_count() const { return bin_count_; }
  Index tile_count() const { return tile_count_; }

  /// Sum over segments of conj(X_i) X_j, for i and j in any order (positions in `channels`).
  std::complex<double> operator()(Index bin, Index i, Index j) const;

  /// False if a sample was not finite or too large.
  bool finite() const;

  /// Eight real and eight imaginary parts of a tile of bins, i <= j.
  const double* tile(Index tile, Index i, Index j) const;

 private:
  struct Block {
    Index row = 0, column = 0;  // first channels
  };

  void transform_batch(const ChannelsView& signal, const std::vector<Index>& channels, const SegmentGrid& grid,
                       const SegmentWindows& windows, Trend trend, bool rectify, Index first_segment, Index segments, int threads);
  void add_batch(Index rows, bool first, int threads);

  Index channel_count_ = 0, padded_count_ = 0, bin_count_ = 0, tile_count_ = 0, batch_rows_ = 0;
  std::vector<Block> blocks_;
  std::vector<Index> block_of_;  // position in blocks_ of (row / kCrossRows, column / kCrossColumns)
  RowMatrix spectra_;            // tile x (channel, row, part, bin of the tile)
  RowMatrix sums_;               // tile x (block, pair of the block, part, bin of the tile)
};

}  // namespace emg
