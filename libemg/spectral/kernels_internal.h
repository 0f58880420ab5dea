#pragma once
// Hot loops of the spectra, compiled once for each instruction set (kernels_impl_internal.h) and chosen at run time. Lanes and their order
// are fixed and nothing is fused, so all variants give the same bits.

#include <cstddef>

namespace emg::spectral_kernels {

struct Kernels {
  /// Sum of x, with the bits of pairwise_sum (core/trend.h).
  double (*sum)(const double* x, std::ptrdiff_t count);

  /// out = (x - level) w.
  void (*window)(const double* x, const double* w, double level, std::ptrdiff_t count, double* out);

  /// out += |bin|^2; bins are real, imaginary, real, ...
  void (*add_power)(const double* bins, std::ptrdiff_t count, double* out);

  /// out = |bin|^2 scale.
  void (*scaled_power)(const double* bins, const double* scale, std::ptrdiff_t count, double* out);

  /// out += |bin|^2 of the half_length + 1 bins that PackedFft has folded into `packed`; cosines and sines of pi k / half_length.
  void (*add_packed_power)(const double* packed, const double* cosines, const double* sines, std::ptrdiff_t half_length, double* out);

  /// out = |bin|^2 scale, likewise.
  void (*scaled_packed_power)(const double* packed, const double* cosines, const double* sines, std::ptrdiff_t half_length,
                              const double* scale, double* out);

  /// Sum of a b.
  double (*dot)(const double* a, const double* b, std::ptrdiff_t count);

  /// First index at which the running sum of x reaches `target` (count - 1 if none does); `before`: the sum up to there.
  std::ptrdiff_t (*reach)(const double* x, std::ptrdiff_t count, double target, double* before);

  /// out = sqrt(a^2 + b^2).
  void (*length)(const double* a, const double* b, std::ptrdiff_t count, double* out);
};

/// The variant for this processor.
const Kernels& kernels();

const Kernels* baseline_kernels();
const Kernels* v3_kernels();      ///< null if not compiled
const Kernels* avx512_kernels();  ///< null if not compiled

}  // namespace emg::spectral_kernels
