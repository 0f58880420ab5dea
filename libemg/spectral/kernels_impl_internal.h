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
#define EMG_REVERSED(v) __builtin_shufflevector(v, v, 7, 6, 5, 4, 3, 2, 1, 0)

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

void window_pair(const double* x, const double* w, double level, const double* y, const double* v, double other_level, ptrdiff_t count,
                 double* out) {
  ptrdiff_t i = 0;
  for (; i + kWidth <= count; i += kWidth) {
    const Vector a = (EMG_LOAD(x + i) - level) * EMG_LOAD(w + i), b = (EMG_LOAD(y + i) - other_level) * EMG_LOAD(v + i);
    EMG_STORE(out + 2 * i, (__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)));
    EMG_STORE(out + 2 * i + kWidth, (__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)));
  }
  for (; i < count; ++i) {
    out[2 * i] = (x[i] - level) * w[i];
    out[2 * i + 1] = (y[i] - other_level) * v[i];
  }
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

// Bins k and m - k of the real trace from the folded values Z[k] = (a, b) and Z[m - k] = (c, d): E + w O and conj(E - w O) with
// w = e^{-i pi k / m}, 2 E = Z[k] + conj Z[m - k], 2 O = -i (Z[k] - conj Z[m - k]). Works on numbers and on vectors.
#define EMG_UNFOLDED_POWERS(power, mirrored, type, a, b, c, d, cosine, sine)                            \
  do {                                                                                                  \
    const type even_re = (a) + (c), even_im = (b) - (d), odd_re = (b) + (d), odd_im = (c) - (a);        \
    const type turned_re = odd_re * (cosine) + odd_im * (sine), turned_im = odd_im * (cosine)-odd_re * (sine); \
    const type re = even_re + turned_re, im = even_im + turned_im;                                      \
    const type other_re = even_re - turned_re, other_im = even_im - turned_im;                          \
    power = (re * re + im * im) * 0.25;                                                                 \
    mirrored = (other_re * other_re + other_im * other_im) * 0.25;                                      \
  } while (false)

template <class Take>
inline __attribute__((always_inline)) void unfold(const double* z, const double* cosines, const double* sines, ptrdiff_t m,
                                                  const Take& take) {
  take.one(0, (z[0] + z[1]) * (z[0] + z[1]));
  take.one(m, (z[0] - z[1]) * (z[0] - z[1]));
  ptrdiff_t k = 1;
  for (; 2 * (k + kWidth) <= m; k += kWidth) {
    const ptrdiff_t mirror = m - k - (kWidth - 1);
    const Vector low = EMG_LOAD(z + 2 * k), high = EMG_LOAD(z + 2 * k + kWidth);
    const Vector mirror_low = EMG_LOAD(z + 2 * mirror), mirror_high = EMG_LOAD(z + 2 * mirror + kWidth);
    const Vector a = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
    const Vector b = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
    const Vector c = __builtin_shufflevector(mirror_low, mirror_high, 14, 12, 10, 8, 6, 4, 2, 0);
    const Vector d = __builtin_shufflevector(mirror_low, mirror_high, 15, 13, 11, 9, 7, 5, 3, 1);
    const Vector cosine = EMG_LOAD(cosines + k), sine = EMG_LOAD(sines + k);
    Vector power, mirrored;
    EMG_UNFOLDED_POWERS(power, mirrored, Vector, a, b, c, d, cosine, sine);
    mirrored = EMG_REVERSED(mirrored);
    take.many(k, &power);
    take.many(mirror, &mirrored);
  }
  for (; 2 * k <= m; ++k) {
    double power = 0, mirrored = 0;
    EMG_UNFOLDED_POWERS(power, mirrored, double, z[2 * k], z[2 * k + 1], z[2 * (m - k)], z[2 * (m - k) + 1], cosines[k], sines[k]);
    take.one(k, power);
    if (2 * k < m) take.one(m - k, mirrored);
  }
}

struct Added {
  double* out;
  void one(ptrdiff_t k, double power) const { out[k] += power; }
  void many(ptrdiff_t k, const Vector* power) const { EMG_STORE(out + k, EMG_LOAD(out + k) + *power); }
};

struct Scaled {
  const double* scale;
  double* out;
  void one(ptrdiff_t k, double power) const { out[k] = power * scale[k]; }
  void many(ptrdiff_t k, const Vector* power) const { EMG_STORE(out + k, *power * EMG_LOAD(scale + k)); }
};

void add_packed_power(const double* packed, const double* cosines, const double* sines, ptrdiff_t half_length, double* out) {
  unfold(packed, cosines, sines, half_length, Added{out});
}

void scaled_packed_power(const double* packed, const double* cosines, const double* sines, ptrdiff_t half_length, const double* scale,
                         double* out) {
  unfold(packed, cosines, sines, half_length, Scaled{scale, out});
}

// Values k and m - k change together: (a, b) and (c, d) become (p a + q d, p b + q c) and (r c + s b, r d + s a).
void filter_packed(double* z, const double* direct, const double* mirrored, ptrdiff_t m) {
  ptrdiff_t k = 1;
  for (; 2 * (k + kWidth) <= m; k += kWidth) {
    double* const up = z + 2 * k;
    double* const down = z + 2 * (m - k - (kWidth - 1));
    const Vector low = EMG_LOAD(up), high = EMG_LOAD(up + kWidth), down_low = EMG_LOAD(down), down_high = EMG_LOAD(down + kWidth);
    const Vector p = EMG_LOAD(direct + k), q = EMG_LOAD(mirrored + k);
    const Vector r = EMG_LOAD(direct + m - k - (kWidth - 1)), s = EMG_LOAD(mirrored + m - k - (kWidth - 1));
#define EMG_TWICE(v, first) __builtin_shufflevector(v, v, first, first, first + 1, first + 1, first + 2, first + 2, first + 3, first + 3)
    // Backwards, the other part of each value comes to stand where it is needed.
    EMG_STORE(up, low * EMG_TWICE(p, 0) + EMG_REVERSED(down_high) * EMG_TWICE(q, 0));
    EMG_STORE(up + kWidth, high * EMG_TWICE(p, 4) + EMG_REVERSED(down_low) * EMG_TWICE(q, 4));
    EMG_STORE(down, down_low * EMG_TWICE(r, 0) + EMG_REVERSED(high) * EMG_TWICE(s, 0));
    EMG_STORE(down + kWidth, down_high * EMG_TWICE(r, 4) + EMG_REVERSED(low) * EMG_TWICE(s, 4));
#undef EMG_TWICE
  }
  const auto pair = [&](ptrdiff_t i, ptrdiff_t j) {
    const double a = z[2 * i], b = z[2 * i + 1], c = z[2 * j], d = z[2 * j + 1];
    z[2 * i] = direct[i] * a + mirrored[i] * d;
    z[2 * i + 1] = direct[i] * b + mirrored[i] * c;
    z[2 * j] = direct[j] * c + mirrored[j] * b;
    z[2 * j + 1] = direct[j] * d + mirrored[j] * a;
  };
  pair(0, 0);
  for (; 2 * k <= m; ++k) pair(k, m - k);
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

void moments(const double* x, const double* w, ptrdiff_t count, double* total, double* weighted) {
  Vector sums[2] = {}, products[2] = {};
  ptrdiff_t i = 0;
  for (; i + 2 * kWidth <= count; i += 2 * kWidth) {
    const Vector first = EMG_LOAD(x + i), second = EMG_LOAD(x + i + kWidth);
    sums[0] += first;
    sums[1] += second;
    products[0] += first * EMG_LOAD(w + i);
    products[1] += second * EMG_LOAD(w + i + kWidth);
  }
  double sum_rest = 0, product_rest = 0;
  for (; i < count; ++i) {
    sum_rest += x[i];
    product_rest += x[i] * w[i];
  }
  sums[0] += sums[1];
  products[0] += products[1];
  *total = EMG_SUM(sums[0]) + sum_rest;
  *weighted = EMG_SUM(products[0]) + product_rest;
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

void spread(const double* const* bins, ptrdiff_t rows, ptrdiff_t count, ptrdiff_t tile_stride, double* tiles) {
  static_assert(kTile == kWidth);
  ptrdiff_t k = 0;
  for (; k + kWidth <= count; k += kWidth, tiles += tile_stride) {
    for (ptrdiff_t row = 0; row < rows; ++row) {
      // The next tile lies on another page: its lines are asked for ahead.
      double* const next = tiles + tile_stride + 2 * row * kWidth;
      __builtin_prefetch(next, 1);
      __builtin_prefetch(next + kWidth, 1);
      const Vector low = EMG_LOAD(bins[row] + 2 * k), high = EMG_LOAD(bins[row] + 2 * k + kWidth);
      EMG_STORE(tiles + 2 * row * kWidth, (__builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14)));
      EMG_STORE(tiles + (2 * row + 1) * kWidth, (__builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15)));
    }
  }
  if (k == count) return;
  for (ptrdiff_t row = 0; row < rows; ++row) {
    for (ptrdiff_t lane = 0; lane < kWidth; ++lane) {
      tiles[2 * row * kWidth + lane] = k + lane < count ? bins[row][2 * (k + lane)] : 0;
      tiles[(2 * row + 1) * kWidth + lane] = k + lane < count ? bins[row][2 * (k + lane) + 1] : 0;
    }
  }
}

// The part of a block and of a tile whose sums fit the registers.
#if defined(__AVX512F__)
constexpr ptrdiff_t kPartRows = 4, kPartLanes = 8;
#elif defined(__AVX__)
constexpr ptrdiff_t kPartRows = 2, kPartLanes = 4;
#else
constexpr ptrdiff_t kPartRows = 2, kPartLanes = 2;
#endif
typedef double Part __attribute__((vector_size(kPartLanes * sizeof(double))));
typedef double LoosePart __attribute__((vector_size(kPartLanes * sizeof(double)), aligned(sizeof(double)), may_alias));
#define EMG_PART(p) (*reinterpret_cast<LoosePart*>(p))
#define EMG_CONST_PART(p) (*reinterpret_cast<const LoosePart*>(p))

// Products and sums in one instruction where there is one: half the time of the whole matrix.
#if defined(__GNUC__) && !defined(__clang__)
__attribute__((optimize("fp-contract=fast")))
#endif
void cross_part(const double* a, const double* b, ptrdiff_t stride, ptrdiff_t count, double* sums) {
  Part re[kPartRows][kCrossColumns], im[kPartRows][kCrossColumns];
#pragma GCC unroll 4
  for (ptrdiff_t i = 0; i < kPartRows; ++i) {
#pragma GCC unroll 2
    for (ptrdiff_t j = 0; j < kCrossColumns; ++j) {
      re[i][j] = EMG_CONST_PART(sums + (i * kCrossColumns + j) * 2 * kWidth);
      im[i][j] = EMG_CONST_PART(sums + (i * kCrossColumns + j) * 2 * kWidth + kWidth);
    }
  }
  for (ptrdiff_t r = 0; r < count; ++r, a += 2 * kWidth, b += 2 * kWidth) {
#pragma GCC unroll 4
    for (ptrdiff_t i = 0; i < kPartRows; ++i) {
      const Part a_re = EMG_CONST_PART(a + i * stride), a_im = EMG_CONST_PART(a + i * stride + kWidth);
#pragma GCC unroll 2
      for (ptrdiff_t j = 0; j < kCrossColumns; ++j) {
        const Part b_re = EMG_CONST_PART(b + j * stride), b_im = EMG_CONST_PART(b + j * stride + kWidth);
        re[i][j] += a_re * b_re;
        re[i][j] += a_im * b_im;
        im[i][j] += a_re * b_im;
        im[i][j] -= a_im * b_re;
      }
    }
  }
#pragma GCC unroll 4
  for (ptrdiff_t i = 0; i < kPartRows; ++i) {
#pragma GCC unroll 2
    for (ptrdiff_t j = 0; j < kCrossColumns; ++j) {
      EMG_PART(sums + (i * kCrossColumns + j) * 2 * kWidth) = re[i][j];
      EMG_PART(sums + (i * kCrossColumns + j) * 2 * kWidth + kWidth) = im[i][j];
    }
  }
}

void cross(const double* a, const double* b, ptrdiff_t stride, ptrdiff_t count, double* sums) {
  for (ptrdiff_t row = 0; row < kCrossRows; row += kPartRows) {
    for (ptrdiff_t lane = 0; lane < kTile; lane += kPartLanes) {
      cross_part(a + row * stride + lane, b + lane, stride, count, sums + row * kCrossColumns * 2 * kWidth + lane);
    }
  }
}

void length(const double* a, const double* b, ptrdiff_t count, double* out) {
  for (ptrdiff_t i = 0; i < count; ++i) out[i] = __builtin_sqrt(a[i] * a[i] + b[i] * b[i]);
}

constexpr Kernels kTable{sum, window, window_pair, add_power, scaled_power, add_packed_power, scaled_packed_power, filter_packed, dot, moments, reach, spread, cross, length};

}  // namespace
}  // namespace emg::spectral_kernels
