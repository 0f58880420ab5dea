#pragma once
// Segments of a trace, detrended, windowed and transformed: what Welch, STFT and the frequency track have in common.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
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

/// Real and imaginary parts of bins in turn, as the kernels take them.
inline const double* parts_of(std::span<const std::complex<double>> bins) {
  return reinterpret_cast<const double*>(bins.data());
}

/// Asks for memory that is wanted after a transform: then the transform does not wait for it.
inline void fetch(const double* x, Index count) {
  constexpr Index kLine = 8;
  for (Index i = 0; i < count; i += kLine) __builtin_prefetch(x + i, 0, 2);
}

/// Samples `grid` takes for segment `segment` of `trace`.
inline std::span<const double> segment_of(std::span<const double> trace, const SegmentGrid& grid, Index segment) {
  return trace.subspan(static_cast<std::size_t>(segment * grid.hop), static_cast<std::size_t>(grid.length));
}

/// Segments of `segment_s` seconds, each repeating the share `overlap` of the one before. Throws InvalidArgument if the record has not one.
inline SegmentGrid segment_grid(double segment_s, double overlap, Index sample_count, double rate_hz) {
  SegmentGrid grid;
  grid.length = samples_in_s(segment_s, rate_hz);
  if (grid.length > sample_count) {
    throw InvalidArgument(
        fmt::format("segment_s {} s is longer than the record ({:.6g} s)", segment_s, static_cast<double>(sample_count) / rate_hz));
  }
  grid.hop = std::max<Index>(1, grid.length - static_cast<Index>(overlap * static_cast<double>(grid.length)));
  return grid;
}

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

/// Powers |X|^2 of traces of one length; serves one thread. Even lengths take the shorter way.
class PowerTransform {
 public:
  explicit PowerTransform(Index length) : half_length_(length / 2) {
    if (length % 2 == 1) {
      real_.emplace(length);
      return;
    }
    packed_.emplace(length);
    for (Index k = 0; k <= half_length_; ++k) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(length);
      cosines_.push_back(std::cos(angle));
      sines_.push_back(std::sin(angle));
    }
  }

  /// The trace, to be filled before `forward`.
  double* trace() { return (packed_ ? packed_->trace() : real_->trace()).data(); }
  void forward() { packed_ ? packed_->forward() : real_->forward(); }

  /// Adds the powers to `out`.
  void add(double* out) const {
    const auto& loops = spectral_kernels::kernels();
    if (packed_) {
      loops.add_packed_power(parts_of(packed_->packed()), cosines_.data(), sines_.data(), half_length_, out);
    } else {
      loops.add_power(parts_of(real_->bins()), real_->bin_count(), out);
    }
  }

  /// Puts the powers times `scale` into `out`.
  void scaled(const double* scale, double* out) const {
    const auto& loops = spectral_kernels::kernels();
    if (packed_) {
      loops.scaled_packed_power(parts_of(packed_->packed()), cosines_.data(), sines_.data(), half_length_, scale, out);
    } else {
      loops.scaled_power(parts_of(real_->bins()), scale, real_->bin_count(), out);
    }
  }

 private:
  Index half_length_;
  mutable std::optional<RealFft> real_;
  mutable std::optional<PackedFft> packed_;
  std::vector<double> cosines_, sines_;
};

/// `segment` without its trend: the mean is left to the windowing loop, which costs nothing; a line is taken away in `buffer`.
struct Detrended {
  const double* samples = nullptr;
  double level = 0;
};

inline Detrended detrended(std::span<const double> segment, Trend trend, std::vector<double>& buffer) {
  const auto count = static_cast<Index>(segment.size());
  if (trend == Trend::none) return {segment.data(), 0};
  if (trend == Trend::mean) return {segment.data(), spectral_kernels::kernels().sum(segment.data(), count) / static_cast<double>(count)};
  const auto line = fit_trend(segment, trend);
  buffer.resize(segment.size());
  for (Index i = 0; i < count; ++i) buffer[static_cast<std::size_t>(i)] = segment[static_cast<std::size_t>(i)] - line.at(i);
  return {buffer.data(), 0};
}

/// Sum of the powers |X|^2 of many windowed segments of one length, two in one complex transform: with Z that of x + i y,
/// |X[k]|^2 + |Y[k]|^2 = (|Z[k]|^2 + |Z[n - k]|^2) / 2, so only |Z|^2 is summed and folded once. Serves one thread.
class PairedPower {
 public:
  explicit PairedPower(Index length) : length_(length), fft_(2 * length), sums_(static_cast<std::size_t>(length)) {}

  /// Adds (x - level) window. The samples must stay until the next call or `finish`.
  void add(const Detrended& x, const double* window) {
    if (!waiting_window_) {
      waiting_ = x;
      waiting_window_ = window;
      return;
    }
    run(x, window);
  }

  /// Sums of the length / 2 + 1 bins; starts anew.
  void finish(double* out) {
    if (waiting_window_) {
      const std::vector<double> nothing(static_cast<std::size_t>(length_), 0.0);
      run({nothing.data(), 0}, nothing.data());
    }
    for (Index k = 0; k <= length_ / 2; ++k) {
      out[k] = (sums_[static_cast<std::size_t>(k)] + sums_[static_cast<std::size_t>((length_ - k) % length_)]) / 2;
    }
    std::fill(sums_.begin(), sums_.end(), 0.0);
  }

 private:
  void run(const Detrended& x, const double* window) {
    const auto& loops = spectral_kernels::kernels();
    loops.window_pair(waiting_.samples, waiting_window_, waiting_.level, x.samples, window, x.level, length_, fft_.trace().data());
    fft_.forward();
    loops.add_power(parts_of(fft_.packed()), length_, sums_.data());
    waiting_window_ = nullptr;
  }

  Index length_;
  PackedFft fft_;
  std::vector<double> sums_;
  Detrended waiting_;
  const double* waiting_window_ = nullptr;
};

/// The powers of segments of one trace after another, detrended and windowed; serves one thread.
class SegmentPower {
 public:
  SegmentPower(const std::vector<double>& window, Trend trend) : window_(window), trend_(trend), power_(static_cast<Index>(window.size())) {}

  /// Adds the powers of `segment` to `out`.
  void add(std::span<const double> segment, double* out) {
    transform(segment);
    power_.add(out);
  }

  /// Puts the powers of `segment` times `scale` into `out`.
  void scaled(std::span<const double> segment, const double* scale, double* out) {
    transform(segment);
    power_.scaled(scale, out);
  }

 private:
  void transform(std::span<const double> segment) {
    detrend_and_window(segment, window_, trend_, power_.trace());
    power_.forward();
  }

  const std::vector<double>& window_;
  Trend trend_;
  PowerTransform power_;
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
