#pragma once
// Every algorithm callable by name. Command line, Python module and documentation are made from this list.

#include <span>
#include <string_view>

#include "libemg/core/operation.h"

namespace emg {

/// All operations, in the order of the documentation.
std::span<const OperationEntry> operations();

/// The operation called `name` (dashes or underscores), or nullptr.
const OperationEntry* find_operation(std::string_view name);

}  // namespace emg
