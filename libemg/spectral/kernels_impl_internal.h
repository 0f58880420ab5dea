// The loops of kernels_internal.h, included once by the source of each instruction set, compiled with its own flags. Nothing here may leave
// the translation unit except the table, and nothing with inline functions may be included: the linker would be free to take an instance
// that was compiled for a newer processor.

#include <cstddef>

#include "libemg/spectral/kernels_internal.h"

namespace emg::spectral_kernels {
namespace {

using std::ptrdiff_t;

// Eight lanes whatever the processor; the compiler cuts them to its width.
constexpr ptrdiff_t kWidth = 8;
typedef double Vector __attribute__((vector_size(kWidth * sizeof(double))));
typedef double LooseVector __attribute__((vector_size(kWidth * sizeof(double)), aligned(sizeof(double)), may_alias));

// A macro, because a vector wider than a register cannot be an argument without a warning.
#define EMG_LOAD(p) (*reinterpret_cast<const LooseVector*>(p))
#define EMG_STORE(p, v) (*reinterpret_cast<LooseVector*>(p) = (v))
#define EMG_SUM(v) ((((v)[0] + (v)[4]) + ((v)[2] + (v)[6])) + (((v)[1] + (v)[5]) + ((v)[3] + (v)[7])))

// |bin|^2 of eight bins.
#define EMG_POWER(result, bins)                                                      \
  do {                                                                               \
    const Vector low = EMG_LOAD(bins), high = EMG_LOAD((bins) + kWidth);             \
    const Vector re = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14); \
    const Vector im = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15); \
    result = re * re + im * im;                                                      \
  } while (false)

inline double power_of(const double* bin) {
  return bin[0] * bin[0] + bin[1] * bin[1];
}

double sum(const double* x, ptrdiff_t count) {
  constexpr ptrdiff_t kLanes = 2 * kWidth, kShort = 256;
  if (count > kShort) {
    const ptrdiff_t half = count / 2 / kLanes * kLanes;
    return sum(x, half) + sum(x + half, count - half);
  }
  Vector first = {}, second = {};
  ptrdiff_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    first += EMG_LOAD(x + i);
    second += EMG_LOAD(x + i + kWidth);
  }
  double rest = 0;
  for (; i < count; ++i) rest += x[i];
  first += second;
  return EMG_SUM(first) + rest;
}

void window(const double* x, const double* w, double level, ptrdiff_t count, double* out) {
  ptrdiff_t i = 0;
  for (; i + kWidth <= count; i += kWidth) EMG_STORE(out + i, (EMG_LOAD(x + i) - level) * EMG_LOAD(w + i));
  for (; i < count; ++i) out[i] = (x[i] - level) * w[i];
}

void add_power(const double* bins, ptrdiff_t count, double* out) {
  ptrdiff_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    Vector power;
    EMG_POWER(power, bins + 2 * i);
    EMG_STORE(out + i, EMG_LOAD(out + i) + power);
  }
  for (; i < count; ++i) out[i] += power_of(bins + 2 * i);
}

void scaled_power(const double* bins, const double* scale, ptrdiff_t count, double* out) {
  ptrdiff_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    Vector power;
    EMG_POWER(power, bins + 2 * i);
    EMG_STORE(out + i, power * EMG_LOAD(scale + i));
  }
  for (; i < count; ++i) out[i] = power_of(bins + 2 * i) * scale[i];
}

double dot(const double* a, const double* b, ptrdiff_t count) {
  Vector first = {}, second = {};
  ptrdiff_t i = 0;
  for (; i + 2 * kWidth <= count; i += 2 * kWidth) {
    first += EMG_LOAD(a + i) * EMG_LOAD(b + i);
    second += EMG_LOAD(a + i + kWidth) * EMG_LOAD(b + i + kWidth);
  }
  double rest = 0;
  for (; i < count; ++i) rest += a[i] * b[i];
  first += second;
  return EMG_SUM(first) + rest;
}

ptrdiff_t reach(const double* x, ptrdiff_t count, double target, double* before) {
  constexpr ptrdiff_t kBlock = 2 * kWidth;
  double sum_before = 0;
  ptrdiff_t i = 0;
  for (; i + kBlock < count; i += kBlock) {
    const Vector both = EMG_LOAD(x + i) + EMG_LOAD(x + i + kWidth);
    const double with = sum_before + EMG_SUM(both);
    if (with >= target) break;
    sum_before = with;
  }
  for (; i < count - 1; ++i) {
    const double with = sum_before + x[i];
    if (with >= target) break;
    sum_before = with;
  }
  *before = sum_before;
  return i;
}

void length(const double* a, const double* b, ptrdiff_t count, double* out) {
  for (ptrdiff_t i = 0; i < count; ++i) out[i] = __builtin_sqrt(a[i] * a[i] + b[i] * b[i]);
}

constexpr Kernels kTable{sum, window, add_power, scaled_power, dot, reach, length};

}  // namespace
}  // namespace emg::spectral_kernels
