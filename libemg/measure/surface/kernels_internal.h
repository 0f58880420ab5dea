#pragma once
// Hot loop of the window features, compiled once for each instruction set (kernels_impl_internal.h) and chosen at run time. Lanes and their
// order are fixed and nothing is fused, so all variants give the same bits.

#include <cstddef>
#include <cstdint>

namespace emg::surface_kernels {

/// Sums over a stretch of samples. Differences and counts belong to the sample they start at.
struct StretchSums {
  double squares = 0, absolutes = 0;
  double lengths = 0;  ///< sum |x[i+1] - x[i]| within the stretch
  std::int64_t crossings = 0, turns = 0;
};

struct Kernels {
  /// `count` samples from x; zero crossings that start at the first `pairs` of them and turns that start at the first `triples`. Reads up
  /// to kReadAhead samples after the stretch.
  void (*stretch)(const double* x, std::ptrdiff_t count, std::ptrdiff_t pairs, std::ptrdiff_t triples, double threshold, StretchSums* sums);
};

inline constexpr std::ptrdiff_t kReadAhead = 10;

/// The variant for this processor.
const Kernels& kernels();

const Kernels* baseline_kernels();
const Kernels* v3_kernels();      ///< null if not compiled
const Kernels* avx512_kernels();  ///< null if not compiled

}  // namespace emg::surface_kernels
