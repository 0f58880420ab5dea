#pragma once
// Segments of a trace, detrended, windowed and transformed: what Welch, STFT and the frequency track have in common.

#include <cmath>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include "libemg/core/error.h"
#include "libemg/core/trend.h"
#include "libemg/core/validate.h"
#include "libemg/spectral/fft.h"
#include "libemg/spectral/kernels_internal.h"
#include "libemg/spectral/windows.h"

namespace emg {

/// Where segments lie: they start at 0, hop, 2 hop, ...; an incomplete tail is left out.
struct SegmentGrid {
  Index length = 1, hop = 1;
  Index count_in(Index sample_count) const { return sample_count < length ? 0 : (sample_count - length) / hop + 1; }
};

/// out = (segment - its trend) window.
inline void detrend_and_window(std::span<const double> segment, const std::vector<double>& window, Trend trend, double* out) {
  const double* const x = segment.data();
  const auto count = static_cast<Index>(segment.size());
  const auto& loops = spectral_kernels::kernels();
  if (trend == Trend::line) {
    const auto line = fit_trend(segment, trend);
    for (Index i = 0; i < count; ++i) out[i] = (x[i] - line.at(i)) * window[static_cast<std::size_t>(i)];
  } else {
    const double level = trend == Trend::mean ? loops.sum(x, count) / static_cast<double>(count) : 0;
    loops.window(x, window.data(), level, count, out);
  }
}

/// Transforms segments of one trace after another; serves one thread.
class SegmentTransform {
 public:
  SegmentTransform(const std::vector<double>& window, Trend trend)
      : window_(window), trend_(trend), fft_(static_cast<Index>(window.size())) {}

  /// Bins of `segment`, unscaled; valid until the next call.
  std::span<const std::complex<double>> operator()(std::span<const double> segment) {
    detrend_and_window(segment, window_, trend_, fft_.trace().data());
    fft_.forward();
    return fft_.bins();
  }

 private:
  const std::vector<double>& window_;
  Trend trend_;
  RealFft fft_;
};

/// The powers |X|^2 alone, of segments of one trace after another; serves one thread. Even lengths take the shorter way.
class SegmentPower {
 public:
  SegmentPower(const std::vector<double>& window, Trend trend) : window_(window), trend_(trend) {
    const auto length = static_cast<Index>(window.size());
    if (length % 2 == 1) {
      real_.emplace(length);
      return;
    }
    packed_.emplace(length);
    for (Index k = 0; k <= length / 2; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length);
      cosines_.push_back(std::cos(angle));
      sines_.push_back(std::sin(angle));
    }
  }

  /// Adds the powers of `segment` to `out`.
  void add(std::span<const double> segment, double* out) {
    transform(segment);
    const auto& loops = spectral_kernels::kernels();
    if (packed_) {
      loops.add_packed_power(parts_of(packed_->packed()), cosines_.data(), sines_.data(), half_length(), out);
    } else {
      loops.add_power(parts_of(real_->bins()), real_->bin_count(), out);
    }
  }

  /// Puts the powers of `segment` times `scale` into `out`.
  void scaled(std::span<const double> segment, const double* scale, double* out) {
    transform(segment);
    const auto& loops = spectral_kernels::kernels();
    if (packed_) {
      loops.scaled_packed_power(parts_of(packed_->packed()), cosines_.data(), sines_.data(), half_length(), scale, out);
    } else {
      loops.scaled_power(parts_of(real_->bins()), scale, real_->bin_count(), out);
    }
  }

 private:
  /// Real and imaginary parts in turn, as the kernels take them.
  static const double* parts_of(std::span<const std::complex<double>> bins) { return reinterpret_cast<const double*>(bins.data()); }

  Index half_length() const { return static_cast<Index>(window_.size()) / 2; }

  void transform(std::span<const double> segment) {
    detrend_and_window(segment, window_, trend_, (packed_ ? packed_->trace() : real_->trace()).data());
    packed_ ? packed_->forward() : real_->forward();
  }

  const std::vector<double>& window_;
  Trend trend_;
  std::optional<RealFft> real_;
  std::optional<PackedFft> packed_;
  std::vector<double> cosines_, sines_;
};

/// |value|^2.
inline double squared(const std::complex<double>& value) {
  return value.real() * value.real() + value.imag() * value.imag();
}

/// Factor from |X|^2 to density: 1 / (rate sum w^2); one-sided doubling comes on top.
inline double density_scale(const std::vector<double>& window, double rate_hz) {
  return 1.0 / (rate_hz * window_power(window));
}

/// Doubles a one-sided density but for 0 Hz and, with an even segment, half the rate.
inline bool is_doubled(Index bin, Index segment_length) {
  return bin > 0 && 2 * bin < segment_length;
}

/// Frequencies of the bins.
inline std::vector<double> bin_frequencies(Index segment_length, double rate_hz) {
  std::vector<double> frequency_hz(static_cast<std::size_t>(segment_length / 2 + 1));
  for (std::size_t k = 0; k < frequency_hz.size(); ++k)
    frequency_hz[k] = static_cast<double>(k) * rate_hz / static_cast<double>(segment_length);
  return frequency_hz;
}

/// A sample that is not finite makes every bin of its segments so: looks at `signal` only if a result is not finite, and at the samples
/// that no segment covers. Throws InvalidArgument naming the sample, or NumericalError if finite samples overflowed.
inline void require_finite_segments(const ChannelsView& signal, double rate_hz, bool finite_results, Index covered) {
  if (!finite_results) {
    require_signal(signal, rate_hz);
    throw NumericalError("the spectrum overflows: samples are too large");
  }
  require_finite(signal.rightCols(signal.cols() - covered), covered);
}

}  // namespace emg
