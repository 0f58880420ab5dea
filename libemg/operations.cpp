#include "libemg/operations.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string>
#include <vector>

#include "libemg/detect/teager.h"
#include "libemg/operations_internal.h"

namespace emg {
namespace {

std::vector<OperationEntry> joined(std::initializer_list<std::vector<OperationEntry>> parts) {
  std::vector<OperationEntry> all;
  for (const auto& part : parts) std::copy(part.begin(), part.end(), std::back_inserter(all));
  return all;
}

}  // namespace

std::span<const OperationEntry> operations() {
  static const auto all = joined({filter_operations(), spectral_operations(), detect_operations(), surface_operations(), twitch_operations(),
                                  {operation("teager", "Teager-Kaiser energy of each channel", &teager, &teager_stage)},
                                  ncs_operations()});
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
