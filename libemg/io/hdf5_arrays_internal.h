#pragma once
// A recording made of arrays of an HDF5 file.

#include <memory>
#include <vector>

#include "libemg/io/hdf5_read_internal.h"
#include "libemg/io/reader_internal.h"

namespace emg::h5 {

/// One channel of a stream: a column of an array.
struct ArrayChannel {
  std::shared_ptr<SignalInput> data;
  Index column = 0;
  SampleScale scale;
};

/// Rows of the arrays on the even grid of the stream.
struct ArraySegment {
  Index grid_first = 0, file_first = 0, count = 0;
};

struct ArrayStream {
  StreamInfo info;
  std::vector<ArrayChannel> channels;
  std::vector<ArraySegment> segments;
};

class ArrayReader final : public Reader {
 public:
  ArrayReader(Input file, FileHeader facts, std::vector<ArrayStream> streams);
  ~ArrayReader() override;
  void read_block(std::size_t stream, std::span<const Index> channels, Index first, RowMatrix& out) const override;

 private:
  Input file_;
  std::vector<ArrayStream> streams_;
};

/// Groups of OpenSignals (PLUX, BITalino): `/DEVICE/raw/channel_N`.
std::vector<std::string> opensignals_devices(const Input& file);
std::unique_ptr<Reader> open_opensignals(Input file, const std::vector<std::string>& devices, const ReadOptions& options);

}  // namespace emg::h5
