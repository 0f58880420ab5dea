#pragma once
// Layout of EDF and BDF, shared by reader and writer.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/io/source_file_internal.h"

namespace emg::edf {

inline constexpr std::int64_t kFixedBytes = 256;    ///< fixed header, and header of one signal
inline constexpr std::int64_t kMostSignals = 9999;  ///< four characters
inline constexpr std::int64_t kMostRecordBytes = std::int64_t{1} << 31;

struct Signal {
  std::string label, transducer, dimension, prefilter;
  double physical_min = 0, physical_max = 0;
  double digital_min = 0, digital_max = 0;
  std::int64_t samples = 0;     ///< per record
  std::int64_t offset = 0;      ///< bytes in the record
  std::int64_t range_byte = 0;  ///< where the physical minimum stands in the file
  bool annotations = false;

  bool has_scale() const { return physical_min != physical_max && digital_min != digital_max; }
  double gain() const { return (physical_max - physical_min) / (digital_max - digital_min); }
  /// Value of count 0; exactly 0 for symmetric ranges.
  double zero() const { return (physical_min * digital_max - physical_max * digital_min) / (digital_max - digital_min); }
};

struct Header {
  std::string format;  ///< "edf", "edf+", "bdf", "bdf+"
  int sample_bytes = 2;
  bool discontinuous = false;
  std::string patient, recording, date, time;
  std::int64_t header_bytes = 0, record_bytes = 0, record_count = 0;
  double duration_s = 0;  ///< of one record
  std::vector<Signal> signals;
};

/// Reads and checks the header; repairs go to `warnings`, or are errors if `strict`. Throws FileError with the byte.
Header read_header(const SourceFile& file, bool strict, std::vector<Warning>& warnings);

/// One time-stamped annotation list.
struct Tal {
  std::string onset;  ///< as written: "+0.3945312"
  double onset_s = 0;
  double duration_s = 0;  ///< NaN if absent
  std::vector<std::string> labels;
};

/// The lists in the annotation bytes of one record; `malformed` counts what was skipped to the next NUL.
std::vector<Tal> parse_tals(std::string_view bytes, std::int64_t& malformed);

/// Start as ISO 8601 with zone +00:00 from header date, time, the EDF+ start date and the first record's onset; "" if unknown.
std::string start_time_of(const Header& header, const std::string& first_onset);

}  // namespace emg::edf
