#pragma once
// Option values and tables in TOML files.

#include <map>
#include <string>
#include <vector>

#include "libemg/core/table.h"
#include "tools/command.h"

namespace emg::tools {

/// Puts the values of the TOML file `path` over `values`. Tables of other commands are allowed if the commands exist.
/// Throws InvalidArgument with file, line and the nearest name for an unknown table or key, FileError if the file cannot be read.
void apply_config(const std::string& path, const Command& command, std::map<std::string, std::vector<Value>>& values);

/// Rows of the TOML file `path`, one for each `[[name]]`, with a column `line`: numbers and texts. Throws InvalidArgument with file and line
/// for anything else in the file, FileError if it cannot be read.
Table toml_rows(const std::string& path, const std::string& name);

}  // namespace emg::tools
