#pragma once
// Option values of a named preset of a simulation, beneath what configuration and flags say.

#include <map>
#include <string>
#include <vector>

#include "libemg/core/options.h"

namespace emg::tools {

/// Puts the values of `preset` into the option table of the kind that `command_name` ("simulate KIND") names.
void apply_preset(const std::string& command_name, const std::string& preset, std::map<std::string, std::vector<Value>>& values);

}  // namespace emg::tools
