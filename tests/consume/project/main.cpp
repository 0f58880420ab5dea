#include <cstdio>

#include "libemg/core/version.h"
#include "libemg/operations.h"

// Runs the first operation that gives back a signal and prints what it was.
int main() {
  emg::RowMatrix x(1, 2000);
  for (emg::Index i = 0; i < x.cols(); ++i) x(0, i) = static_cast<double>(i % 7) - 3;
  for (const auto& entry : emg::operations()) {
    if (entry.kind != emg::OperationKind::channels) continue;
    const auto result = entry.run(x, 2000, entry.defaults(), 1);
    std::printf("emg %s: %s gave %ld samples\n", emg::kVersion, entry.name.c_str(), static_cast<long>(result.signal.cols()));
    return result.signal.size() > 0 ? 0 : 1;
  }
  return 1;
}
