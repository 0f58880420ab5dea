#pragma once
// The native container: NWB 2.7.0 written with the HDF5 C API. Plain HDF5 for any tool, valid NWB for the others.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"
#include "libemg/io/recording_writer.h"

namespace emg {

/// Everything that can stand in a result file beside the signal.
struct NwbContents {
  std::vector<Table> tables;                                            ///< to processing/ecephys; tables without rows are left out
  std::vector<std::pair<std::string, std::vector<NamedArray>>> arrays;  ///< spectra and tracks, by operation name
  std::optional<SweepSet> sweeps;                                       ///< to acquisition/sweeps
  std::vector<MotorUnit> units;                                         ///< to /units (results of a decomposition)
  std::vector<MotorUnit> truth_units;                                   ///< to processing/ecephys/truth_units
  std::vector<Recording> auxiliary;  ///< force, triggers, other rates: TimeSeries named by their first channel
  bool signal = true;                ///< false: leave the signal out
};

/// Writes the signal block by block and the rest with `add`, in any order; `finish` completes the file atomically.
/// Provenance is the `provenance` of the header; `identifier` is the SHA-256 of what went in (inputs and options): same identifier, same
/// contents and same `created` give the same bytes. Throws FileError.
class NwbWriter final : public RecordingWriter {
 public:
  NwbWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options = {},
            std::string identifier = {}, bool signal = true);
  ~NwbWriter() override;
  void append(const ChannelsView& block) override;
  void add(const NwbContents& contents);
  void finish() override;

 private:
  friend void write_nwb(const std::filesystem::path&, const Recording&, const NwbContents&, const WriteOptions&, const std::string&);
  NwbWriter(const std::filesystem::path& path, const Recording& header, Index sample_count, const WriteOptions& options,
            std::string identifier, bool signal, const std::vector<double>& most_uv);
  struct State;
  std::unique_ptr<State> state_;
};

/// Identity of a result: SHA-256 of its provenance, "" without any.
std::string result_identifier(const Recording& recording);

/// Writes `recording` and `contents` as one file.
void write_nwb(const std::filesystem::path& path, const Recording& recording, const NwbContents& contents, const WriteOptions& options = {},
               const std::string& identifier = {});

/// Results and auxiliary series of a native file: tables (without provenance), units, truth, sweeps. Arrays come back as tables; `signal`
/// says whether there is an EMG series. Throws FileError.
NwbContents read_nwb_contents(const std::filesystem::path& path);

}  // namespace emg
