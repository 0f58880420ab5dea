#pragma once
// What needs a channel as a whole, from a record that is read block by block.

#include <algorithm>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/validate.h"

namespace emg {

/// Rows of `run(channels x all samples, first channel)` for one group of channels after another, each read in a pass of its own: as many
/// channels at a time as fit with `arrays` arrays of their length.
template <class Row, class Run>
std::vector<Row> rows_by_groups(const StreamedRecord& record, Index arrays, const Run& run) {
  constexpr Index kHeldDoubles = 8000000;
  const Index group = std::clamp<Index>(kHeldDoubles / (arrays * record.sample_count), 1, record.channel_count);
  std::vector<Row> rows;
  for (Index first = 0; first < record.channel_count; first += group) {
    RowMatrix held = unset_matrix(std::min(group, record.channel_count - first), record.sample_count);
    Index position = 0;
    record.read([&](const ChannelsView& block) {
      if (first == 0) require_finite(block, position);
      held.middleCols(position, block.cols()) = block.middleRows(first, held.rows());
      position += block.cols();
    });
    const auto found = run(held, first);
    rows.insert(rows.end(), found.begin(), found.end());
  }
  return rows;
}

}  // namespace emg
