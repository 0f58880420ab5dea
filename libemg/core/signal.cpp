#include "libemg/core/signal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace emg {

RowMatrix unset_matrix(Index rows, Index columns) {
  RowMatrix matrix(rows, columns);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kLarge = 4u << 20, kPage = 4096;
  const auto first = (reinterpret_cast<std::uintptr_t>(matrix.data()) + kPage - 1) / kPage * kPage;
  const auto bytes = static_cast<std::uintptr_t>(matrix.size()) * sizeof(double);
  // A hint: without it the result is the same, only slower.
  if (bytes >= kLarge) madvise(reinterpret_cast<void*>(first), bytes - kPage, MADV_HUGEPAGE);
#endif
  return matrix;
}

Index samples_in_s(double duration_s, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_s * rate_hz)));
}

Index samples_in_ms(double duration_ms, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_ms * rate_hz / 1000.0)));
}

}  // namespace emg
