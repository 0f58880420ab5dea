#pragma once
// Hot loops of the spectra, compiled once for each instruction set (kernels_impl_internal.h) and chosen at run time. Lanes and their order
// are fixed and nothing but `cross` is fused, so all variants give the same bits (`cross`: to rounding).

#include <cstddef>

namespace emg::spectral_kernels {

/// Bins that are worked on side by side, and the block of channel pairs that fits the registers.
inline constexpr std::ptrdiff_t kTile = 8, kCrossRows = 4, kCrossColumns = 2;

struct Kernels {
  /// Sum of x, with the bits of pairwise_sum (core/trend.h).
  double (*sum)(const double* x, std::ptrdiff_t count);

  /// out = (x - level) w.
  void (*window)(const double* x, const double* w, double level, std::ptrdiff_t count, double* out);

  /// out[2 i] = (x - level) w, out[2 i + 1] = (y - other_level) v.
  void (*window_pair)(const double* x, const double* w, double level, const double* y, const double* v, double other_level,
                      std::ptrdiff_t count, double* out);

  /// out += |bin|^2; bins are real, imaginary, real, ...
  void (*add_power)(const double* bins, std::ptrdiff_t count, double* out);

  /// out = |bin|^2 scale.
  void (*scaled_power)(const double* bins, const double* scale, std::ptrdiff_t count, double* out);

  /// out += |bin|^2 of the half_length + 1 bins that PackedFft has folded into `packed`; cosines and sines of pi k / half_length.
  void (*add_packed_power)(const double* packed, const double* cosines, const double* sines, std::ptrdiff_t half_length, double* out);

  /// out = |bin|^2 scale, likewise.
  void (*scaled_packed_power)(const double* packed, const double* cosines, const double* sines, std::ptrdiff_t half_length,
                              const double* scale, double* out);

  /// Filters the trace that PackedFft has folded into `packed` by a real response: with Z the packed values, m = half_length and
  /// Z[m] = Z[0], Z[k] becomes direct[k] Z[k] + i mirrored[k] conj(Z[m - k]).
  void (*filter_packed)(double* packed, const double* direct, const double* mirrored, std::ptrdiff_t half_length);

  /// Sum of a b.
  double (*dot)(const double* a, const double* b, std::ptrdiff_t count);

  /// Sums of x and of x w.
  void (*moments)(const double* x, const double* w, std::ptrdiff_t count, double* total, double* weighted);

  /// First index at which the running sum of x reaches `target` (count - 1 if none does); `before`: the sum up to there.
  std::ptrdiff_t (*reach)(const double* x, std::ptrdiff_t count, double target, double* before);

  /// Bins of `rows` transforms into tiles of kTile bins: the real parts of a tile, then its imaginary parts, row after row, at
  /// tiles + tile stride; the last tile is filled up with zeros.
  void (*spread)(const double* const* bins, std::ptrdiff_t rows, std::ptrdiff_t count, std::ptrdiff_t tile_stride, double* tiles);

  /// sums[(i kCrossColumns + j) 2 kTile ...] += sum over r of conj(a_i[r]) b_j[r] for kCrossRows channels a and kCrossColumns channels b, whose
  /// tiles follow each other for r = 0 ... count - 1; channels lie `stride` apart.
  void (*cross)(const double* a, const double* b, std::ptrdiff_t stride, std::ptrdiff_t count, double* sums);

  /// out = sqrt(a^2 + b^2).
  void (*length)(const double* a, const double* b, std::ptrdiff_t count, double* out);
};

/// The variant for this processor.
const Kernels& kernels();

const Kernels* baseline_kernels();
const Kernels* v3_kernels();      ///< null if not compiled
const Kernels* avx512_kernels();  ///< null if not compiled

}  // namespace emg::spectral_kernels
