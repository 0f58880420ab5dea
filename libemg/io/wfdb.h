#pragma once
// WFDB header text, sample formats and annotations (PhysioNet, "WFDB Applications Guide": header(5), signal(5), annot(5)).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"

namespace emg::wfdb {

struct Signal {
  std::string file;
  int format = 16;
  int samples_per_frame = 1;
  int skew = 0;  ///< frames that the signal lags
  std::int64_t byte_offset = 0;
  std::optional<double> gain;  ///< counts per unit; empty = uncalibrated
  std::optional<std::int64_t> baseline;
  std::string units = "mV";
  std::int64_t adc_resolution = 0, adc_zero = 0;
  std::optional<std::int64_t> first_value, checksum;
  std::string description;
  std::int64_t line = 0;
};

struct Segment {
  std::string record;  ///< "~" = no data
  std::int64_t frame_count = 0;
};

struct Header {
  std::string record;
  double rate_hz = 0;            ///< frames per second; 0 = not stated
  std::int64_t frame_count = 0;  ///< 0 = not stated
  std::string start_time;
  std::vector<Signal> signals;
  std::vector<Segment> segments;
  std::int64_t signal_count = 0;
  std::vector<std::string> comments;
};

/// Throws FileError naming line and field.
Header read_header(const std::filesystem::path& path);

/// Bytes of `count` samples of a format; samples of 212 come in pairs, the others one by one.
std::int64_t bytes_of(int format, std::int64_t count);

/// True for the formats that can be read.
bool is_known(int format);

/// Decodes `count` samples that start at an even index (212) or anywhere (others). Format 8 gives differences.
void decode(int format, const unsigned char* bytes, std::int64_t count, std::int32_t* to);

/// Code of a missing sample; empty for formats without one.
std::optional<std::int32_t> missing_code(int format);

/// Annotations in MIT form: sample of each and a label ("N", "+ text").
struct Mark {
  std::int64_t sample = 0;
  std::string label;
};
std::vector<Mark> read_annotations(const std::filesystem::path& path, std::vector<Warning>& warnings);

}  // namespace emg::wfdb
