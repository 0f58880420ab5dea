#include "libemg/operations.h"

#include <algorithm>
#include <string>
#include <vector>

namespace emg {

std::span<const OperationEntry> operations() {
  static const std::vector<OperationEntry> all{
  };
  return all;
}

const OperationEntry* find_operation(std::string_view name) {
  std::string dashed(name);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  for (const auto& entry : operations()) {
    if (entry.name == dashed) return &entry;
  }
  return nullptr;
}

}  // namespace emg
