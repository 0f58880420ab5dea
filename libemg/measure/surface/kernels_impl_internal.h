// The loop of kernels_internal.h, included once by the source of each instruction set, compiled with its own flags. Nothing here may leave
// the translation unit except the table, and nothing with inline functions may be included: the linker would be free to take an instance
// that was compiled for a newer processor.

#include <cstddef>
#include <cstdint>

#include "libemg/measure/surface/kernels_internal.h"

namespace emg::surface_kernels {
namespace {

using std::ptrdiff_t;

constexpr ptrdiff_t kWidth = 8;
typedef double Vector __attribute__((vector_size(kWidth * sizeof(double))));
typedef double LooseVector __attribute__((vector_size(kWidth * sizeof(double)), aligned(sizeof(double)), may_alias));
typedef std::int64_t Mask __attribute__((vector_size(kWidth * sizeof(std::int64_t))));

#define EMG_LOAD(p) (*reinterpret_cast<const LooseVector*>(p))
#define EMG_SUM(v) ((((v)[0] + (v)[4]) + ((v)[2] + (v)[6])) + (((v)[1] + (v)[5]) + ((v)[3] + (v)[7])))
#define EMG_SIZE(v) ((Vector)((Mask)(v)&positive))

// Eight samples from p on: what they add; lanes that do not count are masked by the caller.
#define EMG_STEP(p)                                                              \
  const Vector x0 = EMG_LOAD(p), x1 = EMG_LOAD((p) + 1), x2 = EMG_LOAD((p) + 2); \
  const Vector d0 = x1 - x0, d1 = x2 - x1, s0 = EMG_SIZE(d0), s1 = EMG_SIZE(d1); \
  const Mask crossing = (x0 * x1 < zero) & (s0 > limit);                         \
  const Mask turn = (d0 * d1 < zero) & ((s0 > limit) | (s1 > limit))

void stretch(const double* x, ptrdiff_t count, ptrdiff_t pairs, ptrdiff_t triples, double threshold, StretchSums* sums) {
  const Mask lane = {0, 1, 2, 3, 4, 5, 6, 7};
  const Mask none = {}, positive = none + INT64_MAX;
  const Vector zero = {}, limit = zero + threshold;
  Vector squares = {}, absolutes = {}, lengths = {};
  Mask crossings = {}, turns = {};
  ptrdiff_t i = 0;
  for (; i + kWidth < count && i + kWidth <= triples; i += kWidth) {
    EMG_STEP(x + i);
    squares += x0 * x0;
    absolutes += EMG_SIZE(x0);
    lengths += s0;
    crossings -= crossing;
    turns -= turn;
  }
  for (; i < count; i += kWidth) {
    EMG_STEP(x + i);
    const Mask inside = lane < count - i;
    const Vector kept = (Vector)((Mask)x0 & inside);
    squares += kept * kept;
    absolutes += EMG_SIZE(kept);
    lengths += (Vector)((Mask)s0 & (lane < count - 1 - i));
    crossings -= crossing & (lane < pairs - i);
    turns -= turn & (lane < triples - i);
  }
  sums->squares = EMG_SUM(squares);
  sums->absolutes = EMG_SUM(absolutes);
  sums->lengths = EMG_SUM(lengths);
  sums->crossings = EMG_SUM(crossings);
  sums->turns = EMG_SUM(turns);
}

constexpr Kernels kTable{stretch};

}  // namespace
}  // namespace emg::surface_kernels
