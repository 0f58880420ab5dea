#pragma once
// Fourier transforms of real and complex traces of any length.
//
// An object owns its buffers, aligned for vector units, and serves one thread at a time; any number of objects may work at once.
// Plans are cached per thread by length (32, the least recently used goes), so a second object of a length costs a microsecond.
// Throws InvalidArgument for a length below 1.
// Cost: n log n for every n, fastest for products of 2, 3, 5 and 7 (`next_fast_length`).
// Method: FFTW with FFTW_ESTIMATE and without wisdom: planning by measurement gives other bits from run to run.
// Error: about 1e-16 log n of the largest bin.

#include <complex>
#include <memory>
#include <span>

#include "libemg/core/signal.h"

namespace emg {

/// Real trace <-> length / 2 + 1 bins.
class RealFft {
 public:
  explicit RealFft(Index length);
  ~RealFft();
  RealFft(RealFft&&) noexcept;
  RealFft& operator=(RealFft&&) noexcept;

  Index length() const;
  Index bin_count() const;

  /// The trace, to be filled before `forward`, filled by `inverse`.
  std::span<double> trace();
  /// The bins, filled by `forward`, to be filled before `inverse` (which destroys them).
  std::span<std::complex<double>> bins();

  /// bins[k] = sum over i of trace[i] exp(-2 pi i k i / length), unscaled; the trace keeps its values.
  void forward();
  /// The trace whose transform the bins are (scaled by 1 / length).
  void inverse();
  /// The same without the scale.
  void unscaled_inverse();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Half of the transform of a real trace of even length: the even samples as real, the odd ones as imaginary parts. Whoever needs only
/// powers, or filters, works on it faster (spectral kernels) than the full transform is made.
class PackedFft {
 public:
  /// Throws InvalidArgument for an odd length.
  explicit PackedFft(Index length);
  ~PackedFft();
  PackedFft(PackedFft&&) noexcept;
  PackedFft& operator=(PackedFft&&) noexcept;

  Index length() const;
  std::span<double> trace();
  /// length / 2 values, filled by `forward`.
  std::span<std::complex<double>> packed();
  void forward();
  /// The same of `length` samples elsewhere, without a copy if they are aligned well enough; the trace may lose its values.
  void forward_of(const double* x);
  /// The trace whose packed values these are, times length / 2.
  void unscaled_inverse();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Complex values, transformed in place.
class ComplexFft {
 public:
  explicit ComplexFft(Index length);
  ~ComplexFft();
  ComplexFft(ComplexFft&&) noexcept;
  ComplexFft& operator=(ComplexFft&&) noexcept;

  Index length() const;
  std::span<std::complex<double>> values();

  /// Unscaled.
  void forward();
  /// Scaled by 1 / length.
  void inverse();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Smallest product of 2, 3, 5 and 7 that is at least `length` (1 for less than 1).
Index next_fast_length(Index length);

}  // namespace emg
