#pragma once
// Typed objects of an NWB file: groups and tables with their identity.

#include <set>
#include <string>
#include <vector>

#include "libemg/core/operation.h"
#include "libemg/core/recording.h"
#include "libemg/core/sweeps.h"
#include "libemg/core/table.h"
#include "libemg/core/units.h"
#include "libemg/io/hdf5_write_internal.h"

namespace emg::nwb {

inline constexpr const char* kVersion = "2.7.0";
/// Means "not known" in a field that must not be missing; the date of de-identified EDF files.
inline constexpr const char* kUnknownTime = "1985-01-01T00:00:00+00:00";
inline constexpr const char* kUnknownAge = "P0D/";
inline constexpr const char* kDefaultDescription = "EMG recording";
inline constexpr const char* kDefaultGroup = "electrode_group";
inline constexpr double kMicro = 1e6;               ///< microvolts in a volt
inline constexpr double kMicrometresInMm = 1000.0;  ///< electrode positions are in micrometres

/// `text` as an object name: without / \ :
std::string object_name(std::string_view text);

/// An output with types and unique identities.
class Tree {
 public:
  Tree(h5::Output& output, std::string identifier) : output_(output), identifier_(std::move(identifier)) {}

  h5::Output& output() { return output_; }
  /// Gives the object at `where` its type and an object_id that depends on identifier and path alone (UUID version 8, RFC 9562).
  void type(const std::string& where, const char* name, const char* name_space = "core");
  /// A typed group; description "" = none.
  void group(const std::string& where, const char* type_name, std::string_view description, const char* name_space = "core");
  /// `folder/name`, with _2, _3 if it is taken.
  std::string free_path(const std::string& folder, std::string_view name);

 private:
  h5::Output& output_;
  std::string identifier_;
  std::set<std::string> taken_;
};

/// A table being written: columns in order, then `finish`.
class TableOutput {
 public:
  TableOutput(Tree& tree, std::string where, std::string_view description, std::size_t row_count, const char* type_name = "DynamicTable",
              const char* name_space = "hdmf-common");

  /// Left out if every number is missing.
  void column(const Column& column);
  void texts(const std::string& name, std::string_view text, const std::vector<std::string>& values);
  /// Left out if every text is empty.
  void known_texts(const std::string& name, std::string_view text, const std::vector<std::string>& values);
  void numbers(const std::string& name, std::string_view unit, std::string_view text, const std::vector<double>& values);
  void integers(const std::string& name, std::string_view unit, std::string_view text, const std::vector<std::int64_t>& values,
                h5::Element stored = h5::Element::int64);
  /// Shape [row, ...].
  void array(const std::string& name, std::string_view unit, std::string_view text, const std::vector<Index>& shape, h5::Element stored,
             const void* values, h5::Element memory);
  void references(const std::string& name, std::string_view text, const std::vector<std::string>& targets);
  /// Ragged column: all values behind each other and where each row ends.
  void ragged(const std::string& name, std::string_view text, const std::vector<double>& values, const std::vector<std::uint32_t>& ends);
  std::string path_of(const std::string& name) const { return where_ + "/" + name; }
  void finish(std::vector<std::int32_t> ids = {});

 private:
  std::string begin(const std::string& name);
  void end(const std::string& where, std::string_view unit, std::string_view text);

  Tree& tree_;
  std::string where_;
  std::size_t row_count_;
  std::vector<std::string> names_;
};

/// Tables of results; those without rows are left out.
void write_table(Tree& tree, const std::string& folder, const Table& table);
/// Arrays over axes: rows along the last axis, other axes in columns [row, ..., channel].
void write_arrays(Tree& tree, const std::string& folder, const std::string& name, const std::vector<NamedArray>& arrays);
void write_sweeps(Tree& tree, const std::string& where, const SweepSet& sweeps);
/// `start_s`: time of sample 0, added to spike times. `groups`: electrode groups in the file.
void write_units(Tree& tree, const std::string& where, const std::vector<MotorUnit>& units, double start_s,
                 const std::vector<std::string>& groups);
void write_provenance(Tree& tree, const std::string& where, const std::vector<ProvenanceEntry>& entries);

}  // namespace emg::nwb
