#pragma once
// Option values in a TOML file.

#include <map>
#include <string>
#include <vector>

#include "tools/command.h"

namespace emg::tools {

/// Puts the values of the TOML file `path` over `values`. Tables of other commands are allowed if the commands exist.
/// Throws InvalidArgument with file, line and the nearest name for an unknown table or key, FileError if the file cannot be read.
void apply_config(const std::string& path, const Command& command, std::map<std::string, std::vector<Value>>& values);

}  // namespace emg::tools
