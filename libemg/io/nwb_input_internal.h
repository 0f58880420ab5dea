#pragma once
// Parts of an NWB file as our types; ours and those of other programs.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"
#include "libemg/io/hdf5_read_internal.h"
#include "libemg/io/recording_file.h"

namespace emg::nwb {

/// A stretch of the file's rows on the even grid of a stream.
struct Segment {
  Index grid_first = 0, file_first = 0, count = 0;
};

/// One time series of a file.
struct Series {
  std::string where;
  StreamInfo info;
  std::shared_ptr<h5::SignalInput> data;
  std::vector<h5::SampleScale> scales;  ///< of each channel
  std::vector<Segment> segments;        ///< one, unless time stamps jump
};

/// Paths of all time series with numeric data: electrical ones under /acquisition, then the rest.
std::vector<std::string> series_paths(const h5::Input& file);

/// `path` of a series or of its data. Throws FileError with its path.
Series read_series(const h5::Input& file, const std::string& path, const ReadOptions& options, std::vector<Warning>& warnings);

/// Electrodes of the channels of a series; `count` channels.
std::vector<Channel> read_electrodes(const h5::Input& file, const std::string& series, Index count);

/// Type of an object, "" if it has none.
std::string type_of(const h5::Input& file, const std::string& where);
/// Paths of all objects below `where` (groups), each before what it holds.
std::vector<std::string> groups_below(const h5::Input& file, const std::string& where);

/// A DynamicTable without its ragged columns; rows of other columns must agree.
Table read_dynamic_table(const h5::Input& file, const std::string& where);
std::optional<SweepSet> read_sweeps(const h5::Input& file, const std::string& where);
/// `start_s`, `rate_hz`: of the signal that spike times are counted on.
std::vector<MotorUnit> read_units(const h5::Input& file, const std::string& where, double start_s, double rate_hz);
std::vector<ProvenanceEntry> read_provenance(const h5::Input& file, const std::string& where);
/// Our own annotations, AnnotationSeries and TimeIntervals.
std::vector<Annotation> read_annotations(const h5::Input& file);
std::vector<Stimulus> read_stimuli(const h5::Input& file);
/// Gaps of the stream with these channels.
std::vector<Gap> read_gaps(const h5::Input& file, const std::vector<Channel>& channels);
Subject read_subject(const h5::Input& file);
/// Result tables, provenance included.
std::vector<Table> read_result_tables(const h5::Input& file);

}  // namespace emg::nwb
