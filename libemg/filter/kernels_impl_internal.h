// The loops of kernels_internal.h, included once by the source of each instruction set, compiled with its own flags. Nothing here may leave
// the translation unit except the table, and nothing with inline functions may be included: the linker would be free to take an instance
// that was compiled for a newer processor.

#include <cstddef>
#include <cstdint>

#include "libemg/filter/kernels_internal.h"
#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace emg::filter_kernels {
namespace {

using std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr int kWidth = 8;
#elif defined(__AVX2__)
constexpr int kWidth = 4;
#else
constexpr int kWidth = 2;
#endif
typedef double Vector __attribute__((vector_size(kWidth * sizeof(double))));
typedef double LooseVector __attribute__((vector_size(kWidth * sizeof(double)), aligned(sizeof(double)), may_alias));

#define EMG_INLINE inline __attribute__((always_inline))

EMG_INLINE Vector load(const double* p) {
  return *reinterpret_cast<const LooseVector*>(p);
}
EMG_INLINE void store(double* p, Vector v) {
  *reinterpret_cast<LooseVector*>(p) = v;
}
EMG_INLINE Vector all(double v) {
  return v - Vector{};
}

// a b + c. Written out, so that every copy of a loop rounds alike.
EMG_INLINE Vector multiply_add(Vector a, Vector b, Vector c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_pd(a, b, c);
#else
  return a * b + c;
#endif
}

EMG_INLINE Vector square_root(Vector v) {
#if defined(__AVX512F__)
  // From 14 bits of 1/sqrt to 28 by a step of Goldschmidt's method and to all by one of Newton's: a third of the time of the instruction.
  constexpr int kUnusual = 0xff;  // all classes: anything but a positive normal number
  const Vector half = all(0.5), estimate = _mm512_rsqrt14_pd(v);
  Vector root = v * estimate, inverse = half * estimate;
  const Vector rest = _mm512_fnmadd_pd(root, inverse, half);
  root = _mm512_fmadd_pd(root, rest, root);
  inverse = _mm512_fmadd_pd(inverse, rest, inverse);
  root = _mm512_fmadd_pd(_mm512_fnmadd_pd(root, root, v), inverse, root);
  const __mmask8 unusual = _mm512_fpclass_pd_mask(v, kUnusual);
  return unusual == 0 ? root : static_cast<Vector>(_mm512_mask_sqrt_pd(root, unusual, v));
#elif defined(__AVX2__)
  return _mm256_sqrt_pd(v);
#else
  for (int i = 0; i < kWidth; ++i) v[i] = __builtin_sqrt(v[i]);
  return v;
#endif
}

EMG_INLINE Vector magnitude(Vector v) {
  return v < 0 ? -v : v;
}

#if defined(__AVX512F__)
// 8 x 8 transpose in registers: pairs, then quarters, then halves.
EMG_INLINE void transpose(const Vector (&r)[8], Vector (&o)[8]) {
  Vector t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    t[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int k = i; k < i + 2; ++k) {
      u[k] = __builtin_shufflevector(t[k], t[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      u[k + 2] = __builtin_shufflevector(t[k], t[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (int i = 0; i < 4; ++i) {
    o[i] = __builtin_shufflevector(u[i], u[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    o[i + 4] = __builtin_shufflevector(u[i], u[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}
#elif defined(__AVX2__)
EMG_INLINE void transpose(const Vector (&r)[4], Vector (&o)[4]) {
  const Vector a = __builtin_shufflevector(r[0], r[1], 0, 4, 2, 6), b = __builtin_shufflevector(r[0], r[1], 1, 5, 3, 7);
  const Vector c = __builtin_shufflevector(r[2], r[3], 0, 4, 2, 6), d = __builtin_shufflevector(r[2], r[3], 1, 5, 3, 7);
  o[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  o[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  o[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  o[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}
#else
EMG_INLINE void transpose(const Vector (&r)[2], Vector (&o)[2]) {
  o[0] = Vector{r[0][0], r[1][0]};
  o[1] = Vector{r[0][1], r[1][1]};
}
#endif

// Samples before `row` comes to a cache line. Rows are usually a whole number of lines apart, so all come to one together; loads and stores
// that straddle lines cost double.
EMG_INLINE ptrdiff_t before_line(const double* row, ptrdiff_t count) {
  constexpr std::uintptr_t kLine = 64;
  const auto past = reinterpret_cast<std::uintptr_t>(row) % kLine;
  const auto before = static_cast<ptrdiff_t>((kLine - past) % kLine / sizeof(double));
  return before < count ? before : count;
}

EMG_INLINE void interleave_one(const double* const* rows, ptrdiff_t i, double* out) {
  for (int c = 0; c < kLanes; ++c) out[i * kLanes + c] = rows[c][i];
}

EMG_INLINE void separate_one(const double* in, ptrdiff_t i, double* const* rows) {
  for (int c = 0; c < kLanes; ++c) rows[c][i] = in[i * kLanes + c];
}

// Eight rows at once are more than the processor foresees: fetch what the next call will want.
constexpr ptrdiff_t kAhead = 256;

void interleave(const double* const* rows, ptrdiff_t count, double* out) {
  const ptrdiff_t head = before_line(rows[0], count);
  ptrdiff_t i = 0;
  for (; i < head; ++i) interleave_one(rows, i, out);
  for (; i + kWidth <= count; i += kWidth) {
    for (int c = 0; c < kLanes; c += kWidth) {
      Vector in[kWidth], turned[kWidth];
      for (int k = 0; k < kWidth; ++k) {
        in[k] = load(rows[c + k] + i);
        __builtin_prefetch(rows[c + k] + i + kAhead);
      }
      transpose(in, turned);
      for (int k = 0; k < kWidth; ++k) store(out + (i + k) * kLanes + c, turned[k]);
    }
  }
  for (; i < count; ++i) interleave_one(rows, i, out);
}

void separate(const double* in, ptrdiff_t count, double* const* rows) {
  const ptrdiff_t head = before_line(rows[0], count);
  ptrdiff_t i = 0;
  for (; i < head; ++i) separate_one(in, i, rows);
  for (; i + kWidth <= count; i += kWidth) {
    for (int c = 0; c < kLanes; c += kWidth) {
      Vector side[kWidth], turned[kWidth];
      for (int k = 0; k < kWidth; ++k) side[k] = load(in + (i + k) * kLanes + c);
      transpose(side, turned);
      for (int k = 0; k < kWidth; ++k) store(rows[c + k] + i, turned[k]);
    }
  }
  for (; i < count; ++i) separate_one(in, i, rows);
}

// State and coefficients of `Sections` sections stay in registers; `unit` says that every b2 is 1, which saves a multiplication.
template <int Sections, bool unit>
void cascade_lanes(const double* sections, double* state, double gain, const double* in, double* out, ptrdiff_t count, ptrdiff_t step) {
  Vector b1[Sections], b2[Sections], minus_a1[Sections], minus_a2[Sections], z0[Sections], z1[Sections];
  for (int s = 0; s < Sections; ++s) {
    const double* c = sections + s * kSectionSize;
    b1[s] = all(c[0]);
    b2[s] = all(c[1]);
    minus_a1[s] = all(-c[2]);
    minus_a2[s] = all(-c[3]);
    z0[s] = load(state + 2 * s * kLanes);
    z1[s] = load(state + (2 * s + 1) * kLanes);
  }
  const Vector scale = all(gain);
  for (ptrdiff_t i = 0; i < count; ++i, in += step, out += step) {
    Vector x = load(in) * scale;
#pragma GCC unroll 8
    for (int s = 0; s < Sections; ++s) {
      const Vector y = x + z0[s];
      z0[s] = multiply_add(minus_a1[s], y, multiply_add(b1[s], x, z1[s]));
      z1[s] = multiply_add(minus_a2[s], y, unit ? x : b2[s] * x);
      x = y;
    }
    store(out, x);
  }
  for (int s = 0; s < Sections; ++s) {
    store(state + 2 * s * kLanes, z0[s]);
    store(state + (2 * s + 1) * kLanes, z1[s]);
  }
}

template <int Sections>
void cascade_sections(const double* sections, double* state, double gain, const double* in, double* out, ptrdiff_t count, ptrdiff_t step) {
  bool unit = true;
  for (int s = 0; s < Sections; ++s) unit = unit && sections[s * kSectionSize + 1] == 1.0;
  for (int c = 0; c < kLanes; c += kWidth) {
    const auto run = unit ? &cascade_lanes<Sections, true> : &cascade_lanes<Sections, false>;
    run(sections, state + c, gain, in + c, out + c, count, step);
  }
}

// As many sections in one go as registers hold, the others over the output of the first.
void cascade(const double* sections, int section_count, double* state, double gain, const double* in, double* out, ptrdiff_t count,
             ptrdiff_t step) {
  constexpr int kMost = kWidth == 8 ? 6 : 4;
  const int rounds = (section_count + kMost - 1) / kMost;
  for (int round = 0, first = 0; round < rounds; ++round) {
    const int here = (section_count - first + rounds - round - 1) / (rounds - round);
    const double* const c = sections + first * kSectionSize;
    double* const z = state + 2 * first * kLanes;
    switch (here) {
      case 1:
        cascade_sections<1>(c, z, gain, in, out, count, step);
        break;
      case 2:
        cascade_sections<2>(c, z, gain, in, out, count, step);
        break;
      case 3:
        cascade_sections<3>(c, z, gain, in, out, count, step);
        break;
      case 4:
        cascade_sections<4>(c, z, gain, in, out, count, step);
        break;
      case 5:
        cascade_sections<5>(c, z, gain, in, out, count, step);
        break;
      default:
        cascade_sections<6>(c, z, gain, in, out, count, step);
        break;
    }
    first += here;
    gain = 1.0;
    in = out;
  }
}

void weighted_sum(const double* taps, ptrdiff_t tap_count, const double* in, double* out) {
  constexpr int kSums = 4;
  for (int c = 0; c < kLanes; c += kWidth) {
    Vector sums[kSums] = {};
    ptrdiff_t k = 0;
    for (; k + kSums <= tap_count; k += kSums) {
#pragma GCC unroll 4
      for (int j = 0; j < kSums; ++j) sums[j] = multiply_add(all(taps[k + j]), load(in + (k + j) * kLanes + c), sums[j]);
    }
    for (; k < tap_count; ++k) sums[0] = multiply_add(all(taps[k]), load(in + k * kLanes + c), sums[0]);
    store(out + c, (sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

// Both sums in one loop: each waits for its own last addition.
template <bool squares>
EMG_INLINE void both_sums(const double* in, ptrdiff_t count, double* prefix, double* suffix) {
  for (int c = 0; c < kLanes; c += kWidth) {
    Vector before = {}, after = {};
    for (ptrdiff_t i = 0, j = count - 1; i < count; ++i, --j) {
      const Vector x = load(in + i * kLanes + c), y = load(in + j * kLanes + c);
      before += squares ? x * x : magnitude(x);
      after += squares ? y * y : magnitude(y);
      store(prefix + i * kLanes + c, before);
      store(suffix + j * kLanes + c, after);
    }
  }
}

template <bool squares>
EMG_INLINE void both_sums_of_one(const double* in, ptrdiff_t count, double* prefix, double* suffix) {
  double before = 0, after = 0;
  for (ptrdiff_t i = 0, j = count - 1; i < count; ++i, --j) {
    before += squares ? in[i] * in[i] : __builtin_fabs(in[i]);
    after += squares ? in[j] * in[j] : __builtin_fabs(in[j]);
    prefix[i] = before;
    suffix[j] = after;
  }
}

void block_sums(const double* in, ptrdiff_t count, int lanes, bool squares, double* prefix, double* suffix) {
  if (lanes == 1) {
    squares ? both_sums_of_one<true>(in, count, prefix, suffix) : both_sums_of_one<false>(in, count, prefix, suffix);
  } else {
    squares ? both_sums<true>(in, count, prefix, suffix) : both_sums<false>(in, count, prefix, suffix);
  }
}

template <bool root, bool two>
EMG_INLINE void means(const double* a, const double* b, ptrdiff_t size, double scale, double* out) {
  const Vector factor = all(scale);
  ptrdiff_t i = 0;
  for (; i + kWidth <= size; i += kWidth) {
    const Vector mean = (two ? load(a + i) + load(b + i) : load(a + i)) * factor;
    store(out + i, root ? square_root(mean) : mean);
  }
  if (i == size) return;
  Vector last = {};
  for (ptrdiff_t k = i; k < size; ++k) last[k - i] = (two ? a[k] + b[k] : a[k]) * scale;
  if (root) last = square_root(last);
  for (ptrdiff_t k = i; k < size; ++k) out[k] = last[k - i];
}

template <bool root>
EMG_INLINE void means(const double* a, const double* b, ptrdiff_t size, double scale, double* out) {
  b ? means<root, true>(a, b, size, scale, out) : means<root, false>(a, b, size, scale, out);
}

void mean_of_sums(const double* a, const double* b, ptrdiff_t size, double scale, bool root, double* out) {
  root ? means<true>(a, b, size, scale, out) : means<false>(a, b, size, scale, out);
}

void stream(const double* in, ptrdiff_t count, double* out) {
  ptrdiff_t i = 0;
#if defined(__SSE2__)
  const ptrdiff_t head = before_line(out, count);
  for (; i < head; ++i) out[i] = in[i];
  for (; i + 8 <= count; i += 8) {
#if defined(__AVX512F__)
    _mm512_stream_pd(out + i, load(in + i));
#else
    for (int k = 0; k < 8; k += 2) _mm_stream_pd(out + i + k, _mm_loadu_pd(in + i + k));
#endif
  }
  _mm_sfence();
#endif
  for (; i < count; ++i) out[i] = in[i];
}

constexpr Kernels kTable{interleave, separate, cascade, weighted_sum, block_sums, mean_of_sums, stream};

}  // namespace
}  // namespace emg::filter_kernels
