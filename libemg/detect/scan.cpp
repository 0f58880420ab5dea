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

#if defined(__x86_64__)
// The warnings come from the compiler's own intrinsics (GCC 12).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#define EMG_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,popcnt")))

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
#pragma GCC diagnostic pop
#endif

bool wide() {
  static const bool is_wide = instruction_set() == InstructionSet::avx512;
  return is_wide;
}

}  // namespace

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
