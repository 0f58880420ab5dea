#pragma once
// Everything about a recording but its samples: file facts, subject, electrodes, event tables.

#include <string>
#include <vector>

#include "libemg/io/nwb_signal_internal.h"
#include "libemg/io/nwb_tree_internal.h"

namespace emg::nwb {

/// Root datasets, folders, subject.
void write_file_facts(Tree& tree, const Recording& header, const std::string& identifier, const std::string& created);
/// Device, groups and the electrodes table; returns the groups' paths. `channels`: those of the electrical series.
std::vector<std::string> write_electrodes(Tree& tree, const std::vector<Channel>& channels, bool keeps_counts);
/// Annotations, stimuli, gaps.
void write_events(Tree& tree, const Recording& header);
/// Attributes of a series around its data. `channels`: those of the series.
void write_series(Tree& tree, const std::string& where, const char* type, const std::string& unit, const Recording& header,
                  const std::vector<Channel>& channels, const StoredForm& form);
void write_specification(Tree& tree);

}  // namespace emg::nwb
