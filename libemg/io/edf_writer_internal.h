#pragma once
// Decisions of the EDF and BDF writer: record length, scales, header and annotation texts.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"

namespace emg::edf {

/// How the samples of a channel become digital values, and what the header says of it.
struct ChannelScale {
  double source_gain = 1, source_zero = 0;  ///< sample = source_gain * count + source_zero
  double shift = 0;                         ///< digital = count + shift
  double digital_min = 0, digital_max = 0;
  std::string dimension, physical_min, physical_max;
  bool rounded = false;  ///< 8 characters changed the scale by more than rounding of doubles

  double gain() const;  ///< per digital value, from the texts, in the channel's unit
};

/// Scale that keeps the counts of a channel; empty if it has none that fit `bytes` per sample.
std::optional<ChannelScale> count_scale(const Channel& channel, int bytes);

/// Scale over +-largest, quantised with the gain of the header's texts.
ChannelScale range_scale(const Channel& channel, double largest, int bytes);

/// Records of equal length, their annotation lists, and which of them are gaps.
struct RecordPlan {
  Index samples = 0;     ///< per record
  std::string duration;  ///< text of the header
  Index record_count = 0;
  std::vector<std::string> lists;      ///< annotation bytes of each record
  std::size_t list_bytes = 0;          ///< per record, a whole number of samples
  std::vector<Span> gap_records;       ///< left out of the file
  std::string date, time, start_date;  ///< header texts

  bool is_gap(Index record) const;
  Index written_count() const;
};

/// Throws InvalidArgument if no record of at most 8 characters states the rate exactly.
RecordPlan plan_records(const Recording& header, Index sample_count, int bytes);

/// Labels of at most 16 ASCII characters, padded; each once.
std::vector<std::string> labels_of(const Recording& header);

std::string header_text(const Recording& header, const std::vector<std::optional<ChannelScale>>& scales, const RecordPlan& plan, int bytes);

/// At most 8 characters for the number nearest to `value`.
std::string eight_characters(double value);

}  // namespace emg::edf
