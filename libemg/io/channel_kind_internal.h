#pragma once
// What channels are, by the names that people give them.

#include <optional>
#include <string>
#include <vector>

#include "libemg/core/recording.h"

namespace emg {

/// Kind that a name states; empty if it states none ("Ch 1").
std::optional<ChannelKind> kind_of_name(std::string_view name);

/// Sets the kind of each channel from its name and unit. Voltages without a telling name are EMG, except in a file that names both an EMG
/// channel and other biosignals; what is no voltage is EMG only by name. `is_voltage` has one entry for each channel.
void set_kinds(std::vector<Channel>& channels, const std::vector<bool>& is_voltage);

/// Makes equal names different (`_2`, `_3`) and warns for each.
void make_names_unique(std::vector<Channel>& channels, std::vector<Warning>& warnings);

}  // namespace emg
