#pragma once
// Hot loops of the decomposition, compiled once for each instruction set (kernels_impl_internal.h) and chosen at run time.

#include <cstddef>

namespace emg::hd_kernels {

/// Rows that a product works on together; `rows` is a multiple of it.
inline constexpr std::ptrdiff_t kRows = 8;
/// `columns` of a product is a multiple of this: one vector of the widest processor.
inline constexpr std::ptrdiff_t kFloatStep = 16, kDoubleColumns = 16;
/// Columns of the contrast.
inline constexpr std::ptrdiff_t kFloatColumns = 32;

/// A power of the source in each of kFloatColumns columns, as 0/1 weights of u^(1/2), u, u^2, u^4 in u^(e - 2), and e - 1.
struct Powers {
  float half[kFloatColumns], one[kFloatColumns], two[kFloatColumns], four[kFloatColumns], factor[kFloatColumns];
};

enum class Shape { positive, even, odd };

/// c[i][j] += sum over d < depth of a[i row_step + d depth_step] b[d b_step + j].
template <class T>
using Multiply = void(const T* a, std::ptrdiff_t row_step, std::ptrdiff_t depth_step, const T* b, std::ptrdiff_t b_step, T* c, std::ptrdiff_t c_step,
                      std::ptrdiff_t rows, std::ptrdiff_t depth, std::ptrdiff_t columns);

struct Kernels {
  Multiply<float>* multiply_float;
  Multiply<double>* multiply_double;

  /// Replaces rows of kFloatColumns source values by u^(e - 1), u the clipped source; adds (e - 1) u^(e - 2) to `slope`.
  void (*contrast)(float* s, std::ptrdiff_t step, std::ptrdiff_t rows, Shape shape, float highest, const Powers& powers, float* slope);

  /// y += factor x.
  void (*add_scaled)(float factor, const float* x, float* y, std::ptrdiff_t count);
};

/// The variant for this processor.
const Kernels& kernels();

const Kernels* baseline_kernels();
const Kernels* v3_kernels();      ///< null if not compiled
const Kernels* avx512_kernels();  ///< null if not compiled

}  // namespace emg::hd_kernels
