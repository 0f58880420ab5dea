#pragma once
// How samples become numbers of an NWB series.

#include <memory>
#include <string>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/io/hdf5_write_internal.h"
#include "libemg/io/recording_writer.h"

namespace emg::nwb {

/// Sample = stored * step + zero, in microvolts (or the channel's unit).
struct StoredScale {
  double step = 1, zero = 0;
  double least = 0, most = 0;  ///< of the stored integers
  bool exact = false;          ///< samples are whole counts: anything else is refused
};

/// What a series stores.
struct StoredForm {
  h5::Element element = h5::Element::float32;
  std::vector<StoredScale> scales;  ///< of each channel of the series
  double conversion = 1;            ///< volts (or unit) in one stored number
  double offset = 0;
  std::vector<double> channel_conversion;  ///< empty if all are the same
};

/// True if every channel knows its counts and all have the same zero within 1e-3 count.
bool keeps_counts(const std::vector<Channel>& channels);

/// Form of voltage channels. `most_uv`: largest absolute sample of each channel, needed for int16 of computed signals, else empty.
/// Throws InvalidArgument naming dtype.
StoredForm voltage_form(const std::vector<Channel>& channels, SampleType dtype, const std::vector<double>& most_uv);
StoredForm plain_form(std::size_t channel_count, SampleType dtype);

/// True if every sample of `recording` outside gaps is a whole count of its channel.
bool all_whole_counts(const Recording& recording);

/// A series being written.
class SeriesOutput {
 public:
  /// `channels`: rows of the blocks that belong to the series.
  SeriesOutput(h5::Output& output, const std::string& where, StoredForm form, std::vector<Index> channels, const Recording& header,
               Index sample_count, const WriteOptions& options);
  void append(const ChannelsView& block);
  const StoredForm& form() const { return form_; }

 private:
  template <class T>
  void put(const ChannelsView& block, Index first, Index count, T* to);
  double stored(double sample, std::size_t i, Index at) const;
  [[noreturn]] void refuse(double sample, std::size_t i, Index at, double count) const;
  bool in_gap(Index channel, Index at) const;

  std::filesystem::path path_;
  StoredForm form_;
  std::vector<Index> channels_;
  std::vector<std::string> names_;
  std::vector<Gap> gaps_;
  bool clip_;
  h5::SignalOutput signal_;
};

}  // namespace emg::nwb
