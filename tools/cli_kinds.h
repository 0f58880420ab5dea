#pragma once
// One sub-command per operation, made from the registry.

#include "libemg/core/operation.h"
#include "tools/command.h"

namespace emg::tools {

Command operation_command(const OperationEntry& entry);

}  // namespace emg::tools
