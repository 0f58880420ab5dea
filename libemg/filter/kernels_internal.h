#pragma once
// Hot loops of the filters, compiled once for each instruction set (kernels_impl_internal.h) and chosen at run time.
//
// All work on eight channels side by side ("interleaved": sample 0 of channels 0-7, sample 1 of channels 0-7, ...), whatever the number of
// channels in use, so a channel has the same bits alone and among others. Interleaved buffers are aligned to 64 bytes.

#include <cstddef>

namespace emg::filter_kernels {

inline constexpr std::ptrdiff_t kLanes = 8;

/// Doubles of one section in `cascade`: b1, b2, a1, a2 (b0 = 1).
inline constexpr std::ptrdiff_t kSectionSize = 4;

struct Kernels {
  /// out[8 i + c] = rows[c][i].
  void (*interleave)(const double* const* rows, std::ptrdiff_t count, double* out);

  /// rows[c][i] = in[8 i + c].
  void (*separate)(const double* in, std::ptrdiff_t count, double* const* rows);

  /// Transposed direct form II sections one after the other: y = x + z0, z0 = b1 x - a1 y + z1, z1 = b2 x - a2 y.
  /// `state` is z0 (8 lanes), z1 (8 lanes) of each section; samples are `step` doubles apart (8 or -8); in place is allowed.
  void (*cascade)(const double* sections, int section_count, double* state, double gain, const double* in, double* out,
                  std::ptrdiff_t count, std::ptrdiff_t step);

  /// out = sum over k of taps[k] in[8 k + lane], for the 8 lanes.
  void (*weighted_sum)(const double* taps, std::ptrdiff_t tap_count, const double* in, double* out);

  /// prefix[i] = sum of f(in[j]) for j <= i, suffix[i] = the same for j >= i; f = square or absolute value. `lanes` channels, 8 or 1.
  void (*block_sums)(const double* in, std::ptrdiff_t count, int lanes, bool squares, double* prefix, double* suffix);

  /// out = f((a + b) scale) for `size` doubles, f = square root or identity; `b` may be null.
  void (*mean_of_sums)(const double* a, const double* b, std::ptrdiff_t size, double scale, bool root, double* out);

  /// Copies past the caches, for results larger than they are.
  void (*stream)(const double* in, std::ptrdiff_t count, double* out);
};

/// The variant for this processor.
const Kernels& kernels();

const Kernels* baseline_kernels();
const Kernels* v3_kernels();      ///< null if not compiled
const Kernels* avx512_kernels();  ///< null if not compiled

}  // namespace emg::filter_kernels
