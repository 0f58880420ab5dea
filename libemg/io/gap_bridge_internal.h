#pragma once
// Straight lines over gaps, the same bits for every window and block: the neighbours are those of the stream.

#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "libemg/io/reader_internal.h"

namespace emg {

class GapBridge {
 public:
  GapBridge() = default;
  GapBridge(const StreamInfo& stream, const std::vector<Index>& channels);

  /// Gaps of the selected channels in a window, renumbered to the selection and the window.
  std::vector<Gap> gaps_in(Index first, Index count) const;

  /// Replaces what lies in gaps in `out`, which starts at sample `first` of the stream. A channel that is all gap becomes 0.
  void fill(const Reader& reader, std::size_t stream, const std::vector<Index>& channels, Index first, RowMatrix& out);

 private:
  struct Bridge {
    Index first = 0, end = 0;
    bool known = false;
    double left = 0, right = 0;  // neighbours; both the same at an end of the stream
  };
  void find_ends(Bridge& bridge, const Reader& reader, std::size_t stream, Index channel) const;

  Index sample_count_ = 0;
  std::vector<Gap> gaps_;                     // of the selection, in samples of the stream
  std::vector<std::vector<Bridge>> bridges_;  // of each selected channel, ascending
};

/// Refuses a sample that is not finite where the source holds floats. Throws FileError naming channel and sample.
void require_finite_block(const std::filesystem::path& path, const StreamInfo& stream, std::span<const Index> channels, Index first,
                          const RowMatrix& block);

}  // namespace emg
