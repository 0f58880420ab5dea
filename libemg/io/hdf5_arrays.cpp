#include <algorithm>

#include "libemg/io/hdf5_arrays_internal.h"

namespace emg::h5 {

ArrayReader::ArrayReader(Input file, FileHeader facts, std::vector<ArrayStream> streams)
    : file_(std::move(file)), streams_(std::move(streams)) {
  header_ = std::move(facts);
  header_.input_files = {file_.path()};
  for (const auto& stream : streams_) header_.streams.push_back(stream.info);
}

ArrayReader::~ArrayReader() {
  const Lock lock;
  streams_.clear();
  file_ = {};
}

void ArrayReader::read_block(std::size_t index, std::span<const Index> channels, Index first, RowMatrix& out) const {
  const Lock lock;
  const auto& stream = streams_[index];
  if (stream.segments.size() != 1) out.setZero();
  const auto channel = [&](std::size_t i) -> const ArrayChannel& { return stream.channels[static_cast<std::size_t>(channels[i])]; };
  for (const auto& segment : stream.segments) {
    const Index begin = std::max(first, segment.grid_first), end = std::min(first + out.cols(), segment.grid_first + segment.count);
    if (end <= begin) continue;
    for (std::size_t i = 0; i < channels.size();) {  // neighbours of one array together
      std::vector<Index> columns;
      std::vector<SampleScale> scales;
      const std::size_t from = i;
      for (; i < channels.size() && channel(i).data == channel(from).data; ++i) {
        columns.push_back(channel(i).column);
        scales.push_back(channel(i).scale);
      }
      channel(from).data->read(segment.file_first + begin - segment.grid_first, end - begin, columns, scales,
                               out.data() + static_cast<Index>(from) * out.cols() + (begin - first), out.cols());
    }
  }
}

}  // namespace emg::h5
