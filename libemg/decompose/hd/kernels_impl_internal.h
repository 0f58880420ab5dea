// The loops of kernels_internal.h, included once by the source of each instruction set, compiled with its own flags. Nothing here may leave
// the translation unit except the table, and nothing with inline functions may be included: the linker would be free to take an instance
// that was compiled for a newer processor.

#include <cstddef>

#include "libemg/decompose/hd/kernels_internal.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace emg::hd_kernels {
namespace {

using std::ptrdiff_t;

#if defined(__AVX512F__)
constexpr int kBytes = 64, kRegisterRows = 8;
#elif defined(__AVX2__)
constexpr int kBytes = 32, kRegisterRows = 4;
#else
constexpr int kBytes = 16, kRegisterRows = 4;
#endif

#define EMG_INLINE inline __attribute__((always_inline))

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  static constexpr int width = kBytes / sizeof(float);
  static constexpr ptrdiff_t columns = kFloatColumns;
  typedef float Vector __attribute__((vector_size(kBytes)));
  typedef float Loose __attribute__((vector_size(kBytes), aligned(sizeof(float)), may_alias));
};
template <>
struct Lanes<double> {
  static constexpr int width = kBytes / sizeof(double);
  static constexpr ptrdiff_t columns = kDoubleColumns;
  typedef double Vector __attribute__((vector_size(kBytes)));
  typedef double Loose __attribute__((vector_size(kBytes), aligned(sizeof(double)), may_alias));
};

template <class T>
EMG_INLINE typename Lanes<T>::Vector load(const T* p) {
  return *reinterpret_cast<const typename Lanes<T>::Loose*>(p);
}
template <class T>
EMG_INLINE void store(T* p, typename Lanes<T>::Vector v) {
  *reinterpret_cast<typename Lanes<T>::Loose*>(p) = v;
}

EMG_INLINE Lanes<float>::Vector multiply_add(Lanes<float>::Vector a, Lanes<float>::Vector b, Lanes<float>::Vector c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

EMG_INLINE Lanes<double>::Vector multiply_add(Lanes<double>::Vector a, Lanes<double>::Vector b, Lanes<double>::Vector c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(a, b, c);
#elif defined(__AVX2__)
  return _mm256_fmadd_pd(a, b, c);
#else
  return a * b + c;
#endif
}

// Rows x (vectors x width) sums stay in registers over the whole depth.
template <class T, int rows, int vectors>
EMG_INLINE void tile(const T* a, ptrdiff_t row_step, ptrdiff_t depth_step, const T* b, ptrdiff_t b_step, T* c, ptrdiff_t c_step, ptrdiff_t depth) {
  using Vector = typename Lanes<T>::Vector;
  constexpr int width = Lanes<T>::width;
  Vector sums[rows][vectors];
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) sums[i][v] = load(c + i * c_step + v * width);
  }
  for (ptrdiff_t d = 0; d < depth; ++d, a += depth_step, b += b_step) {
    Vector right[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) right[v] = load(b + v * width);
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i) {
      const Vector left = a[i * row_step] - Vector{};
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) sums[i][v] = multiply_add(left, right[v], sums[i][v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) store(c + i * c_step + v * width, sums[i][v]);
  }
}

// A stretch of the depth whose panel of b stays in the first cache.
constexpr ptrdiff_t kDepth = 256;

template <class T>
void multiply(const T* a, ptrdiff_t row_step, ptrdiff_t depth_step, const T* b, ptrdiff_t b_step, T* c, ptrdiff_t c_step, ptrdiff_t rows, ptrdiff_t depth,
              ptrdiff_t columns) {
  constexpr int kVectors = 2;
  constexpr ptrdiff_t kStep = kVectors * Lanes<T>::width;
  for (ptrdiff_t d = 0; d < depth; d += kDepth) {
    const ptrdiff_t here = depth - d < kDepth ? depth - d : kDepth;
    const auto strip = [&]<int vectors>(ptrdiff_t j) {
      for (ptrdiff_t i = 0; i < rows; i += kRegisterRows) {
        tile<T, kRegisterRows, vectors>(a + i * row_step + d * depth_step, row_step, depth_step, b + d * b_step + j, b_step, c + i * c_step + j, c_step,
                                        here);
      }
    };
    ptrdiff_t j = 0;
    for (; j + kStep <= columns; j += kStep) strip.template operator()<kVectors>(j);
    for (; j < columns; j += Lanes<T>::width) strip.template operator()<1>(j);
  }
}

EMG_INLINE Lanes<float>::Vector square_root(Lanes<float>::Vector v) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(v);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(v);
#else
  for (int i = 0; i < Lanes<float>::width; ++i) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

template <Shape shape>
void contrast_of(float* s, ptrdiff_t step, ptrdiff_t rows, float highest, const Powers& powers, float* slope) {
  using Vector = Lanes<float>::Vector;
  constexpr int width = Lanes<float>::width;
  const Vector zero = {}, one = 1.0f - zero, most = highest - zero;
  for (ptrdiff_t j = 0; j < kFloatColumns; j += width) {
    const Vector half = load(powers.half + j), single = load(powers.one + j), two = load(powers.two + j), four = load(powers.four + j),
                 factor = load(powers.factor + j);
    Vector sum = load(slope + j);
    for (ptrdiff_t t = 0; t < rows; ++t) {
      const Vector x = load(s + t * step + j);
      Vector u = shape == Shape::positive ? x : (x < 0 ? -x : x);
      u = u < zero ? zero : u;
      u = u > most ? most : u;
      const Vector square = u * u;
      // Weights are 0 or 1, so each bracket is the power or 1.
      const Vector p = multiply_add(half, square_root(u) - one, one) * multiply_add(single, u - one, one) *
                       (multiply_add(two, square - one, one) * multiply_add(four, square * square - one, one));
      const Vector rise = shape == Shape::even ? (x < 0 ? -p : p) : p;
      const Vector value = p * u;
      sum = multiply_add(factor, shape == Shape::positive ? (x > 0 ? rise : zero) : rise, sum);
      store(s + t * step + j, shape == Shape::odd ? (x < 0 ? -value : value) : value);
    }
    store(slope + j, sum);
  }
}

void contrast(float* s, ptrdiff_t step, ptrdiff_t rows, Shape shape, float highest, const Powers& powers, float* slope) {
  switch (shape) {
    case Shape::positive: contrast_of<Shape::positive>(s, step, rows, highest, powers, slope); break;
    case Shape::even: contrast_of<Shape::even>(s, step, rows, highest, powers, slope); break;
    case Shape::odd: contrast_of<Shape::odd>(s, step, rows, highest, powers, slope); break;
  }
}

void add_scaled(float factor, const float* x, float* y, ptrdiff_t count) {
  using Vector = Lanes<float>::Vector;
  constexpr int width = Lanes<float>::width;
  const Vector scale = factor - Vector{};
  ptrdiff_t i = 0;
  for (; i + width <= count; i += width) store(y + i, load(y + i) + scale * load(x + i));
  for (; i < count; ++i) y[i] += factor * x[i];
}

constexpr Kernels kTable{multiply<float>, multiply<double>, contrast, add_scaled};

}  // namespace
}  // namespace emg::hd_kernels
