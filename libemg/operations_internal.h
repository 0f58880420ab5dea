#pragma once
// The parts of the list of operations, each in a source of its own.

#include <vector>

#include "libemg/core/operation.h"

namespace emg {

std::vector<OperationEntry> filter_operations();
std::vector<OperationEntry> spectral_operations();
std::vector<OperationEntry> detect_operations();
std::vector<OperationEntry> surface_operations();
std::vector<OperationEntry> twitch_operations();
std::vector<OperationEntry> ncs_operations();

}  // namespace emg
