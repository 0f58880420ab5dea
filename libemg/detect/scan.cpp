#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "libemg/core/instruction_set.h"
#include "libemg/detect/scan_internal.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace emg::scan {
namespace {

// Largest |x|; NaN stays NaN: the sum of x - x is 0 or NaN.
double maximum(std::span<const double> x) {
  constexpr std::size_t kLanes = 4;
  double largest[kLanes] = {}, spoiled[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      const double a = std::fabs(x[i + k]);
      largest[k] = a > largest[k] ? a : largest[k];
      spoiled[k] += a - a;
    }
  }
  for (; i < x.size(); ++i) {
    largest[0] = std::max(largest[0], std::fabs(x[i]));
    spoiled[0] += x[i] - x[i];
  }
  return std::max(std::max(largest[0], largest[1]), std::max(largest[2], largest[3])) + ((spoiled[0] + spoiled[1]) + (spoiled[2] + spoiled[3]));
}

// Vectors of two, spelled out: the compiler unrolls the short loops over a chunk before it looks for vectors. A comparison gives -1 or 0.
constexpr std::size_t kWidth = 2;
typedef double ValueVector __attribute__((vector_size(kWidth * sizeof(double))));
typedef std::int64_t CountVector __attribute__((vector_size(kWidth * sizeof(double))));

// Values of `kept` bits: all of them, or all but the sign.
ValueVector loaded(const double* x, std::int64_t kept) {
  CountVector bits;
  std::memcpy(&bits, x, sizeof(bits));
  bits &= kept;
  ValueVector a;
  std::memcpy(&a, &bits, sizeof(a));
  return a;
}

Between count_baseline(std::span<const double> x, bool absolute, double low, double high, double* inside) {
  constexpr std::size_t kGroup = 16;
  const std::int64_t kept = absolute ? 0x7fffffffffffffff : -1;
  Between found;
  const auto take = [&](double v) {
    const double a = absolute ? std::fabs(v) : v;
    found.below += a < low;
    if (a >= low && a <= high) inside[found.inside++] = a;
  };
  std::size_t i = 0;
  for (; i + kGroup <= x.size(); i += kGroup) {
    // Counting is a vector operation; only groups with a value in the bracket are looked at singly.
    CountVector under_lanes = {}, upto_lanes = {};
    for (std::size_t k = 0; k < kGroup; k += kWidth) {
      const auto a = loaded(x.data() + i + k, kept);
      under_lanes -= a < low;
      upto_lanes -= a <= high;
    }
    const auto under = under_lanes[0] + under_lanes[1], upto = upto_lanes[0] + upto_lanes[1];
    if (upto == under) {
      found.below += static_cast<std::size_t>(under);
    } else {
      for (std::size_t k = 0; k < kGroup; ++k) take(x[i + k]);
    }
  }
  for (; i < x.size(); ++i) take(x[i]);
  return found;
}

// The loops below are the same additions in the same order for every width of vector.
#define EMG_ALWAYS_INLINE inline __attribute__((always_inline))

EMG_ALWAYS_INLINE bool all_finite_loop(std::span<const double> x) {
  constexpr std::size_t kLanes = 32;
  double lanes[kLanes] = {};
  const double* const p = x.data();
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lanes[k] += p[i + k] - p[i + k];
  }
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (; i < x.size(); ++i) sum += p[i] - p[i];
  return sum == 0;
}

EMG_ALWAYS_INLINE Extremes extremes_loop(std::span<const double> x) {
  constexpr std::size_t kLanes = 32;
  const double* const p = x.data();
  double low[kLanes], high[kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) low[k] = high[k] = p[0];
  std::size_t i = 0;
  for (; i + kLanes <= x.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      low[k] = p[i + k] < low[k] ? p[i + k] : low[k];
      high[k] = p[i + k] > high[k] ? p[i + k] : high[k];
    }
  }
  for (; i < x.size(); ++i) {
    low[0] = p[i] < low[0] ? p[i] : low[0];
    high[0] = p[i] > high[0] ? p[i] : high[0];
  }
  Extremes found{low[0], high[0]};
  for (std::size_t k = 1; k < kLanes; ++k) {
    found.lowest = low[k] < found.lowest ? low[k] : found.lowest;
    found.highest = high[k] > found.highest ? high[k] : found.highest;
  }
  return found;
}

EMG_ALWAYS_INLINE std::size_t count_above_loop(std::span<const double> x, double level) {
  const double* const p = x.data();
  const std::size_t n = x.size();
  std::int64_t count = 0;
  for (std::size_t i = 0; i < n; ++i) count += p[i] > level;
  return static_cast<std::size_t>(count);
}

EMG_ALWAYS_INLINE void teager_loop(const double* __restrict x, std::size_t count, double* __restrict out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = std::fabs(x[i] * x[i] - *(x + i - 1) * x[i + 1]);
}

// out[i] = scale (four windows of `part` samples that follow each other, starting at i, and `Rest` samples after them).
template <int Rest>
EMG_ALWAYS_INLINE void join_windows(const double* __restrict parts, std::size_t part, const double* __restrict x, std::size_t count, double scale,
                                    double* __restrict out) {
  const double* __restrict after = x + 4 * part;
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0;
    if constexpr (Rest > 0) sum = after[i];
    if constexpr (Rest > 1) sum += after[i + 1];
    if constexpr (Rest > 2) sum += after[i + 2];
    if (part > 0) sum += (parts[i] + parts[i + part]) + (parts[i + 2 * part] + parts[i + 3 * part]);
    out[i] = sum * scale;
  }
}

EMG_ALWAYS_INLINE void join_windows(const double* parts, std::size_t width, const double* x, std::size_t count, double scale, double* out) {
  const std::size_t part = width / 4;
  switch (width % 4) {
    case 0:
      return join_windows<0>(parts, part, x, count, scale, out);
    case 1:
      return join_windows<1>(parts, part, x, count, scale, out);
    case 2:
      return join_windows<2>(parts, part, x, count, scale, out);
    default:
      return join_windows<3>(parts, part, x, count, scale, out);
  }
}

// A window is four windows of a quarter of its width and what remains, down to windows of one sample.
EMG_ALWAYS_INLINE void window_sums_loop(const double* x, std::size_t count, std::size_t width, double scale, double* result) {
  constexpr std::size_t kBlock = 1024;
  constexpr int kMostLevels = 5;  // widths below 4^5
  double level[2][kBlock + kWidest];
  std::size_t widths[kMostLevels];
  int levels = 0;
  for (std::size_t w = width; w > 1; w /= 4) widths[levels++] = w;
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t m = std::min(kBlock, count - first);
    const double* const block = x + first;
    const double* parts = block;
    for (int l = levels - 1; l > 0; --l) {
      join_windows(parts, widths[l], block, m + width - widths[l], 1, level[l % 2]);
      parts = level[l % 2];
    }
    join_windows(parts, width, block, m, scale, result + first);
  }
}

#if defined(__x86_64__)
// The warnings come from the compiler's own intrinsics (GCC 12).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#define EMG_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,popcnt,prefer-vector-width=512")))

EMG_AVX512 double maximum_avx512(const double* x) {
  __m512d a = _mm512_setzero_pd(), b = a;
  __m512d spoiled = a;
  for (std::size_t k = 0; k < kChunk; k += 16) {
    const __m512d u = _mm512_abs_pd(_mm512_loadu_pd(x + k)), v = _mm512_abs_pd(_mm512_loadu_pd(x + k + 8));
    spoiled = _mm512_add_pd(spoiled, _mm512_add_pd(_mm512_sub_pd(u, u), _mm512_sub_pd(v, v)));
    a = _mm512_max_pd(u, a);
    b = _mm512_max_pd(v, b);
  }
  return _mm512_reduce_max_pd(_mm512_max_pd(a, b)) + _mm512_reduce_add_pd(spoiled);
}

EMG_AVX512 Between count_avx512(std::span<const double> x, bool absolute, double low, double high, double* inside) {
  const __m512d from = _mm512_set1_pd(low), to = _mm512_set1_pd(high);
  const __m512i kept = _mm512_set1_epi64(absolute ? 0x7fffffffffffffff : -1);
  Between found;
  for (std::size_t i = 0; i < x.size(); i += 8) {
    const std::size_t count = std::min<std::size_t>(8, x.size() - i);
    const __mmask8 there = static_cast<__mmask8>((1u << count) - 1);
    const __m512d v = _mm512_castsi512_pd(_mm512_and_si512(_mm512_castpd_si512(_mm512_maskz_loadu_pd(there, x.data() + i)), kept));
    const __mmask8 under = _mm512_mask_cmp_pd_mask(there, v, from, _CMP_LT_OQ);
    const __mmask8 in = _mm512_mask_cmp_pd_mask(there, v, to, _CMP_LE_OQ) & static_cast<__mmask8>(~under);
    found.below += static_cast<std::size_t>(__builtin_popcount(under));
    if (in == 0) continue;
    const auto more = static_cast<std::size_t>(__builtin_popcount(in));
    _mm512_mask_storeu_pd(inside + found.inside, static_cast<__mmask8>((1u << more) - 1), _mm512_maskz_compress_pd(in, v));
    found.inside += more;
  }
  return found;
}

EMG_AVX512 bool all_finite_avx512(std::span<const double> x) {
  return all_finite_loop(x);
}
EMG_AVX512 Extremes extremes_avx512(std::span<const double> x) {
  return extremes_loop(x);
}
EMG_AVX512 std::size_t count_above_avx512(std::span<const double> x, double level) {
  return count_above_loop(x, level);
}
EMG_AVX512 void teager_avx512(const double* x, std::size_t count, double* out) {
  teager_loop(x, count, out);
}
EMG_AVX512 void window_sums_avx512(const double* x, std::size_t count, std::size_t width, double scale, double* out) {
  window_sums_loop(x, count, width, scale, out);
}
#pragma GCC diagnostic pop
#endif

bool wide() {
  static const bool is_wide = instruction_set() == InstructionSet::avx512;
  return is_wide;
}

}  // namespace

bool all_finite(std::span<const double> x) {
#if defined(__x86_64__)
  if (wide()) return all_finite_avx512(x);
#endif
  return all_finite_loop(x);
}

Extremes extremes(std::span<const double> x) {
#if defined(__x86_64__)
  if (wide()) return extremes_avx512(x);
#endif
  return extremes_loop(x);
}

std::size_t count_above(std::span<const double> x, double level) {
#if defined(__x86_64__)
  if (wide()) return count_above_avx512(x, level);
#endif
  return count_above_loop(x, level);
}

void teager_energy(const double* x, std::size_t count, double* out) {
#if defined(__x86_64__)
  if (wide()) return teager_avx512(x, count, out);
#endif
  teager_loop(x, count, out);
}

void window_sums(const double* x, std::size_t count, std::size_t width, double scale, double* out) {
#if defined(__x86_64__)
  if (wide()) return window_sums_avx512(x, count, width, scale, out);
#endif
  window_sums_loop(x, count, width, scale, out);
}

void chunk_maxima(std::span<const double> x, double* maxima) {
  std::size_t i = 0;
#if defined(__x86_64__)
  if (wide()) {
    for (; i + kChunk <= x.size(); i += kChunk) *maxima++ = maximum_avx512(x.data() + i);
  }
#endif
  for (; i < x.size(); i += kChunk) *maxima++ = maximum(x.subspan(i, std::min(kChunk, x.size() - i)));
}

Between count_between(std::span<const double> x, bool absolute, double low, double high, double* inside) {
#if defined(__x86_64__)
  if (wide()) return count_avx512(x, absolute, low, high, inside);
#endif
  return count_baseline(x, absolute, low, high, inside);
}

}  // namespace emg::scan
