#include "libemg/core/signal.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <utility>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace emg {
namespace {

constexpr std::uintptr_t kLarge = 4u << 20, kLargePage = 2u << 20;  // bytes

std::uintptr_t bytes_of(const RowMatrix& matrix) {
  return static_cast<std::uintptr_t>(matrix.size()) * sizeof(double);
}

// The matrix given up last.
struct Kept {
  std::mutex mutex;
  RowMatrix matrix;
};

Kept& kept() {
  static Kept one;
  return one;
}

// What `advice` says about the pages that belong to nothing but `matrix`, in steps of `page` bytes. Only a hint.
void advise([[maybe_unused]] const RowMatrix& matrix, [[maybe_unused]] int advice, [[maybe_unused]] std::uintptr_t page) {
#ifdef __linux__
  const auto data = reinterpret_cast<std::uintptr_t>(matrix.data());
  const auto first = (data + page - 1) / page * page, end = (data + bytes_of(matrix)) / page * page;
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, advice);
#endif
}

}  // namespace

RowMatrix unset_matrix(Index rows, Index columns) {
  RowMatrix matrix;
  if (static_cast<std::uintptr_t>(rows * columns) * sizeof(double) < kLarge) {
    matrix.resize(rows, columns);
    return matrix;
  }
  {
    const std::lock_guard lock(kept().mutex);
    if (kept().matrix.size() == rows * columns) matrix = std::move(kept().matrix);
  }
  const bool fresh = matrix.size() == 0;
  matrix.resize(rows, columns);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t kPage = 4096;
  if (fresh) advise(matrix, MADV_HUGEPAGE, kPage);
#endif
  return matrix;
}

void recycle(RowMatrix&& matrix) {
  RowMatrix given = std::move(matrix);
  if (bytes_of(given) < kLarge) return;
#if defined(__linux__) && defined(MADV_FREE)
  advise(given, MADV_FREE, kLargePage);
  const std::lock_guard lock(kept().mutex);
  std::swap(kept().matrix, given);
#endif
}

Index samples_in_s(double duration_s, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_s * rate_hz)));
}

Index samples_in_ms(double duration_ms, double rate_hz) {
  return std::max<Index>(1, static_cast<Index>(std::llround(duration_ms * rate_hz / 1000.0)));
}

}  // namespace emg
